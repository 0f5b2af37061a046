"""The webhook listener's law: which request reaches which account, and what becomes of every other.

A request is judged in this order, the first five without its body (openclaw-gateway reference, section 7.1):

    path unknown                          404
    not POST                              405
    the account is not there just now     503
    no account's secret                   401, unless it may be a probe: short, or without a body
    more than the account's rate          429
    not JSON by its content type          415
    body too long, or too slow            413, 408
    no secret, and no probe               401
    then it is the account's              see `Door.receive`

The probe is the network's own test of a new webhook. It comes without the secret and wants a 200 (zalo-bot-api
reference, section 2.3); it gets one and reaches nobody. Secrets are a static token: they are compared in constant time,
and two may be valid while one is being changed.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from math import ceil

import msgspec
import trio

from actors.messages import AccountKey
from actors.net.http import Head, Request, Response
from actors.net.rate import RateLimit
from actors.net.refusals import Refusal, Refusals
from actors.net.routes import Route, Routes, normal_path
from actors.secret import Secret

SECRET_HEADER = b"x-bot-api-secret-token"
MAX_PROBE_BYTES = 4096
DEFAULT_RATE_PER_MINUTE = 6000

OK = Response(200, b"ok\n")
UNAUTHORIZED = Response(401, b"unauthorized\n")
NOT_JSON = Response(415, b"unsupported media type\n")
AWAY = Response(503, b"not now\n", headers=((b"retry-after", b"5"),))


class Door(msgspec.Struct, frozen=True):
    """One account behind a path."""

    account: AccountKey
    path: str
    """Percent-decoded; a "/" at its end does not matter."""
    secrets: tuple[Secret, ...]
    receive: Callable[[bytes], Awaitable[Response]]
    """Is given each body that came with one of the secrets; never an empty one."""
    is_probe: Callable[[bytes], bool]
    """Whether a body that came without a secret is the network's test."""


class WebhookListener:
    """The doors of all accounts, on one listener. `routes` has room for others besides."""

    def __init__(self, report: Callable[[Refusal], None], rate_per_minute: int = DEFAULT_RATE_PER_MINUTE) -> None:
        """`report` hears of what was refused, seldom; see `Refusals`."""
        self.routes = Routes()
        self.url = ""
        """Where it listens, `http://127.0.0.1:8788`; empty while it does not."""
        self._refusals = Refusals(report)
        self._rate_per_minute = rate_per_minute
        self._ways: dict[str, _Way] = {}
        self._rates: dict[AccountKey, RateLimit] = {}

    @contextmanager
    def register(self, door: Door) -> Iterator[None]:
        """Lets requests through `door` for as long as the block lasts; its path answers 503 ever after.

        Several doors may share a path when their secrets differ: the secret says which one is meant.
        Raises: ValueError when the path is taken by something that is no webhook.
        """
        path = normal_path(door.path)
        way = self._ways.get(path)
        if way is None:
            way = self._ways[path] = _Way(path, self._refusals)
            # Never taken away: to the network "not now" and "no such thing" must not look the same.
            self.routes.add(path, Route(("POST",), way.handle, way.screen))
        # Kept by account, so that an account that restarts does not get another minute's worth each time.
        rate = self._rates.setdefault(door.account, RateLimit(self._rate_per_minute))
        lock = _Lock(door, rate)
        way.locks.append(lock)
        try:
            yield
        finally:
            way.locks.remove(lock)


class _Lock:
    """A door with its secrets as bytes, which no `repr` shows."""

    def __init__(self, door: Door, rate: RateLimit) -> None:
        self.door = door
        self.rate = rate
        self._keys = [secret.reveal().encode() for secret in door.secrets]

    def fits(self, given: bytes) -> bool:
        """Compares with every key, so that time does not tell which one was close."""
        found = False
        for key in self._keys:
            found |= hmac.compare_digest(given, key)
        return found and bool(given)


class _Way:
    """One path and the doors behind it."""

    def __init__(self, path: str, refusals: Refusals) -> None:
        self.locks: list[_Lock] = []
        self._path = path
        self._refusals = refusals

    def screen(self, head: Head) -> Response | None:
        """What can be said before the body is read."""
        if not self.locks:
            return self._refuse(AWAY, "the account is not running")
        lock = self._find(head)
        if lock is None:
            return None if _may_be_probe(head) else self._refuse(UNAUTHORIZED, "no valid secret")
        wait = lock.rate.wait_seconds(trio.current_time())
        if wait > 0:
            return self._refuse(_too_many(wait), "more than webhook.ratePerMinute", lock)
        if not _has_body(head) or _is_json(head.get(b"content-type")):
            return None
        return self._refuse(NOT_JSON, "the content type is not JSON", lock)

    async def handle(self, request: Request) -> Response:
        """The answer of the account, or of nobody."""
        lock = self._find(request)
        if lock is not None and request.body:
            response = await lock.door.receive(request.body)
            return response if response.status < 300 else self._refuse(response, _reason(response), lock)
        await trio.lowlevel.checkpoint()
        if not request.body or any(each.door.is_probe(request.body) for each in self.locks):
            return OK
        return self._refuse(UNAUTHORIZED, "no valid secret")

    def _find(self, head: Head) -> _Lock | None:
        given = head.get(SECRET_HEADER)
        if given is None:
            return None
        fitting = [lock for lock in self.locks if lock.fits(given)]
        return fitting[0] if fitting else None

    def _refuse(self, response: Response, reason: str, lock: _Lock | None = None) -> Response:
        account = None if lock is None else lock.door.account
        self._refusals.note(Refusal(self._path, response.status, reason, account), trio.current_time())
        return response


def _may_be_probe(head: Head) -> bool:
    length = head.get(b"content-length")
    if length is None:
        return head.get(b"transfer-encoding") is None
    return int(length) <= MAX_PROBE_BYTES  # digits: the server has seen to that


def _has_body(head: Head) -> bool:
    return head.get(b"content-length") not in (None, b"0") or head.get(b"transfer-encoding") is not None


def _is_json(content_type: bytes | None) -> bool:
    kind = (content_type or b"").partition(b";")[0].strip().lower()
    return kind == b"application/json" or (kind.startswith(b"application/") and kind.endswith(b"+json"))


def _too_many(wait_seconds: float) -> Response:
    return Response(429, b"too many requests\n", headers=((b"retry-after", b"%d" % ceil(wait_seconds)),))


def _reason(response: Response) -> str:
    return response.body.decode("ascii", "replace").strip()
