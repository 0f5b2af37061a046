"""The composition root: the only module that joins the router to the kinds of accounts and agents.

    store ⊃ router ⊃ agents ⊃ accounts ⊃ control

Nesting is the shutdown plan. What is inside is cancelled before what is around it: when the accounts end, the router is
still there to write down what became of their sends.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import msgspec
import trio

from actors.agents.contract import AgentKind
from actors.channel import Shared
from router.actor import RouterActor
from router.agent_pool import AgentPool, OpenAgent
from router.control.endpoint import Endpoint, new_token, published
from router.control.server import serve_control
from router.entropy import moment, system_chance
from router.events import Draining, Serving
from router.fleet import Fleet
from router.media.house import MediaHouse
from router.messages import Drain
from router.operations import Inside, Operations
from router.retention import keep_pruning
from router.rulebook import make_rulebook
from router.settings.load import Loaded
from router.settings.schema import AgentEntry, Settings
from router.store.contract import Retention, Store
from router.store.sqlite import open_sqlite
from router.surroundings import Surroundings
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
    settings, emit = loaded.settings, around.telemetry.emit
    async with open_sqlite(around.state_dir / DATABASE) as store, trio.open_nursery() as outer:
        router = _router(settings, store, around)
        media = MediaHouse(settings, around)
        async with _agents(settings.agents, media.agent_kinds()) as agents, trio.open_nursery() as thinking:
            pool = AgentPool(
                agents, store, router=router.ref, show_typing=router.show_typing, prepare=media.intake.attach
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
                inside = Inside(loaded=lambda: loaded, router=router, store=store, fleet=fleet, around=around)
                operations = Operations(inside)
                async with _control(settings, around, operations) as endpoint:
                    task_status.started(Running(endpoint, operations, router))
                    await stop.wait()
                    emit(Draining(reason="asked to stop", deadline_seconds=settings.limits.drain_seconds))
                    clean = await _drain(fleet, router, settings.limits.drain_seconds)
                living.cancel_scope.cancel()
            thinking.cancel_scope.cancel()
        outer.cancel_scope.cancel()
    return clean


async def _drain(fleet: Fleet, router: RouterActor, deadline_seconds: float) -> bool:
    """No new poll, no new turn; what runs may come to its end. Says whether it did."""
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
        mailbox_capacity=settings.limits.mailbox,
    )


@asynccontextmanager
async def _agents(entries: Iterable[AgentEntry], kinds: Mapping[str, AgentKind]) -> AsyncIterator[dict[str, OpenAgent]]:
    async with AsyncExitStack() as stack:
        agents = {}
        for entry in entries:
            kind = kinds[entry.kind]
            agent = await stack.enter_async_context(kind.open(entry.settings))
            agents[entry.id] = OpenAgent(agent, entry.limits, kind.history_limit(entry.settings))
        yield agents


@asynccontextmanager
async def _control(settings: Settings, around: Surroundings, operations: Operations) -> AsyncIterator[Endpoint]:
    token, emit = new_token(), around.telemetry.emit
    server = partial(
        serve_control,
        host=settings.control.host,
        port=settings.control.port,
        token=token,
        handlers=operations.handlers(),
        emit=emit,
    )
    async with trio.open_nursery() as nursery:
        address = await nursery.start(server)
        endpoint = Endpoint(address.url, token, os.getpid())
        with published(around.state_dir, endpoint):
            emit(Serving(version=VERSION, pid=endpoint.pid, control_url=address.url))
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
