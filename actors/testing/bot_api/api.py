"""The HTTP face of the simulated Bot API (zalo-bot-api reference, section 1)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import trio
from msgspec import UNSET, UnsetType

from actors.net.http import APPLICATION_JSON, HttpLimits, Peer, Request, Response
from actors.net.server import bound_port, open_listeners, serve_http
from actors.testing.bot_api.bot import SimulatedBot
from actors.testing.bot_api.faults import Cut, Drop, Html, Refuse
from actors.testing.bot_api.methods import METHODS, MethodCall
from actors.testing.bot_api.params import read_params
from actors.testing.bot_api.records import ApiError, Behaviour, Call
from actors.testing.bot_api.service import DEFAULT_BEHAVIOUR, Service

LIMITS = HttpLimits(max_connections=4096, idle_seconds=3600, max_body_bytes=4 * 1024 * 1024)
HTML = b"<html>\r\n<head><title>%d</title></head>\r\n<body><center><h1>%d</h1></center></body>\r\n</html>\r\n"


class Envelope(msgspec.Struct, frozen=True):
    """Around every answer (1.2)."""

    ok: bool
    result: object = UNSET
    description: str | UnsetType = UNSET
    error_code: int | UnsetType = UNSET


class BotApi(Service):
    """A Bot API of one's own: `await nursery.start(api.serve)`, then point clients at `api.url`."""

    url = ""
    """`http://127.0.0.1:<port>` once it is served."""

    async def serve(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Serves until cancelled. An error in the simulator itself is raised here.

        Raises: OSError when the address cannot be had.
        """
        listeners = await open_listeners(host, port)
        self.url = f"http://{host}:{bound_port(listeners)}"
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._deliverer.run)
            await nursery.start(
                lambda task_status: serve_http(self.handle, listeners, limits=LIMITS, task_status=task_status)
            )
            task_status.started()

    async def handle(self, request: Request) -> Response:
        """Answers one call, as ordered by `SimulatedBot.faults`."""
        token, _, method = request.path.removeprefix("/bot").partition("/")
        bot = self._bots.get(token)
        if bot is None or bot.revoked or not request.path.startswith("/bot"):
            return self._refusal(ApiError(401, "Unauthorized"))
        self.calls.append(Call(bot.bot_id, method, trio.current_time()))
        self._tell_change()
        if (delay_seconds := bot.faults.take_delay(method)) > 0:
            await trio.sleep(delay_seconds)
        trouble = bot.faults.take_trouble(method)
        if isinstance(trouble, Refuse):
            return self._refusal(ApiError(trouble.error_code, trouble.description))
        if isinstance(trouble, Html):
            return Response(trouble.status, HTML % (trouble.status, trouble.status), "text/html")
        if isinstance(trouble, Drop) and not trouble.after:
            await request.peer.hang_up()
            return Response(500)
        response = await self._answer(bot, method, request)
        if trouble is not None:
            await _break_off(request.peer, response, isinstance(trouble, Cut))
        return response

    async def _answer(self, bot: SimulatedBot, method: str, request: Request) -> Response:
        function = METHODS.get(method)
        try:
            if function is None:
                raise ApiError(404, "Not Found")
            params = read_params(request)
            result = await function(
                MethodCall(bot, params, self.behaviour, self._ids, self._now_ms(), request.peer, self._record_sent)
            )
        except ApiError as error:
            return self._refusal(error)
        code: int | UnsetType = 0 if self.behaviour.success_has_error_code else UNSET
        return _json(200, Envelope(True, result, error_code=code))

    def _refusal(self, error: ApiError) -> Response:
        status = error.error_code if self.behaviour.status_is_error_code else 200
        return _json(status, Envelope(False, description=error.description, error_code=error.error_code))


@asynccontextmanager
async def run_bot_api(*tokens: str, behaviour: Behaviour = DEFAULT_BEHAVIOUR) -> AsyncIterator[BotApi]:
    """A Bot API with these bots, served on a free port of 127.0.0.1 for as long as the block lasts."""
    api = BotApi(behaviour)
    for token in tokens:
        api.add_bot(token)
    async with trio.open_nursery() as nursery:
        await nursery.start(api.serve)
        yield api
        nursery.cancel_scope.cancel()


async def _break_off(peer: Peer, response: Response, half_of_it: bool) -> None:
    words = b""
    if half_of_it:
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(response.body)
        words = head + response.body[: len(response.body) // 2]
    await peer.hang_up(words)


def _json(status: int, envelope: Envelope) -> Response:
    return Response(status, msgspec.json.encode(envelope), APPLICATION_JSON)
