"""Putting changed settings in force while everything runs.

    read ──bad──▶ nothing changes; the first problem is told, and status shows it until it is mended
      └──good──▶ changed agents are opened ▶ the law gets its new rulebook ▶ changed accounts start anew
                 ▶ agents that are not needed any more close when their last turn has ended

What can fail comes first, so that settings are in force as a whole or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import trio
from msgspec.structs import replace

from actors.errors import RouterError, SettingsError
from actors.mailbox import Ref
from router.agent_pool import AgentPool
from router.agent_roster import AgentRoster, Seat
from router.events import SettingsRefused, SettingsReloaded, SettingsWarning
from router.fleet import Fleet
from router.media.house import MediaHouse
from router.messages import ToRouter, UseRulebook
from router.rulebook import make_rulebook
from router.settings.difference import difference, needs_restart
from router.settings.load import Loaded
from router.settings.schema import Settings
from router.settings_file import SettingsFile
from router.surroundings import Surroundings

NO_FILE = "the defaults (no settings file)"


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """What a reload did."""

    changes: tuple[str, ...]
    """One line each; empty when the settings were the same."""
    needs_restart: tuple[str, ...] = ()
    """Sections whose change waits for a restart of the program."""
    warnings: tuple[str, ...] = ()


class Inner(msgspec.Struct, frozen=True):
    """The parts of a running router that settings reach."""

    router: Ref[ToRouter]
    roster: AgentRoster
    pool: AgentPool
    media: MediaHouse
    fleet: Fleet


class Reloader:
    """Keeps the settings in force those of the file."""

    def __init__(self, loaded: Loaded, around: Surroundings, inner: Inner, *, listening: bool) -> None:
        """`listening`: whether the webhook listener is open."""
        self._at_start = loaded.settings
        self._loaded = loaded
        self._around = around
        self._inner = inner
        self._listening = listening
        self._problem = ""
        self._one_at_a_time = trio.Lock()

    @property
    def file(self) -> SettingsFile | None:
        """Where the settings come from; None when they are not to change."""
        return self._around.settings_file

    def in_force(self) -> Loaded:
        """The settings in force. Among the warnings: why the file is not in force, and what waits for a restart."""
        ours = tuple(f"{path}: changed; in force after a restart of the router" for path in self._waiting())
        refused = (self._problem,) if self._problem else ()
        return replace(self._loaded, warnings=(*refused, *ours, *self._loaded.warnings))

    async def run(self) -> None:
        """Reloads whenever the file has changed or somebody rang its bell, until cancelled."""
        while self.file is not None:
            await self.file.wait_until_changed()
            await self.reload()

    async def reload(self) -> Applied | tuple[str, ...]:
        """Reads the file and puts it in force; gives the problems, one line each, when it cannot be.

        Cancelled before the file is read, nothing has happened; from there on it is not cancelled any more.
        """
        if self.file is None:
            return ("there is no settings file to read again",)
        async with self._one_at_a_time:
            reading = await trio.to_thread.run_sync(self.file.read)
            path = str(self.file.path() or NO_FILE)
            with trio.CancelScope(shield=True):
                try:
                    applied = await self._apply(reading.loaded())
                except RouterError as error:
                    return self._refuse(path, error)
            self._problem = ""
            self._tell(path, applied)
            return applied

    async def _apply(self, loaded: Loaded) -> Applied:
        """Puts settings in force. Raises RouterError, with nothing changed, when an agent cannot be opened."""
        settings, inner = loaded.settings, self._inner
        changes = difference(self._loaded.settings, settings)
        opened = await inner.roster.open(agent for agent in settings.agents if agent.id in changes.opening)
        await self._change_agents(settings, opened)
        inner.media.use(settings)
        inner.fleet.apply(settings)
        self._loaded = loaded
        return Applied(changes=changes.words(), needs_restart=self._waiting(), warnings=loaded.warnings)

    async def _change_agents(self, settings: Settings, opened: Mapping[str, Seat]) -> None:
        roster, pool = self._inner.roster, self._inner.pool
        newcomers = {agent_id: seat.agent for agent_id, seat in opened.items()}
        # Turns for newcomers may begin with the new rulebook, turns for leavers until then: for a moment all answer.
        pool.use(roster.agents | newcomers)
        await self._inner.router.ask(UseRulebook(make_rulebook(settings, self._around.channel_kinds)))
        roster.seat(opened, [agent.id for agent in settings.agents], pool.wait_until_unused)
        pool.use(roster.agents)

    def _waiting(self) -> tuple[str, ...]:
        return needs_restart(self._at_start, self._loaded.settings, listening=self._listening)

    def _refuse(self, path: str, error: RouterError) -> tuple[str, ...]:
        problems = error.problems if isinstance(error, SettingsError) else (str(error),)
        self._problem = f"{path} cannot be used, the settings before stay in force: {problems[0]}"
        self._around.telemetry.emit(SettingsRefused(path=path, problem=problems[0]))
        return problems

    def _tell(self, path: str, applied: Applied) -> None:
        emit = self._around.telemetry.emit
        changes = ", ".join(applied.changes) or "nothing changed"
        emit(SettingsReloaded(path=path, changes=changes, needs_restart=", ".join(applied.needs_restart)))
        for warning in applied.warnings:
            emit(SettingsWarning(warning=warning))
