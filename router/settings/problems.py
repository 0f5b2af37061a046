"""What is wrong with the settings, in sentences a person can act on.

A problem is one line: where in the file, what was expected, the nearest valid word. It never shows the value of a key
that may hold a secret.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from router.printable import printable

_PLAIN_KEY = re.compile(r"[A-Za-z_$*][A-Za-z0-9_$*-]*")
_LONGEST_SHOWN = 40


class Report:
    """Collects problems and warnings while the settings are read, so that all of them are told at once."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.warnings: list[str] = []
        self._spoilt: set[str] = set()

    def problem(self, path: str, text: str) -> None:
        """Notes one problem at `path` (a place in the file, or a file)."""
        if path in self._spoilt:
            return
        line = printable(f"{path}: {text}" if path else text)
        if line not in self.problems:
            self.problems.append(line)

    def spoil(self, path: str, text: str) -> None:
        """Notes a problem after which no other problem at the same place is worth telling."""
        self.problem(path, text)
        self._spoilt.add(path)

    def warn(self, path: str, text: str) -> None:
        """Notes something that works and is not wise."""
        line = printable(f"{path}: {text}" if path else text)
        if line not in self.warnings:
            self.warnings.append(line)


def join(path: str, key: str) -> str:
    """`channels` and `zalo` make `channels.zalo`; a key that is no plain word is quoted: `groups["Work Chat"]`."""
    if not _PLAIN_KEY.fullmatch(key):
        return f"{path}[{quoted(key)}]"
    return f"{path}.{key}" if path else key


def item(path: str, index: int) -> str:
    """The place of one entry of a list: `agents.list[0]`."""
    return f"{path}[{index}]"


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The one of `words` that was probably meant, if any is close."""
    by_lower = {each.lower(): each for each in words}
    found = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """`did you mean "dmPolicy"?`, or nothing when no word is close."""
    found = nearest(word, words)
    return f"did you mean {quoted(found)}?" if found is not None else ""


def unknown(what: str, word: str, words: Iterable[str]) -> str:
    """`unknown key; did you mean "x"?`, or the words that are known when none is close and they are few."""
    known = sorted(words)
    hint = did_you_mean(word, known)
    if hint:
        return f"unknown {what}; {hint}"
    if 0 < len(known) <= 12:
        return f"unknown {what}; known here: {', '.join(known)}"
    return f"unknown {what}; remove it"


def quoted(text: str) -> str:
    """The text in double quotes, cut when long."""
    shown = text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"
    return '"' + shown.replace('"', '\\"') + '"'
