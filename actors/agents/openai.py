"""The openai agent: chat completions of any OpenAI-compatible server, whole or streamed.

A streamed answer is gathered and given whole: streaming only notices a dead server sooner.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from actors.agents import wire
from actors.agents.completions import StreamedCompletion, decode_completion, encode_request
from actors.agents.pictures import with_pictures_inside
from actors.agents.settings import OpenaiSettings
from actors.agents.status import asking, failure_of
from actors.messages import Reply, Turn
from actors.net.client import HttpClient, HttpStream, open_http_client
from actors.secret import Secret

PATH = "/chat/completions"
TIMEOUT_SECONDS = 900.0
"""The longest that one whole answer may take, whatever deadline the caller has."""
IDLE_SECONDS = 120.0
"""The longest that a stream may be silent once it has begun."""
MAX_CONNECTIONS = 64


class OpenaiAgent:
    """Asks one model of one server."""

    def __init__(self, settings: OpenaiSettings, client: HttpClient) -> None:
        self._settings = settings
        self._client = client
        self._secrets: tuple[Secret, ...] = () if settings.api_key is None else (settings.api_key,)

    async def answer(self, turn: Turn) -> Reply:
        """One request; see `actors.agents.contract.Agent`. On cancellation its connection is closed."""
        question = encode_request(self._settings, await with_pictures_inside(turn))
        with asking(self._secrets):
            return await (self._streamed(question) if self._settings.stream else self._whole(question))

    async def _whole(self, question: bytes) -> Reply:
        answer = await self._client.post(PATH, body=question, timeout_seconds=TIMEOUT_SECONDS)
        failure = failure_of(answer.status, answer.body, answer.retry_after_seconds)
        if failure is not None:
            raise failure
        return decode_completion(answer.body)

    async def _streamed(self, question: bytes) -> Reply:
        async with self._client.stream(
            PATH, body=question, timeout_seconds=TIMEOUT_SECONDS, idle_seconds=IDLE_SECONDS
        ) as answer:
            if not 200 <= answer.status < 300 or "event-stream" not in answer.content_type.lower():
                return await self._not_streamed(answer)
            completion = StreamedCompletion()
            async for line in answer.lines():
                if not completion.add(line):
                    break
            return completion.reply()

    async def _not_streamed(self, answer: HttpStream) -> Reply:
        body = await answer.read()
        failure = failure_of(answer.status, body, answer.retry_after_seconds)
        if failure is not None:
            raise failure
        return decode_completion(body)


@asynccontextmanager
async def open_openai_agent(settings: OpenaiSettings) -> AsyncIterator[OpenaiAgent]:
    """Opens the connections' pool; the first turn connects.

    Raises: SettingsError for a proxy that cannot be used.
    """
    headers = {} if settings.api_key is None else {"authorization": f"Bearer {settings.api_key.reveal()}"}
    async with open_http_client(
        base_url=settings.base_url,
        proxy=settings.proxy,
        headers=headers,
        max_connections=MAX_CONNECTIONS,
        max_body_bytes=8 * wire.MAX_ANSWER_BYTES,
    ) as client:
        yield OpenaiAgent(settings, client)
