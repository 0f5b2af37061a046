"""What a service manager is told: systemd's notify protocol, spoken when `$NOTIFY_SOCKET` is there.

The protocol is one datagram of `NAME=value` lines to a Unix socket (sd_notify(3)). Nothing here ever fails: a service
manager that does not listen is no reason to stop serving.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import suppress

import msgspec
import trio

from actors.errors import MailboxClosed
from router.actor import RouterActor
from router.messages import AreYouThere


class ServiceManager(msgspec.Struct, frozen=True):
    """Who started this process, if anybody who wants to hear how it is."""

    address: str = ""
    """A path, or a name that begins with `@`; empty: nobody listens."""
    watchdog_seconds: float = 0.0
    """The process is taken for dead after so long without `WATCHDOG=1`; 0: it is not watched."""

    def tell(self, *lines: str) -> None:
        """Sends `READY=1` and the like."""
        if not self.address:
            return
        name = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.setblocking(False)
            channel.sendto("\n".join(lines).encode(), name)


def service_manager(env: Mapping[str, str], pid: int) -> ServiceManager:
    """Who is named in the environment of the process `pid`; a watchdog that is meant for another process is not."""
    address = env.get("NOTIFY_SOCKET", "")
    micros = env.get("WATCHDOG_USEC", "")
    is_ours = env.get("WATCHDOG_PID", str(pid)) == str(pid)
    watched = bool(address) and is_ours and micros.isascii() and micros.isdigit()
    return ServiceManager(address, int(micros) / 1_000_000 if watched else 0.0)


async def feed_watchdog(manager: ServiceManager, router: RouterActor) -> None:
    """Says `WATCHDOG=1` twice as often as needed, for as long as the router actor answers. Until cancelled.

    A router that waits for its store is alive, and a restart would not mend the disk: it is not starved for that.
    """
    if not manager.watchdog_seconds:
        return
    every = manager.watchdog_seconds / 2
    with suppress(MailboxClosed):
        while True:
            asked_at = trio.current_time()
            if router.store_error or await _answers_within(router, every):
                manager.tell("WATCHDOG=1")
            await trio.sleep_until(asked_at + every)


async def _answers_within(router: RouterActor, seconds: float) -> bool:
    with trio.move_on_after(seconds):
        await router.ref.ask(AreYouThere())
        return True
    return False
