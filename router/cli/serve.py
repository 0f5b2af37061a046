"""`router serve`."""

from __future__ import annotations

from pathlib import Path

import click

from router.cli.options import config_option, state_dir_option

EPILOG = """\b
Examples:
  router serve --demo                  try it without an account: a simulated Zalo, an echoing agent
  router serve --config ./router.json5
  router serve --state-dir /var/lib/router
"""


@click.command(epilog=EPILOG)
@config_option
@state_dir_option
@click.option("--demo", is_flag=True, help="Serve a simulated Zalo; needs no settings and no account.")
@click.pass_context
def serve(ctx: click.Context, config: Path | None, state_dir: Path | None, demo: bool) -> None:
    """Run the router until it is told to stop.

    The first Ctrl-C or SIGTERM lets it finish what it has begun; the second one stops it at once. What is left waits
    for the next start.
    """
    from router.process import main_serve

    ctx.exit(main_serve(config=config, state_dir=state_dir, demo=demo))
