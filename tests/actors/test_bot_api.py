"""The simulated Bot API, method by method, against the zalo-bot-api reference; no sockets, and a clock that jumps."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.net.http import NOBODY, Peer, Request
from actors.secret import Secret
from actors.testing.bot_api import Behaviour, BotApi, SimulatedBot

TOKEN = "1459232241454765289:abc-xyz"
TED = "6ede9afa66b88fe6d6a9"
GROUP = "zgr-f8a7101d77709e2ec761"

OK: dict[str, Any] = {"ok": True, "error_code": 0}


def make(**behaviour: Any) -> tuple[BotApi, SimulatedBot]:
    api = BotApi(Behaviour(**behaviour), wall_clock=lambda: 1_750_316_131.602)
    return api, api.add_bot(TOKEN)


def json_request(method: str, params: dict[str, object], peer: Peer = NOBODY, token: str = TOKEN) -> Request:
    headers = ((b"content-type", b"application/json; charset=utf-8"),)
    return Request("POST", f"/bot{token}/{method}", "", headers, "1.1", peer, msgspec.json.encode(params))


async def call(api: BotApi, method: str, **params: object) -> Any:
    response = await api.handle(json_request(method, params))
    return msgspec.json.decode(response.body)


def refused(code: int, description: str) -> dict[str, object]:
    return {"ok": False, "description": description, "error_code": code}


async def test_get_me_has_the_documented_fields() -> None:
    api, _ = make()
    answer = await call(api, "getMe")
    assert answer["result"] == {
        "id": "1459232241454765289",
        "account_name": "bot.Demo",
        "account_type": "BASIC",
        "can_join_groups": False,
        "display_name": "Bot Demo",
    }


async def test_a_wrong_token_and_a_revoked_one_are_401() -> None:
    api, bot = make()
    request = json_request("getMe", {}, token="1459232241454765289:wrong")
    assert msgspec.json.decode((await api.handle(request)).body) == refused(401, "Unauthorized")
    bot.revoke()
    assert await call(api, "getMe") == refused(401, "Unauthorized")
    bot.reinstate()
    assert (await call(api, "getMe"))["ok"] is True


@pytest.mark.parametrize("method", ["getme", "sendVideo", "editMessageText", ""])
async def test_a_method_that_does_not_exist_is_404(method: str) -> None:
    api, _ = make()
    assert await call(api, method) == refused(404, "Not Found")


async def test_the_http_status_of_an_error_is_a_switch() -> None:
    api, _ = make()
    assert (await api.handle(json_request("nope", {}))).status == 200
    api.behaviour = Behaviour(status_is_error_code=True)
    assert (await api.handle(json_request("nope", {}))).status == 404


async def test_a_successes_error_code_is_a_switch() -> None:
    api, _ = make(success_has_error_code=False)
    assert "error_code" not in await call(api, "getMe")


async def test_a_text_arrives_in_the_documented_shape() -> None:
    api, bot = make()
    message_id = api.say(bot, TED, "Xin chào")
    assert await call(api, "getUpdates", timeout="30") == OK | {
        "result": {
            "event_name": "message.text.received",
            "message": {
                "from": {"id": TED, "display_name": "Ted", "is_bot": False},
                "chat": {"id": TED, "chat_type": "PRIVATE"},
                "text": "Xin chào",
                "message_id": message_id,
                "date": 1750316131602,
            },
        }
    }
    assert len(message_id) == 20
    assert set(message_id) <= set("0123456789abcdef")


@pytest.mark.parametrize(("chat_id", "group"), [(GROUP, False), (GROUP, True), (None, True)])
async def test_a_group_is_told_by_its_id_or_by_saying_so(chat_id: str | None, group: bool) -> None:
    api, bot = make()
    api.say(bot, TED, "@Bot Demo hi", chat_id, group)
    chat = (await call(api, "getUpdates"))["result"]["message"]["chat"]
    assert chat["chat_type"] == "GROUP"
    assert chat["id"].startswith("zgr-")


async def test_every_other_kind_arrives_with_its_own_fields() -> None:
    api, bot = make()
    api.show_image(bot, TED, "https://x/p.jpg", caption="look")
    api.show_sticker(bot, TED, "0e078a2fb66a5f34067b", "https://x/s.png")
    api.speak(bot, TED, "https://x/v.aac")
    api.send_unsupported(bot, TED)
    api.inject(bot, b'{"odd": 1}')
    got = [(await call(api, "getUpdates"))["result"] for _ in range(5)]
    shared = {"from", "chat", "message_id", "date"}
    own = [{k: v for k, v in update["message"].items() if k not in shared} for update in got[:4]]
    assert [update["event_name"] for update in got[:4]] == [
        f"message.{kind}.received" for kind in ("image", "sticker", "voice", "unsupported")
    ]
    assert own == [
        {"message_type": "CHAT_PHOTO", "photo_url": "https://x/p.jpg", "caption": "look"},
        {"sticker": "0e078a2fb66a5f34067b", "url": "https://x/s.png"},
        {"message_type": "CHAT_VOICE", "voice_url": "https://x/v.aac"},
        {},
    ]
    assert got[4] == {"odd": 1}


async def test_the_photo_field_is_a_switch() -> None:
    api, bot = make(photo_field="photo")
    api.show_image(bot, TED, "https://x/p.jpg")
    message = (await call(api, "getUpdates"))["result"]["message"]
    assert message["photo"] == "https://x/p.jpg"
    assert "photo_url" not in message
    assert "caption" not in message


@pytest.mark.parametrize(("timeout", "seconds"), [(5, 5), ("10", 10), (None, 30), ("soon", 30), (0, 0)])
async def test_an_empty_poll_is_408_after_exactly_its_timeout(
    timeout: object, seconds: float, autojump_clock: MockClock
) -> None:
    api, _ = make()
    started = trio.current_time()
    assert await call(api, "getUpdates", timeout=timeout) == refused(408, "Request timeout")
    assert trio.current_time() - started == pytest.approx(seconds)


async def test_a_waiting_poll_is_answered_when_somebody_writes(autojump_clock: MockClock) -> None:
    api, bot = make()
    started = trio.current_time()
    async with trio.open_nursery() as nursery:

        @nursery.start_soon
        async def write_later() -> None:
            await trio.sleep(7)
            api.say(bot, TED, "late")

        answer = await call(api, "getUpdates", timeout=30)
    assert answer["result"]["message"]["text"] == "late"
    assert trio.current_time() - started == pytest.approx(7)


async def texts_of_polls(api: BotApi, count: int) -> list[str | None]:
    answers = [await call(api, "getUpdates", timeout=1) for _ in range(count)]
    return [answer["result"]["message"]["text"] if answer["ok"] else None for answer in answers]


async def test_consume_gives_each_update_once_and_in_order(autojump_clock: MockClock) -> None:
    api, bot = make()
    for text in "abc":
        api.say(bot, TED, text)
    assert await texts_of_polls(api, 4) == ["a", "b", "c", None]


async def test_replay_gives_the_last_updates_again_after_the_new_ones(autojump_clock: MockClock) -> None:
    api, bot = make(updates="replay", replay_depth=2)
    for text in "abc":
        api.say(bot, TED, text)
    assert await texts_of_polls(api, 6) == ["a", "b", "c", "b", "c", "b"]
    api.say(bot, TED, "new")
    assert await texts_of_polls(api, 3) == ["new", "b", "new"]


async def test_drop_when_idle_keeps_only_what_a_poll_waits_for(autojump_clock: MockClock) -> None:
    api, bot = make(updates="drop-when-idle")
    api.say(bot, TED, "nobody polls")
    assert await texts_of_polls(api, 1) == [None]
    async with trio.open_nursery() as nursery:

        @nursery.start_soon
        async def write_later() -> None:
            await wait_all_tasks_blocked()
            api.say(bot, TED, "heard")
            api.say(bot, TED, "one too many")

        assert await texts_of_polls(api, 2) == ["heard", None]


async def test_two_pollers_split_the_updates(autojump_clock: MockClock) -> None:
    api, bot = make()
    heard: list[list[str | None]] = []

    async def poll_twice() -> None:
        heard.append(await texts_of_polls(api, 2))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(poll_twice)
        nursery.start_soon(poll_twice)
        await wait_all_tasks_blocked()
        for text in "abcd":
            api.say(bot, TED, text)
            await wait_all_tasks_blocked()
    assert sorted(str(text) for texts in heard for text in texts) == ["a", "b", "c", "d"]
    assert all(len(texts) == 2 for texts in heard)


async def test_a_second_poller_ends_the_first_if_so_switched(autojump_clock: MockClock) -> None:
    api, bot = make(second_poller="conflict")
    answers: list[Any] = []

    async def poll() -> None:
        answers.append(await call(api, "getUpdates", timeout=30))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(poll)
        await wait_all_tasks_blocked()
        nursery.start_soon(poll)
        await wait_all_tasks_blocked()
        api.say(bot, TED, "for the second")
    assert [answer.get("error_code") for answer in answers] == [409, 0]


async def test_an_update_is_not_given_to_a_poller_that_hung_up(autojump_clock: MockClock) -> None:
    class Leaver:
        host = ""
        gone = trio.Event()

        async def wait_gone(self) -> None:
            await self.gone.wait()

        async def hang_up(self, last_words: bytes = b"") -> None:
            raise AssertionError

    api, bot = make()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(api.handle, json_request("getUpdates", {}, Leaver()))
        await wait_all_tasks_blocked()
        assert bot.queue.pollers == 1
        Leaver.gone.set()
        api.say(bot, TED, "in the same instant")
    assert await texts_of_polls(api, 1) == ["in the same instant"]


async def test_replaying_a_message_repeats_its_very_bytes() -> None:
    api, bot = make()
    message_id = api.say(bot, TED, "once")
    api.replay(bot, message_id)
    first, second = [await api.handle(json_request("getUpdates", {})) for _ in range(2)]
    assert first.body == second.body
    with pytest.raises(LookupError, match="never sent a message 'x'"):
        api.replay(bot, "x")


async def test_sending_is_recorded_and_answered_with_id_and_date() -> None:
    api, bot = make()
    api.know(bot, TED)
    answer = await call(api, "sendMessage", chat_id=TED, text="chào")
    assert answer == OK | {"result": {"message_id": bot.sent[0].message_id, "date": 1750316131602}}
    photo = await call(api, "sendPhoto", chat_id=TED, photo="https://x/p.png", caption="c")
    assert photo["result"]["message_type"] == "CHAT_PHOTO"
    await call(api, "sendSticker", chat_id=TED, sticker="0e07")
    await call(api, "sendVoice", chat_id=TED, voice_url="https://x/v.aac")
    assert await call(api, "sendChatAction", chat_id=TED, action="typing") == OK
    assert [(s.method, s.chat_id, s.text, s.url, s.sticker) for s in bot.sent] == [
        ("sendMessage", TED, "chào", "", ""),
        ("sendPhoto", TED, "c", "https://x/p.png", ""),
        ("sendSticker", TED, "", "", "0e07"),
        ("sendVoice", TED, "", "https://x/v.aac", ""),
    ]
    assert [action.action for action in bot.actions] == ["typing"]
    assert bot.texts[0] == "chào"


BAD = "Bad request: "
REFUSALS: list[tuple[str, dict[str, object], int, str]] = [
    ("sendMessage", {"text": "x"}, 400, "Bad request: The chat_id must not be empty"),
    ("sendMessage", {"chat_id": TED}, 400, "Bad request: The text must not be empty"),
    ("sendMessage", {"chat_id": "nobody", "text": "x"}, 410, "The chat_id is invaild"),
    ("sendMessage", {"chat_id": TED, "text": "😀" * 1001}, 400, BAD + "The text must be at most 2000 characters"),
    ("sendPhoto", {"chat_id": TED}, 400, "The photo must not be empty"),
    ("sendPhoto", {"chat_id": TED, "photo": "data:x"}, 400, "The photo must start with http:// or https://"),
    (
        "sendPhoto",
        {"chat_id": TED, "photo": "https://x", "caption": "c" * 2001},
        400,
        BAD + "The caption must be at most 2000 characters",
    ),
    ("sendSticker", {"chat_id": TED}, 400, "Bad request: The sticker must not be empty"),
    (
        "sendVoice",
        {"chat_id": TED, "voice_url": "https://x.mp3"},
        400,
        BAD + "The voice_url must be an http(s) URL that ends in .aac",
    ),
    ("sendChatAction", {"chat_id": TED, "action": "dance"}, 400, "Bad request: The action is invalid"),
]


@pytest.mark.parametrize(("method", "params", "code", "text"), REFUSALS)
async def test_what_cannot_be_sent_is_refused(method: str, params: dict[str, object], code: int, text: str) -> None:
    api, bot = make()
    api.know(bot, TED)
    assert await call(api, method, **params) == refused(code, text)
    assert bot.sent == []


async def test_2000_is_counted_in_utf16_unless_switched() -> None:
    api, bot = make()
    api.know(bot, TED)
    assert (await call(api, "sendMessage", chat_id=TED, text="😀" * 1000))["ok"] is True
    api.behaviour = Behaviour(text_unit="code-points")
    assert (await call(api, "sendMessage", chat_id=TED, text="😀" * 2000))["ok"] is True
    assert (await call(api, "sendMessage", chat_id=TED, text="x" * 2001))["ok"] is False


async def test_any_chat_may_be_written_to_if_so_switched() -> None:
    api, _ = make(known_chats_only=False)
    assert (await call(api, "sendMessage", chat_id="anyone", text="x"))["ok"] is True


async def test_a_bot_hears_itself_in_groups_if_so_switched(autojump_clock: MockClock) -> None:
    api, bot = make(echo_in_groups=True, known_chats_only=False)
    await call(api, "sendMessage", chat_id=TED, text="private")
    await call(api, "sendMessage", chat_id=GROUP, text="public")
    update = (await call(api, "getUpdates"))["result"]["message"]
    assert (update["text"], update["from"]["id"], update["from"]["is_bot"]) == ("public", bot.bot_id, True)
    assert await texts_of_polls(api, 1) == [None]


async def test_the_webhook_methods_tell_one_story() -> None:
    api, bot = make()
    hook = {"url": "https://example.com/hook", "secret_token": "12345678"}
    assert await call(api, "getWebhookInfo") == refused(404, "Not Found")
    assert await call(api, "deleteWebhook") == refused(400, "Bad request")
    assert await call(api, "testWebhook") == refused(404, "Not Found")
    stored = (await call(api, "setWebhook", **hook))["result"]
    assert stored["url"] == hook["url"]
    assert stored["verification"]["outcome"] == "webhook.ok"
    assert (await call(api, "getWebhookInfo"))["result"] == {"url": hook["url"], "updated_at": 1750316131602}
    api.say(bot, TED, "not to be polled")
    assert (await call(api, "getUpdates"))["error_code"] == 400
    assert (await call(api, "deleteWebhook"))["result"]["url"] == ""
    assert (await call(api, "deleteWebhook"))["ok"] is True
    assert (await call(api, "getUpdates"))["ok"] is True


async def test_the_disputed_webhook_answers_are_switches() -> None:
    api, _ = make(no_webhook_info="empty-url", delete_without_webhook="accept", verification=False)
    assert (await call(api, "getWebhookInfo"))["result"] == {"url": ""}
    assert (await call(api, "deleteWebhook"))["ok"] is True
    stored = await call(api, "setWebhook", url="https://example.com", secret_token="12345678")
    assert "verification" not in stored["result"]


@pytest.mark.parametrize(
    "params",
    [
        {"secret_token": "12345678"},
        {"url": "https://x"},
        {"url": "https://x", "secret_token": "1234567"},
        {"url": "https://x", "secret_token": "1" * 257},
        {"url": "http://example.com", "secret_token": "12345678"},
        {"url": "ftp://127.0.0.1", "secret_token": "12345678"},
    ],
)
async def test_a_webhook_needs_https_and_a_secret_of_8_to_256(params: dict[str, object]) -> None:
    api, bot = make()
    assert (await call(api, "setWebhook", **params))["error_code"] == 400
    assert bot.webhook is None


async def test_a_local_webhook_is_blocked_but_stored_if_so_switched() -> None:
    api, bot = make(loopback_webhooks=False)
    answer = await call(api, "setWebhook", url="http://127.0.0.1:1/x", secret_token="12345678")
    assert answer["result"]["verification"]["outcome"] == "webhook.err.blocked"
    assert bot.webhook is not None


def form(content_type: str, body: bytes, query: str = "") -> Request:
    return Request("POST", f"/bot{TOKEN}/sendMessage", query, ((b"content-type", content_type.encode()),), body=body)


MULTIPART = b'--b\r\nContent-Disposition: form-data; name="chat_id"\r\n\r\n' + TED.encode() + b"\r\n--b--\r\n"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (form("application/x-www-form-urlencoded", f"chat_id={TED}&text=a+%C3%A9".encode()), 0),
        (form("text/plain", b"", f"chat_id={TED}&text=a%20%C3%A9"), 0),
        (form("application/json", f'{{"chat_id":"{TED}","text":"a é","extra":1}}'.encode()), 0),
        (form("multipart/form-data; boundary=b", MULTIPART), 400),
        (form("application/json", b"[1]"), 400),
        (form("application/json", b"{"), 400),
    ],
)
async def test_parameters_come_by_query_json_or_form_but_not_multipart(request_: Request, code: int) -> None:
    api, bot = make()
    api.know(bot, TED)
    assert msgspec.json.decode((await api.handle(request_)).body)["error_code"] == code
    assert bot.texts == (["a é"] if code == 0 else [])


async def test_a_refusal_comes_as_often_as_ordered_and_takes_no_effect() -> None:
    api, bot = make(known_chats_only=False)
    bot.faults.refuse("sendMessage", 429, "Quota exceeded", times=2)
    answers = [await call(api, "sendMessage", chat_id=TED, text=str(n)) for n in range(3)]
    assert answers[:2] == [refused(429, "Quota exceeded")] * 2
    assert bot.texts == ["2"]


async def test_a_fault_concerns_one_bot_and_one_method() -> None:
    api, bot = make()
    other = api.add_bot("77:x")
    bot.faults.refuse("getUpdates", 502, "Bad gateway", times=None)
    assert (await call(api, "getMe"))["ok"] is True
    assert msgspec.json.decode((await api.handle(json_request("getMe", {}, token="77:x"))).body)["ok"] is True
    assert [(await call(api, "getUpdates"))["error_code"] for _ in range(3)] == [502] * 3
    bot.faults.clear()
    api.say(bot, TED, "well again")
    assert (await call(api, "getUpdates"))["ok"] is True
    assert other.faults.take_trouble("getUpdates") is None


async def test_html_comes_from_a_proxy_in_trouble() -> None:
    api, bot = make()
    bot.faults.answer_html("*", 504)
    response = await api.handle(json_request("getMe", {}))
    assert (response.status, response.content_type) == (504, "text/html")
    assert response.body.startswith(b"<html>")
    assert (await call(api, "getMe"))["ok"] is True


async def test_a_delay_comes_before_the_effect_and_goes_with_another_fault(autojump_clock: MockClock) -> None:
    api, bot = make(known_chats_only=False)
    bot.faults.delay("sendMessage", 20)
    bot.faults.refuse("sendMessage", 403, "Internal server error")
    started = trio.current_time()
    assert (await call(api, "sendMessage", chat_id=TED, text="x"))["error_code"] == 403
    assert trio.current_time() - started == pytest.approx(20)
    await call(api, "sendMessage", chat_id=TED, text="y")
    assert bot.sent[0].at - started == pytest.approx(20)


async def test_waiting_for_what_is_sent_needs_no_sleep(autojump_clock: MockClock) -> None:
    api, bot = make(known_chats_only=False)
    async with trio.open_nursery() as nursery:

        @nursery.start_soon
        async def send_later() -> None:
            for n in range(3):
                await trio.sleep(100)
                await call(api, "sendMessage", chat_id=TED, text=str(n))

        assert [sent.text for sent in await api.wait_for_sent(2)] == ["0", "1"]
        assert len(await api.wait_for_sent(3, bot)) == 3
        await api.wait_for_calls(3, "sendMessage")


async def test_calls_are_counted_without_tokens() -> None:
    api, bot = make()
    await call(api, "getMe")
    await call(api, "getMe")
    await call(api, "nope")
    assert api.count("getMe") == 2
    assert [(c.bot_id, c.method) for c in api.calls][-1] == (bot.bot_id, "nope")
    assert "abc-xyz" not in repr((api.calls, bot, vars(bot)))


def test_a_bot_is_found_by_token_secret_or_id() -> None:
    api, bot = make()
    assert api.bot(TOKEN) is api.bot(Secret(TOKEN)) is api.bot(bot.bot_id) is api.bot(bot) is bot
    with pytest.raises(LookupError, match="add_bot"):
        api.bot("99")


@pytest.mark.parametrize(("token", "why"), [("abc", "<digits>:"), ("a:b", "<digits>:"), (TOKEN, "exists already")])
def test_a_token_that_cannot_be_is_refused_without_being_shown(token: str, why: str) -> None:
    api, _ = make()
    with pytest.raises(ValueError, match=why) as caught:
        api.add_bot(token)
    assert "xyz" not in str(caught.value)


def test_another_seed_gives_other_ids() -> None:
    ids = {BotApi(id_seed=seed)._ids.next_id() for seed in (0, 1)}
    assert len(ids) == 2
