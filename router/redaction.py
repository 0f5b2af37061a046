"""The last line of defence for secrets: whatever is about to be written is searched for them.

Nothing should ever need it, since tokens travel as `Secret`. It is for the library that logs a URL, and for our own
mistakes.
"""

from __future__ import annotations

import json

from actors.secret import Secret

MIN_LENGTH = 6
"""Shorter values are left alone: hiding every `1234` would make the log useless and tell nobody's secret less."""


class Redactor:
    """Replaces every registered secret in a text by `***`."""

    def __init__(self) -> None:
        self._values: set[str] = set()
        self._longest_first: tuple[str, ...] = ()

    def register(self, secret: Secret) -> None:
        """Hides this value from now on, also where JSON or a URL spells it differently."""
        value = secret.reveal()
        if len(value) < MIN_LENGTH:
            return
        self._values |= {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], _in_url(value)}
        self._longest_first = ()

    def clean(self, text: str) -> str:
        """The text without the secrets."""
        # One search each: with a thousand tokens much faster than one regular expression of them all.
        for value in self._in_order():
            if value in text:
                text = text.replace(value, "***")
        return text

    def _in_order(self) -> tuple[str, ...]:
        """Longest first, so that of two secrets, one inside the other, no rest stays visible."""
        if not self._longest_first:
            self._longest_first = tuple(sorted(self._values, key=len, reverse=True))
        return self._longest_first


def _in_url(value: str) -> str:
    from urllib.parse import quote

    return quote(value, safe="")
