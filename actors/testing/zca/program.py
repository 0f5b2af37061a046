"""The stand-in as a process: journal, faults, signals and exit codes."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from typing import Any

from actors.testing.zca import commands
from actors.testing.zca.arguments import Call, Ends, understand
from actors.testing.zca.home import HOME_VARIABLE, Home
from actors.testing.zca.listening import Listener

FOREVER_SECONDS = 3600.0


def main(argv: Sequence[str]) -> int:
    """Runs one command; the exit code. Reads nothing from stdin."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end_by_signal)
    try:
        stdout = _run(list(argv))
    except Ends as end:
        _print(end.stdout, end.stderr)
        return end.code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    _print(stdout, "")
    return 0


def _run(argv: list[str]) -> str:
    directory = os.environ.get(HOME_VARIABLE)
    if not directory:
        raise Ends(1, stderr=f"Error: {HOME_VARIABLE} must name the stand-in's directory")
    home = Home(directory, "default")
    home.note("journal.jsonl", {"argv": argv})
    call = understand(argv)
    given = call.profile or os.environ.get("OPENZCA_PROFILE") or os.environ.get("ZCA_PROFILE")
    home.profile = given or "default"
    fault = home.take_fault(call.words)
    if not fault.get("after"):
        _suffer(fault)
    stdout = _obey(home, call)
    if fault.get("after"):
        _suffer(fault)
    return stdout


def _obey(home: Home, call: Call) -> str:
    if call.words == "listen":
        Listener(home, call, home.identity()["userId"]).run()
    return commands.run(home, call)


def _suffer(fault: dict[str, Any]) -> None:
    """What goes wrong: any of these, in this order; `after` has it happen once the command has taken effect."""
    if fault.get("ignore_term"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for _ in range(fault.get("flood_lines", 0)):
        sys.stderr.write("x" * 1023 + "\n")
    time.sleep(FOREVER_SECONDS if fault.get("hang") else fault.get("sleep_seconds", 0.0))
    if "exit" in fault:
        raise Ends(fault["exit"], stdout=fault.get("stdout", ""), stderr=fault.get("stderr", ""))


def _end_by_signal(number: int, _: object) -> None:
    raise Ends(128 + number)


def _print(stdout: str, stderr: str) -> None:
    for stream, text in ((sys.stdout, stdout), (sys.stderr, stderr)):
        if text:
            stream.buffer.write(text.encode() + b"\n")
            stream.buffer.flush()
