"""getUpdates: the long poll (zalo-bot-api reference, section 2.2)."""

from __future__ import annotations

import trio

from actors.net.http import Peer
from actors.testing.bot_api.bot import SimulatedBot
from actors.testing.bot_api.records import ApiError, Behaviour
from actors.testing.bot_api.updates import Update


async def poll(bot: SimulatedBot, timeout_seconds: float, behaviour: Behaviour, peer: Peer) -> Update:
    """The next update, waited for exactly as long as was asked.

    An update is never given to a caller that has hung up while it waited: the next poll gets it.

    Raises: ApiError 408 when none came, 409 when a newer poll ended this one (a switch).
    """
    if behaviour.second_poller == "conflict" and bot.poll_scope is not None:
        bot.poll_scope.cancel()
    update = bot.queue.take_nowait(behaviour)
    if update is not None:
        return update
    return await _wait(bot, timeout_seconds, behaviour, peer)


async def _wait(bot: SimulatedBot, timeout_seconds: float, behaviour: Behaviour, peer: Peer) -> Update:
    update: Update | None = None
    gone = False
    with trio.CancelScope() as newer:
        bot.poll_scope = newer
        with trio.move_on_after(timeout_seconds):
            async with trio.open_nursery() as nursery:

                async def watch() -> None:
                    nonlocal gone
                    await peer.wait_gone()
                    gone = True
                    nursery.cancel_scope.cancel()

                nursery.start_soon(watch)
                update = await bot.queue.take(behaviour)
                nursery.cancel_scope.cancel()
    if bot.poll_scope is newer:
        bot.poll_scope = None
    if update is None:
        raise _nothing(newer.cancel_called)
    if gone:
        bot.queue.put_back(update)
        raise _nothing(superseded=False)
    return update


def _nothing(superseded: bool) -> ApiError:
    if superseded:
        return ApiError(409, "Conflict: terminated by other getUpdates request")
    return ApiError(408, "Request timeout")
