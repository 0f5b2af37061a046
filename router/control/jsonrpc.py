"""JSON-RPC 2.0 frames, in both directions.

Rule 1: this module knows the envelope only; what may be asked is in `router.control.protocol`.
Rule 2: it imports nothing that can touch the world; it turns text into frames and frames into text.
Rule 3: one frame is one request, one response or one notification. Batches are refused: a client that wants several
answers sends several requests, which the server works on side by side anyway.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Raw, UnsetType

from actors.errors import RouterError
from router.printable import printable

RequestId = str | int | None


class ErrorCode(IntEnum):
    """Why a request failed: the codes of JSON-RPC 2.0, and below -32000 our own."""

    PARSE_ERROR = -32700
    """The frame is not JSON."""
    INVALID_REQUEST = -32600
    """The frame is JSON, but not a request."""
    METHOD_NOT_FOUND = -32601
    INVALID_PARAMS = -32602
    INTERNAL = -32603
    """A fault of the router; the details are in its log and not in the answer."""
    REFUSED = -32001
    """It was understood and will not be done; asking again changes nothing."""
    NOT_FOUND = -32002
    """What the request names does not exist (any more)."""
    UNAVAILABLE = -32003
    """It cannot be done now; asking later may work."""
    UNAUTHORIZED = -32004
    """The token is missing or wrong, or a network refused the credentials of an account."""

    @property
    def word(self) -> str:
        """The code as the command line's JSON names it: `not-found`."""
        return self.name.lower().replace("_", "-")


class ControlError(RouterError):
    """The router answered, and the answer is no. `message` is one plain sentence for people."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class RequestFrame(msgspec.Struct, frozen=True, kw_only=True):
    """A request; without an id it is a notification, which is never answered."""

    jsonrpc: Literal["2.0"]
    method: str
    params: Raw = Raw(b"{}")
    id: RequestId | UnsetType = UNSET


class ErrorBody(msgspec.Struct, frozen=True):
    """The `error` member of a response."""

    code: int
    message: str


class ServerFrame(msgspec.Struct, frozen=True, kw_only=True):
    """Whatever a server sends: a response (it has an id) or a notification (it has a method)."""

    jsonrpc: Literal["2.0"]
    id: RequestId | UnsetType = UNSET
    result: Raw = Raw(b"null")
    error: ErrorBody | None = None
    method: str | None = None
    params: Raw = Raw(b"{}")


class _AnyId(msgspec.Struct, frozen=True):
    id: RequestId = None


_requests = msgspec.json.Decoder(RequestFrame)
_server_frames = msgspec.json.Decoder(ServerFrame)
_any_id = msgspec.json.Decoder(_AnyId)
_encoder = msgspec.json.Encoder()


def decode_request(frame: str | bytes) -> RequestFrame:
    """Reads what a client sent. Raises ControlError with the code that JSON-RPC gives the mistake."""
    if frame[:64].lstrip()[:1] in ("[", b"["):
        raise ControlError(ErrorCode.INVALID_REQUEST, "batch requests are not supported: send one request per message")
    try:
        return _requests.decode(frame)
    except msgspec.ValidationError as error:
        raise ControlError(
            ErrorCode.INVALID_REQUEST, f"not a JSON-RPC 2.0 request: {printable(str(error)[:300])}"
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ControlError(ErrorCode.PARSE_ERROR, "the message is not JSON") from error


def salvage_id(frame: str | bytes) -> RequestId:
    """The id of a frame that is not a valid request, so that its error can be told to the right caller; else None."""
    try:
        return _any_id.decode(frame).id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def decode_server_frame(frame: str | bytes) -> ServerFrame:
    """Reads what a server sent. Raises ControlError (INTERNAL) when it is not JSON-RPC."""
    try:
        return _server_frames.decode(frame)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ControlError(ErrorCode.INTERNAL, f"the answer is not JSON-RPC 2.0: {error}") from error


def encode_request(request_id: RequestId, method: str, params: msgspec.Struct) -> str:
    """A request frame."""
    return _text({"jsonrpc": "2.0", "id": request_id, "method": method, "params": params})


def encode_result(request_id: RequestId, result: msgspec.Struct) -> str:
    """The answer to a request that went well."""
    return _text({"jsonrpc": "2.0", "id": request_id, "result": result})


def encode_error(request_id: RequestId, error: ControlError) -> str:
    """The answer to a request that failed."""
    return _text({"jsonrpc": "2.0", "id": request_id, "error": ErrorBody(error.code, error.message)})


def encode_notification(method: str, params: msgspec.Struct) -> str:
    """Something said unasked; it has no id and is not answered."""
    return _text({"jsonrpc": "2.0", "method": method, "params": params})


def _text(frame: dict[str, Any]) -> str:
    return _encoder.encode(frame).decode()
