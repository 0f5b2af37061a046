"""What a router runs in, and is handed by whoever starts it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from actors.agents.contract import AgentKind
from actors.channel import ChannelKind
from actors.clock import WallClock, wall_time
from actors.messages import AccountKey
from actors.plugins import installed_plugins
from router.settings_file import SettingsFile
from router.systemd import ServiceManager
from router.telemetry import Telemetry


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What a router runs in: where it keeps things, who listens, and which kinds there are."""

    state_dir: Path
    locks: Path
    """Directory of the locks that hold for the whole machine."""
    telemetry: Telemetry
    channel_kinds: Mapping[str, ChannelKind] = msgspec.field(default_factory=lambda: installed_plugins().channels)
    agent_kinds: Mapping[str, AgentKind] = msgspec.field(default_factory=lambda: installed_plugins().agents)
    clock: WallClock = wall_time
    redact: Callable[[str], str] = str
    """Takes secrets out of an error's text before anybody is shown it."""
    settings_file: SettingsFile | None = None
    """Where changed settings are read from; None when they are not to change."""
    service_manager: ServiceManager = ServiceManager()
    """Who wants to hear that the router is up, and goes on being so."""
    on_crash: Callable[[AccountKey, Exception], None] = lambda _account, _error: None
    """Is given every exception that an account crashes of."""
