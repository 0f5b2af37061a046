"""Long polling: takes updates from the Bot API one by one and has each made durable before it asks for the next.

Sources disagree on what the server does with an update once it has returned it: gone for good, or returned on every
poll from then on (zalo-bot-api reference, section 2.2). So nothing that has arrived is let go before it is accepted,
and nothing that comes again makes the loop spin.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

import trio

from actors.channel import Intake
from actors.errors import Rejected, RetryLater, StoreUnavailable
from actors.messages import AccountKey
from actors.restart import RestartPolicy, backoff_seconds
from actors.zalo.client import WebhookIsSet
from actors.zalo.updates import Ignored, Undecodable, decode_update

FLOOR_SECONDS: Final = 1.0
"""Polls that bring nothing new begin at least so far apart; a tight loop draws HTTP 429 (reference, section 6)."""
LONGEST_FLOOR_SECONDS: Final = 5.0
LONGEST_RETRY_AFTER_SECONDS: Final = 600.0
STOP_CHECK_SECONDS: Final = 1.0
REMEMBERED: Final = 64

BACKOFF: Final = RestartPolicy(initial_delay_seconds=1.0, max_delay_seconds=60.0, jitter=0.2)
"""Only its waits matter here: an outage of hours (one lasted two) is waited out, never given up on."""


class PollApi(Protocol):
    """The methods that polling uses; `BotApi` has them."""

    async def get_updates(self, timeout_seconds: int) -> tuple[bytes, ...]:
        """See `BotApi.get_updates`."""
        ...

    async def delete_webhook(self) -> None:
        """See `BotApi.delete_webhook`."""
        ...


class Poller:
    """The receiving side of one account while it polls."""

    def __init__(
        self,
        api: PollApi,
        account: AccountKey,
        own_id: str,
        intake: Intake,
        timeout_seconds: int,
        random: Callable[[], float],
    ) -> None:
        self._api = api
        self._account = account
        self._own_id = own_id
        self._intake = intake
        self._timeout_seconds = timeout_seconds
        self._random = random
        self._failures = 0
        self._stale_polls = 0
        self._webhook_deleted = False
        # Of what is not accepted (dead letters, the bot's own words) the store knows no id, and it may come again too.
        self._set_aside: deque[bytes] = deque(maxlen=REMEMBERED)

    async def run(self) -> None:
        """Polls until the account stops. Raises BadCredentials; all else that the API refuses is waited out.

        On cancellation an answer that has arrived is accepted first.
        """
        while not self._intake.stopping:
            await self._intake.wait_for_room()
            if not self._intake.stopping:
                await self._pause(await self._poll_once())

    async def _poll_once(self) -> float:
        """Polls and takes in what came; returns how many seconds to wait before the next poll."""
        began = trio.current_time()
        try:
            updates = await self._api.get_updates(self._timeout_seconds)
        except WebhookIsSet as error:
            return await self._mend(error)
        except (RetryLater, Rejected) as error:
            return self._trouble(error)
        # No checkpoint up to here: a cancellation must not come between an answer and its acceptance.
        fresh = False
        for raw in updates:
            fresh = await self._take(raw) or fresh
        self._failures = 0
        self._webhook_deleted = False
        self._intake.good()
        return self._wait_after(began, came=bool(updates), fresh=fresh)

    def _wait_after(self, began: float, *, came: bool, fresh: bool) -> float:
        if fresh:
            self._stale_polls = 0
            return 0.0
        self._stale_polls = self._stale_polls + 1 if came else 0
        floor = min(FLOOR_SECONDS * 2.0 ** max(self._stale_polls - 1, 0), LONGEST_FLOOR_SECONDS)
        return max(0.0, began + floor - trio.current_time())

    async def _mend(self, error: WebhookIsSet) -> float:
        """Somebody set a webhook while we polled. Takes it away once; if that does not help, it is trouble."""
        if self._webhook_deleted:
            return self._trouble(error)
        self._webhook_deleted = True
        try:
            await self._api.delete_webhook()
        except (RetryLater, Rejected) as failure:
            return self._trouble(failure)
        return 0.0

    def _trouble(self, error: RetryLater | Rejected) -> float:
        self._failures += 1
        asked = error.retry_after_seconds if isinstance(error, RetryLater) else None
        wait = backoff_seconds(self._failures, BACKOFF, self._random())
        wait = max(wait, min(asked or 0.0, LONGEST_RETRY_AFTER_SECONDS))
        self._intake.troubled(error.reason, wait)
        return wait

    async def _take(self, raw: bytes) -> bool:
        """Has one update made durable; True if it had not come before. A store that fails is waited for."""
        failures = 0
        while True:
            try:
                return await self._take_once(raw)
            except StoreUnavailable as error:
                failures += 1
                wait = backoff_seconds(failures, BACKOFF, self._random())
                self._intake.troubled(error.reason, wait)
                await trio.sleep(wait)

    async def _take_once(self, raw: bytes) -> bool:
        try:
            update = decode_update(raw, self._account, self._own_id)
        except Undecodable as error:
            if self._known(raw):
                return False
            await self._intake.shelve(raw, error.reason)
            return self._remember(raw)
        if isinstance(update, Ignored):
            return not self._known(raw) and self._remember(raw)
        return await self._intake.accept(update)

    def _known(self, raw: bytes) -> bool:
        return hashlib.sha256(raw).digest() in self._set_aside

    def _remember(self, raw: bytes) -> bool:
        self._set_aside.append(hashlib.sha256(raw).digest())
        return True

    async def _pause(self, seconds: float) -> None:
        """Waits, but not much longer once the account stops."""
        until = trio.current_time() + seconds
        # An intake says that it stops by a property, not by an event, hence the short sleeps.
        while (left := until - trio.current_time()) > 0 and not self._intake.stopping:
            await trio.sleep(min(left, STOP_CHECK_SECONDS))
