"""The Bot API's requests and answers as values: what is written, what is read, and what a refusal means.

Rule 1: everything known about the shape and the meaning of an answer is in this file; updates are in `updates`.
Rule 2: this file does no input or output, and knows neither token nor URL.

Theory. An answer is an envelope whose `ok` alone says whether the call did anything: live successes carry
`error_code` 0 too, and refusals come with HTTP 200 or with their code as status, depending on the host (zalo-bot-api
reference, sections 1.2 and 1.3). Whatever is no envelope was not written by the Bot API but by the front before it
(nginx answers 429, 502 and 504 in HTML). The difference matters for sends. A refusal by the API is certain: nothing was
sent. A front that gave up on the API (502, 504) cannot know what the API did in the meantime.
"""

from __future__ import annotations

from typing import ClassVar, Final, TypeVar

import msgspec

from actors.errors import BadCredentials, Rejected, RetryLater, RouterError, TooManyRequests, UnknownOutcome
from actors.messages import ParseMode

R = TypeVar("R", bound=msgspec.Struct)

DESCRIPTION_LIMIT: Final = 200


class Call(msgspec.Struct, frozen=True):
    """The parameters of one method; each method is a subclass."""

    method: ClassVar[str]
    sends: ClassVar[bool] = False
    """Whether a repeated call may show a person something twice."""
    deadline_seconds: ClassVar[float | None] = None
    """Where the usual request deadline does not fit."""


class GetMe(Call, frozen=True):
    method = "getMe"


class GetWebhookInfo(Call, frozen=True):
    method = "getWebhookInfo"


class DeleteWebhook(Call, frozen=True):
    method = "deleteWebhook"


class SetWebhook(Call, frozen=True):
    method = "setWebhook"
    deadline_seconds = 30.0
    """The server tests the address before it answers (reference, section 2.3)."""
    url: str
    secret_token: str


class TestWebhook(Call, frozen=True):
    method = "testWebhook"
    deadline_seconds = 30.0


class GetUpdates(Call, frozen=True):
    method = "getUpdates"
    timeout: int
    """Seconds. A number works as well as the documented string (reference, section 2.2)."""


class SendMessage(Call, frozen=True, omit_defaults=True):
    method = "sendMessage"
    sends = True
    chat_id: str
    text: str
    parse_mode: ParseMode | None = None


class SendPhoto(Call, frozen=True, omit_defaults=True):
    method = "sendPhoto"
    sends = True
    deadline_seconds = 150.0
    """The server fetches the picture before it answers (reference, section 2.7)."""
    chat_id: str
    photo: str
    caption: str = ""
    """Left out when empty: its documented length begins at 1."""


class SendSticker(Call, frozen=True):
    method = "sendSticker"
    sends = True
    chat_id: str
    sticker: str


class SendVoice(Call, frozen=True):
    method = "sendVoice"
    sends = True
    deadline_seconds = SendPhoto.deadline_seconds
    """Undocumented; it has to fetch an address as well."""
    chat_id: str
    voice_url: str


class SendChatAction(Call, frozen=True):
    method = "sendChatAction"
    deadline_seconds = 5.0
    chat_id: str
    action: str = "typing"


class Me(msgspec.Struct, frozen=True):
    """Result of getMe."""

    id: str | int
    account_name: str = ""
    display_name: str = ""
    account_type: str = ""
    can_join_groups: bool | None = None


class Verification(msgspec.Struct, frozen=True):
    """How the server's own test of a webhook went: result of testWebhook, and part of setWebhook's."""

    ok: bool
    outcome: str = ""
    """`webhook.ok`, `webhook.http.403`, `webhook.err.timeout`, … (reference, section 2.4)."""
    hint: str = ""

    def words(self) -> str:
        """One line for people."""
        return _one_line(f"{self.outcome or ('passed' if self.ok else 'failed')}: {self.hint}".rstrip(": "))


class WebhookInfo(msgspec.Struct, frozen=True):
    """Result of getWebhookInfo and setWebhook; an empty `url` means none is set."""

    url: str = ""
    verification: Verification | None = None
    """Of setWebhook, on newer servers only."""


class SentMessage(msgspec.Struct, frozen=True):
    """Result of the sends."""

    message_id: str | int = ""


class Success(msgspec.Struct, frozen=True):
    """`ok` was true; `result` is JSON, empty when there was none."""

    result: bytes


class ApiError(msgspec.Struct, frozen=True):
    """The call was refused, by the API itself or by the front before it."""

    code: int
    """`error_code`, or the HTTP status where there is none."""
    description: str
    """The peer's own words, as they came; `classify` makes one short line of them."""
    by_front: bool = False


class _Envelope(msgspec.Struct, frozen=True):
    ok: bool
    result: msgspec.Raw = msgspec.Raw(b"")
    description: str | None = None
    error_code: int | str | None = None
    other_code: int | str | None = msgspec.field(name="errorCode", default=None)
    """How testWebhook's daily limit spells it (reference, section 1.2)."""


_ENCODER = msgspec.json.Encoder()
_ENVELOPES = msgspec.json.Decoder(_Envelope)
_UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError)


def encode(call: Call) -> bytes:
    """The request body."""
    return _ENCODER.encode(call)


def decode_answer(status: int, body: bytes) -> Success | ApiError:
    """Reads an answer of any kind; never fails on what a peer may send."""
    try:
        envelope = _ENVELOPES.decode(body)
    except _UNREADABLE:
        return ApiError(status, f"HTTP {status} without an answer of the Bot API", by_front=True)
    if envelope.ok:
        return Success(bytes(envelope.result))
    code = _code(envelope.error_code) or _code(envelope.other_code) or status
    return ApiError(code, envelope.description or "no description")


def holds_unreadable_result(status: int, body: bytes) -> bool:
    """Whether this is a success whose result makes all of it unreadable: broken escapes or absurd nesting in a text."""
    if status != 200 or b'"result"' not in body:
        return False
    answer = decode_answer(status, body)
    return isinstance(answer, ApiError) and answer.by_front


def decode_result(result: bytes, kind: type[R]) -> R | None:
    """The result of a success as `kind`; None when it is none."""
    try:
        return msgspec.json.decode(result, type=kind)
    except _UNREADABLE:
        return None


def updates_in(result: bytes) -> tuple[bytes, ...]:
    """The updates in a result of getUpdates: one object, live; none, or a list, is understood as well."""
    if result in (b"", b"null", b"{}"):
        return ()
    if not result.startswith(b"["):
        return (result,)
    try:
        return tuple(bytes(one) for one in msgspec.json.decode(result, type=list[msgspec.Raw]))
    except _UNREADABLE:
        return (result,)


def classify(error: ApiError, call: type[Call], retry_after_seconds: float | None = None) -> RouterError:
    """What the caller should do about a refusal of `call`, by the tables below."""
    reason = f"{call.method}: {_one_line(error.description)} ({error.code})"
    if error.by_front:
        return _by_front(error.code, call.sends, reason, retry_after_seconds)
    verdict = REFUSALS.get(error.code)
    if verdict is None:
        verdict = Rejected if 400 <= error.code < 500 else RetryLater
    return _refused(verdict, reason, retry_after_seconds)


def _refused(verdict: type[Refusal], reason: str, retry_after_seconds: float | None) -> RouterError:
    return verdict(reason, retry_after_seconds) if issubclass(verdict, RetryLater) else verdict(reason)


Refusal = RetryLater | Rejected | BadCredentials

REFUSALS: Final[dict[int, type[Refusal]]] = {
    400: Rejected,
    401: BadCredentials,
    403: RetryLater,  # documented as "Internal server error", and passes (reference, section 1.4)
    404: Rejected,
    408: RetryLater,
    409: RetryLater,  # another poller, on a peer that objects to two
    410: Rejected,  # unknown chat
    426: RetryLater,  # a daily limit
    429: TooManyRequests,
}
"""By the API itself. Codes that are not here: below 500 never to be repeated, otherwise later."""

FRONT_NEVER_WILL: Final = frozenset({400, 405, 411, 413, 414, 415, 431})
"""What a front refuses because of the request itself."""


def _by_front(status: int, sends: bool, reason: str, retry_after_seconds: float | None) -> RouterError:
    if status in FRONT_NEVER_WILL:
        return Rejected(reason)
    # Redirects, 4xx and 503 were answered instead of asking the API; any other answer may have come after asking it.
    if 300 <= status < 500 or status == 503 or not sends:
        return _refused(TooManyRequests if status == 429 else RetryLater, reason, retry_after_seconds)
    return UnknownOutcome(reason)


def _code(value: int | str | None) -> int | None:
    if isinstance(value, str):
        value = int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None
    return value or None


def _one_line(words: str) -> str:
    clean = " ".join("".join(c if c.isprintable() else " " for c in words[: 2 * DESCRIPTION_LIMIT]).split())
    return clean if len(clean) <= DESCRIPTION_LIMIT else clean[: DESCRIPTION_LIMIT - 1] + "…"
