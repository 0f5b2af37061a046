"""Files of our own under an address for a while, for networks that take pictures by URL only.

An address is as hard to guess as the file's name, 32 hexadecimal digits of chance, and needs no other secret. It may be
fetched any number of times while it lives: the network fetches a picture perhaps more than once, and one that answers
only the first time came out black elsewhere (zalo-bot-api reference, section 2.7).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import trio

from actors.clock import WallClock, wall_time
from actors.errors import Rejected
from actors.net.http import Request, Response

PREFIX: Final = "/media/"
HOST_SECONDS: Final = 600.0
CONTENT_TYPES: Final = {"jpg": "image/jpeg", "png": "image/png", "gif": "image/gif", "webp": "image/webp"}
"""By file ending: what may be hosted at all."""

_NAME: Final = re.compile(rf"[0-9a-f]{{32}}\.(?P<ending>{'|'.join(CONTENT_TYPES)})")


class FileHost:
    """The files of one directory that have an address now.

    What is hosted is not remembered over a restart; a send that is repeated then hosts its file again, under the same
    address.
    """

    def __init__(
        self,
        directory: Path,
        public_url: str | None,
        host_seconds: float = HOST_SECONDS,
        clock: WallClock = wall_time,
    ) -> None:
        """`public_url`: where the listener that `answer` is registered with is reached from outside, if it is."""
        self._directory = directory
        self._public_url = public_url
        self._host_seconds = host_seconds
        self._clock = clock
        self._until: dict[str, float] = {}

    def address_of(self, path: str) -> str:
        """Hosts a file of the directory for `host_seconds` from now on; returns its URL.

        Raises: Rejected when there is no public address, or the file is gone or not one of ours.
        """
        if self._public_url is None:
            raise Rejected("a local picture needs an address that Zalo can reach: set webhook.publicUrl")
        file = Path(path)
        if file.parent != self._directory or not _NAME.fullmatch(file.name):
            raise Rejected("a local picture is not among the files kept for sending")
        if not file.is_file():
            raise Rejected("the file of a local picture is gone")
        self._forget_expired()
        self._until[file.name] = self._clock() + self._host_seconds
        return f"{self._public_url.rstrip('/')}{PREFIX}{file.name}"

    async def answer(self, request: Request) -> Response:
        """Answers what is asked below `PREFIX`: 200 for what is hosted now, 404 for everything else."""
        if request.method not in ("GET", "HEAD"):
            return Response(405, b"Method Not Allowed", headers=((b"allow", b"GET, HEAD"),))
        name = request.path.removeprefix(PREFIX)
        self._forget_expired()
        if name not in self._until:
            return _NOT_FOUND
        try:
            body = await trio.Path(self._directory / name).read_bytes()
        except OSError:
            return _NOT_FOUND
        return Response(200, body, _content_type(name), ((b"x-content-type-options", b"nosniff"),))

    def _forget_expired(self) -> None:
        now = self._clock()
        self._until = {name: until for name, until in self._until.items() if until > now}


_NOT_FOUND: Final = Response(404, b"Not Found")


def _content_type(name: str) -> str:
    return CONTENT_TYPES[name.rpartition(".")[2]]
