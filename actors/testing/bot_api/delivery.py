"""Events on their way to webhooks: one at a time per bot, in the order in which they were said."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

import trio

from actors.testing.bot_api.bot import SimulatedBot
from actors.testing.bot_api.records import Behaviour, Delivery
from actors.testing.bot_api.updates import Update
from actors.testing.bot_api.webhook import post_webhook


class Deliverer:
    """Posts what waits in `SimulatedBot.undelivered`, while `run` runs."""

    def __init__(self, behaviour: Callable[[], Behaviour], delivered: Callable[[], None]) -> None:
        self._behaviour = behaviour
        self._delivered = delivered
        self._busy: set[SimulatedBot] = set()
        self._wake, self._woken = trio.open_memory_channel[SimulatedBot](inf)

    def notice(self, bot: SimulatedBot) -> None:
        """Says that something waits for this bot's webhook."""
        if bot not in self._busy:
            self._busy.add(bot)
            self._wake.send_nowait(bot)

    async def run(self) -> None:
        """Delivers until cancelled."""
        async with trio.open_nursery() as nursery:
            async for bot in self._woken:
                nursery.start_soon(self._deliver_waiting, bot)

    async def _deliver_waiting(self, bot: SimulatedBot) -> None:
        try:
            while bot.undelivered:
                update = bot.undelivered.popleft()
                if bot.webhook is None:  # deleted meanwhile; whether the live service keeps it is unknown
                    bot.queue.put(update, self._behaviour())
                    continue
                await deliver(bot, update, self._behaviour())
                self._delivered()
        finally:
            self._busy.discard(bot)


async def deliver(bot: SimulatedBot, update: Update, behaviour: Behaviour) -> Delivery:
    """Posts one update to the bot's webhook, with repeats if the behaviour has them; returns the last attempt.

    Raises: LookupError when the bot has no webhook.
    """
    attempts_left = behaviour.webhook_retries
    while True:
        webhook = bot.webhook
        if webhook is None:
            raise LookupError(f"bot {bot.bot_id} has no webhook: call setWebhook first")
        body = b'{"ok":true,"result":%b}' % update.raw if behaviour.webhook_wrapped else update.raw
        delivery = await post_webhook(
            webhook.url,
            body,
            secret_token=webhook.secret_token,
            timeout_seconds=behaviour.webhook_timeout_seconds,
            message_id=update.message_id,
            tls=bot.trust,
        )
        bot.deliveries.append(delivery)
        if delivery.ok or attempts_left <= 0:
            return delivery
        attempts_left -= 1
        await trio.sleep(behaviour.webhook_retry_seconds)
