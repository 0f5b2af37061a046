"""Arguments as the real programs read them: commander's rules, traps included (zca reference, section 1.4).

Rule 1: pure; what would be printed is raised.
Rule 2: a word that begins with `-` is an option unless it is a number, comes after `--`, or is an option's value. So a
message that begins with `-` must come after `--`, and `--help` in place of a message prints help and exits with 0.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

VERSION = "0.1.31"


class Ends(Exception):
    """The program prints this and exits."""

    def __init__(self, code: int, stdout: str = "", stderr: str = "") -> None:
        super().__init__(stderr or stdout)
        self.code = code
        self.stdout = stdout
        self.stderr = stderr


class Command(NamedTuple):
    """What one command takes."""

    positionals: tuple[str, ...] = ()
    """Names; one that ends in `?` may be left out."""
    flags: str = ""
    """Options without a value: `g/group r/raw`."""
    values: str = ""
    """Options with a value."""


class Call(NamedTuple):
    """A command line, understood."""

    profile: str | None
    words: str
    """`msg send`"""
    arguments: dict[str, str]
    flags: frozenset[str]
    values: dict[str, list[str]]


COMMANDS: dict[str, Command] = {
    "auth login": Command(flags="q/qr open-qr qr-base64", values="qr-path"),
    "auth status": Command(),
    "auth logout": Command(),
    "auth cache-refresh": Command(),
    "me info": Command(flags="j/json"),
    "me id": Command(),
    "friend list": Command(flags="j/json"),
    "friend find": Command(("query",), flags="j/json"),
    "group list": Command(flags="j/json"),
    "group members": Command(("groupId",), flags="j/json"),
    "msg send": Command(("threadId", "message"), flags="g/group"),
    "msg image": Command(("threadId", "file?"), flags="g/group", values="u/url m/message"),
    "msg video": Command(("threadId", "file?"), flags="g/group", values="u/url m/message thumbnail"),
    "msg voice": Command(("threadId", "file?"), flags="g/group", values="u/url"),
    "msg link": Command(("threadId", "url"), flags="g/group"),
    "msg sticker": Command(("threadId", "stickerId"), flags="g/group"),
    "listen": Command(
        flags="e/echo r/raw k/keep-alive supervised", values="p/prefix w/webhook heartbeat-ms recycle-ms"
    ),
}

_NUMBER = re.compile(r"-\d+(\.\d+)?")


def understand(argv: Sequence[str]) -> Call:
    """Raises: Ends for `--version`, for help, and for what is not understood."""
    profile, rest = _global_options(list(argv))
    words = next((words for words in COMMANDS if rest[: len(words.split())] == words.split()), "")
    if not words:
        unknown = f"error: unknown command '{rest[0]}'" if rest else "Usage: openzca [options] [command]"
        raise Ends(1, stderr=unknown)
    return _Reader(words, profile).read(rest[len(words.split()) :])


def _global_options(rest: list[str]) -> tuple[str | None, list[str]]:
    profile = None
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if option in ("--version", "-V"):
            raise Ends(0, stdout=VERSION)
        if option in ("--help", "-h"):
            raise Ends(0, stdout="Usage: openzca [options] [command]")
        if option not in ("--profile", "-p") or not rest:
            raise Ends(1, stderr=f"error: unknown option '{option}'")
        profile = rest.pop(0)
    return profile, rest


class _Reader:
    """Reads what follows a command's words."""

    def __init__(self, words: str, profile: str | None) -> None:
        self._words = words
        self._profile = profile
        self._command = COMMANDS[words]
        self._flags = _names(self._command.flags)
        self._values = _names(self._command.values)
        if words != "listen":
            self._values |= {"-p": "profile", "--profile": "profile"}
        self._seen: set[str] = set()
        self._given: dict[str, list[str]] = {}
        self._plain: list[str] = []

    def read(self, rest: list[str]) -> Call:
        while rest:
            word = rest.pop(0)
            if word == "--":
                self._plain += rest
                break
            self._take(word, rest)
        profile = self._given.pop("profile", [self._profile])[-1]
        return Call(profile, self._words, self._arguments(), frozenset(self._seen), self._given)

    def _take(self, word: str, rest: list[str]) -> None:
        if not word.startswith("-") or word == "-" or _NUMBER.fullmatch(word):
            self._plain.append(word)
        elif word in ("--help", "-h"):
            raise Ends(0, stdout=self._usage())
        elif word in self._flags:
            self._seen.add(self._flags[word])
        elif word in self._values:
            if not rest:
                raise self._misused(f"error: option '{word} <value>' argument missing")
            self._given.setdefault(self._values[word], []).append(rest.pop(0))
        else:
            raise self._misused(f"error: unknown option '{word}'")

    def _arguments(self) -> dict[str, str]:
        wanted = self._command.positionals
        for name in wanted[len(self._plain) :]:
            if not name.endswith("?"):
                raise self._misused(f"error: missing required argument '{name}'")
        if len(self._plain) > len(wanted):
            raise self._misused(f"error: too many arguments for '{self._words.split()[-1]}'")
        return dict(zip((name.rstrip("?") for name in wanted), self._plain, strict=False))

    def _misused(self, text: str) -> Ends:
        return Ends(1, stderr=f"{text}\n\n{self._usage()}")

    def _usage(self) -> str:
        places = " ".join(f"<{name}>" for name in self._command.positionals)
        return f"Usage: openzca {self._words} [options] {places}".rstrip()


def _names(spec: str) -> dict[str, str]:
    """`g/group raw` as `{"-g": "group", "--group": "group", "--raw": "raw"}`."""
    found = {}
    for option in spec.split():
        short, _, name = option.rpartition("/")
        found[f"--{name}"] = name
        if short:
            found[f"-{short}"] = name
    return found
