"""The table of troubles (zalo-bot-api reference, section 1.4), whole: a real account on the simulated Bot API.

What the API says, what its front says, and what a network does to an answer; what each means for the message and for
the account.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import TypeVar

import pytest
import trio
from zalo_fakes import OWN, SHOP
from zalo_stage import TED, TOKEN, out

from actors.account import AccountActor
from actors.channel import NOTHING_SHARED
from actors.mailbox import Asked, Mailbox
from actors.messages import Outcome, Refused, Retry, Sent, TextContent, Unknown
from actors.protocol import (
    Accept,
    AccountChanged,
    AccountClosed,
    AccountOpened,
    AccountToRouter,
    Deliver,
    Delivered,
)
from actors.restart import RestartPolicy
from actors.secret import Secret
from actors.session import AccountOptions
from actors.testing.bot_api import Behaviour, SimulatedBot, run_bot_api
from actors.zalo.channel import KIND
from actors.zalo.settings import ZaloSettings

M = TypeVar("M")
Order = Callable[[SimulatedBot], None]
REQUEST_SECONDS = 0.5
HI = out(TextContent("hi"))


class Stage:
    """An account that has opened, and the messages that it tells the router."""

    def __init__(self, actor: AccountActor, box: Mailbox[AccountToRouter], bot: SimulatedBot) -> None:
        self.actor = actor
        self.box = box
        self.bot = bot
        self.told: list[object] = []

    async def open(self) -> None:
        opened = await self.hear(AccountOpened)
        self.mailbox = opened.mailbox

    async def hear(self, kind: type[M]) -> M:
        """The next message of this kind; questions on the way are answered as a router at ease does."""
        while True:
            received = await self.box.receive()
            if isinstance(received, Asked):
                received.slot.answer(True if isinstance(received.message, Accept) else None)
                continue
            self.told.append(received)
            if isinstance(received, kind):
                return received

    async def send(self) -> Outcome:
        await self.mailbox.tell(Deliver(HI))
        return (await self.hear(Delivered)).receipt.outcome


@asynccontextmanager
async def at_work(behaviour: Behaviour) -> AsyncIterator[Stage]:
    with trio.fail_after(30):
        async with run_bot_api(TOKEN, behaviour=behaviour) as api, trio.open_nursery() as nursery:
            settings = ZaloSettings(
                bot_token=Secret(TOKEN),
                api_url=api.url,
                request_timeout_seconds=REQUEST_SECONDS,
                poll_timeout_seconds=5,
            )
            box: Mailbox[AccountToRouter] = Mailbox(64)
            options = AccountOptions(policy=RestartPolicy(), poll_grace_seconds=0.1, send_grace_seconds=0.1)
            opening = partial(KIND.open, SHOP, settings, NOTHING_SHARED)
            actor = AccountActor(SHOP, opening, box.ref, options, trio.current_time, _no_crash)
            api.know(api.bot(OWN), TED)
            nursery.start_soon(actor.run)
            stage = Stage(actor, box, api.bot(OWN))
            await stage.open()
            yield stage
            nursery.cancel_scope.cancel()


def _no_crash(error: Exception) -> None:
    raise AssertionError("the account crashed") from error


def refuse(code: int, words: str) -> Order:
    return lambda bot: bot.faults.refuse("sendMessage", code, words)


def html(status: int) -> Order:
    return lambda bot: bot.faults.answer_html("sendMessage", status)


TROUBLES: list[tuple[str, Order, Outcome]] = [
    # The API's own word is certain, and its words are kept.
    ("400", refuse(400, "Bad request"), Refused("sendMessage: Bad request (400)")),
    ("404", refuse(404, "Not Found"), Refused("sendMessage: Not Found (404)")),
    ("410", refuse(410, "The chat_id is invaild"), Refused("sendMessage: The chat_id is invaild (410)")),
    ("403", refuse(403, "Internal server error"), Retry("sendMessage: Internal server error (403)")),
    ("408", refuse(408, "Request timeout"), Retry("sendMessage: Request timeout (408)")),
    ("429", refuse(429, "Quota exceeded"), Retry("sendMessage: Quota exceeded (429)")),
    ("500", refuse(500, "Internal"), Retry("sendMessage: Internal (500)")),
    ("503", refuse(503, "Busy"), Retry("sendMessage: Busy (503)")),
]

FRONTS: list[tuple[str, Order, type[Outcome]]] = [
    # A front that turned the request away has not asked the API; one that gave up on it cannot know.
    ("html 413", html(413), Refused),
    ("html 429", html(429), Retry),
    ("html 503", html(503), Retry),
    ("html 500", html(500), Unknown),
    ("html 502", html(502), Unknown),
    ("html 504", html(504), Unknown),
    ("connection lost before", lambda bot: bot.faults.drop("sendMessage", "before"), Unknown),
    ("connection lost after", lambda bot: bot.faults.drop("sendMessage", "after"), Unknown),
    ("half an answer", lambda bot: bot.faults.cut("sendMessage"), Unknown),
    ("no answer in time", lambda bot: bot.faults.delay("sendMessage", 4 * REQUEST_SECONDS), Unknown),
]


@pytest.mark.parametrize("status_is_error_code", [False, True])
@pytest.mark.parametrize(("order", "outcome"), [row[1:] for row in TROUBLES], ids=[row[0] for row in TROUBLES])
async def test_a_refusal_is_final_or_passes_and_the_account_goes_on(
    order: Order, outcome: Outcome, status_is_error_code: bool
) -> None:
    async with at_work(Behaviour(status_is_error_code=status_is_error_code)) as stage:
        order(stage.bot)
        assert await stage.send() == outcome
        assert stage.bot.sent == []
        assert stage.actor.status().state == "running"
        assert stage.actor.status().restarts == 0


@pytest.mark.parametrize(("order", "kind"), [row[1:] for row in FRONTS], ids=[row[0] for row in FRONTS])
async def test_what_cannot_be_known_is_not_guessed_and_the_account_goes_on(order: Order, kind: type[Outcome]) -> None:
    async with at_work(Behaviour()) as stage:
        order(stage.bot)
        assert type(await stage.send()) is kind
        assert stage.actor.status().state == "running"
        assert isinstance(await stage.send(), Sent)


async def test_a_revoked_token_stops_the_account_and_the_message_waits_for_the_login() -> None:
    async with at_work(Behaviour()) as stage:
        stage.bot.faults.refuse("sendMessage", 401, "Unauthorized")
        await stage.mailbox.tell(Deliver(HI))
        closed = await stage.hear(AccountClosed)
        assert [receipt.outcome for receipt in closed.receipts] == [Retry("sendMessage: Unauthorized (401)")]
        while (await stage.hear(AccountChanged)).status.state != "needs-login":
            pass
        assert "Unauthorized" in stage.actor.status().last_error
        assert not any(isinstance(told, Delivered) for told in stage.told)
        stage.actor.start()
        await stage.open()
        assert isinstance(await stage.send(), Sent)
