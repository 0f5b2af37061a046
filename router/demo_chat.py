"""The person at the terminal of the demo: what they type arrives as a Zalo user's messages."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator

import msgspec
import trio

from actors.errors import RouterError
from actors.testing.bot_api.api import BotApi
from router.control.protocol import ApprovePairing, ListPairings
from router.events import MessageAccepted, MessageDropped, PairingApproved
from router.serve import Running
from router.telemetry import Record, Telemetry

WELCOME = """\
A simulated Zalo chat, with a real router behind it. Type a message and press Enter.
  /approve   let yourself in, as the bot's owner would
  /quit      leave (Ctrl-D does, too)

"""


class Person(msgspec.Struct, frozen=True):
    """Who writes to which bot."""

    bot: str
    user_id: str
    name: str


class DemoChat:
    """One conversation between a person at the terminal and the bot."""

    def __init__(
        self, api: BotApi, person: Person, running: Running, telemetry: Telemetry, approve_command: str
    ) -> None:
        self._api = api
        self._person = person
        self._running = running
        self._approve_command = approve_command
        self._shown = 0
        self._judged: set[str] = set()
        self._news = trio.Event()
        telemetry.add_sink(self._hear, "debug")

    async def run(self, at_terminal: bool, stop: trio.Event) -> None:
        """Takes lines until the input ends, `/quit`, or `stop`. Piped input waits for the answer to each line."""
        if at_terminal:
            _print(WELCOME)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_cancel_when, stop, nursery.cancel_scope)
            if at_terminal:
                nursery.start_soon(self._show_as_it_comes)
            await self._converse(at_terminal)
            nursery.cancel_scope.cancel()

    async def _converse(self, at_terminal: bool) -> None:
        async for line in _lines():
            match line.strip():
                case "":
                    continue
                case "/quit":
                    return
                case "/approve":
                    await self._approve()
                case text if at_terminal:
                    self._say(text)
                case text:
                    _print(f"you> {text}\n")
                    await self._settled(self._say(text))
                    self._show()

    def _say(self, text: str) -> str:
        return self._api.say(self._person.bot, self._person.user_id, text, name=self._person.name)

    async def _approve(self) -> None:
        people = self._running.operations.people
        try:
            pending = (await people.pending(ListPairings(channel="zalo"))).requests
            if not pending:
                _print("     nobody waits to be let in: write something first\n")
            for request in pending:
                await people.approve(ApprovePairing(channel="zalo", code=request.code))
        except RouterError as error:
            _print(f"     {error}\n")

    async def _show_as_it_comes(self) -> None:
        while True:
            await self._api.wait_for_sent(self._shown + 1)
            self._show()

    def _show(self) -> None:
        """Prints what the bot has sent since the last time."""
        sent = self._api.bot(self._person.bot).sent
        for message in sent[self._shown :]:
            text = message.text if not message.url else f"[picture {message.url}] {message.text}"
            first, *more = text.split("\n")
            _print("\n".join([f"bot> {first}", *(f"     {line}".rstrip() for line in more)]) + "\n")
            if "Pairing code: " in text:
                code = text.split("Pairing code: ")[1].split()[0]
                _print(f"     In a second terminal: {self._approve_command} zalo {code}\n")
                _print("     or type /approve here.\n")
        self._shown = len(sent)

    async def _settled(self, message_id: str) -> None:
        """Returns when the message has been judged and nothing waits for an answer or to be sent."""
        while not (message_id in self._judged and self._running.router.is_idle()):
            self._news = trio.Event()
            await self._news.wait()

    def _hear(self, record: Record) -> None:
        match record.event:
            case MessageAccepted(message_id=message_id) | MessageDropped(message_id=message_id):
                self._judged.add(message_id)
            case PairingApproved(sender_id=sender_id):
                _print(f"     Approved zalo sender {sender_id}. Write again: what came before was not kept.\n")
        self._news.set()


async def _cancel_when(stop: trio.Event, scope: trio.CancelScope) -> None:
    await stop.wait()
    scope.cancel()


async def _lines() -> AsyncIterator[str]:
    # The thread that waits for a line is left behind when the chat ends: nothing else can interrupt it.
    while line := await trio.to_thread.run_sync(sys.stdin.readline, abandon_on_cancel=True):
        yield line


def _print(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
