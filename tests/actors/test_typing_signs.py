"""Signs of typing are never in anybody's way."""

from __future__ import annotations

import trio
import trio.testing
from account_stage import KEY, FakeChannel

from actors.channel import Intake
from actors.messages import Chat, Identity, Outbound
from actors.typing_signs import TypingSigns

Clock = trio.testing.MockClock
ONE, TWO, THREE = (Chat(KEY, f"chat-{number}") for number in (1, 2, 3))


class Silent:
    """A channel that cannot show typing."""

    async def start(self) -> Identity:
        return Identity("x")

    async def receive(self, intake: Intake) -> None:
        await trio.sleep_forever()

    async def send(self, outbound: Outbound) -> str:
        return ""


async def test_one_call_per_chat_and_a_limit_in_all(autojump_clock: Clock, nursery: trio.Nursery) -> None:
    channel = FakeChannel()
    signs = TypingSigns(channel, 2)
    for chat in (ONE, ONE, TWO, THREE):
        signs.show(nursery, chat)
    await trio.sleep(1)
    assert sorted(chat.chat_id for chat in channel.typing) == ["chat-1", "chat-2"]


async def test_a_finished_call_makes_room(autojump_clock: Clock, nursery: trio.Nursery) -> None:
    channel = FakeChannel()
    signs = TypingSigns(channel, 1)
    signs.show(nursery, ONE)
    await trio.sleep(channel.typing_seconds + 1)
    signs.show(nursery, TWO)
    await trio.sleep(1)
    assert channel.typing == [ONE, TWO]


async def test_a_hidden_chat_may_be_shown_again_at_once(autojump_clock: Clock, nursery: trio.Nursery) -> None:
    channel = FakeChannel()
    signs = TypingSigns(channel, 1)
    signs.show(nursery, ONE)
    await trio.sleep(1)
    signs.hide(ONE)
    signs.hide(TWO)
    signs.show(nursery, ONE)
    await trio.sleep(1)
    assert (channel.typing, channel.typing_cancelled) == ([ONE, ONE], 1)
    signs.show(nursery, TWO)
    await trio.sleep(1)
    assert channel.typing == [ONE, ONE], "the end of the hidden call must not make room for a third"


async def test_all_are_hidden_together(autojump_clock: Clock, nursery: trio.Nursery) -> None:
    channel = FakeChannel()
    signs = TypingSigns(channel, 3)
    for chat in (ONE, TWO):
        signs.show(nursery, chat)
    await trio.sleep(1)
    signs.hide_all()
    await trio.sleep(1)
    assert channel.typing_cancelled == 2


async def test_a_channel_without_typing_is_left_alone(nursery: trio.Nursery) -> None:
    TypingSigns(Silent(), 3).show(nursery, ONE)
    assert not nursery.child_tasks
