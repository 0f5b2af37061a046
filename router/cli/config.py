"""`router config`: look at the settings file without starting anything."""

from __future__ import annotations

import os
from pathlib import Path

import click
import msgspec

from router.cli.failures import USAGE
from router.cli.options import Where, config_option, json_option, router_options
from router.cli.output import print_json
from router.printable import printable

EPILOG = """\b
Examples:
  router config show
  router config reload
  router config import ~/.openclaw/openclaw.json
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
    """Look at the settings file, check it, and put it in force."""


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
@config_option
def show(config: Path | None) -> None:
    """Print the settings that the file makes, defaults filled in, as one JSON object; secrets read ***.

    For what a running router obeys at this moment, see `router config reload`, which says whether that is the same.
    """
    from router.settings.load import load_settings
    from router.settings.paths import find_config
    from router.settings.shown import shown

    path = find_config(config, os.environ)
    loaded = load_settings(path, env=os.environ)
    print_json({"file": None if path is None else str(path), "settings": shown(loaded.settings)})


@config.command()
@router_options
@json_option
def reload(where: Where, as_json: bool) -> None:
    """Have the running router read its settings file again, at once.

    It does so by itself a moment after the file, an include or a token file has changed, and at SIGHUP. A file that
    cannot be used changes nothing. Ends with 0 when the file is in force, with 1 when it cannot be.
    """
    from router.cli.remote import ask
    from router.control.protocol.config import ReloadConfig

    done = ask(where, ReloadConfig(), wait_seconds=30.0)
    if as_json:
        print_json(done)
        return
    for line in done.changes or ("nothing changed",):
        click.echo(printable(line))
    for path in done.needs_restart:
        click.echo(f"{path}: changed; in force after a restart of the router")
    for warning in done.warnings:
        click.echo(f"warning: {printable(warning)}", err=True)


@config.command("import")
@click.argument("source", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--to", "target", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Where to write.")
@click.option("--force", is_flag=True, help="Write even though the file exists; what it was is kept as FILE.bak.")
@json_option
@click.pass_context
def import_settings(ctx: click.Context, source: Path, target: Path | None, force: bool, as_json: bool) -> None:
    """Make a settings file of an OpenClaw one: its channels zalo and zalouser, bindings, session and messages.

    Says what is left out, and why. Ends with 0 when the new file can be used as it is, and with 2 when something in it
    has to be mended first; it is written either way. SOURCE is only read.
    """
    from router.cli.importing import import_file

    ctx.exit(import_file(source, target, force=force, as_json=as_json))


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
