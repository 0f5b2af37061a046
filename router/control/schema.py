"""The protocol's documentation for machines: each method with JSON Schemas of what it takes and gives."""

from __future__ import annotations

from typing import Any

import msgspec

from router.control.jsonrpc import ErrorCode
from router.control.protocol import METHODS, NOTIFICATIONS


def protocol_schema() -> dict[str, Any]:
    """Methods, notifications and error codes; `$defs` holds every struct they speak of."""
    types = [kind for method in METHODS.values() for kind in (method.params_type, method.result_type)]
    kinds = [*types, *NOTIFICATIONS.values()]
    schemas, definitions = msgspec.json.schema_components(kinds, ref_template="#/$defs/{name}")
    of = dict(zip(kinds, schemas, strict=True))
    return {
        "protocol": "JSON-RPC 2.0, one frame per WebSocket text message, Authorization: Bearer <token>",
        "methods": {
            name: {"doc": method.doc, "params": of[method.params_type], "result": of[method.result_type]}
            for name, method in METHODS.items()
        },
        "notifications": {
            name: {"doc": kind.__doc__ or "", "params": of[kind]} for name, kind in NOTIFICATIONS.items()
        },
        "errors": {code.word: int(code) for code in ErrorCode},
        "$defs": definitions,
    }
