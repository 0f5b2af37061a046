"""`router doctor`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from router.cli.failures import DONE, FAILED
from router.cli.options import config_option, json_option, state_dir_option

if TYPE_CHECKING:
    from router.doctor.findings import Finding

EPILOG = """\b
Examples:
  router doctor
  router doctor --json | jq '.findings[] | select(.level == "fail")'
"""
MARKS = {"ok": ("ok  ", "green"), "warn": ("warn", "yellow"), "fail": ("FAIL", "red")}


@click.command(epilog=EPILOG)
@config_option
@state_dir_option
@json_option
@click.pass_context
def doctor(ctx: click.Context, config: Path | None, state_dir: Path | None, as_json: bool) -> None:
    """Look at everything that has to be right, and say what is not and what to do about it.

    The settings, the files, every bot's token and webhook, zca, the agents, and the router if it runs. Zalo is asked
    and services are connected to; nothing is changed. Ends with 1 if anything fails; warnings are no failure.
    """
    import trio

    from router.cli.output import print_json
    from router.doctor.examination import examine
    from router.settings.paths import find_config, find_state_dir

    path, directory = find_config(config, os.environ), find_state_dir(state_dir, os.environ)
    findings = trio.run(examine, path, directory, os.environ)
    failed = any(finding.level == "fail" for finding in findings)
    if as_json:
        print_json({"ok": not failed, "findings": findings})
    else:
        for finding in findings:
            _tell(finding)
    ctx.exit(FAILED if failed else DONE)


def _tell(finding: Finding) -> None:
    from router.printable import printable

    mark, colour = MARKS[finding.level]
    click.echo(f"{click.style(mark, fg=colour)}  {printable(f'{finding.where}: {finding.what}')}")
    if finding.fix:
        click.echo(f"      -> {printable(finding.fix)}")
