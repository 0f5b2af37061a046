"""One poller per account of the network: a kernel lock holds the account across the processes of this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

from actors.channel import Channel, ChannelKind, Shared
from actors.errors import AlreadyRunning, RetryLater
from router.settings.schema import Account
from router.store.lock import lock_file, token_lock_path

RETRY_SECONDS = 15.0


@asynccontextmanager
async def open_owned(account: Account, kind: ChannelKind, shared: Shared, locks: Path) -> AsyncIterator[Channel]:
    """Opens the account's channel while holding its lock in the directory `locks`.

    Raises: RetryLater while another process has it, so that this one takes over when the other ends; what the kind's
    `open` raises.
    """
    login = kind.login_of(account.settings)
    with ExitStack() as stack:
        if login is not None:
            try:
                stack.enter_context(lock_file(token_lock_path(locks, login), f"the login of {account.key}"))
            except AlreadyRunning as error:
                raise RetryLater(str(error), RETRY_SECONDS) from None
        async with kind.open(account.key, account.settings, shared) as channel:
            yield channel
