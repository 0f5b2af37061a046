"""Parameters of a call, however they came: query, JSON, form; and never multipart (zalo-bot-api reference, 2.7)."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import msgspec

from actors.net.http import Request
from actors.testing.bot_api.records import ApiError


class Params(msgspec.Struct, frozen=True):
    """Every parameter that any method reads. What is unknown is ignored, as the live service does."""

    chat_id: Any = None
    text: Any = None
    parse_mode: Any = None
    photo: Any = None
    caption: Any = None
    sticker: Any = None
    voice_url: Any = None
    action: Any = None
    url: Any = None
    secret_token: Any = None
    timeout: Any = None

    def string(self, name: str) -> str:
        """A parameter as text; "" when it was not given."""
        value = getattr(self, name)
        return "" if value is None else str(value)

    def required(self, name: str) -> str:
        """Raises: ApiError 400 in the service's words when it is missing or empty."""
        value = self.string(name)
        if not value:
            raise ApiError(400, f"Bad request: The {name} must not be empty")
        return value

    def seconds(self, name: str, default: float) -> float:
        """A number of seconds, as a number or in a string; both work live (2.2)."""
        try:
            return max(0.0, float(getattr(self, name)))
        except (TypeError, ValueError):
            return default


NO_PARAMS = Params()
_decoder = msgspec.json.Decoder(Params)


def read_params(request: Request) -> Params:
    """Raises: ApiError 400 for a JSON body that is not an object."""
    if request.body:
        content_type = (request.get(b"content-type") or b"").partition(b";")[0].strip().lower()
        if content_type == b"application/x-www-form-urlencoded":
            return _from_pairs(request.body.decode("utf-8", "replace"))
        if content_type == b"application/json":
            return _from_json(request.body)
    return _from_pairs(request.query) if request.query else NO_PARAMS


def _from_json(body: bytes) -> Params:
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ApiError(400, "Bad request") from error


def _from_pairs(encoded: str) -> Params:
    return msgspec.convert(dict(parse_qsl(encoded, keep_blank_values=True)), Params)
