"""A router with plugins beside it: one answers, a broken one is named and leaves the rest running."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import trio
from plugin_package import install_broken, install_shout
from running import ROOT, Home, zalo_accounts

from actors.testing.bot_api.api import run_bot_api

TOKEN = "1000000000000000001:plugins"
TED = "6ede9afa66b88fe6d6a9"


class HomeWithPlugins(Home):
    """A home with a directory of packages beside the router's own."""

    @property
    def site(self) -> Path:
        return self.directory / "site"

    def env(self) -> dict[str, str]:
        return super().env() | {"PYTHONPATH": os.pathsep.join((str(ROOT), str(self.site)))}


@pytest.mark.parametrize("broken", [False, True], ids=["alone", "beside-a-broken-one"])
async def test_an_agent_of_a_plugin_answers(tmp_path: Path, broken: bool) -> None:
    with trio.fail_after(60):
        async with run_bot_api(TOKEN) as api:
            settings = {
                "channels": zalo_accounts(api.url, [TOKEN], pollTimeoutSeconds=1),
                "agents": {"list": [{"id": "main", "kind": "shout", "exclamationMarks": 3}]},
                "control": {"port": 0},
            }
            home = HomeWithPlugins(tmp_path, settings)
            install_shout(home.site)
            if broken:
                install_broken(home.site)
            async with home.running() as child:
                api.say(TOKEN, TED, "xin chào")
                await api.wait_until(lambda: bool(api.bot(TOKEN).texts))
                assert api.bot(TOKEN).texts == ["XIN CHÀO!!!"]
                status = await child.status()
                assert [agent.kind for agent in status.agents] == ["shout"]
                named = [warning for warning in status.warnings if "router-whisper 1.2 does not load" in warning]
                assert len(named) == broken
                log = await home.command("logs", "--json", "--limit", "100")
                told = [line for line in json.loads(log.stdout)["lines"] if "whisper" in json.dumps(line)]
                assert len(told) == broken
                assert (await child.stop()) == 0
