from __future__ import annotations

import errno
import io
import socket
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import click
import msgspec
import pytest
from control_bench import TOKEN

from actors.errors import Rejected, SettingsError
from actors.secret import Secret
from router import cli
from router.cli import main
from router.cli.failures import failure_of
from router.cli.output import age, print_table
from router.control.endpoint import Endpoint, NotRunning, write_endpoint
from router.control.jsonrpc import ControlError, ErrorCode

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROUTER_STATE_DIR", str(tmp_path))


@pytest.mark.parametrize(
    ("error", "code", "exit_code"),
    [
        (NotRunning("the router is not running"), "not-running", 3),
        (ControlError(ErrorCode.NOT_FOUND, "no such"), "not-found", 1),
        (ControlError(ErrorCode.INTERNAL, "internal error"), "internal", 1),
        (Rejected("no"), "failed", 1),
        (SettingsError(("channels.zalo: no",)), "settings", 2),
        (click.UsageError("no such option"), "usage", 2),
        (click.ClickException("no"), "failed", 1),
        (PermissionError(errno.EACCES, "Permission denied", "/x/control.json"), "failed", 1),
        (OSError("odd"), "failed", 1),
    ],
)
def test_every_failure_has_a_word_a_sentence_and_an_exit_code(
    error: click.ClickException | OSError, code: str, exit_code: int
) -> None:
    failure = failure_of(error)
    assert (failure.code, failure.exit_code) == (code, exit_code)
    assert failure.message


def test_a_file_that_may_not_be_read_is_named() -> None:
    assert failure_of(PermissionError(errno.EACCES, "Permission denied", "/x")).message == "/x: Permission denied."


@pytest.mark.parametrize(
    ("words", "exit_code", "told"),
    [
        ("status", 3, "The router is not running: there is no "),
        ("pairing list", 3, "The router is not running: there is no "),
        ("nope", 2, "No such command 'nope'. Try `router --help`."),
        ("status --nope", 2, "No such option '--nope'. Try `router status --help`."),
        ("pairing approve zalo A --state-dir", 2, "Option '--state-dir' requires an argument."),
    ],
)
def test_a_failure_is_one_sentence_on_standard_error(
    words: str, exit_code: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words.split()) == exit_code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(told)
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "exit_code", "code"),
    [
        ("status --json", 3, "not-running"),
        ("pairing list --json", 3, "not-running"),
        ("pairing approve zalo ABCD2345 --json", 3, "not-running"),
        ("pairing approve --json", 2, "usage"),
        ("status --json --nope", 2, "usage"),
    ],
)
def test_with_json_a_failure_is_one_object_too(
    words: str, exit_code: int, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words.split()) == exit_code
    out, err = capsys.readouterr()
    error = msgspec.json.decode(out)["error"]
    assert (error["code"], error["exitCode"], error["message"]) == (code, exit_code, err.strip())


def test_a_file_left_by_a_killed_router_means_not_running(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as bound_and_not_listening:
        bound_and_not_listening.bind(("127.0.0.1", 0))
        url = f"ws://127.0.0.1:{bound_and_not_listening.getsockname()[1]}/"
        write_endpoint(tmp_path, Endpoint(url, TOKEN, 4711))
        assert main(["status"]) == 3
    assert capsys.readouterr().err == f"The router is not running: nobody answers at {url}.\n"


def test_the_option_wins_over_the_environment(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["status", "--state-dir", str(tmp_path / "other")])
    assert str(tmp_path / "other" / "control.json") in capsys.readouterr().err


def test_version_and_help_end_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert main(["--help"]) == 0
    told = capsys.readouterr().out
    assert "router, version 0.1.0" in told
    assert "router pairing approve zalo 7GVCMMUW" in told
    assert all(word in told for word in cli.COMMANDS)


@pytest.mark.parametrize("words", ["serve", "status", "pairing list", "pairing approve"])
def test_the_help_of_every_command_teaches_with_examples(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words.split(), "--help"]) == 0
    assert f"Examples:\n    router {words}" in capsys.readouterr().out


@pytest.mark.parametrize("word", list(cli.COMMANDS))
def test_every_command_of_the_table_can_be_imported(word: str) -> None:
    command = cli.router.get_command(click.Context(cli.router), word)
    assert isinstance(command, click.Command)


def test_serve_passes_its_options_on_and_ends_with_the_routers_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, object]] = []

    def main_serve(**options: object) -> int:
        asked.append(options)
        return 143

    process = ModuleType("router.process")
    process.main_serve = main_serve  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "router.process", process)
    assert main(["serve", "--config", "a.json5", "--state-dir", str(tmp_path), "--demo"]) == 143
    assert main(["serve"]) == 143
    assert asked == [
        {"config": Path("a.json5"), "state_dir": tmp_path, "demo": True},
        {"config": None, "state_dir": None, "demo": False},
    ]


def interrupted(*args: object, **kwargs: object) -> object:
    raise KeyboardInterrupt


def test_an_interrupt_ends_with_130_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("router.cli.remote.ask", interrupted)
    assert main(["status"]) == 130
    assert "Traceback" not in capsys.readouterr().err


def interrupted_in_a_nursery(*args: object, **kwargs: object) -> object:
    raise BaseExceptionGroup("", [KeyboardInterrupt()])


def test_an_interrupt_that_trio_wrapped_ends_the_same_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("router.cli.remote.ask", interrupted_in_a_nursery)
    assert main(["status"]) == 130


def failing(*args: object, **kwargs: object) -> object:
    raise Rejected("bad \x1b[2J\nsecond line")


def test_a_failure_that_quotes_a_peer_cannot_steer_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("router.cli.remote.ask", failing)
    assert main(["status"]) == 1
    assert capsys.readouterr().err == "bad \\x1b[2J\nsecond line\n"


def python(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_cold_status_imports_nothing_that_it_does_not_need() -> None:
    code = (
        "import sys; from router.cli import main; main(['status', '--state-dir', '/nonexistent'])\n"
        "print(*[m for m in ('httpx', 'rich', 'json5', 'structlog', 'trio_websocket', 'regex') if m in sys.modules])"
    )
    assert python("-c", code).stdout.strip() == ""


def test_help_and_version_do_not_even_start_trio() -> None:
    code = "import sys; from router.cli import main; main(['--help']); print('trio' in sys.modules, file=sys.stderr)"
    assert python("-c", code).stderr.strip() == "False"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")


ROWS = [("a", "[bold]x[/]"), ("long\x1b[2Jer", "")]


def test_a_table_elsewhere_than_on_a_terminal_is_aligned_columns(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("Things (2)", ("One", "Two"), ROWS)
    assert capsys.readouterr().out == "Things (2)\nOne            Two\na              [bold]x[/]\nlong\\x1b[2Jer\n"


@pytest.mark.usefixtures("_terminal")
def test_a_table_on_a_terminal_has_lines_and_reads_no_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    print_table("Things (2)", ("One", "Two"), ROWS)
    shown = screen.getvalue()
    assert "[bold]x[/]" in shown
    assert "┃" in shown
    assert "\x1b[2J" not in shown


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "just now"),
        (1.9, "just now"),
        (42, "42 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7199, "119 min"),
        (7200, "2 h"),
        (172_799, "47 h"),
        (172_800, "2 d"),
    ],
)
def test_a_span_is_said_in_its_largest_fitting_unit(seconds: float, said: str) -> None:
    assert age(seconds) == said


def test_the_token_never_shows_in_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_endpoint(tmp_path, Endpoint("not an address", Secret("canary-token-value"), 1))
    assert main(["status", "--json"]) == 3
    out, err = capsys.readouterr()
    assert "canary" not in out + err
