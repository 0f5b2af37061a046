from __future__ import annotations

import errno
import io
import logging
import os
import stat
from pathlib import Path

import msgspec
import pytest

from actors.messages import AccountKey, Chat
from actors.secret import Secret
from router import events
from router.log_file import LogFile
from router.logs import LogOptions, open_logs
from router.printable import printable
from router.redaction import Redactor
from router.telemetry import Telemetry

CANARY = "12345689:canary-abc-xyz"
ACCOUNT = AccountKey("zalo", "shop")
NOON = 1_795_168_000.25


class FullDisk(io.TextIOWrapper):
    def __init__(self) -> None:
        super().__init__(io.BytesIO())

    def write(self, text: str, /) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def lines_of(state_dir: Path) -> list[dict[str, object]]:
    text = (state_dir / "logs" / "router.jsonl").read_text()
    return [msgspec.json.decode(line) for line in text.splitlines()]


def failed(error: str) -> events.AccountStateChanged:
    return events.AccountStateChanged(account=ACCOUNT, state="failed", error=error)


def emit(state_dir: Path, *emitted: events.Event, options: LogOptions | None = None, console: io.StringIO) -> None:
    with open_logs(state_dir, options or LogOptions(), console) as logs:
        logs.register_secret(Secret(CANARY))
        telemetry = Telemetry(wall=lambda: NOON)
        telemetry.add_sink(logs.sink)
        for event in emitted:
            telemetry.emit(event)


def test_an_event_is_a_line_for_people_and_an_object_for_machines(tmp_path: Path) -> None:
    console = io.StringIO()
    emit(tmp_path, failed("HTTP 401"), console=console)
    assert console.getvalue() == "2026-11-20T09:46:40.250Z warning zalo:shop is failed: HTTP 401\n"
    assert lines_of(tmp_path) == [
        {
            "time": "2026-11-20T09:46:40.250Z",
            "level": "warning",
            "name": "account.state",
            "text": "zalo:shop is failed: HTTP 401",
            "account": "zalo:shop",
            "state": "failed",
            "restarts": 0,
            "error": "HTTP 401",
        }
    ]


@pytest.mark.parametrize(("level", "count"), [("debug", 3), ("info", 2), ("warning", 1), ("error", 0)])
def test_the_level_decides_what_is_written(tmp_path: Path, level: str, count: int) -> None:
    emitted = (
        events.MessageDuplicate(chat=Chat(ACCOUNT, "c"), message_id="m"),
        events.StoreRecovered(attempts=1),
        failed("x"),
    )
    emit(tmp_path, *emitted, options=LogOptions(level=level), console=io.StringIO())  # type: ignore[arg-type]
    assert len(lines_of(tmp_path)) == count


def test_a_registered_secret_reaches_neither_console_nor_file(tmp_path: Path) -> None:
    console = io.StringIO()
    emit(tmp_path, failed(f"https://api.example/bot{CANARY}/getMe failed"), console=console)
    written = console.getvalue() + (tmp_path / "logs" / "router.jsonl").read_text()
    assert "canary" not in written
    assert written.count("https://api.example/bot***/getMe failed") == 3


def test_warnings_of_libraries_are_written_redacted_and_their_chatter_is_not(tmp_path: Path) -> None:
    console = io.StringIO()
    with open_logs(tmp_path, LogOptions(level="debug"), console) as logs:
        logs.register_secret(Secret(CANARY))
        library = logging.getLogger("some.package")
        library.info("GET /bot%s/getMe", CANARY)
        try:
            raise ValueError(f"bad {CANARY}")
        except ValueError:
            library.warning("giving up on %s", CANARY, exc_info=True)
    [line] = lines_of(tmp_path)
    assert (line["name"], line["level"], line["text"]) == ("some.package", "warning", "giving up on ***")
    assert "ValueError: bad ***" in str(line["exception"])
    assert "canary" not in console.getvalue()


def test_text_from_the_network_cannot_forge_a_line_or_move_the_cursor(tmp_path: Path) -> None:
    console = io.StringIO()
    emit(tmp_path, failed("x\n2026 error all is lost\x1b[2J\u202e"), console=console)
    assert console.getvalue().count("\n") == 1
    assert "\x1b" not in console.getvalue()
    assert len((tmp_path / "logs" / "router.jsonl").read_text().splitlines()) == 1


@pytest.mark.parametrize(
    ("style", "terminal", "coloured"),
    [
        ("auto", True, True),
        ("auto", False, False),
        ("pretty", False, True),
        ("plain", True, False),
        ("json", True, False),
    ],
)
def test_colours_are_for_terminals_unless_asked_for(tmp_path: Path, style: str, terminal: bool, coloured: bool) -> None:
    console = Terminal() if terminal else io.StringIO()
    emit(tmp_path, failed("x"), options=LogOptions(console_style=style), console=console)  # type: ignore[arg-type]
    assert ("\x1b[33m" in console.getvalue()) is coloured
    if style == "json":
        assert msgspec.json.decode(console.getvalue()) == lines_of(tmp_path)[0]


def test_a_strangers_flood_is_one_line(tmp_path: Path) -> None:
    console = io.StringIO()
    drop = events.MessageDropped(chat=Chat(ACCOUNT, "c"), sender_id="s", message_id="m", reason="not-allowed")
    emit(tmp_path, drop, drop, drop, console=console)
    assert console.getvalue().count("\n") == 1


def test_only_the_owner_reads_the_log_whatever_the_umask(tmp_path: Path) -> None:
    umask = os.umask(0)
    try:
        emit(tmp_path, failed("x"), console=io.StringIO())
    finally:
        os.umask(umask)
    assert stat.S_IMODE((tmp_path / "logs").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "logs" / "router.jsonl").stat().st_mode) == 0o600


def test_closing_gives_logging_back_as_it_was(tmp_path: Path) -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers))
    emit(tmp_path, console=io.StringIO())
    assert (root.level, list(root.handlers)) == before


def a_record(text: str) -> logging.LogRecord:
    return logging.LogRecord("router", logging.INFO, "", 0, text, None, None)


def test_a_full_file_is_put_aside_and_only_so_many_are_kept(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "router.jsonl", max_bytes=100, keep=2)
    for number in range(10):
        log.emit(a_record(f"{number} " + "x" * 60))
    log.close()
    found = {path.name: path.read_text()[0] for path in tmp_path.iterdir()}
    assert found == {"router.jsonl": "9", "router.jsonl.1": "8", "router.jsonl.2": "7"}
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in tmp_path.iterdir())


def test_keeping_none_still_bounds_the_file(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "router.jsonl", max_bytes=100, keep=0)
    for _ in range(10):
        log.emit(a_record("x" * 60))
    log.close()
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 200


def test_an_older_file_with_a_wide_mode_is_narrowed(tmp_path: Path) -> None:
    path = tmp_path / "router.jsonl"
    path.touch()
    path.chmod(0o644)
    LogFile(path, max_bytes=100, keep=1).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_cannot_be_written_is_told_once_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = LogFile(tmp_path / "router.jsonl", max_bytes=0, keep=1)
    replaced = log.setStream(FullDisk())
    assert replaced is not None
    replaced.close()
    for _ in range(3):
        log.emit(a_record("x"))
    log.close()
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "router.jsonl cannot be written: [Errno 28] No space left on device" in told


@pytest.mark.parametrize(
    "spelled",
    [
        'a "quoted" \\ tökén',
        '"a \\"quoted\\" \\\\ t\\u00f6k\\u00e9n"',
        "https://h/?t=a%20%22quoted%22%20%5C%20t%C3%B6k%C3%A9n",
    ],
)
def test_a_secret_is_hidden_in_every_spelling(spelled: str) -> None:
    redactor = Redactor()
    redactor.register(Secret('a "quoted" \\ tökén'))
    assert "quoted" not in redactor.clean(f"<{spelled}>")
    assert "***" in redactor.clean(f"<{spelled}>")


def test_of_two_secrets_one_inside_the_other_nothing_shows() -> None:
    redactor = Redactor()
    redactor.register(Secret("abcdef"))
    redactor.register(Secret("abcdef-ghijkl"))
    assert redactor.clean("abcdef-ghijkl abcdef") == "*** ***"


@pytest.mark.parametrize("short", ["", "a", "12345"])
def test_what_is_too_short_to_be_a_secret_hides_nothing(short: str) -> None:
    redactor = Redactor()
    redactor.register(Secret(short))
    assert redactor.clean("a 12345 z") == "a 12345 z"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Chị Ba 👨‍👩‍👧", "Chị Ba 👨‍👩‍👧"),
        ("a\nb\tc", "a\\nb\\tc"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\u202eevil", "\\u202eevil"),
        ("\x9b", "\\x9b"),
        ("", ""),
    ],
)
def test_what_could_steer_a_terminal_is_escaped_and_names_stay_as_they_are(text: str, shown: str) -> None:
    assert printable(text) == shown
