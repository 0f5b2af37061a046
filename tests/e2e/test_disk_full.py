"""A state directory on a disk that really is full: intake stops and says why, and goes on once there is room."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio
from running import Home, zalo_accounts

from actors.testing.bot_api.api import run_bot_api

TOKEN = "1000000000000000001:one"
CLUSTER = 4096


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A directory with 32 MB of its own, where the machine lets us have one."""
    directory = tmp_path / "small"
    directory.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(directory)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a small disk needs more rights than this user has")
    yield directory
    subprocess.run(["umount", "-l", str(directory)], check=True)


def fill(directory: Path) -> Path:
    """Takes up all the room there is."""
    ballast = directory / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(CLUSTER))
        except OSError:
            return ballast


async def test_a_full_disk_stops_intake_says_so_and_loses_nothing(tmp_path: Path, small_disk: Path) -> None:
    with trio.fail_after(60):
        async with run_bot_api(TOKEN) as api:
            settings = {
                "channels": zalo_accounts(api.url, [TOKEN], pollTimeoutSeconds=5),
                "agents": {"list": [{"id": "main", "kind": "echo"}]},
                "control": {"port": 0},
                "limits": {"pollGraceSeconds": 0},
            }
            router = Home(tmp_path, settings)
            router.state_dir = small_disk / "state"
            async with router.running() as child:
                api.say(TOKEN, "u1", "before")
                await api.wait_for_sent(1)
                ballast = fill(small_disk)
                for number in range(100):
                    api.say(TOKEN, "u1", f"{number} " + "x" * 1500)
                while (await child.status()).store.ok:
                    await trio.sleep(0.05)
                assert "full" in (await child.status()).store.error
                polls = api.count("getUpdates")
                await trio.sleep(0.5)
                assert api.count("getUpdates") == polls
                ballast.unlink()
                await api.wait_for_sent(101)
                while not (await child.status()).store.ok:
                    await trio.sleep(0.05)
                assert await child.stop() == 0
    assert [sent.text.split()[0] for sent in api.bot(TOKEN).sent] == ["before", *map(str, range(100))]
