"""A package with a plugin, as an installer leaves it: modules beside a dist-info directory. No network, no pip."""

from __future__ import annotations

from pathlib import Path

SHOUT = '''
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from actors.agents.contract import AgentKind
from actors.messages import Reply, Turn


class ShoutSettings(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Answers in capitals."""

    exclamation_marks: int = 1


class ShoutAgent:
    def __init__(self, settings: ShoutSettings) -> None:
        self._end = "!" * settings.exclamation_marks

    async def answer(self, turn: Turn) -> Reply:
        return Reply(text=turn.text.upper() + self._end)


@asynccontextmanager
async def open_shout(settings: ShoutSettings) -> AsyncIterator[ShoutAgent]:
    yield ShoutAgent(settings)


KIND = AgentKind("shout", ShoutSettings, open_shout)
'''
SHOUT_ENTRY = "[zalo_router.agents]\nshout = shout_agent:KIND\n"
BROKEN_ENTRY = "[zalo_router.agents]\nwhisper = whisper_agent:KIND\n"


def install(site: Path, package: str, entry_points: str, **modules: str) -> None:
    """Puts a package of version 1.2 into the directory `site`, with these modules and their texts."""
    metadata = site / f"{package.replace('-', '_')}-1.2.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.2\n")
    (metadata / "entry_points.txt").write_text(entry_points)
    for name, text in modules.items():
        (site / f"{name}.py").write_text(text)


def install_shout(site: Path) -> None:
    """An agent kind `shout` that answers in capitals."""
    install(site, "router-shout", SHOUT_ENTRY, shout_agent=SHOUT)


def install_broken(site: Path) -> None:
    """A package that promises an agent kind `whisper` and needs a library that is not there."""
    install(site, "router-whisper", BROKEN_ENTRY, whisper_agent="print('loading')\nimport no_such_library\n")
