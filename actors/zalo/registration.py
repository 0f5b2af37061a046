"""Keeps Zalo posting to our webhook: registers it when needed, and looks after it from time to time.

setWebhook is limited to an unknown number of calls a day (zalo-bot-api reference, section 2.3), so it is called only
when there is a reason to:

- Zalo names another address, or none;
- address or secret are not those of the last registration. Zalo never tells which secret it has, so a keyed digest of
  both is kept beside the store. The key is the bot's token: the digest alone lets nobody try out secrets;
- the last registration was not confirmed by Zalo's own test.

Stopping takes nothing away: what Zalo cannot deliver meanwhile is its to repeat, and the address stays ours.
"""

from __future__ import annotations

import hmac
import random
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import quote

import msgspec
import trio

from actors.channel import Intake
from actors.errors import Rejected, RetryLater
from actors.messages import AccountKey
from actors.restart import RestartPolicy, backoff_seconds
from actors.secret import Secret
from actors.zalo import wire

CHECK_SECONDS: Final = 900.0
LONGEST_CHECK_SECONDS: Final = 86_400.0
ASKING: Final = RestartPolicy(initial_delay_seconds=1.0, max_delay_seconds=60.0, jitter=0.2)
"""Waits while Zalo cannot be asked."""
SETTING: Final = RestartPolicy(initial_delay_seconds=60.0, max_delay_seconds=21_600.0, jitter=0.2)
"""Waits between registrations that failed: about ten in the first day."""


class WebhookApi(Protocol):
    """The methods that a registration uses; `BotApi` has them."""

    async def get_webhook_info(self) -> wire.WebhookInfo:
        """See `BotApi.get_webhook_info`."""
        ...

    async def set_webhook(self, url: str, secret: Secret) -> wire.WebhookInfo:
        """See `BotApi.set_webhook`."""
        ...


class Remembered(msgspec.Struct, frozen=True):
    """What is kept of a registration that Zalo confirmed."""

    digest: str
    verification: str


class Memory:
    """Remembers the last confirmed registration of one account in a file, if it may keep one."""

    def __init__(self, account: AccountKey, state_dir: Path | None) -> None:
        name = f"{account.channel}-{quote(account.account_id, safe='')}.json"
        self._file = None if state_dir is None else trio.Path(state_dir / "webhooks" / name)

    async def load(self) -> Remembered | None:
        """None when there is none, or it cannot be read: then the webhook is registered again, which does no harm."""
        if self._file is None:
            return None
        try:
            return msgspec.json.decode(await self._file.read_bytes(), type=Remembered)
        except (OSError, msgspec.MsgspecError, UnicodeError):
            return None

    async def save(self, known: Remembered) -> None:
        """Keeps it if that can be done."""
        if self._file is None:
            return
        fresh = self._file.with_suffix(".new")
        try:
            await self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            await fresh.write_bytes(msgspec.json.encode(known))
            await fresh.chmod(0o600)
            await fresh.replace(self._file)
        except OSError:
            return  # At worst one call of setWebhook too many at the next start.


class Registration:
    """One account's webhook at Zalo, while the account receives."""

    def __init__(
        self,
        api: WebhookApi,
        url: str,
        secret: Secret,
        token: Secret,
        memory: Memory,
        random: Callable[[], float] = random.random,
    ) -> None:
        self._api = api
        self._url = url
        self._secret = secret
        self._memory = memory
        self._random = random
        words = f"{url}\n{secret.reveal()}".encode()
        self._digest = hmac.digest(token.reveal().encode(), words, "sha256").hex()
        self._confirmed: Remembered | None = None
        self._failures = 0
        self._check_seconds = CHECK_SECONDS

    async def keep(self, intake: Intake) -> None:
        """Registers, then sees to it that it stays so, until cancelled. Raises BadCredentials."""
        self._confirmed = await self._memory.load()
        while True:
            await trio.sleep(await self._look(intake))

    async def _look(self, intake: Intake) -> float:
        """Registers if there is a reason to; returns how many seconds to wait before the next look."""
        try:
            info = await self._api.get_webhook_info()
        except (RetryLater, Rejected) as error:
            return self._trouble(intake, error.reason, ASKING, error)
        known = self._confirmed
        if known is None or known.digest != self._digest or info.url != self._url:
            return await self._register(intake)
        self._failures, self._check_seconds = 0, CHECK_SECONDS
        intake.verified(known.verification)
        intake.good()
        return CHECK_SECONDS

    async def _register(self, intake: Intake) -> float:
        self._confirmed = None
        try:
            info = await self._api.set_webhook(self._url, self._secret)
        except (RetryLater, Rejected) as error:
            return self._trouble(intake, error.reason, SETTING, error)
        result = info.verification
        words = "not tested by Zalo" if result is None else result.words()
        intake.verified(words)
        if result is not None and not result.ok:
            return self._trouble(intake, f"Zalo's test of the webhook failed: {words}", SETTING)
        self._confirmed = Remembered(self._digest, words)
        await self._memory.save(self._confirmed)
        intake.good()
        self._failures = 0
        # Somebody else may want the same bot: two who undo each other's work must not spend the daily number of calls.
        wait, self._check_seconds = self._check_seconds, min(2 * self._check_seconds, LONGEST_CHECK_SECONDS)
        return wait

    def _trouble(
        self, intake: Intake, reason: str, policy: RestartPolicy, error: RetryLater | Rejected | None = None
    ) -> float:
        self._failures += 1
        asked = error.retry_after_seconds if isinstance(error, RetryLater) else None
        wait = max(backoff_seconds(self._failures, policy, self._random()), min(asked or 0.0, LONGEST_CHECK_SECONDS))
        intake.troubled(reason, wait)
        return wait
