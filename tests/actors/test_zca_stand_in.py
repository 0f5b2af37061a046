"""The stand-in prints, exits and behaves as the reference says of the real programs (zca reference, 1 to 4)."""

from __future__ import annotations

import base64
import json
import signal
import subprocess
from pathlib import Path

import pytest
import trio
from zca_stage import ALICE, TEAM, listening, run, stand_in

from actors.testing.zca.driver import Fault, Stage, StandIn

PNG = b"\x89PNG\r\n"


@pytest.fixture
def zca(tmp_path: Path) -> StandIn:
    return stand_in(tmp_path)


@pytest.mark.parametrize(
    ("words", "code", "stderr"),
    [
        ("auth status", 1, "Error: Profile default: not logged in"),
        ("auth logout", 0, ""),
        ("me info -j", 1, 'Error: Profile "default" has no credentials. Run: auth login'),
        ("listen -r -k", 1, 'Error: Profile "default" has no credentials. Run: auth login'),
        ("msg send 1 x", 1, 'Error: Profile "default" has no credentials. Run: auth login'),
        ("--profile nosuch friend list -j", 1, 'Error: Profile "nosuch" does not exist. Create it with: account add'),
        ("auth status -j", 1, "error: unknown option '-j'"),
        ("msg send 1", 1, "error: missing required argument 'message'"),
        ("msg send 1 a b", 1, "error: too many arguments for 'send'"),
        ("waltz", 1, "error: unknown command 'waltz'"),
        ("", 1, "Usage:"),
        ("--version", 0, ""),
    ],
)
async def test_exit_codes_of_one_who_is_not_logged_in(zca: StandIn, words: str, code: int, stderr: str) -> None:
    zca = StandIn(zca.directory.parent / "fresh")
    done = await run(zca, *words.split())
    assert done.returncode == code
    assert done.stderr.decode().startswith(stderr)
    assert zca.journal() == [words.split()]


async def test_an_expired_session(zca: StandIn) -> None:
    zca.log_in(expired=True)
    done = await run(zca, "me", "info", "-j")
    assert (done.returncode, b"zpw_sek" in done.stderr, done.stdout) == (1, True, b"")


@pytest.mark.parametrize(
    ("text", "code", "sent"),
    [("- item one", 1, 0), ("-x", 1, 0), ("-5", 0, 1), ("--help", 0, 0), ("-g", 1, 0), ("", 1, 0), ("a\nb", 0, 1)],
)
async def test_the_traps_of_texts(zca: StandIn, text: str, code: int, sent: int) -> None:
    done = await run(zca, "msg", "send", ALICE, text)
    assert (done.returncode, [one.text for one in zca.sent()]) == (code, [text] * sent)


async def test_after_two_dashes_every_text_is_taken(zca: StandIn) -> None:
    assert (await run(zca, "msg", "send", "-g", "--", TEAM, "--help")).returncode == 0
    (sent,) = zca.sent()
    assert (sent.thread, sent.group, sent.text) == (TEAM, True, "--help")


async def test_a_voice_note_takes_no_caption_and_an_address_ends_at_a_comma(zca: StandIn) -> None:
    done = await run(zca, "msg", "voice", ALICE, "-u", "https://x.test/a.mp3", "-m", "cap")
    assert (done.returncode, b"unknown option '-m'" in done.stderr) == (1, True)
    await run(zca, "msg", "image", ALICE, "-u", "https://x.test/a,b.jpg", "-m", "- cap")
    assert (zca.sent()[0].urls, zca.sent()[0].caption) == (("https://x.test/a", "b.jpg"), "- cap")


@pytest.mark.parametrize("words", [(TEAM, "hi"), (ALICE, "hi", "-g")])
async def test_a_group_wants_its_flag_and_a_person_none(zca: StandIn, words: tuple[str, ...]) -> None:
    done = await run(zca, "msg", "send", *words)
    assert (done.returncode, zca.sent()) == (1, [])


async def test_json_stands_behind_log_lines_in_the_style_of_zca_cli(tmp_path: Path) -> None:
    zca = stand_in(tmp_path, style="zca-cli")
    done = await run(zca, "friend", "find", "alice")
    assert done.stdout.startswith(b"\x1b[")
    assert json.loads(done.stdout[done.stdout.index(b"[\n") :])[0]["userId"] == ALICE


async def test_members_of_a_group_that_is_not_there(zca: StandIn) -> None:
    assert (await run(zca, "group", "members", "99", "-j")).stderr == b"Error: Group not found: 99\n"
    assert json.loads((await run(zca, "group", "members", TEAM, "-j")).stdout)[0]["userId"] == ALICE


@pytest.mark.parametrize(
    ("phone", "code", "logged_in"), [("confirm", 0, True), ("decline", 0, False), ("expire", 1, False)]
)
async def test_login_by_qr_code(tmp_path: Path, phone: str, code: int, logged_in: bool) -> None:
    zca = StandIn(tmp_path / "home", Stage(phone=phone))  # type: ignore[arg-type] # one of its words
    qr = tmp_path / "code.png"
    done = await run(zca, "--profile", "work", "auth", "login", "--qr-path", str(qr))
    assert (done.returncode, qr.read_bytes()[:6]) == (code, PNG)
    assert ((await run(zca, "auth", "status", "-p", "work")).returncode == 0) is logged_in


async def test_login_waits_for_the_phone(tmp_path: Path) -> None:
    zca = StandIn(tmp_path / "home", Stage(phone="wait"))
    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(run, zca, "auth", "login", "--qr-path", str(tmp_path / "code.png"))
            while not (tmp_path / "code.png").exists():
                await trio.sleep(0.01)
            assert (await run(zca, "auth", "status")).returncode == 1
            zca.set_stage(Stage(phone="confirm"))
    assert (await run(zca, "auth", "status")).returncode == 0


async def test_login_with_the_code_as_text(tmp_path: Path) -> None:
    zca = StandIn(tmp_path)
    done = await run(zca, "auth", "login", "--qr-base64")
    assert base64.b64decode(done.stdout.partition(b"base64,")[2])[:6] == PNG
    assert (await run(zca, "auth", "logout")).returncode == 0
    assert (await run(zca, "auth", "status")).returncode == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_a_listener_with_an_exit_code_and_its_lock_goes(zca: StandIn, number: int) -> None:
    async with listening(zca) as process:
        assert zca.listener_pid() == process.pid
        process.send_signal(number)
        assert await process.wait() == 128 + number
    assert zca.listener_pid() is None


async def test_a_second_listener_of_a_profile_is_refused_until_the_first_is_dead(zca: StandIn) -> None:
    async with listening(zca) as process:
        refused = await run(zca, "listen", "-r", "-k")
        assert refused.returncode == 1
        assert f'already owns profile "default" (pid {process.pid})' in refused.stderr.decode()
        process.kill()
        await process.wait()
    assert zca.listener_pid() == process.pid
    async with listening(zca) as process:
        assert zca.listener_pid() == process.pid


@pytest.mark.parametrize(
    ("flags", "order", "code", "last_line"),
    [
        (("-r", "-k"), {"do": "recycle"}, 75, b"Listener closed (1000) "),
        (("-r",), {"do": "close", "code": 1006}, 0, b"Listener closed (1006) "),
        (("-r", "-k"), {"do": "exit", "code": 3}, 3, b"Connected to Zalo websocket."),
    ],
)
async def test_ends_of_a_listener(
    zca: StandIn, flags: tuple[str, ...], order: dict[str, object], code: int, last_line: bytes
) -> None:
    zca.order(**order)  # type: ignore[arg-type]
    done = await run(zca, "listen", *flags)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (code, last_line)


async def test_kicked_with_keep_alive_it_lives_on_deaf_and_after_3000_it_comes_back(zca: StandIn) -> None:
    zca.order("close", code=3000)
    zca.order("close", code=3003)
    zca.order("exit", code=9)
    done = await run(zca, "listen", "-r", "-k")
    assert done.stdout.splitlines()[1:] == [
        b"Connected to Zalo websocket.",
        b"Listener closed (3000) ",
        b"Connected to Zalo websocket.",
        b"Listener closed (3003) ",
    ]
    assert done.returncode == 9


async def test_supervised_it_tells_its_life_in_json_and_ends_with_the_connection(zca: StandIn) -> None:
    zca.order("close", code=3000)
    done = await run(zca, "listen", "-r", "-k", "--supervised")
    told = [json.loads(line)["event"] for line in done.stdout.splitlines() if line.startswith(b"{")]
    assert (told, done.returncode) == (["session_id", "connected", "closed"], 0)


async def test_a_fault_lasts_as_often_as_it_is_told(zca: StandIn) -> None:
    zca.fault("msg send", Fault(exit=1, stderr="Error: fetch failed", times=2))
    codes = [(await run(zca, "msg", "send", ALICE, "x")).returncode for _ in range(3)]
    assert (codes, len(zca.sent())) == ([1, 1, 0], 1)


async def test_a_fault_after_the_fact(zca: StandIn) -> None:
    zca.fault("msg send", Fault(exit=1, stderr="Error: socket hang up", after=True))
    assert (await run(zca, "msg", "send", ALICE, "x")).returncode == 1
    assert len(zca.sent()) == 1


async def test_without_a_home_it_says_so(tmp_path: Path) -> None:
    zca = StandIn(tmp_path)
    done = await run(zca, "--version", home="")
    assert (done.returncode, b"ZCA_STAND_IN_HOME" in done.stderr) == (1, True)


async def test_it_reads_nothing_from_stdin(zca: StandIn) -> None:
    async with listening(zca, stdin=subprocess.PIPE) as process:
        zca.order("exit", code=5)
        assert await process.wait() == 5
