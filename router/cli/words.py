"""Channel words as people type them."""

from __future__ import annotations

import re

import click

CHANNELS = ("zalo", "zalouser")
ALIASES = {"zl": "zalo", "zlu": "zalouser"}
ID_LABELS = {"zalo": "zaloUserId", "zalouser": "zalouserUserId"}
"""The heading over sender ids (openclaw-gateway reference, section 1.6)."""

_SHAPE = re.compile(r"[a-z][a-z0-9_-]{0,63}")


def channel_of(word: str) -> str:
    """The channel id that `word` means: trimmed, lower-cased, aliases resolved. Raises click.UsageError.

    A channel that this program does not know is left to the router to judge.
    """
    name = word.strip().lower()
    if not _SHAPE.fullmatch(name):
        raise click.UsageError(f"Invalid channel: {word}")
    return ALIASES.get(name, name)
