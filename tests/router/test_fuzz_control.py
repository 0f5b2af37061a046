"""Hostile frames on the control socket: each is a call, or a ControlError that can be told to the client."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hostile import BOMBS, NASTY, assert_tells, documents
from hypothesis import example, given
from hypothesis import strategies as st

from router.control.jsonrpc import ControlError, decode_request, encode_error, salvage_id
from router.control.protocol import METHODS, decode_call

KEYS = ("jsonrpc", "id", "method", "params", "channel", "account", "code", "limit", "to", "text", "sessionKey")
CALL = {"jsonrpc": "2.0", "id": 1, "method": "pairing.approve", "params": {"channel": "zalo", "code": "ABCD2345"}}
FRAMES = documents(KEYS, CALL)


def examples(function: Any) -> Any:
    for bomb in BOMBS:
        function = example(raw=bomb)(function)
        function = example(raw=b'{"jsonrpc":"2.0","id":1,"method":"ping","params":' + bomb + b"}")(function)
        function = example(raw=b'{"jsonrpc":"2.0","method":"ping","id":' + bomb + b"}")(function)
    return function


def take(frame: str | bytes) -> None:
    """As a connection does it."""
    try:
        method, params = decode_call(decode_request(frame))
    except ControlError as error:
        assert_tells(error.message)
        answer = msgspec.json.decode(encode_error(salvage_id(frame), error))
        assert answer["error"]["code"] < -32000
    else:
        assert type(params) is METHODS[method.name].params_type


@examples
@given(raw=FRAMES | st.binary(max_size=40))
def test_fuzz_a_frame_is_a_call_or_an_error_that_can_be_told(raw: bytes) -> None:
    take(raw)
    take(raw.decode("utf-8", "replace"))


@pytest.mark.parametrize("name", sorted(METHODS))
@given(params=documents((*KEYS, "id", "filter", "lines", "level"), {}))
def test_fuzz_params_of_every_method_are_its_struct_or_an_error(name: str, params: bytes) -> None:
    take(b'{"jsonrpc":"2.0","id":1,"method":"' + name.encode() + b'","params":' + params + b"}")


@pytest.mark.parametrize("word", NASTY)
def test_a_nasty_method_is_refused_in_one_line(word: str) -> None:
    frame = json.dumps({"jsonrpc": "2.0", "id": 1, "method": f"x{word}"})
    with pytest.raises(ControlError):
        decode_call(decode_request(frame))
    take(frame)
