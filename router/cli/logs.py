"""`router logs`: the end of the log, and what is added to it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from router.cli.options import Where, json_option, router_options

if TYPE_CHECKING:
    from router.control.protocol.journal import LogLine, LogTail
    from router.log_tail import LogQuery

EPILOG = """\b
Examples:
  router logs
  router logs --follow --level warning
  router logs --account shop --limit 20 --json
"""
LOOK_EVERY_SECONDS = 0.5

Read = Callable[["str | None"], "LogTail"]


@click.command(epilog=EPILOG)
@click.option("-f", "--follow", is_flag=True, help="Go on with what is added; survives restarts and rotation.")
@click.option("--limit", type=click.IntRange(1, 1000), default=200, show_default=True, help="Lines to begin with.")
@click.option("--level", type=click.Choice(("debug", "info", "warning", "error")), default="debug", help="And worse.")
@click.option("--account", metavar="ID", help="Only lines about this account: shop, or zalo:shop.")
@router_options
@json_option
def logs(follow: bool, limit: int, level: str, account: str | None, where: Where, as_json: bool) -> None:
    """Print the last lines of the log, running router or not.

    The file is read directly, except with --url. With --json: one object with all lines; with --follow, one object a
    line.
    """
    from router.cli.output import print_json
    from router.log_tail import LogQuery

    read = _reader(where, LogQuery(limit=limit, level=level, account=account or ""))  # type: ignore[arg-type]
    if follow:
        _follow(read, as_json)
        return
    tail = read(None)
    if as_json:
        print_json(tail)
    else:
        _print(tail, as_json=False)


def _reader(where: Where, query: LogQuery) -> Read:
    """How the log is read: from the file, or, of a router elsewhere, over its control socket."""
    if where.url is None:
        from router.log_tail import read_tail
        from router.settings.paths import find_state_dir

        directory = find_state_dir(where.state_dir, os.environ) / "logs"
        return lambda cursor: read_tail(directory, cursor, query)
    from router.cli.remote import ask
    from router.control.protocol.journal import TailLogs

    def remote(cursor: str | None) -> LogTail:
        asked = TailLogs(cursor=cursor, limit=query.limit, level=query.level, account=query.account or None)
        return ask(where, asked)

    return remote


def _follow(read: Read, as_json: bool) -> None:
    """Prints what there is and what comes, until interrupted. A router elsewhere that is away is waited for."""
    from router.control.endpoint import NotRunning

    tail, told = read(None), False
    while True:
        _print(tail, as_json=as_json)
        if not tail.lines:
            time.sleep(LOOK_EVERY_SECONDS)
        try:
            tail, told = read(tail.cursor), False
        except NotRunning as error:
            tail = _without_lines(tail)
            if not told:
                click.echo(f"{error}; waiting for it", err=True)
            told = True


def _without_lines(tail: LogTail) -> LogTail:
    from msgspec.structs import replace

    return replace(tail, lines=(), reset=False)


def _print(tail: LogTail, *, as_json: bool) -> None:
    import msgspec

    if tail.reset:
        click.echo("(lines are missing here: the log was put aside more often than it is kept)", err=True)
    for line in tail.lines:
        click.echo(msgspec.json.encode(line).decode() if as_json else text_of(line))


def text_of(line: LogLine) -> str:
    """One line of the log for people; a traceback follows on lines of its own."""
    from router.printable import printable

    words = [f"{line.time} {line.level:<7} {printable(line.text)}"]
    words += [f"    {printable(each)}" for each in line.exception.splitlines()]
    return "\n".join(words)
