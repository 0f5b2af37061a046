"""A webhook looked at from both sides, with everything that can be wrong with it."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
import trio

from actors.errors import RetryLater, RouterError
from actors.messages import AccountKey
from actors.net.answer import HttpAnswer
from actors.net.client import open_http_client
from actors.net.listening import ListenOptions, serve_webhooks
from actors.net.webhooks import WebhookListener
from actors.secret import Secret
from actors.zalo.settings import ZaloSettings
from actors.zalo.webhook import WebhookReceiver
from actors.zalo.webhook_check import WebhookCheck, check_webhook
from actors.zalo.wire import Verification, WebhookInfo

URL = "https://hooks.test/hook"
SETTINGS = ZaloSettings(bot_token=Secret("1:t"), webhook_url=URL, webhook_secret=Secret("secret-1"))


class Api:
    """Zalo's side."""

    def __init__(self, known: str | RouterError = URL, tested: Verification | RouterError | None = None) -> None:
        self.known = known
        self.tested = tested

    async def get_webhook_info(self) -> WebhookInfo:
        await trio.lowlevel.checkpoint()
        if isinstance(self.known, RouterError):
            raise self.known
        return WebhookInfo(self.known)

    async def test_webhook(self) -> Verification:
        await trio.lowlevel.checkpoint()
        if isinstance(self.tested, Verification):
            return self.tested
        raise self.tested or AssertionError("nobody asked for a test")


class Http:
    """Our own address, as seen from here."""

    def __init__(self, answer: int | RouterError = 200) -> None:
        self.answer = answer

    async def post(self, url: str, *, body: bytes, timeout_seconds: float) -> HttpAnswer:
        await trio.lowlevel.checkpoint()
        assert url == URL
        if isinstance(self.answer, RouterError):
            raise self.answer
        return HttpAnswer(self.answer, b"")


async def test_all_is_well() -> None:
    found = await check_webhook(Api(), Http(), SETTINGS)
    assert found == WebhookCheck(registered=True, probe_status=200)
    assert found.ok


async def test_zalos_own_test_is_asked_for_only_when_wanted() -> None:
    good, bad = Verification(True, "webhook.ok"), Verification(False, "webhook.http.403", "See your firewall.")
    assert (await check_webhook(Api(tested=good), Http(), SETTINGS)).verification is None
    assert (await check_webhook(Api(tested=good), Http(), SETTINGS, ask_zalo_to_test=True)).ok
    found = await check_webhook(Api(tested=bad), Http(), SETTINGS, ask_zalo_to_test=True)
    assert (found.ok, found.verification) == (False, bad)
    limit = RetryLater("testWebhook: too many (426)")
    found = await check_webhook(Api(tested=limit), Http(), SETTINGS, ask_zalo_to_test=True)
    assert (found.ok, found.verification_error) == (False, "testWebhook: too many (426)")


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ("", "Zalo has no address for this bot"),
        ("https://canary.test/", "Zalo has another address"),
        (RetryLater("getWebhookInfo: away"), "getWebhookInfo: away"),
    ],
)
async def test_what_zalo_knows_is_told(known: str | RouterError, words: str) -> None:
    found = await check_webhook(Api(known), Http(), SETTINGS)
    assert not found.ok
    assert found.registration_error.startswith(words)
    assert "canary" not in str(found)
    assert found.probe_status == 200  # one trouble does not hide what else was seen


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (301, "got 301; Zalo may not follow redirects"),
        (404, "got 404; the path"),
        (401, "got 401; something in front"),
        (503, "got 503; the router is not running"),
        (418, "got 418; look at"),
        (RetryLater("the server was not reached: ConnectError"), "webhookUrl cannot be reached from here: the server"),
    ],
)
async def test_what_our_own_address_answers_is_told(answer: int | RouterError, words: str) -> None:
    found = await check_webhook(Api(), Http(answer), SETTINGS)
    assert not found.ok
    assert words in found.probe_error
    assert found.registered


async def test_the_probe_passes_at_a_real_door(nursery: trio.Nursery) -> None:
    webhooks = WebhookListener(lambda refusal: pytest.fail(str(refusal)))
    url = await nursery.start(serve_webhooks, webhooks, ListenOptions(), lambda error: pytest.fail(str(error)))
    settings = ZaloSettings(webhook_url=f"{url}/hook", webhook_secret=Secret("secret-1"))
    with ExitStack() as doors, trio.fail_after(5):
        doors.enter_context(WebhookReceiver(AccountKey("zalo", "shop")).registered(webhooks, settings))
        async with open_http_client() as http:
            found = await check_webhook(Api(f"{url}/hook"), http, settings)
    assert found.ok
    nursery.cancel_scope.cancel()


async def test_an_account_that_polls_has_nothing_to_check() -> None:
    with pytest.raises(ValueError, match="no webhookUrl"):
        await check_webhook(Api(), Http(), ZaloSettings())
