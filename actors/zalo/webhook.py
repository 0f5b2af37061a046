"""Receiving by webhook: what Zalo posts is made durable before it is answered.

Sources disagree on whether Zalo repeats a delivery that was not answered with 2xx (zalo-bot-api reference, section 8).
So every answer but 200 is a loss that may be final, and is given only when nothing could be kept:

    200   durable, or known already; also the server's test, and what is nobody's message
    400   not JSON, or no object
    503   the account is stopping, its inbox is full, or the store does not answer in time

What is JSON and cannot be read as an update goes to the dead letters, and is answered with 200.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import msgspec
import trio

from actors.channel import Intake, Shared
from actors.errors import MailboxClosed, RetryLater, SettingsError, StoreUnavailable
from actors.messages import AccountKey
from actors.net.http import Response
from actors.net.webhooks import AWAY, OK, Door, WebhookListener
from actors.secret import Secret
from actors.zalo.registration import Memory, Registration, WebhookApi
from actors.zalo.settings import ZaloSettings, webhook_path, webhook_secrets
from actors.zalo.updates import Ignored, Undecodable, decode_update, is_probe

PATIENCE_SECONDS: Final = 4.0
"""How long the store may take. How long Zalo waits for an answer is not known; simulators of it wait 5 s."""
ROOM_SECONDS: Final = 1.0
"""An inbox that has not said within this time that it has room counts as full."""
ASK_EVERY: Final = 64
"""After so many messages the inbox is asked again; its limit may be passed by about as many."""
STOP_CHECK_SECONDS: Final = 1.0

MALFORMED: Final = Response(400, b"expected a JSON object\n")
NO_ROOM: Final = Response(503, b"the inbox is full\n", headers=AWAY.headers)
NOT_STORED: Final = Response(503, b"the store does not answer\n", headers=AWAY.headers)
STOPPING: Final = Response(503, b"stopping\n", headers=AWAY.headers)


class WebhookReceiver:
    """The receiving side of one account in webhook mode."""

    def __init__(self, account: AccountKey) -> None:
        self._account = account
        self._own_id = ""
        self._intake: Intake | None = None
        self._room = _Room()

    @contextmanager
    def registered(self, webhooks: WebhookListener, settings: ZaloSettings) -> Iterator[None]:
        """Has the account's path answered for as long as the block lasts: with 503 while `run` does not run."""
        secrets = webhook_secrets(settings)
        door = Door(self._account, webhook_path(settings), secrets, self.take, is_probe)
        with webhooks.register(door):
            yield

    async def run(self, intake: Intake, own_id: str, registration: Registration) -> None:
        """Takes updates in until the account stops. Raises BadCredentials, in a group."""
        self._intake, self._own_id, self._room = intake, own_id, _Room()
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._room.keep_asking, intake)
                nursery.start_soon(registration.keep, intake)
                # An intake says that it stops by a property, not by an event, hence the short sleeps.
                while not intake.stopping:
                    await trio.sleep(STOP_CHECK_SECONDS)
                nursery.cancel_scope.cancel()
        finally:
            self._intake = None

    async def take(self, body: bytes) -> Response:
        """The answer to one delivery; see the head of this module. Raises nothing."""
        intake = self._intake
        if intake is None or intake.stopping:
            await trio.lowlevel.checkpoint()
            return STOPPING
        if not self._room.is_free():
            await trio.lowlevel.checkpoint()
            return NO_ROOM
        try:
            return await self._keep(body, intake)
        except (RetryLater, StoreUnavailable):
            return NOT_STORED
        except MailboxClosed:
            return STOPPING

    async def _keep(self, body: bytes, intake: Intake) -> Response:
        try:
            update = decode_update(body, self._account, self._own_id)
        except Undecodable as error:
            if not is_object(body):
                await trio.lowlevel.checkpoint()
                return MALFORMED
            await intake.shelve(body, error.reason, patience_seconds=PATIENCE_SECONDS)
        else:
            if isinstance(update, Ignored):
                await trio.lowlevel.checkpoint()
            else:
                await intake.accept(update, patience_seconds=PATIENCE_SECONDS)
        intake.good()
        return OK


def is_object(body: bytes) -> bool:
    """Whether a body is a JSON object by a more lenient reader: one with broken escapes or odd bytes in a text is."""
    try:
        return isinstance(json.loads(body.decode("utf-8", "replace")), dict)
    except RecursionError:
        return body.lstrip().startswith(b"{")
    except ValueError:
        return False


class _Room:
    """Whether the router's inbox takes more, known without asking for each message."""

    def __init__(self) -> None:
        self._free = True
        self._left = ASK_EVERY
        self._used_up = trio.Event()

    def is_free(self) -> bool:
        """Counts a message, if there is room for it."""
        self._left -= 1
        if self._left <= 0:
            self._used_up.set()
        return self._free

    async def keep_asking(self, intake: Intake) -> None:
        """Asks the router whenever enough messages have come in since. Until cancelled."""
        while True:
            await self._used_up.wait()
            with trio.move_on_after(ROOM_SECONDS) as patience:
                await intake.wait_for_room()
            if patience.cancelled_caught:
                self._free = False
                await intake.wait_for_room()
            self._free, self._left, self._used_up = True, ASK_EVERY, trio.Event()


class Hook(msgspec.Struct, frozen=True):
    """What an account in webhook mode receives by."""

    receiver: WebhookReceiver
    registration: Registration


@contextmanager
def open_hook(
    account: AccountKey, settings: ZaloSettings, shared: Shared, api: WebhookApi, token: Secret
) -> Iterator[Hook | None]:
    """Answers the account's path for as long as the block lasts; None for an account that polls.

    Raises: SettingsError when a webhook is asked for and cannot be had. Polling instead would delete a webhook that
    somebody means to have.
    """
    url, secrets = settings.webhook_url, webhook_secrets(settings)
    if url is None:
        yield None
        return
    if not secrets:
        raise SettingsError((f"{account}: webhookSecret: expected the secret that goes with webhookUrl",))
    if shared.webhooks is None:
        raise SettingsError((f"{account}: webhookUrl: no webhook listener is open; remove it to poll",))
    receiver, memory = WebhookReceiver(account), Memory(account, shared.state_dir)
    with receiver.registered(shared.webhooks, settings):
        yield Hook(receiver, Registration(api, url, secrets[0], token, memory))
