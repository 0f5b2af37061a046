"""The composition root: the only module that joins the router to the kinds of accounts and agents.

    store ⊃ router ⊃ agents ⊃ accounts ⊃ control

Nesting is the shutdown plan. What is inside is cancelled before what is around it: when the accounts end, the router is
still there to write down what became of their sends.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import msgspec
import trio

from actors.channel import Shared
from router.actor import RouterActor
from router.agent_pool import AgentPool
from router.agent_roster import open_roster
from router.config_operations import config_handlers
from router.control.connection import Handlers
from router.control.endpoint import Endpoint, new_token, published
from router.control.server import serve_control
from router.entropy import moment, system_chance
from router.events import Draining, Serving, Stopped
from router.fleet import Fleet
from router.media.house import MediaHouse
from router.messages import Drain
from router.operations import Inside, Operations
from router.reload import Inner, Reloader
from router.retention import keep_pruning
from router.rulebook import make_rulebook
from router.settings.load import Loaded
from router.settings.schema import Settings
from router.store.contract import Retention, Store
from router.store.sqlite import open_sqlite
from router.surroundings import Surroundings
from router.systemd import feed_watchdog
from router.version import VERSION
from router.webhooks import open_webhooks

DATABASE = "router.db"


class Running(msgspec.Struct, frozen=True):
    """A router that is up."""

    endpoint: Endpoint
    operations: Operations
    router: RouterActor


async def serve(
    loaded: Loaded,
    around: Surroundings,
    stop: trio.Event,
    *,
    task_status: trio.TaskStatus[Running] = trio.TASK_STATUS_IGNORED,
) -> bool:
    """Runs a router until `stop` is set, then drains it; `started` when accounts and control socket are up.

    Returns whether the drain was clean: every turn and send that ran came to its end within `limits.drainSeconds`.
    What was not finished is in the store, for the next start.

    Raises: StoreUnavailable or another RouterError when the store cannot be opened; SettingsError when the control
    socket or the webhooks cannot listen. Cancelled, it ends at once; nothing that was accepted is lost by that.
    """
    settings, emit, started = loaded.settings, around.telemetry.emit, trio.current_time()
    async with open_sqlite(around.state_dir / DATABASE) as store, trio.open_nursery() as outer:
        router = _router(settings, store, around)
        media = MediaHouse(settings, around)
        async with open_roster(settings.agents, media.agent_kinds()) as roster, trio.open_nursery() as thinking:
            pool = AgentPool(
                roster.agents, store, router=router.ref, show_typing=router.show_typing, prepare=media.intake.attach
            )
            await thinking.start(pool.run)
            await outer.start(router.run, pool.start)
            async with trio.open_nursery() as living:
                webhooks = await open_webhooks(living, settings, emit)
                shared = Shared(
                    state_dir=around.state_dir,
                    webhooks=webhooks,
                    files=media.hosted(webhooks),
                    warn=around.telemetry.warn,
                )
                fleet = Fleet(settings, router.ref, around, shared)
                living.start_soon(keep_pruning, store, _retention(settings), around.clock)
                living.start_soon(media.keep_tidy, router.unfinished_ids)
                await living.start(fleet.run)
                reloader = Reloader(
                    loaded, around, Inner(router.ref, roster, pool, media, fleet), listening=webhooks is not None
                )
                living.start_soon(reloader.run)
                living.start_soon(feed_watchdog, around.service_manager, router)
                inside = Inside(loaded=reloader.in_force, router=router, store=store, fleet=fleet, around=around)
                operations = Operations(inside)
                handlers = {**operations.handlers(), **config_handlers(reloader)}
                async with _control(settings, around, handlers) as endpoint:
                    task_status.started(Running(endpoint, operations, router))
                    await stop.wait()
                    clean = await _drain(fleet, router, around, settings.limits.drain_seconds)
                living.cancel_scope.cancel()
            thinking.cancel_scope.cancel()
        outer.cancel_scope.cancel()
    emit(Stopped(uptime_seconds=trio.current_time() - started, unfinished=router.state.unfinished.total()))
    return clean


async def _drain(fleet: Fleet, router: RouterActor, around: Surroundings, deadline_seconds: float) -> bool:
    """No new poll, no new turn; what runs may come to its end. Says whether it did."""
    around.service_manager.tell("STOPPING=1")
    around.telemetry.emit(Draining(reason="asked to stop", deadline_seconds=deadline_seconds))
    with trio.move_on_after(deadline_seconds):
        fleet.drain()
        await router.ref.tell(Drain())
        await router.drained.wait()
        fleet.finish()
        await fleet.ended.wait()
        return True
    return False


def _router(settings: Settings, store: Store, around: Surroundings) -> RouterActor:
    return RouterActor(
        make_rulebook(settings, around.channel_kinds),
        store,
        moment=lambda: moment(around.clock),
        chance=system_chance(),
        emit=around.telemetry.emit,
        limits=settings.limits,
    )


@asynccontextmanager
async def _control(settings: Settings, around: Surroundings, handlers: Handlers) -> AsyncIterator[Endpoint]:
    token, emit = new_token(), around.telemetry.emit
    server = partial(
        serve_control,
        host=settings.control.host,
        port=settings.control.port,
        token=token,
        handlers=handlers,
        emit=emit,
    )
    async with trio.open_nursery() as nursery:
        address = await nursery.start(server)
        endpoint = Endpoint(address.url, token, os.getpid())
        with published(around.state_dir, endpoint):
            emit(Serving(version=VERSION, pid=endpoint.pid, control_url=address.url))
            around.service_manager.tell("READY=1")
            yield endpoint
        nursery.cancel_scope.cancel()


def _retention(settings: Settings) -> Retention:
    kept = settings.store.retention
    return Retention(
        dedupe_seconds=kept.dedupe_seconds,
        content_seconds=kept.content_seconds,
        transcript_seconds=kept.transcript_seconds,
        dead_letter_seconds=kept.dead_letter_seconds,
    )
