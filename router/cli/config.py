"""`router config`: look at the settings file without starting anything."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import click

CONFIG_OPTION = click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Settings file; otherwise $ROUTER_CONFIG, ./router.json5, or the one in your config directory.",
)

BAD_SETTINGS = 2
"""Exit code."""


@click.group()
def config() -> None:
    """Check the settings file, or describe it to an editor.

    \b
    Examples:
      router config validate
      router config validate --config shop.json5 --json
      router config schema > router.schema.json
    """


@config.command()
@CONFIG_OPTION
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def validate(config_path: Path | None, as_json: bool) -> None:
    """Say everything that is wrong with the settings file.

    Exit code 0: the file can be used, though there may be warnings. 2: it cannot. Nothing is started and no network
    is touched; token files are read.
    """
    result = _validate(config_path)
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False))
    else:
        _tell(result)
    if not result["ok"]:
        sys.exit(BAD_SETTINGS)


@config.command()
def schema() -> None:
    """Print the settings file's JSON Schema."""
    from router.settings.jsonschema import json_schema

    click.echo(json.dumps(json_schema(), ensure_ascii=False, indent=2))


def _validate(config_path: Path | None) -> dict[str, Any]:
    # Imported here: json5 and the schema are slow to load, and `router status` comes through this module.
    from actors.errors import SettingsError
    from router.settings.load import load_settings
    from router.settings.paths import find_config

    path = find_config(config_path, os.environ)
    shown = None if path is None else str(path)
    try:
        loaded = load_settings(path, env=os.environ)
    except SettingsError as error:
        return {"ok": False, "file": shown, "problems": list(error.problems), "warnings": []}
    return {"ok": True, "file": shown, "problems": [], "warnings": list(loaded.warnings)}


def _tell(result: dict[str, Any]) -> None:
    for problem in result["problems"]:
        click.echo(problem, err=True)
    for warning in result["warnings"]:
        click.echo(f"warning: {warning}", err=True)
    if result["ok"]:
        click.echo(f"OK: {result['file'] or 'no settings file; the defaults hold'}")
