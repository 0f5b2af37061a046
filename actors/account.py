"""The account actor: one account of one network, kept alive, and always able to say how it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from functools import partial

import trio

from actors.channel import Channel, Probe, Probes
from actors.clock import WallClock
from actors.errors import MailboxClosed
from actors.mailbox import Ref
from actors.messages import AccountKey, AccountState
from actors.probing import probed
from actors.protocol import AccountChanged, AccountClosed, AccountStatus, AccountToRouter
from actors.session import AccountOptions, Session, at_last
from actors.supervisor import ChildStatus, Supervisor
from actors.vitals import Vitals


class AccountActor:
    """Runs one account for as long as `run` runs, and no longer.

    The commands `start`, `stop`, `restart`, `drain` and `finish` return at once, may be repeated, and may come in any
    order and before `run`; the account's state word tells when they have taken effect.
    """

    def __init__(
        self,
        key: AccountKey,
        open_channel: Callable[[], AbstractAsyncContextManager[Channel]],
        router: Ref[AccountToRouter],
        options: AccountOptions,
        clock: WallClock,
        on_crash: Callable[[Exception], None],
    ) -> None:
        """`open_channel` is called for every start; `on_crash` gets unexpected exceptions whole, for the log."""
        self.key = key
        self._open_channel = open_channel
        self._router = router
        self._options = options
        self._clock = clock
        self._session: Session | None = None
        self._channel: Channel | None = None
        self._owed: AccountClosed | None = None
        self._changed = trio.Event()
        self._vitals = Vitals(clock, self._look)
        self._supervisor = Supervisor(self._open, options.policy, self._hear, on_crash, clock)
        self._state: AccountState = "stopped"
        self._since = clock()
        self._told: tuple[AccountState, str, int] | None = None

    def start(self) -> None:
        """Has the account run; ends any wait for backoff, login or after giving up."""
        self._supervisor.start()

    def stop(self) -> None:
        """Ends the session, giving sends in flight their grace, and stays `stopped` until `start` or `restart`."""
        self._supervisor.stop()

    def restart(self) -> None:
        """Ends the session, if there is one, and begins another with a clean history."""
        self._supervisor.restart()

    def drain(self) -> None:
        """Takes nothing new in, and goes on delivering until `finish`. There is no way back.

        An account that is not open for deliveries ends at once.
        """
        self._supervisor.drain()
        if self._session is not None:
            self._session.drain()

    def finish(self) -> None:
        """Drains, lets sends in flight finish within their grace, and ends `run`."""
        self.drain()
        if self._session is not None:
            self._session.finish()

    async def probe(self, timeout_seconds: float) -> Probe | None:
        """Asks the network whether all is well; None when the channel has no way to ask. Raises nothing of its own.

        An account that is not open is not well, and is not asked about.
        """
        channel = self._channel
        if channel is None:
            return Probe(ok=False, latency_ms=0.0, detail=f"not asked: the account is {self._state}")
        if not isinstance(channel, Probes):
            return None
        return await probed(channel, timeout_seconds)

    def status(self) -> AccountStatus:
        """How the account is now."""
        child, vitals = self._supervisor.status, self._vitals
        return AccountStatus(
            account=self.key,
            state=self._state,
            since=self._since,
            last_error=vitals.trouble if self._in_trouble() else child.last_error,
            restarts=child.restarts,
            identity=vitals.identity,
            last_inbound_at=vitals.last_inbound_at,
            last_outbound_at=vitals.last_outbound_at,
            last_good_at=vitals.last_good_at,
            webhook_verification=vitals.webhook_verification,
        )

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Runs the account until it is drained and finished, or cancelled. Nothing that befalls the account is raised.

        The router is told every state that lasts, the last one included; states that pass quickly may be skipped.
        """
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._tell_changes)
                task_status.started()
                await self._supervisor.run()
                nursery.cancel_scope.cancel()
        finally:
            news = self._news()
            if news is not None:
                await at_last(partial(self._router.tell, AccountChanged(news)))

    async def _open(self, *, task_status: trio.TaskStatus[None]) -> None:
        """One life under the supervisor: opens the channel, starts it, and holds a session over it."""
        self._vitals.set_trouble("")
        async with self._open_channel() as channel:
            identity = self._vitals.identity = await channel.start()
            session = Session(self.key, channel, self._router, self._vitals, self._options, self._owed)
            self._session = session
            # Ready before the router has taken AccountOpened: the start deadline is the network's, and a router that
            # waits for its store must not make accounts fail.
            task_status.started()
            try:
                with self._at_hand(channel):
                    await session.run(identity)
            finally:
                self._session, self._owed = None, session.owed

    @contextmanager
    def _at_hand(self, channel: Channel) -> Iterator[None]:
        self._channel = channel
        try:
            yield
        finally:
            self._channel = None

    def _hear(self, _child: ChildStatus) -> None:
        self._look()

    def _in_trouble(self) -> bool:
        return bool(self._vitals.trouble) and self._supervisor.status.state == "running"

    def _look(self) -> None:
        """Takes note of the state that supervisor and vitals make together."""
        state: AccountState = "backing-off" if self._in_trouble() else self._supervisor.status.state
        if state != self._state:
            self._state, self._since = state, self._clock()
        self._changed.set()

    def _news(self) -> AccountStatus | None:
        """The status, if it says something that the router has not been told yet."""
        now = self.status()
        return None if _word(now) == self._told else now

    async def _tell_changes(self) -> None:
        """Tells the router the latest state, over and over. Ends when the router has ended."""
        with suppress(MailboxClosed):
            while True:
                self._changed = trio.Event()
                news = self._news()
                if news is None:
                    await self._changed.wait()
                else:
                    await self._router.tell(AccountChanged(news))
                    self._told = _word(news)


def _word(status: AccountStatus) -> tuple[AccountState, str, int]:
    return status.state, status.last_error, status.restarts
