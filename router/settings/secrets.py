"""Finds every secret in a tree of settings, so that the log can be told what it must never show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from actors.secret import Secret


def secrets_in(value: Any) -> Iterator[Secret]:
    """Every `Secret` in structs, mappings and sequences, however deep."""
    if isinstance(value, Secret):
        yield value
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from secrets_in(getattr(value, name))
    elif isinstance(value, dict):
        for inner in value.values():
            yield from secrets_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from secrets_in(inner)
