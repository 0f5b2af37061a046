"""A log file that only its owner reads, and that cannot fill the disk."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from logging import LogRecord
from logging.handlers import RotatingFileHandler
from pathlib import Path

from router.printable import printable


class LogFile(RotatingFileHandler):
    """Begins anew at `max_bytes` and keeps `keep` older files beside it (`router.jsonl.1` is the youngest)."""

    def __init__(self, path: Path, *, max_bytes: int, keep: int) -> None:
        self._failed = False
        # With no file to put aside, the handler of the library would never begin anew.
        super().__init__(
            path, maxBytes=max_bytes, backupCount=max(keep, 1), encoding="utf-8", errors="backslashreplace"
        )

    def _open(self) -> io.TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.fchmod(descriptor, 0o600)
        return open(descriptor, "a", encoding=self.encoding, errors=self.errors)

    def handleError(self, record: LogRecord) -> None:
        """Says once on standard error that the file cannot be written; never raises and never prints a traceback."""
        if self._failed:
            return
        self._failed = True
        with suppress(OSError, ValueError):
            sys.stderr.write(f"{self.baseFilename} cannot be written: {printable(str(sys.exc_info()[1]))}\n")
