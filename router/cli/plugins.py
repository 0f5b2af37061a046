"""`router plugins`: kinds of channels and agents, and the packages that bring them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from router.cli.options import json_option
from router.cli.output import print_json, print_table
from router.version import VERSION

if TYPE_CHECKING:
    from actors.plugins import Plugin

EPILOG = """\b
Examples:
  router plugins list
  router plugins list --json
"""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """One kind; also the shape of its JSON."""

    name: str
    kind: str
    """`channel` or `agent`."""
    package: str
    version: str
    ok: bool
    error: str | None = None


@click.group(epilog=EPILOG)
def plugins() -> None:
    """See which kinds of channels and agents there are, and which packages bring them."""


@plugins.command("list", epilog=EPILOG)
@json_option
def list_plugins(as_json: bool) -> None:
    """Show every kind that can be used in the settings, and every plugin that does not load, with the reason.

    Kinds come from the packages that are installed beside this one. A router that runs sees new ones after a restart.
    """
    from actors.plugins import installed_plugins

    found = [_shown(row) for row in installed_plugins().rows]
    if as_json:
        print_json({"plugins": found})
        return
    rows = [[each.kind, each.name, f"{each.package} {each.version}", each.error or "ok"] for each in found]
    red = {place for place, each in enumerate(found) if not each.ok}
    print_table("Kinds", ("ROLE", "NAME", "PACKAGE", "STATE"), rows, red)


def _shown(row: Plugin) -> Shown:
    return Shown(
        name=row.name,
        kind=row.role,
        package=row.package,
        version=row.version or VERSION,
        ok=not row.error,
        error=row.error or None,
    )
