"""Kinds of values that settings are made of."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from actors.secret import Secret

PEER_ID = msgspec.Meta(extra={"peer_id": True})
PeerId = Annotated[str, PEER_ID]
"""An id as somebody typed it: opaque text. A number in the file becomes its digits; JSON5 keeps all of them."""

DmPolicy = Literal["pairing", "allowlist", "open", "disabled"]
GroupPolicy = Literal["open", "allowlist", "disabled"]
DmScope = Literal["main", "per-peer", "per-channel-peer", "per-account-channel-peer"]
QueueMode = Literal["collect", "followup", "steer", "steer-backlog", "interrupt", "queue"]

Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
"""0 takes any free port."""
Count = Annotated[int, msgspec.Meta(ge=1)]
CountOrZero = Annotated[int, msgspec.Meta(ge=0)]
Seconds = Annotated[float, msgspec.Meta(gt=0)]
Megabytes = Annotated[float, msgspec.Meta(gt=0)]
SecondsOrZero = Annotated[float, msgspec.Meta(ge=0)]
Text = Annotated[str, msgspec.Meta(min_length=1)]


def decode_custom(wanted: type, value: Any) -> Any:
    """Builds what msgspec does not know, for its `dec_hook`. Raises ValueError without the value in it."""
    if wanted is Secret and isinstance(value, str) and value:
        return Secret(value)
    raise ValueError(f"not a {wanted.__name__}")


def peer_id(value: Any) -> str | None:
    """The id in a string or a whole number, trimmed; None when there is none."""
    is_id = isinstance(value, (str, int)) and not isinstance(value, bool)
    return str(value).strip() or None if is_id else None
