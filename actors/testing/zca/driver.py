"""A stand-in's home directory as a test or a demo sees it: sets the stage, speaks to listeners, reads what was sent."""

from __future__ import annotations

import base64
import sys
from pathlib import Path
from typing import Any, Literal

import msgspec

from actors.testing.zca.home import HOME_VARIABLE

PROGRAM = (sys.executable, "-m", "actors.testing.zca")
"""For `program` in the settings of an account."""

FIRST_SAID_MS = 1_771_000_000_000

Style = Literal["openzca", "zca-cli"]
Phone = Literal["confirm", "decline", "expire", "wait"]


class Person(msgspec.Struct, frozen=True, rename="camel"):
    """Somebody on the stand-in's Zalo."""

    user_id: str
    display_name: str


class Group(msgspec.Struct, frozen=True, rename="camel"):
    """A group that the accounts are in."""

    group_id: str
    name: str
    members: tuple[Person, ...] = ()


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """What `stage.json` holds."""

    style: Style = "openzca"
    phone: Phone = "confirm"
    me: Person = Person("1001", "Bot Me")
    friends: tuple[Person, ...] = ()
    groups: tuple[Group, ...] = ()


class Fault(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What goes wrong with one command, before it takes effect or `after`."""

    exit: int | None = None
    stdout: str = ""
    stderr: str = ""
    sleep_seconds: float = 0.0
    hang: bool = False
    ignore_term: bool = False
    flood_lines: int = 0
    """So many lines of 1 kB on stderr."""
    after: bool = False
    times: int = 0
    """0: from now on, always."""


class SentMessage(msgspec.Struct, frozen=True):
    """One message that went out, as the program was told to send it."""

    profile: str
    command: str
    thread: str
    group: bool
    text: str
    caption: str
    urls: tuple[str, ...]
    file: str
    what: str
    """The link, or the sticker's id."""
    message_id: str


class StandIn:
    """The stand-in with its home in `directory`. Every profile is another account of the same Zalo."""

    def __init__(self, directory: Path, stage: Stage | None = None) -> None:
        self.directory = directory
        self.stage = stage or Stage()
        self._said = 0
        for name in ("faults", "inbox", "profiles"):
            (directory / name).mkdir(parents=True, exist_ok=True)
        self.set_stage(self.stage)

    @property
    def env(self) -> dict[str, str]:
        """What the program needs in its environment."""
        return {HOME_VARIABLE: str(self.directory)}

    def set_stage(self, stage: Stage) -> None:
        """From the next command on."""
        self.stage = stage
        draft = self.directory / "stage.json.draft"
        draft.write_bytes(msgspec.json.encode(stage))
        draft.replace(self.directory / "stage.json")

    def log_in(self, profile: str = "default", *, expired: bool = False) -> None:
        """As after a scanned QR code. `expired`: the credentials are there and Zalo refuses them."""
        who = msgspec.to_builtins(self.stage.me) | ({"expired": True} if expired else {})
        home = self.directory / "profiles" / profile
        home.mkdir(exist_ok=True)
        (home / "credentials.json").write_bytes(msgspec.json.encode(who))

    def fault(self, words: str, fault: Fault) -> None:
        """Has this command go wrong from now on."""
        (self.directory / "faults" / f"{words.replace(' ', '-')}.json").write_bytes(msgspec.json.encode(fault))

    def mend(self, words: str) -> None:
        """Ends the fault of this command."""
        (self.directory / "faults" / f"{words.replace(' ', '-')}.json").unlink(missing_ok=True)

    def say(
        self,
        text: str,
        *,
        sender: str = "2001",
        name: str = "Alice Nguyen",
        group: str = "",
        profile: str = "default",
        mentions: tuple[str, ...] = (),
        cli_msg_id: str = "",
        **extra: Any,
    ) -> str:
        """Somebody writes to the account, in private or in a group; returns the client's message id."""
        self._said += 1
        said_ms = FIRST_SAID_MS + self._said
        told: dict[str, Any] = {
            "thread": group or sender,
            "sender": sender,
            "name": name,
            "text": text,
            "group": bool(group),
            "msgId": str(7_650_000_000_000 + self._said),
            "cliMsgId": cli_msg_id or str(said_ms),
            "ms": said_ms,
            "mentions": mentions,
            "extra": extra,
        }
        self.order("say", profile=profile, **told)
        return str(told["cliMsgId"])

    def print_bytes(self, raw: bytes, profile: str = "default") -> None:
        """Has the listener write these very bytes."""
        self.order("print", profile=profile, base64=base64.b64encode(raw).decode())

    def order(self, do: str, *, profile: str = "default", **fields: Any) -> None:
        """Has the listener do one thing: `say print complain wait connect close recycle exit`."""
        with (self.directory / "inbox" / profile).open("ab") as inbox:
            inbox.write(msgspec.json.encode({"do": do, **fields}) + b"\n")

    def journal(self) -> list[list[str]]:
        """The arguments of every call so far."""
        return [msgspec.json.decode(line)["argv"] for line in self._lines("journal.jsonl")]

    def sent(self) -> list[SentMessage]:
        """Every message that went out so far."""
        return [msgspec.json.decode(line, type=SentMessage) for line in self._lines("sent.jsonl")]

    def listener_pid(self, profile: str = "default") -> int | None:
        """The process that listens now."""
        try:
            raw = (self.directory / "profiles" / profile / "listener-owner.json").read_bytes()
        except FileNotFoundError:
            return None
        return int(msgspec.json.decode(raw)["pid"])

    def _lines(self, name: str) -> list[bytes]:
        try:
            return [
                line for line in (self.directory / name).read_bytes().splitlines(keepends=True) if line[-1:] == b"\n"
            ]
        except FileNotFoundError:
            return []
