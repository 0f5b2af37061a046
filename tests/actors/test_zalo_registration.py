"""The webhook at Zalo: set when there is a reason to, looked after, and never taken away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import trio
from trio.testing import MockClock, wait_all_tasks_blocked
from zalo_fakes import SHOP, FakeIntake

from actors.errors import Rejected, RetryLater
from actors.messages import AccountKey
from actors.secret import Secret
from actors.zalo.registration import CHECK_SECONDS, Memory, Registration
from actors.zalo.wire import Verification, WebhookInfo

URL = "https://hooks.test/hook"
GOOD = Verification(True, "webhook.ok", "Your endpoint responded successfully.")
BAD = Verification(False, "webhook.http.403", "Check your firewall.")


class FakeApi:
    """The server's side of webhooks; what it does wrong is told beforehand."""

    def __init__(self, url: str = "", verification: Verification | None = GOOD) -> None:
        self.url = url
        self.verification = verification
        self.set_at: list[float] = []
        self.looked = 0
        self.secrets: list[str] = []
        self.failures: list[Exception] = []

    async def get_webhook_info(self) -> WebhookInfo:
        await trio.lowlevel.checkpoint()
        self.looked += 1
        return WebhookInfo(self.url)

    async def set_webhook(self, url: str, secret: Secret) -> WebhookInfo:
        await trio.lowlevel.checkpoint()
        self.set_at.append(trio.current_time())
        if self.failures:
            raise self.failures.pop(0)
        self.url = url
        self.secrets.append(secret.reveal())
        return WebhookInfo(url, self.verification)


class AwayApi(FakeApi):
    """Cannot be asked for the first so many times."""

    away = 3

    async def get_webhook_info(self) -> WebhookInfo:
        info = await super().get_webhook_info()
        if self.looked <= self.away:
            raise RetryLater("getWebhookInfo: the server was not reached")
        return info


def registration(api: FakeApi, memory: Memory, url: str = URL, secret: str = "secret-1") -> Registration:
    return Registration(api, url, Secret(secret), Secret("4242:canary-token"), memory, lambda: 0.0)


@asynccontextmanager
async def kept(registered: Registration, seconds: float = 1.0) -> AsyncIterator[FakeIntake]:
    """Keeps it for so long before the block, and goes on while the block lasts."""
    intake = FakeIntake()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(registered.keep, intake)
        # Files are read in a thread, during which the clock does not jump: nothing here may depend on how long.
        await wait_all_tasks_blocked()
        await trio.sleep(seconds)
        yield intake
        nursery.cancel_scope.cancel()


def nowhere() -> Memory:
    return Memory(SHOP, None)


async def test_it_is_set_with_the_secret_and_status_says_how_the_test_went(autojump_clock: MockClock) -> None:
    api = FakeApi()
    async with kept(registration(api, nowhere())) as intake:
        assert (api.url, api.secrets) == (URL, ["secret-1"])
        assert intake.verifications == ["webhook.ok: Your endpoint responded successfully."]
        assert intake.troubles == []
        assert intake.goods == 1
    assert api.url == URL  # stopping takes nothing away


async def test_an_older_server_that_tests_nothing_is_fine(autojump_clock: MockClock) -> None:
    async with kept(registration(FakeApi(verification=None), nowhere())) as intake:
        assert intake.verifications == ["not tested by Zalo"]
        assert intake.goods == 1


async def test_a_test_that_failed_is_trouble_and_is_tried_again_ever_more_seldom(autojump_clock: MockClock) -> None:
    api = FakeApi(verification=BAD)
    async with kept(registration(api, nowhere()), seconds=86_400) as intake:
        assert 5 <= len(api.set_at) <= 12
        assert intake.verifications[0] == "webhook.http.403: Check your firewall."
        assert intake.troubles[0] == ("Zalo's test of the webhook failed: webhook.http.403: Check your firewall.", 60.0)
        assert intake.goods == 0
        api.verification = GOOD
        await trio.sleep(22_000)
        assert intake.goods > 0


async def test_a_daily_limit_is_waited_out_without_a_flood_of_calls(autojump_clock: MockClock) -> None:
    api = FakeApi()
    api.failures = [RetryLater("setWebhook: too many (426)")] * 5 + [Rejected("setWebhook: bad (400)")]
    async with kept(registration(api, nowhere()), seconds=86_400) as intake:
        assert len(api.set_at) == 7
        gaps = [later - earlier for earlier, later in zip(api.set_at, api.set_at[1:], strict=False)]
        assert gaps == [60, 120, 240, 480, 960, 1920]
        assert [reason for reason, _ in intake.troubles][-1] == "setWebhook: bad (400)"
        assert intake.goods > 0


async def test_a_server_that_says_when_to_come_back_is_heard(autojump_clock: MockClock) -> None:
    api = FakeApi()
    api.failures = [RetryLater("setWebhook: busy (429)", 500.0)]
    async with kept(registration(api, nowhere()), seconds=1000):
        assert api.set_at[1] - api.set_at[0] == 500


async def test_a_server_that_is_away_is_asked_again_soon(autojump_clock: MockClock) -> None:
    api = AwayApi()
    async with kept(registration(api, nowhere()), seconds=10) as intake:
        assert [seconds for _, seconds in intake.troubles] == [1.0, 2.0, 4.0]
        assert api.url == URL


async def test_it_is_looked_after_and_set_again_when_somebody_took_it(autojump_clock: MockClock) -> None:
    api = FakeApi()
    async with kept(registration(api, nowhere())) as intake:
        await trio.sleep(CHECK_SECONDS)
        assert (api.looked, len(api.set_at)) == (2, 1)
        api.url = ""
        await trio.sleep(CHECK_SECONDS)
        assert len(api.set_at) == 2
        assert api.url == URL
        assert intake.goods == 3


async def test_two_who_want_the_same_bot_do_not_spend_the_daily_number_of_calls(autojump_clock: MockClock) -> None:
    class Contested(FakeApi):
        async def set_webhook(self, url: str, secret: Secret) -> WebhookInfo:
            info = await super().set_webhook(url, secret)
            self.url = "https://elsewhere.test/"
            return info

    api = Contested()
    async with kept(registration(api, nowhere()), seconds=86_400):
        assert len(api.set_at) <= 8


def states(directory: Path) -> list[Path]:
    return [file for file in directory.rglob("*") if file.is_file()]


async def test_a_restart_sets_nothing_that_is_known_to_be_set(tmp_path: Path) -> None:
    api = FakeApi()
    with trio.fail_after(10):
        first = FakeIntake()
        await one_look(registration(api, Memory(SHOP, tmp_path)), first)
        again = FakeIntake()
        await one_look(registration(api, Memory(SHOP, tmp_path)), again)
        assert len(api.set_at) == 1
        assert again.verifications == first.verifications
        assert again.goods == 1
        await one_look(registration(api, Memory(AccountKey("zalo", "a/b"), tmp_path)), FakeIntake())
        assert len(api.set_at) == 2  # another account's memory is not this one's
    assert sorted(file.name for file in states(tmp_path)) == ["zalo-a%2Fb.json", "zalo-shop.json"]
    for file in states(tmp_path):
        assert b"secret-1" not in file.read_bytes()
        assert b"canary" not in file.read_bytes()
        assert file.stat().st_mode & 0o077 == 0


async def test_another_secret_or_address_or_a_lost_memory_is_a_reason(tmp_path: Path) -> None:
    api = FakeApi()
    with trio.fail_after(10):
        for url, secret in ((URL, "secret-1"), (URL, "secret-2"), (URL + "2", "secret-2")):
            await one_look(registration(api, Memory(SHOP, tmp_path), url, secret), FakeIntake())
        assert api.secrets == ["secret-1", "secret-2", "secret-2"]
        api.url = "https://elsewhere.test/"
        await one_look(registration(api, Memory(SHOP, tmp_path), URL + "2", "secret-2"), FakeIntake())
        assert len(api.set_at) == 4
        for spoilt in (b"{", b'{"digest": 1}', b"\xff"):
            (tmp_path / "webhooks" / "zalo-shop.json").write_bytes(spoilt)
            await one_look(registration(api, Memory(SHOP, tmp_path), URL + "2", "secret-2"), FakeIntake())
        assert len(api.set_at) == 7


async def test_what_zalo_could_not_confirm_is_set_again_at_the_next_start(tmp_path: Path) -> None:
    api = FakeApi(verification=BAD)
    with trio.fail_after(10):
        for _ in range(2):
            await one_look(registration(api, Memory(SHOP, tmp_path)), FakeIntake())
    assert len(api.set_at) == 2


async def test_a_memory_that_cannot_be_kept_is_no_reason_to_fail(tmp_path: Path) -> None:
    (tmp_path / "webhooks").write_text("a file where a directory should be")
    api = FakeApi()
    with trio.fail_after(10):
        intake = FakeIntake()
        await one_look(registration(api, Memory(SHOP, tmp_path)), intake)
    assert intake.goods == 1


async def one_look(registered: Registration, intake: FakeIntake) -> None:
    """Keeps it until its first look has led to something that the intake was told."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(registered.keep, intake)
        while not (intake.goods or intake.troubles):
            await trio.sleep(0.001)
        nursery.cancel_scope.cancel()
