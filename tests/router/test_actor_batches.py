"""How much of what waits the router actor takes at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

import trio
import trio.testing
from playbook import SHOP, chance, rulebook
from store_model import ModelStore

from actors.messages import Chat, Inbound
from actors.protocol import Accept
from router.actor import RouterActor
from router.rules.records import Change, PutInbox
from router.rules.state import Moment
from router.settings.sections import LimitsSettings
from router.store.contract import MessageKey


class CountingStore(ModelStore):
    """A model store that notes how many messages each transaction brought, and lets none through while it is shut."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[int] = []
        self.open = trio.Event()

    async def commit(self, changes: Iterable[Change]) -> None:
        await self.open.wait()
        batch = list(changes)
        self.messages.append(sum(isinstance(change, PutInbox) for change in batch))
        self.apply_all(batch)

    async def known(self, keys: Sequence[MessageKey]) -> frozenset[MessageKey]:
        await trio.lowlevel.checkpoint()
        return self.known_of(keys)


async def test_no_transaction_has_more_messages_than_the_settings_allow() -> None:
    store = CountingStore()
    router = RouterActor(
        rulebook(),
        store,
        moment=lambda: Moment(1000.0, trio.current_time()),
        chance=chance(),
        emit=lambda _event: None,
        limits=LimitsSettings(mailbox=7, batch=3),
    )
    with trio.fail_after(10):
        async with trio.open_nursery() as living:
            await living.start(router.run, lambda _turn: None)
            async with trio.open_nursery() as asking:
                for number in range(10):
                    message = Inbound(chat=Chat(SHOP, "u1"), message_id=f"m{number}", sender_id="u1", text="hi")
                    asking.start_soon(partial(router.ref.ask, Accept(message)))
                await trio.testing.wait_all_tasks_blocked()
                assert router.mailbox_waiting() == 7
                store.open.set()
            living.cancel_scope.cancel()
    assert sum(store.messages) == 10
    assert max(store.messages) == 3
