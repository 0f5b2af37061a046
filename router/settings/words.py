"""Types and values in words, for problems: what was expected, what was there."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from actors.secret import PRIVATE, Secret
from router.settings.problems import did_you_mean, quoted
from router.settings.values import PEER_ID

_PLAIN: dict[Any, str] = {bool: "true or false", int: "a whole number", float: "a number", str: "a string"}


def unwrap(annotation: Any) -> tuple[Any, tuple[msgspec.Meta, ...]]:
    """`Annotated[int, Meta(...)]` taken apart; anything else comes back with no metas."""
    if get_origin(annotation) is Annotated:
        plain, *metas = get_args(annotation)
        return plain, tuple(meta for meta in metas if isinstance(meta, msgspec.Meta))
    return annotation, ()


def members(annotation: Any) -> tuple[Any, ...]:
    """The alternatives of a union; the annotation alone when it is none."""
    return get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)


def mismatch(value: Any, wanted: Any) -> str:
    """`expected one of pairing, open; got "pairng" (did you mean "pairing"?)`."""
    options = _options(wanted)
    text = f"expected {describe(wanted)}; got {_shown(value, wanted)}"
    hint = did_you_mean(value, options) if isinstance(value, str) else ""
    return f"{text} ({hint})" if hint else text


def describe(wanted: Any) -> str:
    """What a value of this type looks like in the file."""
    plain, metas = unwrap(wanted)
    alternatives = [each for each in members(plain) if each is not NoneType]
    if len(alternatives) > 1:
        return " or ".join(describe(each) for each in alternatives)
    plain = alternatives[0] if members(plain) != (plain,) else plain
    if plain is not unwrap(plain)[0]:
        return describe(plain)
    if options := _options(plain):
        return f"one of {', '.join(options)}"
    if PEER_ID in metas:
        return "an id (a string or a number)"
    if plain is Secret:
        return "a string that is not empty"
    if get_origin(plain) is tuple:
        return "a list"
    return _PLAIN.get(plain, "an object") + _bounds(metas)


def _options(wanted: Any) -> tuple[str, ...]:
    plain = unwrap(wanted)[0]
    found = [each for each in members(plain) if get_origin(each) is Literal]
    return tuple(str(option) for literal in found for option in get_args(literal))


def _bounds(metas: tuple[msgspec.Meta, ...]) -> str:
    for meta in metas:
        if meta.ge is not None and meta.le is not None:
            return f" from {meta.ge} to {meta.le}"
        if meta.ge is not None:
            return f" of at least {meta.ge}"
        if meta.gt is not None:
            return f" above {meta.gt}"
        if meta.min_length:
            return " that is not empty"
    return ""


def _shown(value: Any, wanted: Any) -> str:
    """The value when it may be told, else only what kind of thing it is: a mistyped secret must not end in a log."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        if not value:
            return "an empty string"
        return quoted(value) if _options(wanted) else "a string"
    if isinstance(value, (int, float)):
        return "a number" if _may_be_secret(wanted) else str(value)
    return "a list" if isinstance(value, list) else "an object"


def _may_be_secret(wanted: Any) -> bool:
    return wanted in (Secret, PRIVATE) or any(_may_be_secret(each) for each in get_args(wanted))
