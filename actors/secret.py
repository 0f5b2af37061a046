"""A value that must not be seen."""

from __future__ import annotations

import hmac

import msgspec

PRIVATE = msgspec.Meta(extra={"private": True})
"""Marks a plain string of the settings that may hold a password, such as a proxy's address: `Annotated[str, PRIVATE]`.

When settings are read it becomes a `PrivateText`.
"""


class Secret:
    """Holds a token or password; `str()`, `repr()` and formatting show only `***`.

    Call `reveal()` at the last moment, where the value is put on the wire. Comparison takes constant time.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself. Do not keep it, log it or put it in an exception."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._value))


class PrivateText(str):
    """A string that a `repr` shows as `***`. Unlike a `Secret` it is used as it is, and `str()` shows it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "***"
