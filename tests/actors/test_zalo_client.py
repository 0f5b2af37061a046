"""The Bot API's methods over a scripted HTTP client: what is asked, what is returned, what is raised."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable

import pytest
import trio
import trio.testing
from zalo_fakes import OWN, Answer, FakePoster, html, ok, refused

from actors.errors import BadCredentials, Rejected, RetryLater, RouterError, TooManyRequests, UnknownOutcome
from actors.net.answer import HttpAnswer
from actors.secret import Secret
from actors.zalo import wire
from actors.zalo.client import BotApi, WebhookIsSet

TOKEN = "4242:canary/to?ken#"

Call = Callable[[BotApi], Awaitable[object]]

CALLS: dict[str, Call] = {
    "getMe": lambda api: api.get_me(),
    "getWebhookInfo": lambda api: api.get_webhook_info(),
    "deleteWebhook": lambda api: api.delete_webhook(),
    "getUpdates": lambda api: api.get_updates(30),
    "sendMessage": lambda api: api.send_message("c", "x"),
    "sendPhoto": lambda api: api.send_photo("c", "https://x/y.png"),
    "sendChatAction": lambda api: api.send_chat_action("c"),
}
SENDS = ("sendMessage", "sendPhoto")


def api_with(*answers: Answer) -> tuple[BotApi, FakePoster]:
    """A bot whose polls and calls go to one poster."""
    poster = FakePoster(*answers)
    return BotApi(poster, poster, Secret(TOKEN), request_timeout_seconds=12.0), poster


@pytest.mark.parametrize("method", CALLS)
async def test_a_method_is_a_path_below_the_token_which_is_quoted(method: str) -> None:
    api, poster = api_with(ok({"id": OWN}))
    await CALLS[method](api)
    assert poster.asked[0].url == f"/bot4242:canary%2Fto%3Fken%23/{method}"


@pytest.mark.parametrize(
    ("method", "seconds"),
    [
        ("getMe", 12.0),
        ("getWebhookInfo", 12.0),
        ("deleteWebhook", 12.0),
        ("getUpdates", 40.0),
        ("sendMessage", 12.0),
        ("sendPhoto", 150.0),
        ("sendChatAction", 5.0),
    ],
)
async def test_every_call_has_a_deadline(method: str, seconds: float) -> None:
    api, poster = api_with(ok({"id": OWN}))
    await CALLS[method](api)
    assert poster.asked[0].timeout_seconds == seconds


async def test_only_a_polls_answer_is_kept_and_polls_have_a_client_of_their_own() -> None:
    polls, calls = FakePoster(ok()), FakePoster(*[ok({"id": OWN})] * 6)
    api = BotApi(polls, calls, Secret(TOKEN))
    for call in CALLS.values():
        await call(api)
    assert [(one.method, one.keep_answer) for one in polls.asked] == [("getUpdates", True)]
    assert not any(one.keep_answer for one in calls.asked)
    assert len(calls.asked) == 6


async def test_get_me_says_who_the_token_is() -> None:
    api, _ = api_with(ok({"id": OWN, "account_name": "bot.V", "account_type": "BASIC", "can_join_groups": False}))
    assert await api.get_me() == wire.Me(OWN, "bot.V", account_type="BASIC", can_join_groups=False)


@pytest.mark.parametrize("answer", [ok(), ok({}), ok("odd"), HttpAnswer(200, b"{}"), html(200)])
async def test_a_success_without_what_is_documented_may_be_better_later(answer: HttpAnswer) -> None:
    api, _ = api_with(answer)
    with pytest.raises(RetryLater, match="getMe"):
        await api.get_me()


@pytest.mark.parametrize(
    ("answer", "url"),
    [
        (ok({"url": "https://a/hook", "updated_at": 1}), "https://a/hook"),
        (ok({"url": ""}), ""),
        (refused(404, "Not Found"), ""),
        (refused(404, "Not Found", status=404), ""),
    ],
)
async def test_no_webhook_is_an_empty_url_or_a_404(answer: HttpAnswer, url: str) -> None:
    api, _ = api_with(answer)
    assert (await api.get_webhook_info()).url == url


async def test_a_404_of_the_front_says_nothing_about_webhooks() -> None:
    api, _ = api_with(html(404))
    with pytest.raises(RetryLater):
        await api.get_webhook_info()


async def test_deleting_a_webhook_that_never_was_is_fine() -> None:
    api, poster = api_with(ok({"url": ""}), refused(400, "Bad request"), html(400))
    await api.delete_webhook()
    await api.delete_webhook()
    with pytest.raises(Rejected):
        await api.delete_webhook()
    assert len(poster.asked) == 3


@pytest.mark.parametrize("answer", [ok(), ok({}), refused(408, "Request timeout"), refused(408, status=408)])
async def test_an_empty_poll_brings_nothing(answer: HttpAnswer) -> None:
    api, poster = api_with(answer)
    assert await api.get_updates(7) == ()
    assert poster.asked[0].params == {"timeout": 7}


async def test_a_poll_brings_the_update_byte_for_byte() -> None:
    raw = b'{ "event_name" : "message.text.received", "message": {"text": "\\u0111 \xc4\x91"} }'
    api, _ = api_with(HttpAnswer(200, b'{"ok":true,"result":' + raw + b',"error_code":0}'))
    assert await api.get_updates(30) == (raw,)


@pytest.mark.parametrize(
    "body",
    [
        b'{"ok":true,"result":{"message":{"text":"\\ud800"}}}',
        b'{"ok":true,"result":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"ok":"yes","result":{"message":{"text":"x"}}}',
    ],
)
async def test_an_update_that_spoils_its_envelope_is_returned_with_it_for_the_shelf(body: bytes) -> None:
    api, _ = api_with(HttpAnswer(200, body))
    assert await api.get_updates(30) == (body,)


@pytest.mark.parametrize("body", [b"", b"<html>sign in</html>", b'{"ok":tr', b'{"error":-216,"message":"x"}'])
async def test_a_200_that_holds_no_result_is_no_update(body: bytes) -> None:
    api, _ = api_with(HttpAnswer(200, body))
    with pytest.raises(RetryLater):
        await api.get_updates(30)


@pytest.mark.parametrize("answer", [html(408), html(504), html(429)])
async def test_a_poll_that_the_front_ended_is_no_empty_poll(answer: HttpAnswer) -> None:
    api, _ = api_with(answer)
    with pytest.raises(RetryLater):
        await api.get_updates(30)


@pytest.mark.parametrize("code", [400, 403, 409, 500])
async def test_a_poll_refused_because_of_a_webhook_says_so(code: int) -> None:
    api, _ = api_with(refused(code, "Webhook is configured; delete it before using getUpdates"))
    with pytest.raises(WebhookIsSet, match="Webhook is configured"):
        await api.get_updates(30)


async def test_the_word_webhook_mends_nothing_elsewhere() -> None:
    api, _ = api_with(refused(401, "no webhook for you"), refused(400, "webhook?"))
    with pytest.raises(BadCredentials):
        await api.get_updates(30)
    with pytest.raises(Rejected):
        await api.send_message("c", "x")


@pytest.mark.parametrize(
    ("result", "message_id"),
    [
        ({"message_id": "82599fa32f56d00e8941", "date": 1749632637199}, "82599fa32f56d00e8941"),
        ({"message_id": 17}, "17"),
        ({}, ""),
        (None, ""),
        ({"message_id": None}, ""),
    ],
)
@pytest.mark.parametrize("method", SENDS)
async def test_what_was_sent_was_sent_whatever_else_the_answer_lacks(
    method: str, result: object, message_id: str
) -> None:
    api, _ = api_with(ok(result))
    assert await CALLS[method](api) == message_id


async def test_sends_carry_their_words() -> None:
    api, poster = api_with(*[ok({"message_id": "m"})] * 4)
    await api.send_message("c1", "Xin chào 👋")
    await api.send_photo("c2", "https://x/y.png", "cap")
    await api.send_photo("c2", "https://x/y.png")
    await api.send_chat_action("c3")
    assert [one.params for one in poster.asked] == [
        {"chat_id": "c1", "text": "Xin chào 👋"},
        {"chat_id": "c2", "photo": "https://x/y.png", "caption": "cap"},
        {"chat_id": "c2", "photo": "https://x/y.png"},
        {"chat_id": "c3", "action": "typing"},
    ]


@pytest.mark.parametrize("method", CALLS)
@pytest.mark.parametrize(
    ("code", "kind"),
    [(401, BadCredentials), (403, RetryLater), (410, Rejected), (429, TooManyRequests), (500, RetryLater)],
)
async def test_refusals_are_named_for_what_to_do(method: str, code: int, kind: type[RouterError]) -> None:
    api, _ = api_with(refused(code))
    with pytest.raises(kind, match=f"^{method}: words .{code}.$") as caught:
        await CALLS[method](api)
    assert type(caught.value) is kind


async def test_a_peer_may_say_how_long_to_wait() -> None:
    api, _ = api_with(refused(429, status=429, retry_after=17.0))
    with pytest.raises(RetryLater) as caught:
        await api.send_message("c", "x")
    assert caught.value.retry_after_seconds == 17.0


@pytest.mark.parametrize("method", CALLS)
async def test_a_lost_answer_is_an_unknown_outcome_only_for_sends(method: str) -> None:
    api, _ = api_with(UnknownOutcome("no whole answer came back"), html(504))
    for _ in range(2):
        with pytest.raises(UnknownOutcome if method in SENDS else RetryLater) as caught:
            await CALLS[method](api)
        assert caught.value.__context__ is None


@pytest.mark.parametrize("method", CALLS)
@pytest.mark.parametrize("error", [RetryLater("not reached", 3.0), Rejected("cannot be sent")])
async def test_what_never_left_is_passed_on_as_it_is(method: str, error: RouterError) -> None:
    api, _ = api_with(error)
    with pytest.raises(type(error)) as caught:
        await CALLS[method](api)
    assert caught.value is error


@pytest.mark.parametrize("method", CALLS)
@pytest.mark.parametrize("code", [401, 410, 429])
@pytest.mark.parametrize("padding", [0, 185])
async def test_no_error_shows_the_token_even_when_the_peer_repeats_it(method: str, code: int, padding: int) -> None:
    # Padded so that the cut of a long description falls into the token.
    api, _ = api_with(refused(code, "x" * padding + f" no bot has the token {TOKEN} here"))
    with pytest.raises(RouterError) as caught:
        await CALLS[method](api)
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert "4242" not in shown
    assert "canary" not in shown


async def test_calls_do_not_wait_for_each_other(autojump_clock: trio.testing.MockClock) -> None:
    poster = FakePoster(*[ok({"message_id": "m"})] * 3, delay=5)
    api = BotApi(poster, poster, Secret(TOKEN))
    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(api.send_message, "c", "x")
    assert [one.at for one in poster.asked] == [0, 0, 0]
    assert trio.current_time() == 5
