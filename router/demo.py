"""`router serve --demo`: the whole router against a simulated Zalo, and a chat with it in the terminal.

No token, no settings, nothing outside this machine: the state directory is temporary, the simulator and the control
socket listen on loopback, on ports of their own.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import trio

from actors.testing.bot_api.api import BotApi, run_bot_api
from router.demo_chat import DemoChat, Person
from router.serve import Running, serve
from router.settings.load import Loaded, load_settings
from router.signals import heeding_signals
from router.surroundings import Surroundings
from router.telemetry import Telemetry

TOKEN = "1000000000000000001:the-simulator-knows-this-one"
PERSON = Person(bot=TOKEN, user_id="6ede9afa66b88fe6d6a9", name="You")

SETTINGS = """{
  channels: { zalo: { botToken: "TOKEN", apiUrl: "URL" } },
  agents: { list: [{ id: "main", kind: "echo" }] },
  control: { port: 0 },
  // The simulator keeps what nobody polls for, so there is no poll to wait for at the end.
  limits: { pollGraceSeconds: 0 },
}
"""


def main_demo() -> int:
    """Runs the demo until its chat ends; returns the exit code."""
    with tempfile.TemporaryDirectory(prefix="zalo-router-demo-") as directory:
        return trio.run(_demo, Path(directory))


async def _demo(state_dir: Path) -> int:
    stop = trio.Event()
    async with heeding_signals(stop) as interruption, run_bot_api(TOKEN) as api, trio.open_nursery() as nursery:
        around = Surroundings(state_dir=state_dir, locks=state_dir / "locks", telemetry=Telemetry())
        running: Running = await nursery.start(serve, _settings(state_dir, api), around, stop)
        chat = DemoChat(api, PERSON, running, around.telemetry, _command(state_dir))
        await chat.run(sys.stdin.isatty(), stop)
        stop.set()
    return 128 + interruption.signal_number if interruption.signal_number else 0


def _settings(state_dir: Path, api: BotApi) -> Loaded:
    file = state_dir / "router.json5"
    file.write_text(SETTINGS.replace("TOKEN", TOKEN).replace("URL", api.url))
    return load_settings(file, env={})


def _command(state_dir: Path) -> str:
    return f"{sys.argv[0]} pairing approve --state-dir {state_dir}"
