"""Options that several commands share, so that they read the same everywhere."""

from __future__ import annotations

from pathlib import Path

import click

state_dir_option = click.option(
    "--state-dir",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Where the router keeps its state.  [default: $ROUTER_STATE_DIR, else the platform's]",
)
config_option = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The settings file.  [default: $ROUTER_CONFIG, ./router.json5, or the platform's]",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print exactly one JSON object, on failure too.")
