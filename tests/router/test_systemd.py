"""What a service manager hears, on a socket of its own."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from actors.mailbox import Asked, Mailbox
from router.messages import AreYouThere, ToRouter
from router.systemd import ServiceManager, feed_watchdog, service_manager


@pytest.fixture
def heard(tmp_path: Path) -> Iterator[socket.socket]:
    """A manager that listens at `tmp_path / "notify"`."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(tmp_path / "notify"))
        channel.setblocking(False)
        yield channel


def lines(channel: socket.socket) -> list[str]:
    found = []
    while True:
        try:
            found.append(channel.recv(1000).decode())
        except BlockingIOError:
            return found


def test_lines_go_out_as_one_datagram(heard: socket.socket, tmp_path: Path) -> None:
    ServiceManager(str(tmp_path / "notify")).tell("READY=1", "STATUS=well")
    assert lines(heard) == ["READY=1\nSTATUS=well"]


def test_an_abstract_name_is_spoken_to() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        name = f"zalo-router-test-{os.getpid()}"
        channel.bind(f"\0{name}")
        channel.settimeout(5)
        ServiceManager(f"@{name}").tell("READY=1")
        assert channel.recv(100) == b"READY=1"


@pytest.mark.parametrize("address", ["", "/nowhere/notify", "x" * 300])
def test_nobody_who_listens_is_no_trouble(address: str) -> None:
    ServiceManager(address).tell("READY=1")


@pytest.mark.parametrize(
    ("env", "wanted"),
    [
        ({}, ServiceManager()),
        ({"NOTIFY_SOCKET": "/s"}, ServiceManager("/s")),
        ({"NOTIFY_SOCKET": "/s", "WATCHDOG_USEC": "5000000"}, ServiceManager("/s", 5.0)),
        ({"NOTIFY_SOCKET": "/s", "WATCHDOG_USEC": "5000000", "WATCHDOG_PID": "7"}, ServiceManager("/s", 5.0)),
        ({"NOTIFY_SOCKET": "/s", "WATCHDOG_USEC": "5000000", "WATCHDOG_PID": "8"}, ServiceManager("/s")),
        ({"NOTIFY_SOCKET": "/s", "WATCHDOG_USEC": "soon"}, ServiceManager("/s")),
        ({"WATCHDOG_USEC": "5000000"}, ServiceManager()),
    ],
)
def test_who_listens_is_in_the_environment(env: dict[str, str], wanted: ServiceManager) -> None:
    assert service_manager(env, 7) == wanted


class Router:
    """A router actor that answers as long as it is told to."""

    def __init__(self) -> None:
        self.mailbox: Mailbox[ToRouter] = Mailbox(4)
        self.ref = self.mailbox.ref
        self.store_error = ""
        self.answers = True

    async def run(self) -> None:
        while True:
            asked: Any = await self.mailbox.receive()
            assert isinstance(asked, Asked)
            assert isinstance(asked.message, AreYouThere)
            if self.answers:
                asked.slot.answer(None)


async def test_the_watchdog_is_fed_while_the_router_answers_and_starves_when_not(
    heard: socket.socket, tmp_path: Path, autojump_clock: MockClock
) -> None:
    router: Any = Router()
    manager = ServiceManager(str(tmp_path / "notify"), 10.0)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(router.run)
        nursery.start_soon(feed_watchdog, manager, router)
        await trio.sleep(21)
        assert lines(heard) == ["WATCHDOG=1"] * 5
        router.answers = False
        await trio.sleep(60)
        assert lines(heard) == []
        router.store_error = "disk full"
        await trio.sleep(10)
        assert set(lines(heard)) == {"WATCHDOG=1"}
        nursery.cancel_scope.cancel()


async def test_who_is_not_watched_feeds_nobody(heard: socket.socket, tmp_path: Path) -> None:
    with trio.fail_after(1):
        await feed_watchdog(ServiceManager(str(tmp_path / "notify")), Router())  # type: ignore[arg-type]
    assert lines(heard) == []


async def test_a_router_that_has_ended_is_not_asked_again(
    heard: socket.socket, tmp_path: Path, autojump_clock: MockClock
) -> None:
    router: Any = Router()
    router.mailbox.close()
    with trio.fail_after(60):
        await feed_watchdog(ServiceManager(str(tmp_path / "notify"), 10.0), router)
    assert lines(heard) == []
