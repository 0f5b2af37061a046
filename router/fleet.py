"""All account actors of a router, started together and ended together."""

from __future__ import annotations

from functools import partial

import trio

from actors.account import AccountActor
from actors.channel import NOTHING_SHARED, Probe, Shared
from actors.mailbox import Ref
from actors.messages import AccountKey, AccountState
from actors.protocol import AccountStatus
from actors.session import AccountOptions
from router.messages import ToRouter
from router.ownership import open_owned
from router.settings.schema import Account, Settings
from router.surroundings import Surroundings


class Fleet:
    """The enabled accounts of the settings, each an actor of its own."""

    def __init__(
        self,
        settings: Settings,
        router: Ref[ToRouter],
        around: Surroundings,
        shared: Shared = NOTHING_SHARED,
    ) -> None:
        """`shared` is handed to every account when it opens."""
        self._around = around
        self._shared = shared
        self._started_at = around.clock()
        self._actors: dict[AccountKey, AccountActor] = {}
        self._idle: dict[AccountKey, AccountStatus] = {}
        self.ended = trio.Event()
        """Set when every account has ended, after `finish`."""
        for account in settings.accounts:
            reason = self._why_idle(account)
            if reason:
                self._idle[account.key] = self._idle_status(account, reason)
            else:
                self._actors[account.key] = self._actor(account, settings, router)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Runs all accounts until they are finished, or cancelled. What befalls one of them is not raised here."""
        try:
            async with trio.open_nursery() as nursery:
                for actor in self._actors.values():
                    nursery.start_soon(actor.run)
                task_status.started()
        finally:
            self.ended.set()

    def drain(self) -> None:
        """No account takes anything new; what is decided is still sent."""
        for actor in self._actors.values():
            actor.drain()

    def finish(self) -> None:
        """Ends every account, giving polls and sends in flight their grace."""
        for actor in self._actors.values():
            actor.finish()

    def obeys(self, key: AccountKey) -> bool:
        """Whether this account can be commanded: it is enabled."""
        return key in self._actors

    def start(self, key: AccountKey) -> None:
        """Has the account run now; ends any wait of its. Raises KeyError for one that does not obey."""
        self._actors[key].start()

    def stop(self, key: AccountKey) -> None:
        """Ends the account's session, until `start`. Raises KeyError for one that does not obey."""
        self._actors[key].stop()

    def restart(self, key: AccountKey) -> None:
        """Ends the account's session and begins another. Raises KeyError for one that does not obey."""
        self._actors[key].restart()

    async def probe(self, key: AccountKey, timeout_seconds: float) -> Probe | None:
        """Asks the account's network whether all is well; None for an account that does not run or cannot ask."""
        actor = self._actors.get(key)
        return None if actor is None else await actor.probe(timeout_seconds)

    def statuses(self) -> dict[AccountKey, AccountStatus]:
        """How each account is at this moment, disabled ones included."""
        return {key: actor.status() for key, actor in self._actors.items()} | self._idle

    def _actor(self, account: Account, settings: Settings, router: Ref[ToRouter]) -> AccountActor:
        kind = self._around.channel_kinds[account.key.channel]
        options = AccountOptions(
            max_sends_in_flight=kind.max_sends_in_flight,
            policy=settings.restart,
            poll_grace_seconds=settings.limits.poll_grace_seconds,
        )
        return AccountActor(
            account.key,
            partial(open_owned, account, kind, self._shared, self._around.locks),
            router,
            options,
            self._around.clock,
            partial(self._around.on_crash, account.key),
        )

    def _why_idle(self, account: Account) -> str:
        if account.key.channel not in self._around.channel_kinds:
            return f"this version has no {account.key.channel} channel yet"
        return "" if account.enabled else account.unusable or f"{account.path}.enabled is false"

    def _idle_status(self, account: Account, reason: str) -> AccountStatus:
        state: AccountState = "failed" if account.enabled else "stopped"
        return AccountStatus(account=account.key, state=state, since=self._started_at, last_error=reason)
