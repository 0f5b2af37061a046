"""What somebody who means harm, or a broken program, may send: strategies and samples for the fuzz tests."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from router.printable import printable

DEPTH = 100_000

BOMBS: tuple[bytes, ...] = (
    b"[" * DEPTH,
    b"[" * DEPTH + b"]" * DEPTH,
    b'{"a":' * DEPTH,
    b'{"a":' * DEPTH + b"1" + b"}" * DEPTH,
    b'"' + b"\\" * DEPTH,
    b"9" * DEPTH,
    b"-" + b"9" * DEPTH,
    b"1e" + b"9" * 400,
    b"NaN",
    b"\x00",
    b"\xff\xfe{\x00}\x00",
    b"\xef\xbb\xbf{}",
    b'"\\ud800"',
    b'{"\\udfff":"\\ud800"}',
)
"""Nesting, numbers and encodings that readers have died of."""

NASTY = (
    "\x00",
    "\u202e\u2066",
    "\ufeff",
    "\x1b[2J",
    "\r\n",
    "\u2028",
    "\x85",
    "\ud800",
    "\udc80x",
    "🏳️‍🌈",
    "\u0301" * 40,
    "NO_REPLY",
    "-1",
    "__proto__",
    "../../etc/passwd",
    "${HOME}",
    "",
    " ",
)
"""Texts that mean something to somebody on the way: terminals, parsers, paths, encoders (lone surrogates)."""

texts = st.sampled_from(NASTY) | st.text(max_size=12)
numbers = (
    st.sampled_from((0, -1, 2**31, 2**53 + 1, 2**63, -(2**63) - 1, 2**64, 10**400, 0.1, -0.0, 1e308)) | st.integers()
)
scalars = st.none() | st.booleans() | numbers | texts


def trees(keys: tuple[str, ...]) -> st.SearchStrategy[Any]:
    """JSON values whose objects like to have these keys."""
    names = st.sampled_from(keys) | texts
    return st.recursive(
        scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4), max_leaves=10
    )


def written(tree: Any) -> bytes:
    """A tree as JSON in ASCII, lone surrogates as escapes: what JSON can spell and UTF-8 cannot."""
    return json.dumps(tree).encode("ascii")


@st.composite
def documents(draw: st.DrawFn, keys: tuple[str, ...], like: Any) -> bytes:
    """A good document with some of its members changed, or a tree of its keys, or either with its bytes damaged."""
    tree = draw(trees(keys) | st.dictionaries(st.sampled_from(keys), trees(keys), max_size=5).map(lambda d: like | d))
    raw = bytearray(written(tree))
    for place, byte in draw(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=2)):
        raw[place % len(raw)] = byte
    return bytes(raw[: draw(st.none() | st.integers(0, len(raw)))])


def assert_tells(words: str) -> None:
    """An error's text is something, and one line that moves no terminal and is not endless."""
    assert words.strip()
    assert words == printable(words)
    assert len(words) < 1000
