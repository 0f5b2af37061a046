"""Options that several commands share, so that they read the same everywhere."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, NamedTuple

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
_url_option = click.option("--url", metavar="URL", help="A router elsewhere, ws://host:port/ (needs its token).")
_token_option = click.option(
    "--token-file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="A file with the token for --url.  [default: $ROUTER_TOKEN]",
)


class Where(NamedTuple):
    """Which router is meant, as it was said on the command line."""

    state_dir: Path | None = None
    url: str | None = None
    token_file: Path | None = None


def router_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command `--state-dir`, `--url` and `--token-file`; it is called with `where` in their place."""

    @state_dir_option
    @_url_option
    @_token_option
    @wraps(command)
    def asked(*, state_dir: Path | None, url: str | None, token_file: Path | None, **others: Any) -> Any:
        return command(where=Where(state_dir, url, token_file), **others)

    return asked
