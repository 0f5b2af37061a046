"""The http agent: POSTs each turn as JSON to a service of yours.

200 with JSON is `{text, media}` or a string, 200 with `text/plain` is the text, 204 or an empty body is silence.
408, 409, 425, 429 and 5xx are asked again, no earlier than `Retry-After` says; other statuses are final.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from actors.agents import wire
from actors.agents.settings import HttpSettings
from actors.agents.status import asking, failure_of
from actors.errors import Rejected
from actors.messages import Reply, Turn
from actors.net.answer import HttpAnswer
from actors.net.client import HttpClient, open_http_client

TIMEOUT_SECONDS = 900.0
"""The longest that one call may last, whatever deadline the caller has."""
MAX_CONNECTIONS = 64


class HttpAgent:
    """Asks one service."""

    def __init__(self, settings: HttpSettings, client: HttpClient) -> None:
        self._settings = settings
        self._client = client

    async def answer(self, turn: Turn) -> Reply:
        """One POST; see `actors.agents.contract.Agent`. On cancellation its connection is closed."""
        with asking(self._settings.headers.values()):
            answer = await self._client.post(
                self._settings.url, body=wire.encode_turn(turn), timeout_seconds=TIMEOUT_SECONDS
            )
            failure = failure_of(answer.status, answer.body, answer.retry_after_seconds)
            if failure is not None:
                raise failure
            return _reply_in(answer)


def _reply_in(answer: HttpAnswer) -> Reply:
    media_type = answer.content_type.partition(";")[0].strip().lower()
    if not answer.body.strip():
        return Reply()
    if media_type == "application/json" or media_type.endswith("+json"):
        return wire.decode_json_reply(answer.body)
    if media_type in {"", "text/plain", "text/markdown"}:
        return wire.reply(answer.body.decode("utf-8", "replace"))
    raise Rejected(f"the agent's server answered with {wire.excerpt(media_type)}: expected JSON or text/plain")


@asynccontextmanager
async def open_http_agent(settings: HttpSettings) -> AsyncIterator[HttpAgent]:
    """Opens the connections' pool; the first turn connects.

    Raises: SettingsError for a proxy that cannot be used.
    """
    headers = {name: value.reveal() for name, value in settings.headers.items()}
    async with open_http_client(
        proxy=settings.proxy,
        headers=headers,
        max_connections=MAX_CONNECTIONS,
        max_body_bytes=wire.MAX_ANSWER_BYTES,
    ) as client:
        yield HttpAgent(settings, client)
