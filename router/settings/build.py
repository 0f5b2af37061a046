"""Typed settings out of a tree of plain values, with every problem reported, not only the first.

msgspec stops at its first error and knows no "did you mean". So structs, lists and maps are walked here, and msgspec
judges only the values at the ends. One thing is laxer than strict: a string is taken where a number or a truth value is
wanted and the string says one, since `port: "${PORT}"` can only ever make a string.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cache
from types import NoneType
from typing import Any, Final, TypeVar, Union, get_args, get_origin

import msgspec

from actors.secret import PRIVATE, PrivateText
from router.settings.problems import Report, item, join, unknown
from router.settings.values import PEER_ID, decode_custom, peer_id
from router.settings.words import members, mismatch, unwrap

S = TypeVar("S", bound=msgspec.Struct)


class _Invalid:
    """What stands for a value that could not be built; its problem is in the report."""


INVALID: Final = _Invalid()

_ELSEWHERE = {
    "guildId": "Zalo has no guilds; remove it",
    "teamId": "Zalo has no teams; remove it",
    "roles": "Zalo has no roles; remove it",
    "ackReaction": "Zalo takes no reactions from bots; remove it",
}
"""Keys of the reference that mean nothing on Zalo, and why."""


fields_of = cache(msgspec.structs.fields)
"""The fields of a struct; asked for each of a thousand accounts, and costly to find out."""


@cache
def key_names(*structs: type[msgspec.Struct]) -> tuple[str, ...]:
    """The keys of these structs as they are written in the file."""
    return tuple(field.encode_name for each in structs for field in fields_of(each))


def as_object(value: Any, path: str, report: Report) -> dict[str, Any]:
    """The value if it is an object; otherwise a problem, and an empty one to go on with."""
    if isinstance(value, dict):
        return value
    report.problem(path, mismatch(value, dict))
    return {}


def refuse_unknown(keys: Iterable[str], known: Collection[str], path: str, report: Report) -> None:
    """Reports every key that is not known at this place."""
    for key in keys:
        if key not in known:
            text = f"unknown key; {_ELSEWHERE[key]}" if key in _ELSEWHERE else unknown("key", key, known)
            report.problem(join(path, key), text)


def build_struct(value: Any, wanted: type[S], path: str, report: Report) -> S | None:
    """One struct from one object; None when a value in it is wrong.

    An unknown key is a problem too, but no reason not to look at the rest.
    """
    if not isinstance(value, dict):
        report.problem(path, mismatch(value, wanted))
        return None
    refuse_unknown(value, key_names(wanted), path, report)
    return build_part(value, wanted, path, report)


def build_part(raw: dict[str, Any], wanted: type[S], path: str, report: Report) -> S | None:
    """One struct from those keys of an object that are its own, passing over the rest. None when one is wrong."""
    complete = report_missing(raw, wanted, path, report)
    given = _given(raw, wanted, path, report)
    return wanted(**given) if complete and INVALID not in given.values() else None


def check_part(raw: dict[str, Any], wanted: type[msgspec.Struct], path: str, report: Report) -> None:
    """Reports what `build_part` would, but for missing keys: another block may give them."""
    _given(raw, wanted, path, report)


def report_missing(raw: dict[str, Any], wanted: type[msgspec.Struct], path: str, report: Report) -> bool:
    """Reports every required key that is not there; whether none was."""
    missing = [field.encode_name for field in fields_of(wanted) if field.required and field.encode_name not in raw]
    for key in missing:
        report.problem(join(path, key), "missing; this key is required")
    return not missing


def _given(raw: dict[str, Any], wanted: type[msgspec.Struct], path: str, report: Report) -> dict[str, Any]:
    return {
        field.name: build(raw[field.encode_name], field.type, join(path, field.encode_name), report)
        for field in fields_of(wanted)
        if field.encode_name in raw
    }


def build(value: Any, wanted: Any, path: str, report: Report) -> Any:
    """One value of the annotated type, or INVALID."""
    plain, metas = unwrap(_alternative(value, wanted))
    if isinstance(plain, type) and issubclass(plain, msgspec.Struct):
        built = build_struct(value, plain, path, report)
        return INVALID if built is None else built
    if get_origin(plain) is tuple and isinstance(value, list):
        return _build_list(value, plain, metas, path, report)
    if get_origin(plain) is dict and isinstance(value, dict):
        parts = {key: build(each, get_args(plain)[1], join(path, key), report) for key, each in value.items()}
        return INVALID if INVALID in parts.values() else parts
    return _build_leaf(value, wanted, path, report)


def _build_list(value: list[Any], plain: Any, metas: tuple[msgspec.Meta, ...], path: str, report: Report) -> Any:
    if not value and any(meta.min_length for meta in metas):
        report.problem(path, "expected at least one entry; got an empty list")
        return INVALID
    parts = tuple(build(each, get_args(plain)[0], item(path, index), report) for index, each in enumerate(value))
    return INVALID if INVALID in parts else parts


def _build_leaf(value: Any, wanted: Any, path: str, report: Report) -> Any:
    built = _leaf(value, _alternative(value, wanted))
    if built is INVALID:
        report.problem(path, mismatch(value, wanted))
    return built


def _leaf(value: Any, wanted: Any) -> Any:
    plain, metas = unwrap(wanted)
    if get_origin(plain) in (tuple, dict):
        return INVALID
    if isinstance(value, str) and _holds_half_a_character(value):
        return INVALID
    if PEER_ID in metas:
        return peer_id(value) or INVALID
    for strict in (True, False) if isinstance(value, str) else (True,):
        try:
            built = msgspec.convert(value, wanted, strict=strict, dec_hook=decode_custom)
        except msgspec.ValidationError:
            continue
        return PrivateText(built) if PRIVATE in metas else built
    return INVALID


def _holds_half_a_character(text: str) -> bool:
    """Half a surrogate pair, which JSON can spell: no file and no network could take such a text."""
    return not text.isascii() and any("\ud800" <= mark <= "\udfff" for mark in text)


def _alternative(value: Any, wanted: Any) -> Any:
    """The member of a union that this value must be meant for, by its shape; the type itself when it is no union."""
    alternatives = members(unwrap(wanted)[0])
    if len(alternatives) == 1:
        return wanted
    if value is None:
        return NoneType if NoneType in alternatives else wanted
    fitting = [each for each in alternatives if each is not NoneType and _shape(each) == _shape_of(value)]
    if len(fitting) > 1:
        return Union[tuple(fitting)]  # noqa: UP007 alternatives of one shape: msgspec tells them apart by the value
    return fitting[0] if fitting else _first_given(alternatives)


def _first_given(alternatives: tuple[Any, ...]) -> Any:
    return next(each for each in alternatives if each is not NoneType)


def _shape(annotation: Any) -> type:
    plain = unwrap(annotation)[0]
    if get_origin(plain) in (tuple, dict):
        return list if get_origin(plain) is tuple else dict
    return dict if isinstance(plain, type) and issubclass(plain, msgspec.Struct) else object


def _shape_of(value: Any) -> type:
    return type(value) if isinstance(value, (list, dict)) else object
