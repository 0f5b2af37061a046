"""Stand-ins for what the zalo channel speaks to: an HTTP client that answers by script, and the account's intake."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import trio

from actors.errors import RetryLater, StoreUnavailable
from actors.messages import AccountKey, Inbound
from actors.net.answer import HttpAnswer

SHOP = AccountKey("zalo", "shop")
OWN = "1459232241454765289"


def ok(result: object = None) -> HttpAnswer:
    envelope = {"ok": True, "error_code": 0} | ({} if result is None else {"result": result})
    return HttpAnswer(200, json.dumps(envelope).encode())


def refused(code: int, description: str = "words", status: int = 200, retry_after: float | None = None) -> HttpAnswer:
    body = json.dumps({"ok": False, "description": description, "error_code": code}).encode()
    return HttpAnswer(status, body, "application/json", retry_after)


def html(status: int, retry_after: float | None = None) -> HttpAnswer:
    return HttpAnswer(status, b"<html>nginx</html>", "text/html", retry_after)


def update(text: str, message_id: str, sender: str = "ted") -> dict[str, object]:
    return {
        "event_name": "message.text.received",
        "message": {
            "from": {"id": sender, "display_name": "Ted", "is_bot": False},
            "chat": {"id": sender, "chat_type": "PRIVATE"},
            "message_id": message_id,
            "date": 1750316131602,
            "text": text,
        },
    }


class Asked:
    """One request that a `FakePoster` was given."""

    def __init__(self, url: str, body: bytes, timeout_seconds: float, keep_answer: bool) -> None:
        self.url = url
        self.method = url.rsplit("/", 1)[1]
        self.params = json.loads(body)
        self.timeout_seconds = timeout_seconds
        self.keep_answer = keep_answer
        self.at = trio.current_time()


Answer = HttpAnswer | Exception | Callable[[Asked], HttpAnswer]


class FakePoster:
    """Gives its answers one after the other, each after `delay` seconds; then waits for ever."""

    def __init__(self, *answers: Answer, delay: float = 0.0) -> None:
        self.answers = list(answers)
        self.delay = delay
        self.asked: list[Asked] = []

    async def post(self, url: str, *, body: bytes, timeout_seconds: float, keep_answer: bool = False) -> HttpAnswer:
        self.asked.append(Asked(url, body, timeout_seconds, keep_answer))
        await trio.sleep(self.delay)
        if not self.answers:
            await trio.sleep_forever()
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, HttpAnswer) else answer(self.asked[-1])

    @property
    def methods(self) -> list[str]:
        return [one.method for one in self.asked]


class FakeIntake:
    """The account's side: remembers what it accepted and what it was told, refuses ids that it knows."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.stopping = False
        self.accepted: list[Inbound] = []
        self.accepted_at: list[float] = []
        self.shelved: list[tuple[bytes, str]] = []
        self.troubles: list[tuple[str, float]] = []
        self.verifications: list[str] = []
        self.goods = 0
        self.room = trio.Event()
        self.room.set()
        self.accept_seconds = 0.0
        self.store_fails = 0
        self._known: set[str] = set()
        self._stop_after = stop_after
        self.accepts = 0

    async def accept(self, inbound: Inbound, *, patience_seconds: float | None = None) -> bool:
        await self._answer(patience_seconds)
        self._store()
        self.accepts += 1
        new = inbound.message_id not in self._known
        self._known.add(inbound.message_id)
        if new:
            self.accepted.append(inbound)
            self.accepted_at.append(trio.current_time())
        self.stopping = self.stopping or self.accepts == self._stop_after
        return new

    async def shelve(self, raw: bytes, reason: str, *, patience_seconds: float | None = None) -> None:
        await self._answer(patience_seconds)
        self._store()
        self.shelved.append((raw, reason))

    async def wait_for_room(self) -> None:
        await self.room.wait()

    def good(self) -> None:
        self.goods += 1

    def verified(self, words: str) -> None:
        self.verifications.append(words)

    def troubled(self, reason: str, retry_in_seconds: float) -> None:
        self.troubles.append((reason, retry_in_seconds))

    @property
    def texts(self) -> Sequence[str]:
        return [one.text for one in self.accepted]

    async def _answer(self, patience_seconds: float | None) -> None:
        if patience_seconds is not None and self.accept_seconds > patience_seconds:
            await trio.sleep(patience_seconds)
            raise RetryLater("no answer")
        with trio.CancelScope(shield=True):
            await trio.sleep(self.accept_seconds)

    def _store(self) -> None:
        if self.store_fails:
            self.store_fails -= 1
            raise StoreUnavailable("disk full")
