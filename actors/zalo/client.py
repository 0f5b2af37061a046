"""One bot's view of the Bot API: its methods as calls that return values and raise errors named for what to do.

Every call has a deadline. The token leaves its `Secret` only in the path of a request; no error shows it, not even one
whose description was written by the peer.
"""

from __future__ import annotations

from typing import Final, Protocol, TypeVar
from urllib.parse import quote

import msgspec

from actors.errors import RetryLater, RouterError, UnknownOutcome
from actors.messages import ParseMode
from actors.net.answer import HttpAnswer
from actors.secret import Secret
from actors.zalo import wire

R = TypeVar("R", bound=msgspec.Struct)

POLL_MARGIN_SECONDS: Final = 10.0
"""A poll's answer is waited for so much longer than it should take."""


class Poster(Protocol):
    """What is needed of an HTTP client; `HttpClient` is one."""

    async def post(self, url: str, *, body: bytes, timeout_seconds: float, keep_answer: bool = False) -> HttpAnswer:
        """See `HttpClient.post`."""
        ...


class WebhookIsSet(RetryLater):
    """A poll was refused because a webhook is set: delete it, then poll again."""


class BotApi:
    """The methods of the Bot API as one bot calls them.

    Raises, from every method: BadCredentials when the token is not accepted; Rejected when the call never will be;
    RetryLater when it had no effect and may work later. The sends raise UnknownOutcome too; a lost answer of the others
    is RetryLater, since asking twice does no harm.
    """

    def __init__(self, polls: Poster, calls: Poster, token: Secret, request_timeout_seconds: float = 15.0) -> None:
        # Two clients, so that a poll that waits never holds a connection that a send could use.
        self._polls = polls
        self._calls = calls
        self._token = token
        self._request_timeout_seconds = request_timeout_seconds

    async def get_me(self) -> wire.Me:
        """Who this token is."""
        return self._result(await self._ask(wire.GetMe()), wire.GetMe, wire.Me)

    async def get_webhook_info(self) -> wire.WebhookInfo:
        """The webhook that is set; an empty `url` when none is, which the API says as 404."""
        answer = await self._ask(wire.GetWebhookInfo(), tolerated=404)
        return wire.WebhookInfo() if answer is None else self._result(answer, wire.GetWebhookInfo, wire.WebhookInfo)

    async def set_webhook(self, url: str, secret: Secret) -> wire.WebhookInfo:
        """Has updates posted to `url` with `secret` in a header. The server tests the address before it answers.

        The address is stored even when its test fails. Allowed only so many times a day (RetryLater).
        """
        answer = await self._ask(wire.SetWebhook(url, secret.reveal()))
        return self._result(answer, wire.SetWebhook, wire.WebhookInfo)

    async def test_webhook(self) -> wire.Verification:
        """Has the server test the address that is set. Allowed only so many times a day (RetryLater)."""
        return self._result(await self._ask(wire.TestWebhook()), wire.TestWebhook, wire.Verification)

    async def delete_webhook(self) -> None:
        """Makes sure that no webhook is set. That none ever was, which the API calls an error 400, is fine."""
        await self._ask(wire.DeleteWebhook(), tolerated=400)

    async def get_updates(self, timeout_seconds: int) -> tuple[bytes, ...]:
        """Polls once: the raw updates, as a rule one; none when nothing came within `timeout_seconds`.

        Raises WebhookIsSet besides. An answer whose head has arrived is returned even while being cancelled; there is
        no checkpoint between its arrival and the return.
        """
        call = wire.GetUpdates(timeout_seconds)
        http = await self._post(call)
        if wire.holds_unreadable_result(http.status, http.body):
            # The server has let go of the update; as a dead letter it is at least not lost.
            return (http.body,)
        answer = self._read(call, http, tolerated=408)
        return () if answer is None else wire.updates_in(answer.result)

    async def send_message(self, chat_id: str, text: str, parse_mode: ParseMode | None = None) -> str:
        """Sends a text; returns its message id."""
        return await self._send(wire.SendMessage(chat_id, text, parse_mode))

    async def send_photo(self, chat_id: str, url: str, caption: str = "") -> str:
        """Sends a picture that the server fetches from `url`; returns its message id. May take two minutes."""
        return await self._send(wire.SendPhoto(chat_id, url, caption))

    async def send_sticker(self, chat_id: str, sticker_id: str) -> str:
        """Sends a sticker; returns its message id."""
        return await self._send(wire.SendSticker(chat_id, sticker_id))

    async def send_voice(self, chat_id: str, url: str) -> str:
        """Sends a voice note that the server fetches from `url`, which ends in `.aac`; returns its message id.

        For private chats: to a group the API may say that it was sent although nothing is delivered.
        """
        return await self._send(wire.SendVoice(chat_id, url))

    async def send_chat_action(self, chat_id: str, action: str = "typing") -> None:
        """Shows an action in a chat for some seconds."""
        await self._ask(wire.SendChatAction(chat_id, action))

    async def _send(self, call: wire.Call) -> str:
        answer = await self._ask(call)
        sent = None if answer is None else wire.decode_result(answer.result, wire.SentMessage)
        # It was sent, whatever the rest of the answer looks like.
        return "" if sent is None else str(sent.message_id)

    async def _ask(self, call: wire.Call, tolerated: int | None = None) -> wire.Success | None:
        """Makes the call; None when it was refused with the `tolerated` code. Raises the table's error otherwise."""
        return self._read(call, await self._post(call), tolerated)

    def _read(self, call: wire.Call, http: HttpAnswer, tolerated: int | None) -> wire.Success | None:
        answer = wire.decode_answer(http.status, http.body)
        if isinstance(answer, wire.Success):
            return answer
        if answer.code == tolerated and not answer.by_front:
            return None
        answer = msgspec.structs.replace(answer, description=self._redacted(call, answer.description))
        raise refusal(answer, type(call), http.retry_after_seconds)

    async def _post(self, call: wire.Call) -> HttpAnswer:
        poll = isinstance(call, wire.GetUpdates)
        path = f"/bot{quote(self._token.reveal(), safe=':')}/{call.method}"
        reason = ""
        try:
            return await (self._polls if poll else self._calls).post(
                path, body=wire.encode(call), timeout_seconds=self._deadline_seconds(call), keep_answer=poll
            )
        except UnknownOutcome as error:
            if call.sends:
                raise
            reason = error.reason
        raise RetryLater(f"{call.method}: {reason}")

    def _deadline_seconds(self, call: wire.Call) -> float:
        if isinstance(call, wire.GetUpdates):
            return call.timeout + POLL_MARGIN_SECONDS
        return call.deadline_seconds or self._request_timeout_seconds

    def _redacted(self, call: wire.Call, words: str) -> str:
        if isinstance(call, wire.SetWebhook):
            words = words.replace(call.secret_token, "***")
        return words.replace(self._token.reveal(), "***")

    def _result(self, answer: wire.Success | None, call: type[wire.Call], kind: type[R]) -> R:
        result = None if answer is None else wire.decode_result(answer.result, kind)
        if result is None:
            raise RetryLater(f"{call.method}: the answer lacks what is documented")
        return result


def refusal(error: wire.ApiError, call: type[wire.Call], retry_after_seconds: float | None) -> RouterError:
    """The error for a refused call, with the one refusal that a poll can mend by itself told apart.

    Which code it has is not known; one client goes by the word (zalo-bot-api reference, section 2.2).
    """
    verdict = wire.classify(error, call, retry_after_seconds)
    if call is wire.GetUpdates and error.code != 401 and "webhook" in error.description.lower():
        return WebhookIsSet(str(verdict))
    return verdict
