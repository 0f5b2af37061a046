"""Commands that a person may type in a chat.

`/new` and `/reset` (or the words of `session.resetTriggers`) stand alone or in front of a message; `/status` and
`/help` stand alone. Only authorised senders' commands are commands (openclaw-gateway reference, sections 2.2 and 4.4).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

DEFAULT_RESET_TRIGGERS = ("/new", "/reset")


class Command(msgspec.Struct, frozen=True):
    """A command and, after a reset, the message that follows it on the same line."""

    name: Literal["reset", "status", "help"]
    rest: str = ""


def parse_command(text: str, reset_triggers: Iterable[str] = DEFAULT_RESET_TRIGGERS) -> Command | None:
    """The command that `text` is, or None when it is ordinary talk."""
    line = text.strip()
    word = line.split(maxsplit=1)[0] if line else ""
    if word.casefold() in {trigger.casefold() for trigger in reset_triggers}:
        return Command("reset", line[len(word) :].strip())
    if line.casefold() == "/status":
        return Command("status")
    if line.casefold() == "/help":
        return Command("help")
    return None
