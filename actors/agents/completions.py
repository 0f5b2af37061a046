"""The chat-completions format of OpenAI-compatible servers, as far as an answer in text needs it. Pure.

Servers differ: some leave out `[DONE]`, some answer whole though a stream was asked for, some report a failure of the
model behind them with status 200 and an `error` member. All of these are read here.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from actors.agents import wire
from actors.agents.settings import OpenaiSettings
from actors.errors import Rejected, RetryLater
from actors.messages import Reply, Turn


class TextPart(msgspec.Struct, frozen=True, tag="text"):
    """Words among pictures."""

    text: str


class ImageUrl(msgspec.Struct, frozen=True):
    """The address of a picture."""

    url: str


class ImagePart(msgspec.Struct, frozen=True, tag="image_url"):
    """A picture that the server fetches."""

    image_url: ImageUrl


class ChatMessage(msgspec.Struct, frozen=True):
    """One line of the conversation."""

    role: Literal["system", "user", "assistant"]
    content: str | tuple[TextPart | ImagePart, ...]


class ChatRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of POST /chat/completions."""

    model: str
    messages: tuple[ChatMessage, ...]
    temperature: float | None = None
    max_tokens: int | None = None
    stream: bool = False


class Said(msgspec.Struct, frozen=True):
    """A message, or a piece of one in a stream."""

    content: str | None = None
    refusal: str | None = None


class Choice(msgspec.Struct, frozen=True):
    """`message` in a whole answer, `delta` in a stream."""

    message: Said | None = None
    delta: Said | None = None
    finish_reason: str | None = None


class Completion(msgspec.Struct, frozen=True):
    """A whole answer, or one event of a stream."""

    choices: tuple[Choice, ...] = ()
    error: Any = None


def encode_request(settings: OpenaiSettings, turn: Turn) -> bytes:
    """System prompt, history, question."""
    system = (ChatMessage("system", settings.system_prompt),) if settings.system_prompt else ()
    history = tuple(ChatMessage(entry.role, entry.text) for entry in turn.history)
    return msgspec.json.encode(
        ChatRequest(
            model=settings.model,
            messages=(*system, *history, ChatMessage("user", _question(turn))),
            temperature=settings.temperature,
            max_tokens=settings.max_tokens,
            stream=settings.stream,
        )
    )


def _question(turn: Turn) -> str | tuple[TextPart | ImagePart, ...]:
    """The text, in a group with who says it in front; pictures that have an address follow it."""
    text = turn.text
    if turn.chat.chat_type == "group":
        text = f"{turn.context.sender_name or turn.context.sender_id}: {text}"
    pictures = tuple(
        ImagePart(ImageUrl(media.url)) for media in turn.media if media.kind == "image" and media.url is not None
    )
    return (TextPart(text), *pictures) if pictures else text


def decode_completion(body: bytes) -> Reply:
    """Reads a whole answer; content that is absent or empty is silence.

    Raises: RetryLater when it reports an error or holds no choice, Rejected when it is something else altogether.
    """
    completion = _completion(body)
    if not completion.choices:
        raise RetryLater("the model's server answered without choices")
    said = completion.choices[0].message or Said()
    return wire.reply(said.content or said.refusal or "")


def _completion(data: bytes | str) -> Completion:
    try:
        completion = msgspec.json.decode(data, type=Completion)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Rejected(f"the server's answer is not a chat completion; check baseUrl: {wire.excerpt(data)}") from error
    if completion.error:
        raise RetryLater(f"the model's server reported an error: {wire.excerpt(_error_words(completion.error))}")
    return completion


def _error_words(error: Any) -> str:
    return str(error.get("message") or error) if isinstance(error, dict) else str(error)


class StreamedCompletion:
    """Gathers an answer from the lines of its server-sent events."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._finished = False

    def add(self, line: str) -> bool:
        """Takes one line; False once nothing more is to come. Raises what `decode_completion` raises."""
        name, _, data = line.partition(":")
        if name != "data":
            return True
        data = data.strip()
        if data == "[DONE]":
            self._finished = True
            return False
        for choice in _completion(data).choices[:1]:
            said = choice.delta or choice.message or Said()
            self._pieces.append(said.content or said.refusal or "")
            self._finished = self._finished or choice.finish_reason is not None
        return True

    def reply(self) -> Reply:
        """What was gathered. Raises: RetryLater when the stream broke off before its end."""
        if not self._finished:
            raise RetryLater("the model's server ended its stream in the middle of an answer")
        return wire.reply("".join(self._pieces))
