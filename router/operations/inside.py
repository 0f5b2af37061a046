"""What operations work with: the parts of a running router, and finding among them what an operator named."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec
import trio

from router.actor import RouterActor
from router.control.jsonrpc import ControlError, ErrorCode
from router.fleet import Fleet
from router.messages import Order
from router.settings.load import Loaded
from router.settings.schema import Account, Settings
from router.store.contract import Store
from router.surroundings import Surroundings

R = TypeVar("R")


class Inside(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a running router."""

    loaded: Callable[[], Loaded]
    """The settings in force."""
    router: RouterActor
    store: Store
    fleet: Fleet
    around: Surroundings

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.loaded().settings

    async def order(self, order: Order[R]) -> R:
        """Has the router actor decide it. Not undone when the client leaves before the answer."""
        with trio.CancelScope(shield=True):
            answer = await self.router.ref.ask(order)
        return answer

    def accounts(self, channel: str | None, account_id: str | None = None) -> list[Account]:
        """The configured accounts that fit, in the order of the settings."""
        return [
            account
            for account in self.settings.accounts
            if channel in (None, account.key.channel) and account_id in (None, account.key.account_id)
        ]

    def account(self, channel: str, account_id: str | None) -> Account:
        """The one account that is meant; without an id the only one, or the default one.

        Raises: ControlError: REFUSED for a channel without accounts or when it is not clear which, NOT_FOUND for an
        account that is not configured.
        """
        of_channel = self.accounts(self.known_channel(channel))
        ids = ", ".join(account.key.account_id for account in of_channel)
        if account_id is not None:
            found = [account for account in of_channel if account.key.account_id == account_id]
            if not found:
                raise ControlError(ErrorCode.NOT_FOUND, f"{channel} has no account {account_id!r}; accounts: {ids}")
            return found[0]
        chosen = of_channel if len(of_channel) == 1 else [account for account in of_channel if account.is_default]
        if not chosen:
            raise ControlError(ErrorCode.REFUSED, f"{channel} has several accounts, name one of them: {ids}")
        return chosen[0]

    def known_channel(self, channel: str) -> str:
        """The channel, if an account of it is configured. Raises ControlError (REFUSED)."""
        known = {account.key.channel for account in self.settings.accounts}
        if channel not in known:
            channels = ", ".join(sorted(known)) or "none"
            raise ControlError(ErrorCode.REFUSED, f"no account of channel {channel!r}; channels: {channels}")
        return channel
