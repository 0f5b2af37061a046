"""`router config`: look at the settings file without starting anything."""

from __future__ import annotations

import os
from pathlib import Path

import click
import msgspec

from router.cli.failures import USAGE
from router.cli.options import config_option, json_option
from router.cli.output import print_json
from router.printable import printable

EPILOG = """\b
Examples:
  router config validate
  router config validate --config shop.json5 --json
  router config schema > router.schema.json
"""


class Verdict(msgspec.Struct, frozen=True):
    """What `validate` found; also the shape of its JSON."""

    ok: bool
    file: str | None
    """None when there is no settings file."""
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@click.group(epilog=EPILOG)
def config() -> None:
    """Look at the settings file and check it."""


@config.command()
@config_option
@json_option
@click.pass_context
def validate(ctx: click.Context, config: Path | None, as_json: bool) -> None:
    """Say everything that is wrong with the settings file.

    Ends with 0 when it can be used, though there may be warnings, and with 2 when it cannot. Nothing is started and
    nobody is called; files with tokens are read.
    """
    verdict = judge(config)
    if as_json:
        print_json(verdict)
    else:
        _tell(verdict)
    ctx.exit(0 if verdict.ok else USAGE)


@config.command()
def schema() -> None:
    """Print the JSON Schema of the settings file.

    Editors that know it complete keys and mark mistakes while you type: name it in the file as `$schema`.
    """
    from router.settings.jsonschema import json_schema

    print_json(json_schema())


def judge(config_path: Path | None) -> Verdict:
    """Reads the settings file that would be served, and says what is wrong with it."""
    # json5 and the tables of kinds are slow to import, and `router config --help` does not need them.
    from actors.errors import SettingsError
    from router.settings.load import load_settings
    from router.settings.paths import find_config

    path = find_config(config_path, os.environ)
    file = None if path is None else str(path)
    try:
        loaded = load_settings(path, env=os.environ)
    except SettingsError as error:
        return Verdict(ok=False, file=file, problems=error.problems)
    return Verdict(ok=True, file=file, warnings=loaded.warnings)


def _tell(verdict: Verdict) -> None:
    for problem in verdict.problems:
        click.echo(problem, err=True)
    for warning in verdict.warnings:
        click.echo(f"warning: {warning}", err=True)
    if verdict.ok:
        click.echo(printable(f"OK: {verdict.file or 'no settings file; the defaults hold'}"))
