"""The simulated Bot API as a process of its own: `python -m actors.testing.bot_api_main --bots FILE`.

FILE is JSON: `{"bots": [{"token": "<digits>:<secret>", "name": "Demo"}], "behaviour": {…}, "id_seed": 0}`, all but the
bots optional; `-` reads it from standard input, so that no token need touch a command line or a disk. When it listens,
it prints one JSON line, `{"url": "http://127.0.0.1:<port>"}`. Besides the API it answers `/sim/…` (see
`bot_api.control`). It runs until it is terminated.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
import trio

from actors.net.http import Request, Response
from actors.testing.bot_api.api import BotApi
from actors.testing.bot_api.control import PREFIX, control
from actors.testing.bot_api.records import Behaviour
from actors.testing.bot_api.service import DEFAULT_BEHAVIOUR


class BotEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One bot of the file."""

    token: str
    name: str = "Demo"


class Cast(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    bots: list[BotEntry]
    behaviour: Behaviour = DEFAULT_BEHAVIOUR
    id_seed: int = 0
    """Another seed gives other message ids: for a simulator that is started again under a router that remembers."""


class SteerableBotApi(BotApi):
    """A Bot API that also takes orders over HTTP. Not for a network that others can reach."""

    async def handle(self, request: Request) -> Response:
        """Answers a call of the API, or an order."""
        if request.path.startswith(PREFIX):
            await trio.lowlevel.checkpoint()
            return control(self, request)
        return await super().handle(request)


def build(cast: Cast) -> SteerableBotApi:
    """Raises: ValueError for a token that is malformed or there twice; the text does not show it."""
    api = SteerableBotApi(cast.behaviour, id_seed=cast.id_seed)
    for bot in cast.bots:
        api.add_bot(bot.token, bot.name)
    return api


async def run(api: BotApi, port: int) -> None:
    """Serves until cancelled, and says on standard output where."""
    async with trio.open_nursery() as nursery:
        await nursery.start(lambda task_status: api.serve(port=port, task_status=task_status))
        sys.stdout.write(msgspec.json.encode({"url": api.url}).decode() + "\n")
        sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> None:
    """Exits with 2 and one line on standard error when the file or the port cannot be used."""
    parser = argparse.ArgumentParser(prog="bot_api_main", description="A simulated Zalo Bot API on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one (default)")
    parser.add_argument("--bots", required=True, metavar="FILE", help="JSON; - for standard input")
    chosen = parser.parse_args(arguments)
    if not 0 <= chosen.port <= 65535:
        parser.error(f"--port {chosen.port}: a port is 0 to 65535")
    try:
        raw = sys.stdin.buffer.read() if chosen.bots == "-" else Path(chosen.bots).read_bytes()
        api = build(msgspec.json.decode(raw, type=Cast))
    except (OSError, ValueError) as error:
        parser.error(f"{chosen.bots}: {error}")
    try:
        trio.run(run, api, chosen.port)
    except* KeyboardInterrupt:
        pass
    except* OSError as group:
        reasons = sorted({str(error) for error in leaves(group)})
        parser.error(f"port {chosen.port}: {'; '.join(reasons)}")


def leaves(group: ExceptionGroup[OSError]) -> list[OSError]:
    """The errors themselves, without the nurseries they passed through."""
    found: list[OSError] = []
    for error in group.exceptions:
        found.extend(leaves(error) if isinstance(error, ExceptionGroup) else [error])
    return found


if __name__ == "__main__":
    main()
