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
        self._by_beginning: dict[str, set[str]] = {}
        """Every spelling of every secret, by its first characters: so that a thousand cost a line no more than one."""

    def register(self, secret: Secret) -> None:
        """Hides this value from now on, also where JSON or a URL spells it differently."""
        value = secret.reveal()
        if len(value) < MIN_LENGTH:
            return
        for each in (value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], _in_url(value)):
            self._by_beginning.setdefault(each[:MIN_LENGTH], set()).add(each)

    def clean(self, text: str) -> str:
        """The text without the secrets."""
        parts = {text[at : at + MIN_LENGTH] for at in range(len(text) - MIN_LENGTH + 1)}
        suspects = [each for beginning in self._by_beginning.keys() & parts for each in self._by_beginning[beginning]]
        # Longest first, so that of two secrets, one inside the other, no rest stays visible.
        for value in sorted(suspects, key=len, reverse=True):
            text = text.replace(value, "***")
        return text


def _in_url(value: str) -> str:
    from urllib.parse import quote

    return quote(value, safe="")
