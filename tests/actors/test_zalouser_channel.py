"""The zalouser channel against the stand-in: a login checked, contents sent, ends told; and an account over it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
from account_stage import FakeRouter
from zalouser_lines import ME
from zca_stage import ALICE, DEADLINE_SECONDS, TEAM, stand_in

from actors.account import AccountActor
from actors.channel import NOTHING_SHARED, Channel
from actors.errors import BadCredentials, Rejected, RetryLater, UnknownOutcome
from actors.kinds import CHANNEL_KINDS
from actors.messages import (
    Chat,
    Content,
    Identity,
    Outbound,
    PhotoContent,
    PhotoFileContent,
    StickerContent,
    TextContent,
    VoiceContent,
)
from actors.protocol import Accept
from actors.restart import RestartPolicy
from actors.session import AccountOptions
from actors.testing.zca.driver import PROGRAM, Fault, StandIn, Style
from actors.zalouser.channel import KIND
from actors.zalouser.settings import ZalouserSettings

FAST = RestartPolicy(initial_delay_seconds=0.05, max_delay_seconds=0.05, jitter=0.0)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    made = stand_in(tmp_path)
    monkeypatch.setenv("ZCA_STAND_IN_HOME", str(made.directory))
    monkeypatch.delenv("ZCA_PROFILE", raising=False)
    return made


def settings(**changed: object) -> ZalouserSettings:
    return ZalouserSettings(**{"program": PROGRAM, "profile": "default"} | changed)  # type: ignore[arg-type]


@asynccontextmanager
async def opened(**changed: object) -> AsyncIterator[Channel]:
    with trio.fail_after(DEADLINE_SECONDS):
        async with KIND.open(ME, settings(**changed), NOTHING_SHARED) as channel:
            yield channel


def out(content: Content, chat_id: str = ALICE) -> Outbound:
    return Outbound(1, Chat(ME, chat_id, "group" if chat_id == TEAM else "direct"), content)


def test_the_kind_is_in_the_table_and_sends_one_thing_at_a_time() -> None:
    assert CHANNEL_KINDS["zalouser"] is KIND
    assert (KIND.label, KIND.id_prefixes, KIND.groups_must_be_named) == ("Zalo Personal", ("zalouser:", "zlu:"), True)
    assert KIND.max_sends_in_flight == 1


def test_two_accounts_of_one_profile_have_one_login() -> None:
    assert KIND.login_of(settings()) == KIND.login_of(settings(name="another"))
    assert KIND.login_of(settings()) != KIND.login_of(settings(profile="work"))
    assert KIND.login_of(settings()) != KIND.login_of(settings(program=("zca",)))


async def test_it_starts_as_who_is_logged_in_at_the_price_of_one_login(home: StandIn) -> None:
    async with opened() as channel:
        assert await channel.start() == Identity("1001", "Bot Me")
    assert home.journal() == [["--profile", "default", "me", "info", "-j"]]


@pytest.mark.parametrize("expired", [False, True])
async def test_nobody_logged_in_wants_a_person(home: StandIn, expired: bool) -> None:
    (home.directory / "profiles/default/credentials.json").unlink()
    if expired:
        home.log_in(expired=True)
    async with opened() as channel:
        with pytest.raises(BadCredentials, match="log in again"):
            await channel.start()


async def test_zca_that_is_not_there_wants_another_try() -> None:
    async with opened(program=("zca-is-nowhere",)) as channel:
        with pytest.raises(RetryLater, match="not found in PATH"):
            await channel.start()


@pytest.mark.parametrize("style", ["openzca", "zca-cli"])
async def test_every_content_goes_out_and_gives_its_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, style: Style
) -> None:
    home = stand_in(tmp_path, style)
    monkeypatch.setenv("ZCA_STAND_IN_HOME", str(home.directory))
    picture = tmp_path / "a,b.png"
    picture.write_bytes(b"png")
    contents: list[Content] = [
        TextContent("- one\n- two"),
        PhotoContent("https://x.test/a,b.jpg", "sea"),
        PhotoFileContent(str(picture)),
        VoiceContent("https://x.test/a.aac"),
        StickerContent("23311"),
    ]
    async with opened() as channel:
        ids = [await channel.send(out(content, TEAM)) for content in contents]
    sent = home.sent()
    assert ids == [one.message_id for one in sent]
    assert {one.group for one in sent} == {True}
    assert [one.command for one in sent] == ["msg send", "msg image", "msg image", "msg voice", "msg sticker"]
    assert (sent[0].text, sent[1].urls, sent[1].caption) == ("- one\n- two", ("https://x.test/a%2Cb.jpg",), "sea")
    assert (sent[2].file, sent[4].what) == (str(picture), "23311")


async def test_a_group_takes_only_what_was_meant_for_it(home: StandIn) -> None:
    async with opened() as channel:
        with pytest.raises(Rejected, match="Tham số không hợp lệ"):
            await channel.send(Outbound(1, Chat(ME, TEAM, "direct"), TextContent("x")))


async def test_a_send_that_hangs_is_unknown_and_may_have_gone_out(home: StandIn) -> None:
    home.fault("msg send", Fault(hang=True, after=True))
    async with opened(send_timeout_seconds=0.5) as channel:
        with pytest.raises(UnknownOutcome):
            await channel.send(out(TextContent("x")))
    assert len(home.sent()) == 1


async def test_an_empty_text_never_runs_anything(home: StandIn) -> None:
    async with opened() as channel:
        with pytest.raises(Rejected):
            await channel.send(out(TextContent("  ")))
    assert home.journal() == []


class Life:
    """An account actor over the stand-in, and a router that takes everything down."""

    def __init__(self, **changed: object) -> None:
        self.router = FakeRouter()
        options = AccountOptions(max_sends_in_flight=1, policy=FAST, poll_grace_seconds=0.5, send_grace_seconds=1.0)
        self.crashes: list[Exception] = []
        self.actor = AccountActor(
            ME,
            lambda: KIND.open(ME, settings(**changed), NOTHING_SHARED),
            self.router.box.ref,
            options,
            trio.current_time,
            self.crashes.append,
        )

    @asynccontextmanager
    async def living(self) -> AsyncIterator[None]:
        with trio.fail_after(DEADLINE_SECONDS):
            async with trio.open_nursery() as routers:
                routers.start_soon(self.router.run)
                async with trio.open_nursery() as accounts:
                    accounts.start_soon(self.actor.run)
                    yield
                    accounts.cancel_scope.cancel()
                routers.cancel_scope.cancel()

    async def wait_for_state(self, word: str) -> None:
        while self.actor.status().state != word:
            await trio.sleep(0.01)

    async def wait_for_texts(self, count: int) -> list[str]:
        while len(self.texts) < count:
            await trio.sleep(0.01)
        return self.texts

    @property
    def texts(self) -> list[str]:
        return [asked.inbound.text for asked in self.router.questions if isinstance(asked, Accept)]


@pytest.mark.parametrize("order", [{"do": "recycle"}, {"do": "exit", "code": 0}, {"do": "exit", "code": 1}])
async def test_an_account_listens_again_after_every_end_of_its_listener(
    home: StandIn, order: dict[str, object]
) -> None:
    life = Life()
    async with life.living():
        home.say("one")
        home.order(**order)  # type: ignore[arg-type]
        home.say("two")
        assert await life.wait_for_texts(2) == ["one", "two"]
    assert home.listener_pid() is None


async def test_kicked_out_it_shows_backing_off_and_comes_back(home: StandIn) -> None:
    life = Life(reconnect_seconds=0.3)
    async with life.living():
        home.order("close", code=3003)
        await life.wait_for_state("backing-off")
        home.say("after")
        assert await life.wait_for_texts(1) == ["after"]
        await life.wait_for_state("running")
    words = [" ".join(argv[2:]) for argv in home.journal()]
    assert words.count("listen -r -k") == 2


async def test_logged_out_it_waits_for_a_login_and_goes_on_after_it(home: StandIn) -> None:
    life = Life()
    async with life.living():
        home.say("before")
        await life.wait_for_texts(1)
        home.log_in(expired=True)
        home.order("exit", code=1, stderr="Error: Failed to fetch server info: zpw_sek bị thiếu hoặc không đúng")
        await life.wait_for_state("needs-login")
        assert "log in again" in life.actor.status().last_error
        listens = len(home.journal())
        home.log_in()
        life.actor.start()
        home.say("back")
        assert await life.wait_for_texts(2) == ["before", "back"]
        assert len(home.journal()) == listens + 2
    assert life.crashes == []


async def test_a_program_that_is_not_there_is_waited_for_and_said_in_status() -> None:
    life = Life(program=("zca-is-nowhere",))
    async with life.living():
        await life.wait_for_state("backing-off")
        assert life.actor.status().last_error.startswith("zca-is-nowhere not found in PATH")
    assert life.crashes == []
