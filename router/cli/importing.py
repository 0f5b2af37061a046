"""What `router config import` does."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click
import msgspec

from actors.errors import SettingsError
from router.cli.failures import DONE, USAGE
from router.cli.output import print_json
from router.printable import printable
from router.settings.document import read_document
from router.settings.edit import rendered
from router.settings.openclaw import Taken, take_over
from router.settings.paths import CONFIG_NAME, find_config
from router.settings.problems import Report
from router.settings.saving import save, try_out

HEADER = "// Taken over from an OpenClaw settings file by `router config import`.\n"


class Imported(msgspec.Struct, frozen=True):
    """What was done; also the shape of its JSON."""

    file: str
    left_out: tuple[str, ...]
    notes: tuple[str, ...]
    problems: tuple[str, ...]
    """What has to be mended before the file can be used."""


def import_file(source: Path, target: Path | None, *, force: bool, as_json: bool) -> int:
    """Writes the settings of `source` to `target`, or to where settings are looked for; returns the exit code.

    Raises: SettingsError when the source cannot be read; click.ClickException when the target exists already.
    """
    path = target or find_config(None, os.environ) or Path(CONFIG_NAME)
    if path.exists() and not force:
        raise click.ClickException(f"{path} exists already; name another file with --to, or say --force")
    taken = take_over(_tree_of(source))
    text = HEADER + rendered(taken.tree) + "\n"
    problems = try_out(path, text, os.environ).problems
    save(path, text)
    done = Imported(str(path), taken.left_out, taken.notes, problems)
    if as_json:
        print_json(done)
    else:
        _tell(done, taken)
    return USAGE if problems else DONE


def _tree_of(source: Path) -> dict[str, Any]:
    report = Report()
    tree = read_document(source, report)
    if report.problems:
        raise SettingsError(tuple(report.problems))
    if not isinstance(tree, dict):
        raise SettingsError((f"{source}: expected an object",))
    return tree


def _tell(done: Imported, taken: Taken) -> None:
    click.echo(printable(f"Wrote {done.file}: {', '.join(taken.tree) or 'nothing'}."))
    for title, lines in (("Left out", done.left_out), ("Other than before", done.notes), ("To mend", done.problems)):
        if lines:
            click.echo(f"\n{title}")
            for line in lines:
                click.echo(printable(f"- {line}"))
