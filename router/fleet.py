"""All account actors of a router: started together, ended together, and each changed by itself in between."""

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
from router.settings.difference import difference
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
        self._settings = settings
        self._router = router
        self._around = around
        self._shared = shared
        self._actors: dict[AccountKey, AccountActor] = {}
        self._successors: dict[AccountKey, AccountActor | None] = {}
        """Who follows an actor that has been told to finish; None: nobody."""
        self._nursery: trio.Nursery | None = None
        self._draining = False
        self._finishing = trio.Event()
        self.ended = trio.Event()
        """Set when every account has ended, after `finish`."""
        self._actors = {account.key: self._actor(account) for account in settings.accounts if self._runs(account)}
        self._idle: dict[AccountKey, AccountStatus] = {}
        self._idle = self._idle_statuses()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Runs all accounts until they are finished, or cancelled. What befalls one of them is not raised here."""
        try:
            async with trio.open_nursery() as nursery:
                self._nursery = nursery
                for key in self._actors:
                    nursery.start_soon(self._keep, key)
                task_status.started()
                await self._finishing.wait()
        finally:
            self._nursery = None
            self.ended.set()

    def apply(self, settings: Settings) -> None:
        """Has the accounts run as these settings say. Does not wait; an account that did not change notices nothing.

        An account that changed, or is gone, takes nothing new in, gives its sends in flight their grace, and ends;
        only then does its successor begin. While draining nothing is changed.
        """
        if self._draining or self._nursery is None:
            return
        accounts = {account.key: account for account in settings.accounts if self._runs(account)}
        changes = difference(self._settings, settings)
        self._settings = settings
        for key in (*changes.restarting, *changes.starting):
            if key in accounts:
                self._succeed(key, self._actor(accounts[key]), self._nursery)
        for key in changes.stopping:
            if key in self._actors:
                self._successors[key] = None
                self._actors[key].finish()
        self._idle = self._idle_statuses()

    def drain(self) -> None:
        """No account takes anything new; what is decided is still sent."""
        self._draining = True
        self._successors = dict.fromkeys(self._successors)
        for actor in self._actors.values():
            actor.drain()

    def finish(self) -> None:
        """Ends every account, giving polls and sends in flight their grace."""
        self.drain()
        self._finishing.set()
        for actor in self._actors.values():
            actor.finish()

    def obeys(self, key: AccountKey) -> bool:
        """Whether this account can be commanded: it is enabled, and not on its way out."""
        return key in self._actors and key not in self._successors and not self._draining

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
        running = {key: actor.status() for key, actor in self._actors.items()}
        # One that was switched off has ended a moment before it is let go: from then on the settings say why.
        ended = {key for key, status in running.items() if status.state == "stopped" and key in self._idle}
        return self._idle | {key: status for key, status in running.items() if key not in ended}

    async def _keep(self, key: AccountKey) -> None:
        """Runs the account's actor, then whoever was to follow it meanwhile."""
        while True:
            await self._actors[key].run()
            if key not in self._successors:
                return
            successor = self._successors.pop(key)
            if successor is None:
                del self._actors[key]
                return
            self._actors[key] = successor

    def _succeed(self, key: AccountKey, actor: AccountActor, nursery: trio.Nursery) -> None:
        if key in self._actors:
            self._successors[key] = actor
            self._actors[key].finish()
        else:
            self._actors[key] = actor
            nursery.start_soon(self._keep, key)

    def _actor(self, account: Account) -> AccountActor:
        kind = self._around.channel_kinds[account.key.channel]
        options = AccountOptions(
            max_sends_in_flight=kind.max_sends_in_flight,
            policy=self._settings.restart,
            poll_grace_seconds=self._settings.limits.poll_grace_seconds,
            pacing=account.policy.pacing,
        )
        return AccountActor(
            account.key,
            partial(open_owned, account, kind, self._shared, self._around.locks),
            self._router,
            options,
            self._around.clock,
            partial(self._around.on_crash, account.key),
        )

    def _runs(self, account: Account) -> bool:
        return account.enabled and account.key.channel in self._around.channel_kinds

    def _idle_statuses(self) -> dict[AccountKey, AccountStatus]:
        now = self._around.clock()
        return {
            account.key: self._idle_status(account, now)
            for account in self._settings.accounts
            if not self._runs(account)
        }

    def _idle_status(self, account: Account, now: float) -> AccountStatus:
        state: AccountState = "failed" if account.enabled else "stopped"
        reason = account.unusable or f"{account.path}.enabled is false"
        if account.key.channel not in self._around.channel_kinds:
            reason = f"this version has no {account.key.channel} channel yet"
        known = self._idle.get(account.key)
        if known is not None and (known.state, known.last_error) == (state, reason):
            return known
        return AccountStatus(account=account.key, state=state, since=now, last_error=reason)
