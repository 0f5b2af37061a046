"""Who an account knows, as the stand-in tells it in both styles."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
import trio.testing
from zca_stage import ALICE, DEADLINE_SECONDS, TEAM, stand_in

from actors.errors import RetryLater
from actors.messages import Identity
from actors.testing.zca.driver import PROGRAM, Fault, StandIn, Style
from actors.zalouser.directory import Contact, Directory
from actors.zalouser.process import Zca


def directory(home: StandIn, monkeypatch: pytest.MonkeyPatch) -> Directory:
    monkeypatch.setenv("ZCA_STAND_IN_HOME", str(home.directory))
    monkeypatch.delenv("ZCA_PROFILE", raising=False)
    return Directory(Zca(PROGRAM, "default"), DEADLINE_SECONDS)


@pytest.mark.parametrize("style", ["openzca", "zca-cli"])
async def test_everyone_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, style: Style) -> None:
    known = directory(stand_in(tmp_path, style), monkeypatch)
    assert await known.me() == Identity("1001", "Bot Me")
    assert await known.friends() == (Contact(ALICE, "Alice Nguyen"),)
    assert await known.groups() == (Contact(TEAM, "Team"),)
    assert await known.members(TEAM) == (Contact(ALICE, "Alice Nguyen"),)


async def test_lists_are_asked_for_once_in_a_while_and_the_login_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = stand_in(tmp_path)
    known = directory(home, monkeypatch)
    for _ in range(3):
        await known.friends()
        await known.me()
    words = [" ".join(argv[2:4]) for argv in home.journal()]
    assert (words.count("friend list"), words.count("me info")) == (1, 3)


class Looks:
    """A zca whose every look-up finds the same."""

    def __init__(self, found: object) -> None:
        self.found = found
        self.asked = 0

    async def look_up(self, _words: tuple[str, ...], _timeout_seconds: float) -> object:
        self.asked += 1
        await trio.lowlevel.checkpoint()
        return self.found


def over(looks: Looks) -> Directory:
    return Directory(looks)  # type: ignore[arg-type] # all of it that a directory uses


async def test_what_is_remembered_grows_old(autojump_clock: trio.testing.MockClock) -> None:
    looks = Looks([{"groupId": 53, "name": " Team "}, {"name": "no id"}, "nonsense"])
    known = over(looks)
    assert await known.groups() == (Contact("53", "Team"),)
    await trio.sleep(299)
    await known.groups()
    assert looks.asked == 1
    await trio.sleep(2)
    await known.groups()
    assert looks.asked == 2


async def test_members_of_many_groups_are_not_all_remembered(autojump_clock: trio.testing.MockClock) -> None:
    looks = Looks([])
    known = over(looks)
    for number in range(150):
        await known.members(str(number))
    await known.members("149")
    assert looks.asked == 150
    await known.members("0")
    assert looks.asked == 151


@pytest.mark.parametrize("found", [{}, [], "x", {"userId": ""}, {"userId": None}])
async def test_a_profile_without_an_id_is_none(found: object) -> None:
    with pytest.raises(RetryLater, match="no profile with a userId"):
        await over(Looks(found)).me()


async def test_a_list_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = stand_in(tmp_path)
    home.fault("friend list", Fault(exit=0, stdout="{}"))
    with pytest.raises(RetryLater, match="zca friend list printed no list"):
        await directory(home, monkeypatch).friends()
