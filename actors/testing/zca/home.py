"""The stand-in's files, as the program itself sees them. See the package's own words for what they are."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from actors.testing.zca.arguments import Ends

HOME_VARIABLE = "ZCA_STAND_IN_HOME"
FIRST_MESSAGE_ID = 7650000000100


class Home:
    """One home directory, as one profile sees it."""

    def __init__(self, directory: str, profile: str) -> None:
        self.directory = directory
        self.profile = profile
        self.stage: dict[str, Any] = _read(self._path("stage.json")) or {}

    @property
    def like_zca_cli(self) -> bool:
        """Whether it prints as zca-cli is believed to; otherwise as openzca does."""
        return self.stage.get("style") == "zca-cli"

    def note(self, file: str, entry: dict[str, Any]) -> None:
        """Appends one line to the journal or to what was sent."""
        line = json.dumps(entry, ensure_ascii=False) + "\n"
        os.makedirs(self.directory, exist_ok=True)
        with open(self._path(file), "a", encoding="utf-8") as out:
            out.write(line)

    def next_message_id(self) -> int:
        """Ids rise with every message sent."""
        try:
            with open(self._path("sent.jsonl"), "rb") as sent:
                return FIRST_MESSAGE_ID + sum(1 for _ in sent)
        except FileNotFoundError:
            return FIRST_MESSAGE_ID

    def take_fault(self, words: str) -> dict[str, Any]:
        """What goes wrong with this command now; nothing, mostly. One that has no `times` left is forgotten."""
        path = self._path("faults", words.replace(" ", "-") + ".json")
        fault = _read(path)
        if not fault:
            return {}
        left = fault.get("times", 0) - 1
        if left > 0:
            _write(path, fault | {"times": left})
        elif left == 0:
            os.unlink(path)
        return fault

    def identity(self) -> dict[str, Any]:
        """Who is logged in. Raises: Ends as the real one does when nobody is, or Zalo refuses the session."""
        if self.profile != "default" and not os.path.isdir(self._mine()):
            raise Ends(
                1,
                stderr=f'Error: Profile "{self.profile}" does not exist. Create it with: account add {self.profile}',
            )
        who = _read(self._mine("credentials.json"))
        if who is None:
            raise Ends(1, stderr=f'Error: Profile "{self.profile}" has no credentials. Run: auth login')
        if who.get("expired"):
            raise Ends(1, stderr="Error: Failed to fetch server info: zpw_sek bị thiếu hoặc không đúng")
        return who

    def log_in(self, who: dict[str, Any]) -> None:
        """Writes the credentials."""
        os.makedirs(self._mine(), exist_ok=True)
        _write(self._mine("credentials.json"), who)

    def log_out(self) -> None:
        """Removes the credentials, whether there are any or not."""
        with suppress(FileNotFoundError):
            os.unlink(self._mine("credentials.json"))

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Only one process of a profile may listen. Raises: Ends while another does; a dead one counts as none."""
        owner = _read(self._mine("listener-owner.json"))
        if owner and _alive(owner["pid"]):
            pid = owner["pid"]
            raise Ends(1, stderr=f'Error: Another openzca listener already owns profile "{self.profile}" (pid {pid}).')
        _write(self._mine("listener-owner.json"), {"pid": os.getpid()})
        try:
            yield
        finally:
            os.unlink(self._mine("listener-owner.json"))

    def inbox(self) -> Inbox:
        """What this profile's listener is told to do."""
        os.makedirs(self._path("inbox"), exist_ok=True)
        return Inbox(self._path("inbox", self.profile))

    def _mine(self, *names: str) -> str:
        return self._path("profiles", self.profile, *names)

    def _path(self, *names: str) -> str:
        return os.path.join(self.directory, *names)


class Inbox:
    """A file that grows, and how far it has been obeyed: what comes while nobody listens waits, unlike at Zalo."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._done = (_read(path + ".done") or {}).get("offset", 0)

    def waiting(self) -> list[dict[str, Any]]:
        """The orders that came since."""
        try:
            with open(self._path, "rb") as file:
                file.seek(self._done)
                lines = file.read().splitlines(keepends=True)
        except FileNotFoundError:
            return []
        return [json.loads(line) | {"bytes": len(line)} for line in lines if line.endswith(b"\n")]

    def done(self, order: dict[str, Any]) -> None:
        """This order is obeyed and not to be seen again."""
        self._done += order["bytes"]
        _write(self._path + ".done", {"offset": self._done})


def _read(path: str) -> dict[str, Any] | None:
    try:
        with open(path, encoding="utf-8") as file:
            found: dict[str, Any] = json.load(file)
            return found
    except FileNotFoundError:
        return None


def _write(path: str, value: dict[str, Any]) -> None:
    draft = f"{path}.{os.getpid()}"
    with open(draft, "w", encoding="utf-8") as out:
        json.dump(value, out, ensure_ascii=False)
    os.replace(draft, path)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True
