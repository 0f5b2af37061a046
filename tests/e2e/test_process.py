"""`router serve` as a process: signals, exit codes, locks, files and the demo."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import trio
from running import ROOT, Home, zalo_accounts

from actors.testing.bot_api.api import run_bot_api
from router.signals import ECHO_SECONDS

TOKEN = "1000000000000000001:canary-7f3a9c"


def home(directory: Path, url: str, **fields: object) -> Home:
    settings = {"channels": zalo_accounts(url, [TOKEN]), "control": {"port": 0}, "limits": {"pollGraceSeconds": 0}}
    return Home(directory, settings | fields)


async def run_router(router: Home, *words: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    with trio.fail_after(60):
        return await trio.run_process(
            [sys.executable, "-m", "router", *words],
            env=router.env(),
            stdin=stdin,
            capture_stdout=True,
            capture_stderr=True,
            check=False,
        )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_one_signal_drains_and_exits_with_zero(tmp_path: Path, number: signal.Signals) -> None:
    with trio.fail_after(30):
        async with run_bot_api(TOKEN) as api, home(tmp_path, api.url).running() as child:
            await api.wait_for_calls(1, "getUpdates")
            child.process.send_signal(number)
            assert await child.process.wait() == 0
    assert not (child.state_dir / "control.json").exists()


async def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    stuck = {"list": [{"id": "main", "kind": "command", "command": ["sleep", "60"]}]}
    with trio.fail_after(30):
        async with run_bot_api(TOKEN) as api, home(tmp_path, api.url, agents=stuck).running() as child:
            api.say(TOKEN, "u1", "hello")
            while not any(account.turns_running for account in (await child.status()).accounts):
                await trio.sleep(0.02)
            child.process.send_signal(signal.SIGTERM)
            while (await child.status()).state != "draining":
                await trio.sleep(0.02)
            await trio.sleep(2 * ECHO_SECONDS)  # sooner, it would be taken for an echo of the first
            child.process.send_signal(signal.SIGTERM)
            assert await child.process.wait() == 128 + signal.SIGTERM


async def test_a_second_router_of_the_same_state_directory_is_refused_in_one_sentence(tmp_path: Path) -> None:
    async with run_bot_api(TOKEN) as api:
        router = home(tmp_path, api.url)
        async with router.running() as child:
            done = await run_router(
                router, "serve", "--config", str(router.config), "--state-dir", str(router.state_dir)
            )
    assert done.returncode == 1
    (line,) = done.stderr.decode().splitlines()
    assert f"process {child.process.pid} already uses the state directory {router.state_dir}" in line


async def test_settings_that_cannot_be_used_exit_with_two_and_a_line_for_each_problem(tmp_path: Path) -> None:
    router = home(tmp_path, "http://127.0.0.1:1")
    router.config.write_text('{ channels: { zalo: { botToken: "1:x", dmPolcy: "open", mediaMaxMb: "lots" } } }')
    done = await run_router(router, "serve", "--config", str(router.config), "--state-dir", str(router.state_dir))
    assert done.returncode == 2
    lines = done.stderr.decode().splitlines()
    assert len(lines) == 2
    assert 'did you mean "dmPolicy"?' in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


async def test_no_token_is_seen_anywhere(tmp_path: Path) -> None:
    with trio.fail_after(60):
        async with run_bot_api(TOKEN) as api:
            router = home(tmp_path, api.url, logging={"level": "debug"})
            async with router.running() as child:
                api.say(TOKEN, "u1", "hello")
                await api.wait_for_sent(1)
                api.bot(TOKEN).faults.answer_html("getUpdates", 502)
                api.bot(TOKEN).faults.drop("getUpdates", "after")
                api.say(TOKEN, "u1", "again")
                await api.wait_for_sent(2)
                api.bot(TOKEN).revoke()
                status = await router.command("status", "--json")
                arguments = Path(f"/proc/{child.process.pid}/cmdline").read_bytes()
                assert await child.stop() == 0
    secret = TOKEN.partition(":")[2].encode()
    seen = [status.stdout, status.stderr, arguments, (tmp_path / "console.log").read_bytes()]
    seen += [file.read_bytes() for file in router.state_dir.rglob("*") if file.is_file()]
    assert len(seen) > 5
    assert not any(secret in text for text in seen)


async def test_status_without_a_router_exits_with_three_and_still_prints_one_json_object(tmp_path: Path) -> None:
    router = home(tmp_path, "http://127.0.0.1:1")
    done = await router.command("status", "--json")
    assert done.returncode == 3
    assert isinstance(json.loads(done.stdout), dict)


async def test_the_demo_with_piped_input_tells_the_whole_story(tmp_path: Path) -> None:
    router = home(tmp_path, "http://127.0.0.1:1")
    done = await run_router(router, "serve", "--demo", stdin="hi\nhello?\n/approve\nxin chào 😀\n/new\n".encode())
    assert done.returncode == 0
    assert done.stderr == b""
    lines = done.stdout.decode().splitlines()
    assert lines[0] == "you> hi"
    assert any(
        line.strip().startswith("In a second terminal: ") and " pairing approve --state-dir " in line for line in lines
    )
    assert lines[lines.index("you> hello?") + 1].startswith("     Approved zalo sender")
    assert lines[-4:] == ["you> xin chào 😀", "bot> xin chào 😀", "you> /new", "bot> A new conversation has begun."]


def test_the_program_knows_its_version() -> None:
    done = subprocess.run([sys.executable, "-m", "router", "--version"], capture_output=True, cwd=ROOT, check=True)
    assert b"0.1.0" in done.stdout
