"""All files of one router: those that come with messages, and those that go with answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import trio

from actors.agents.contract import AgentKind
from actors.hosting import FileHost
from actors.net.webhooks import WebhookListener
from router.media.intake import MediaIntake
from router.media.outgoing import OutgoingFiles, hosted, keeping_files
from router.media.rules import fetch_rules, outgoing_limits, retention_seconds
from router.media.shelf import MediaShelf
from router.retention import keep_tidy
from router.settings.schema import Settings
from router.surroundings import Surroundings

INBOUND: Final = "media/inbound"
OUTBOUND: Final = "media/outbound"


class MediaHouse:
    """Both shelves below the state directory, and what is done with them."""

    def __init__(self, settings: Settings, around: Surroundings) -> None:
        self._settings = settings
        self._around = around
        self._inbound = MediaShelf(around.state_dir / INBOUND)
        self._outbound = MediaShelf(around.state_dir / OUTBOUND)
        self._outgoing = OutgoingFiles(self._outbound, outgoing_limits(settings))
        self.intake = MediaIntake(self._inbound, fetch_rules(settings), around.telemetry.emit)

    def agent_kinds(self) -> Mapping[str, AgentKind]:
        """The kinds of agents that there are, of agents whose pictures are kept until they are sent."""
        return keeping_files(self._around.agent_kinds, self._outgoing)

    def use(self, settings: Settings) -> None:
        """Fetches and keeps by these settings from now on. How long files are kept is settled at the start."""
        self.intake.use(fetch_rules(settings))
        self._outgoing.use(outgoing_limits(settings))

    def hosted(self, webhooks: WebhookListener | None) -> FileHost:
        """Serves pictures that are to be sent on the listener, if there is one."""
        return hosted(self._around.state_dir / OUTBOUND, self._settings, webhooks, self._around.clock)

    async def keep_tidy(self, unfinished: Callable[[], frozenset[int]]) -> None:
        """Removes old files from both shelves until cancelled; never those of messages in `unfinished`."""
        async with trio.open_nursery() as nursery:
            for shelf in (self._inbound, self._outbound):
                nursery.start_soon(keep_tidy, shelf, retention_seconds(self._settings), self._around.clock, unfinished)
