"""A chat-completions server that says what it is told to: for tests, and for trying settings out without a model.

It answers POST /v1/chat/completions, whole or as server-sent events, in the format that OpenAI's own client reads.
`script` holds what to do with the next requests, one `Act` each; when it is empty, `choose` decides by the request.
Left to itself, the server repeats the last user message.

A stream leaves in one piece, since what is simulated is the format and its end, not the pace of a model.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import trio

from actors.net.http import APPLICATION_JSON, Request, Response
from actors.net.server import bound_port, open_listeners, serve_http

PATH = "/v1/chat/completions"
EVENT_STREAM = "text/event-stream"
CREATED = 1_750_000_000
"""Unix seconds, the same in every answer."""


class Say(msgspec.Struct, frozen=True, kw_only=True):
    """Answers with `text`; None repeats the last user message."""

    text: str | None = None
    finish_reason: str = "stop"
    delay_seconds: float = 0.0


class Fail(msgspec.Struct, frozen=True, kw_only=True):
    """Answers with an error."""

    status: int
    message: str = "The server had an error while processing your request."
    retry_after_seconds: int | None = None


class Raw(msgspec.Struct, frozen=True, kw_only=True):
    """Answers with exactly this."""

    body: bytes
    status: int = 200
    content_type: str = APPLICATION_JSON


class HangUp(msgspec.Struct, frozen=True):
    """Closes the connection without an answer."""


class BreakOff(msgspec.Struct, frozen=True):
    """Begins a stream with `text` and closes the connection before it ends."""

    text: str


class Stall(msgspec.Struct, frozen=True):
    """Answers nothing until the peer has gone."""


Act = Say | Fail | Raw | HangUp | BreakOff | Stall


class Message(msgspec.Struct, frozen=True):
    """One message of a request, as it came."""

    role: str
    content: Any = None


class ModelRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One request, as far as it was understood."""

    model: str
    messages: tuple[Message, ...]
    stream: bool = False
    stream_options: dict[str, Any] | None = None
    temperature: float | None = None
    max_tokens: int | None = None


class ModelServer:
    """The simulator. `requests` and `script` may be looked at and changed at any time."""

    def __init__(self, *, api_key: str | None = None, choose: Callable[[ModelRequest], Act] | None = None) -> None:
        self.script: deque[Act] = deque()
        self.requests: list[ModelRequest] = []
        self.gone = 0
        """Peers that left while they were stalled."""
        self.base_url = ""
        """What goes into `baseUrl`, once `run` has started."""
        self._api_key = api_key
        self._choose = choose or _repeat
        self._changes = trio.lowlevel.ParkingLot()

    def then(self, *acts: Act) -> None:
        """Adds to the script."""
        self.script.extend(acts)

    async def wait_asked(self, count: int) -> None:
        """Returns when there have been `count` requests."""
        while len(self.requests) < count:
            await self._changes.park()

    async def wait_gone(self, count: int) -> None:
        """Returns when `count` stalled peers have left."""
        while self.gone < count:
            await self._changes.park()

    async def run(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        task_status: trio.TaskStatus[str] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Serves until cancelled; started with `nursery.start`, it gives its `base_url`."""
        listeners = await open_listeners(host, port)
        async with trio.open_nursery() as nursery:
            await nursery.start(serve_http, self.handle, listeners)
            self.base_url = f"http://{host}:{bound_port(listeners)}/v1"
            task_status.started(self.base_url)

    async def handle(self, request: Request) -> Response:
        """Answers one HTTP request; may be given to any server, or called by a test."""
        if (request.method, request.path) != ("POST", PATH):
            return _error(404, f"Unknown request URL: {request.method} {request.path}.")
        if self._api_key is not None and request.get(b"authorization") != f"Bearer {self._api_key}".encode():
            given = (request.get(b"authorization") or b"").decode("latin-1").removeprefix("Bearer ")
            return _error(401, f"Incorrect API key provided: {given}.")
        try:
            asked = msgspec.json.decode(request.body, type=ModelRequest)
        except msgspec.DecodeError as error:
            return _error(400, f"We could not parse the JSON body of your request: {error}")
        self.requests.append(asked)
        self._changes.unpark_all()
        return await self._perform(self.script.popleft() if self.script else self._choose(asked), asked, request)

    async def _perform(self, act: Act, asked: ModelRequest, request: Request) -> Response:
        match act:
            case Say():
                await trio.sleep(act.delay_seconds)
                text = last_user_text(asked) if act.text is None else act.text
                return _streamed(asked, text, act) if asked.stream else _whole(asked, text, act)
            case Fail():
                return _error(act.status, act.message, act.retry_after_seconds)
            case Raw():
                return Response(act.status, act.body, act.content_type)
            case HangUp():
                await request.peer.hang_up()
            case BreakOff():
                await request.peer.hang_up(_beginning_of_stream(asked, act.text))
            case Stall():
                await request.peer.wait_gone()
                self.gone += 1
                self._changes.unpark_all()
        return Response(503, close=True)  # nobody is there to read it


def _repeat(_asked: ModelRequest) -> Act:
    return Say()


def last_user_text(asked: ModelRequest) -> str:
    """The words of the last user message; of one in parts, its text parts."""
    for message in reversed(asked.messages):
        if message.role == "user":
            parts = message.content if isinstance(message.content, list) else [{"text": message.content}]
            return " ".join(str(part["text"]) for part in parts if part.get("text"))
    return ""


def _usage(asked: ModelRequest, text: str) -> dict[str, int]:
    """Words stand for tokens."""
    prompt = sum(len(str(message.content).split()) for message in asked.messages)
    answer = len(text.split())
    return {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer}


def _body(asked: ModelRequest, kind: str, choices: list[dict[str, Any]], **more: Any) -> bytes:
    return msgspec.json.encode(
        {"id": "chatcmpl-1", "object": kind, "created": CREATED, "model": asked.model, "choices": choices, **more}
    )


def _whole(asked: ModelRequest, text: str, act: Say) -> Response:
    message = {"role": "assistant", "content": text, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": act.finish_reason}
    return Response(200, _body(asked, "chat.completion", [choice], usage=_usage(asked, text)), APPLICATION_JSON)


def _streamed(asked: ModelRequest, text: str, act: Say) -> Response:
    events = [_delta(asked, {"role": "assistant", "content": ""})]
    events += [_delta(asked, {"content": piece}) for piece in _pieces(text)]
    events.append(_delta(asked, {}, act.finish_reason))
    if (asked.stream_options or {}).get("include_usage"):
        events.append(_event(_body(asked, "chat.completion.chunk", [], usage=_usage(asked, text))))
    return Response(200, b"".join([*events, _event(b"[DONE]")]), EVENT_STREAM)


def _pieces(text: str) -> list[str]:
    """Cut before each space, as models' tokens are."""
    first, *rest = text.split(" ")
    return [first, *(" " + word for word in rest)]


def _delta(asked: ModelRequest, delta: dict[str, str], finish_reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    return _event(_body(asked, "chat.completion.chunk", [choice]))


def _event(data: bytes) -> bytes:
    return b"data: " + data + b"\n\n"


def _beginning_of_stream(asked: ModelRequest, text: str) -> bytes:
    event = _delta(asked, {"role": "assistant", "content": text})
    return (
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        + f"{len(event):x}".encode()
        + b"\r\n"
        + event
        + b"\r\n"
    )


def _error(status: int, message: str, retry_after_seconds: int | None = None) -> Response:
    body = {"error": {"message": message, "type": "simulated", "param": None, "code": None}}
    headers = () if retry_after_seconds is None else ((b"retry-after", str(retry_after_seconds).encode()),)
    return Response(status, msgspec.json.encode(body), APPLICATION_JSON, headers)


@asynccontextmanager
async def open_model_server(
    *, api_key: str | None = None, choose: Callable[[ModelRequest], Act] | None = None
) -> AsyncIterator[ModelServer]:
    """A server on a free port of this machine, for as long as the block lasts."""
    server = ModelServer(api_key=api_key, choose=choose)
    async with trio.open_nursery() as nursery:
        await nursery.start(server.run)
        yield server
        nursery.cancel_scope.cancel()
