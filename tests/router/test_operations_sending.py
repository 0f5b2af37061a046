from __future__ import annotations

from pathlib import Path

import pytest
from operations_bench import OPEN, TED, TOKEN, one_bot, serving

from router.control.jsonrpc import ControlError, ErrorCode
from router.control.protocol.channels import StopChannel
from router.control.protocol.messages import DropOutbox, ListOutbox, RetryOutbox, SendMessage


def to_ted(message: str = "xin chào", **fields: object) -> SendMessage:
    return SendMessage(channel="zalo", target=TED, message=message, **fields)  # type: ignore[arg-type]


async def test_a_message_is_sent_and_its_network_id_told(tmp_path: Path) -> None:
    async with serving(tmp_path, zalo=one_bot()) as served:
        served.api.know(TOKEN, TED)
        found = await served.control.call(to_ted("xin chào"))
        assert (found.outcome, found.reason, found.account_id) == ("sent", "", "default")
        (part,) = found.parts
        assert (part.state, part.kind, part.utf16_units, part.text) == ("sent", "text", 8, "")
        (sent,) = served.api.sent()
        assert (sent.text, sent.chat_id, sent.message_id) == ("xin chào", TED, part.message_id)


async def test_a_long_message_leaves_in_parts_in_order_and_a_prefix_is_taken_off(tmp_path: Path) -> None:
    async with serving(tmp_path, zalo=one_bot()) as served:
        served.api.know(TOKEN, TED)
        text = "a" * 2000 + "b" * 2000 + "c"
        found = await served.control.call(SendMessage(channel="zalo", target=f"zl:{TED}", message=text))
        assert [(part.state, part.utf16_units) for part in found.parts] == [("sent", 2000), ("sent", 2000), ("sent", 1)]
        assert [sent.text[0] for sent in served.api.sent()] == ["a", "b", "c"]


async def test_a_dry_run_shows_the_parts_and_sends_nothing(tmp_path: Path) -> None:
    async with serving(tmp_path, zalo=one_bot()) as served:
        params = to_ted("a" * 2001, media="https://x/y.jpg", dry_run=True)
        found = await served.control.call(params)
        assert found.outcome == "dry-run"
        assert [(part.kind, part.text, part.outbox_id) for part in found.parts] == [
            ("photo", "a" * 2000, None),
            ("text", "a", None),
        ]
        assert served.api.sent() == []
        assert (await served.control.call(ListOutbox(state="queued"))).rows == ()


async def test_a_refusal_is_told_in_the_networks_words_and_the_rest_is_not_sent(tmp_path: Path) -> None:
    async with serving(tmp_path, zalo=one_bot()) as served:
        served.api.bot(TOKEN).faults.refuse("sendMessage", 400, "Bad Request: chat not found")
        found = await served.control.call(to_ted("a" * 2001))
        assert found.outcome == "failed"
        assert "chat not found" in found.reason
        assert [part.state for part in found.parts] == ["dead", "dead"]
        assert served.api.sent() == []


async def test_what_cannot_be_sent_in_time_stays_queued_and_says_why(tmp_path: Path) -> None:
    async with serving(tmp_path, zalo=one_bot()) as served:
        served.api.know(TOKEN, TED)
        await served.control.call(StopChannel(channel="zalo"))
        found = await served.control.call(to_ted(wait_seconds=0.05))
        assert (found.outcome, found.reason) == ("pending", "zalo:default is stopped")
        assert [part.state for part in found.parts] == ["queued"]
        (row,) = (await served.control.call(ListOutbox(state="queued"))).rows
        assert row.id == found.parts[0].outbox_id


async def test_the_same_key_sends_once_also_after_a_restart(tmp_path: Path) -> None:
    async with serving(tmp_path, zalo=one_bot()) as served:
        served.api.know(TOKEN, TED)
        first = await served.control.call(to_ted(idempotency_key="k-1"))
        again = await served.control.call(to_ted(idempotency_key="k-1"))
        assert first == again
        assert first.idempotency_key == "k-1"
        assert len(served.api.sent()) == 1
        with pytest.raises(ControlError, match="'k-1' was used for another message") as refused:
            await served.control.call(to_ted("something else", idempotency_key="k-1"))
        assert refused.value.code is ErrorCode.REFUSED
    async with serving(tmp_path, zalo=one_bot()) as served:
        assert await served.control.call(to_ted(idempotency_key="k-1")) == first
        assert served.api.sent() == []


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"message": "  "}, "nothing to send"),
        ({"message": "x", "media": "/etc/passwd"}, "by http"),
        ({"message": "x", "account": "nobody"}, "no account 'nobody'"),
        ({"message": "x", "target": "zalo:"}, "the target is empty"),
        ({"message": "x", "idempotency_key": "two words"}, "invalid message.send params"),
    ],
)
async def test_what_makes_no_sense_is_refused_and_nothing_is_queued(
    tmp_path: Path, fields: dict[str, str], told: str
) -> None:
    async with serving(tmp_path, zalo=one_bot()) as served:
        with pytest.raises(ControlError, match=told):
            await served.control.call(SendMessage(**({"channel": "zalo", "target": TED} | fields)))  # type: ignore[arg-type]
        assert served.running.router.state.next_outbox_id == 1


async def test_a_dead_message_is_retried_as_a_new_row_or_dropped(tmp_path: Path) -> None:
    async with serving(tmp_path, zalo=one_bot()) as served:
        served.api.know(TOKEN, TED)
        for text in ("one", "two"):
            served.api.bot(TOKEN).faults.refuse("sendMessage", 400, "Bad Request: no")
            await served.control.call(to_ted(text))
        second, first = (await served.control.call(ListOutbox())).rows
        assert (first.id, first.state, second.id) == (1, "dead", 2)
        again = await served.control.call(RetryOutbox(id=1))
        assert (again.id, again.state) == (3, "queued")
        assert (await served.api.wait_for_sent(1))[0].text == "one"
        assert (await served.control.call(DropOutbox(id=2))).state == "dropped"
        assert (await served.control.call(ListOutbox())).rows == ()
        dropped = (await served.control.call(ListOutbox(state="dropped"))).rows
        assert [row.error.partition(";")[0] for row in dropped] == ["dropped by an operator", "sent again as 3"]
        with pytest.raises(ControlError, match="1 is dropped; only what is dead or unknown"):
            await served.control.call(RetryOutbox(id=1))
        with pytest.raises(ControlError, match="nothing to send with the id 99"):
            await served.control.call(DropOutbox(id=99))


async def test_a_message_that_may_have_gone_out_is_held_until_an_operator_decides(tmp_path: Path) -> None:
    async with serving(tmp_path, zalo=one_bot(whenUnknown="hold")) as served:
        served.api.know(TOKEN, TED)
        served.api.bot(TOKEN).faults.drop("sendMessage", "after")
        found = await served.control.call(to_ted("one"))
        assert (found.outcome, [part.state for part in found.parts]) == ("failed", ["unknown"])
        assert found.reason.startswith("it may or may not have gone out, and is held: ")
        waiting = await served.control.call(to_ted("two", wait_seconds=0))
        assert waiting.outcome == "pending"
    async with serving(tmp_path, zalo=one_bot(whenUnknown="hold")) as served:
        served.api.know(TOKEN, TED)
        (held,) = (await served.control.call(ListOutbox())).rows
        assert (held.id, held.state) == (1, "unknown")
        await served.control.call(RetryOutbox(id=1))
        assert [sent.text for sent in await served.api.wait_for_sent(2)] == ["one", "two"]


async def test_a_held_message_that_is_dropped_lets_its_chat_go_on(tmp_path: Path) -> None:
    async with serving(tmp_path, zalo=one_bot(whenUnknown="hold")) as served:
        served.api.know(TOKEN, TED)
        served.api.bot(TOKEN).faults.drop("sendMessage", "before")
        await served.control.call(to_ted("one"))
        await served.control.call(to_ted("two", wait_seconds=0))
        await served.control.call(DropOutbox(id=1))
        assert [sent.text for sent in await served.api.wait_for_sent(1)] == ["two"]


async def test_a_disabled_account_sends_nothing(tmp_path: Path) -> None:
    async with serving(tmp_path, zalo={"botToken": TOKEN, "enabled": False} | OPEN) as served:
        with pytest.raises(ControlError, match="zalo:default is disabled"):
            await served.control.call(to_ted())
