"""Kinds of values that settings are made of."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from actors.secret import Secret


class PeerId(str):
    """An id as somebody typed it: opaque text. A number in the file becomes its digits; JSON5 keeps all of them."""

    __slots__ = ()


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
    """Builds the types that msgspec does not know. Raises ValueError without the value in it."""
    if wanted is Secret and isinstance(value, str) and value:
        return Secret(value)
    if wanted is PeerId and isinstance(value, (str, int)) and not isinstance(value, bool):
        text = str(value).strip()
        if text:
            return PeerId(text)
    raise ValueError(f"not a {wanted.__name__}")


def describe_custom(wanted: type) -> str:
    """What `decode_custom` takes, in words."""
    return {Secret: "a string that is not empty", PeerId: "an id (a string or a number)"}[wanted]


CUSTOM: tuple[type, ...] = (Secret, PeerId)
