"""Log lines: on the console for people, in `<state directory>/logs/router.jsonl` for machines.

Everything passes the redactor after it has been rendered, records of libraries included, of which only warnings and
worse are written: at `INFO`, HTTP clients log addresses, and a bot's address has its token in it.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TextIO

import msgspec
import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, Processor, WrappedLogger

from actors.secret import Secret
from router.control.times import iso_time
from router.log_file import LogFile
from router.printable import printable
from router.redaction import Redactor
from router.telemetry import RANKS, DropLimiter, Level, Record

ConsoleStyle = Literal["auto", "pretty", "plain", "json"]

_COLOURS = {"debug": "\x1b[2m", "info": "\x1b[32m", "warning": "\x1b[33m", "error": "\x1b[31m"}


class LogOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What is written, and how much of it is kept."""

    level: Level = "info"
    console_style: ConsoleStyle = "auto"
    """`auto` is `pretty` on a terminal and `plain` elsewhere."""
    max_mb: float = 10.0
    keep: int = 5


class Logs:
    """The open logs."""

    def __init__(self, logger: structlog.stdlib.BoundLogger, redactor: Redactor) -> None:
        self._logger = logger
        self._redactor = redactor
        self.sink = DropLimiter(self.write)
        """For `Telemetry.add_sink`: writes records, of a flooding stranger's dropped messages one a minute."""

    def register_secret(self, secret: Secret) -> None:
        """Shows this value as `***` from now on, wherever it turns up."""
        self._redactor.register(secret)

    def redact(self, text: str) -> str:
        """`text` with every registered secret in it as `***`."""
        return self._redactor.clean(text)

    def write(self, record: Record) -> None:
        """Writes one record."""
        fields = {"time": iso_time(record.at), "name": record.row.name, **record.fields()}
        self._logger.log(RANKS[record.level], record.text(), **fields)


@contextmanager
def open_logs(state_dir: Path, options: LogOptions, console: TextIO | None = None) -> Iterator[Logs]:
    """Writes to the console (standard error by default) and to the file until the body is left.

    The directory is made 0700 and the file 0600. Raises OSError when they cannot be made; a disk that is full later
    is said once on the console and harms nothing else.
    """
    stream = sys.stderr if console is None else console
    directory = state_dir / "logs"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    redactor = Redactor()
    lines = LogFile(directory / "router.jsonl", max_bytes=int(options.max_mb * 1_000_000), keep=options.keep)
    lines.setFormatter(_formatter(_json_line, redactor))
    screen = logging.StreamHandler(stream)
    screen.setFormatter(_formatter(_console_renderer(options.console_style, stream), redactor))
    with _installed(options.level, (screen, lines)):
        yield Logs(_logger(), redactor)


@contextmanager
def _installed(level: Level, handlers: tuple[logging.Handler, ...]) -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("router")
    levels = root.level, ours.level
    root.setLevel(logging.WARNING)
    ours.setLevel(RANKS[level])
    for handler in handlers:
        root.addHandler(handler)
    try:
        yield
    finally:
        root.setLevel(levels[0])
        ours.setLevel(levels[1])
        for handler in handlers:
            root.removeHandler(handler)
            handler.close()


def _logger() -> structlog.stdlib.BoundLogger:
    logger: structlog.stdlib.BoundLogger = structlog.wrap_logger(
        logging.getLogger("router"),
        processors=[structlog.stdlib.add_log_level, ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    return logger


def _formatter(renderer: Processor, redactor: Redactor) -> ProcessorFormatter:
    def redacted(_: WrappedLogger, __: str, line: EventDict) -> str:
        return redactor.clean(str(line))

    return ProcessorFormatter(
        processors=[ProcessorFormatter.remove_processors_meta, renderer, redacted],
        foreign_pre_chain=[structlog.stdlib.add_log_level, structlog.processors.format_exc_info, _of_a_library],
    )


def _of_a_library(_: WrappedLogger, __: str, fields: EventDict) -> EventDict:
    record: logging.LogRecord = fields["_record"]
    return {**fields, "time": iso_time(record.created), "name": record.name}


def _json_line(_: WrappedLogger, __: str, fields: EventDict) -> str:
    first = {"time": fields.pop("time"), "level": fields.pop("level"), "name": fields.pop("name")}
    return msgspec.json.encode({**first, "text": fields.pop("event"), **fields}, enc_hook=str).decode()


def _console_renderer(style: ConsoleStyle, stream: TextIO) -> Processor:
    if style == "json":
        return _json_line
    coloured = style == "pretty" or (style == "auto" and stream.isatty())

    def line(_: WrappedLogger, __: str, fields: EventDict) -> str:
        level = fields["level"]
        word = f"{_COLOURS.get(level, '')}{level:<7}\x1b[0m" if coloured else f"{level:<7}"
        text = [str(fields["event"]), *str(fields.get("exception", "")).splitlines()]
        return f"{fields['time']} {word} " + "\n".join(map(printable, text))

    return line
