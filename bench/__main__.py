"""`python -m bench [NAMES…]`: measures the router on loopback, against the simulators."""

from __future__ import annotations

import shlex
import sys
from functools import partial
from pathlib import Path
from typing import Any

import click
import trio
from rich.console import Console
from rich.status import Status

from bench.agents import AgentFailed
from bench.catalogue import BENCHES
from bench.children import ChildFailed
from bench.contract import Bench, Figure, Scale, Tell
from bench.machine import this_machine
from bench.numbers import medians
from bench.report import NotComparable, Report, Result, load, markdown, save, table

NAMES = click.Choice([bench.name for bench in BENCHES])


@click.command(epilog="  ".join(f"{bench.name}: {bench.question}." for bench in BENCHES))
@click.argument("names", nargs=-1, type=NAMES)
@click.option("--accounts", multiple=True, type=click.IntRange(1), help="Numbers of accounts; may be repeated.")
@click.option("--users", default=8, type=click.IntRange(1), show_default=True, help="People at each account.")
@click.option("--messages", default=20_000, type=click.IntRange(1), show_default=True, help="Measured at most.")
@click.option("--seconds", default=4.0, type=click.FloatRange(0.1), show_default=True, help="Measured at most.")
@click.option("--repeat", default=1, type=click.IntRange(1), show_default=True, help="Runs; medians are shown.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the figures to this file.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Print the tables as markdown.")
@click.option("--compare", type=click.Path(path_type=Path, exists=True), help="A file that --json wrote before.")
def main(
    names: tuple[str, ...],
    repeat: int,
    json_file: Path | None,
    as_markdown: bool,
    compare: Path | None,
    **scale: object,
) -> None:
    """Measures the benches NAMES, or all of them."""
    console = Console()
    try:
        old = {result.bench: result for result in load(compare).results} if compare else {}
    except NotComparable as error:
        raise click.UsageError(str(error)) from error
    machine = this_machine()
    console.print(str(machine), style="dim", highlight=False)
    results = []
    for bench in BENCHES:
        if not names or bench.name in names:
            results.append(_measure(bench, Scale(**scale), repeat, console))  # type: ignore[arg-type] # click's own types
            if not as_markdown:
                console.print(table(results[-1], old.get(bench.name)))
    if as_markdown:
        sys.stdout.write(markdown(results, old))
    if json_file is not None:
        save(Report("python -m bench " + shlex.join(sys.argv[1:]), machine, results), json_file)


def _measure(bench: Bench, scale: Scale, repeat: int, console: Console) -> Result:
    figures = []
    with console.status(bench.name) as status:
        for number in range(1, repeat + 1):
            turn = f"{bench.name} ({number} of {repeat})" if repeat > 1 else bench.name
            figures.append(_run(bench, scale, partial(_show, status, turn)))
    return Result(bench.name, medians(figures))


def _show(status: Status, turn: str, words: str) -> None:
    status.update(f"{turn}: {words}")


def _run(bench: Bench, scale: Scale, tell: Tell) -> list[Figure]:
    failures: list[str] = []
    try:
        return trio.run(bench.run, scale, tell)
    except* (ChildFailed, AgentFailed) as group:
        failures += map(str, leaves(group))
    except* trio.TooSlowError:
        failures.append("a measured process was not ready in time")
    raise click.ClickException(f"{bench.name}: {'; '.join(failures)}")


def leaves(group: BaseExceptionGroup[Any]) -> list[BaseException]:
    """The errors themselves, without the nurseries they passed through."""
    found: list[BaseException] = []
    for error in group.exceptions:
        found += leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found


if __name__ == "__main__":
    main()
