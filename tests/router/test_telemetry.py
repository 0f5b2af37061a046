from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest

from actors.messages import AccountKey, AccountState, Chat
from router import events, operator_events, webhook_events
from router.events import Event
from router.telemetry import RANKS, TABLE, DropLimiter, Record, Telemetry

ACCOUNT = AccountKey("zalo", "shop")
CHAT = Chat(ACCOUNT, "c1")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def every_event() -> list[type[Event]]:
    named = [each for module in (events, operator_events, webhook_events) for each in vars(module).values()]
    return [each for each in named if isinstance(each, type) and issubclass(each, Event) and each is not Event]


SAMPLES: dict[str, Any] = {"account": ACCOUNT, "chat": CHAT, "state": "failed", "kind": "image", "seconds": 0.5}


def sample(kind: type[Event]) -> Event:
    fields = {}
    for name, annotation in zip(kind.__struct_fields__, kind.__annotations__.values(), strict=True):
        numbers = {"int": 3, "float": 1.5}
        fields[name] = SAMPLES.get(name, numbers.get(annotation, f"<{name}>"))
    return kind(**fields)


def dropped(sender: str = "stranger", reason: str = "not-allowed") -> events.MessageDropped:
    return events.MessageDropped(chat=CHAT, sender_id=sender, message_id="m", reason=reason)


def test_every_event_has_a_row_and_every_name_is_its_own() -> None:
    assert set(TABLE) == set(every_event())
    assert len({row.name for row in TABLE.values()}) == len(TABLE)


@pytest.mark.parametrize("kind", every_event(), ids=lambda kind: kind.__name__)
def test_every_row_makes_a_sentence_of_its_event(kind: type[Event]) -> None:
    record = Record(0.0, "info", TABLE[kind], sample(kind))
    text = record.text()
    assert "{" not in text
    assert text.strip() == text
    msgspec.json.encode(record.fields())


@pytest.mark.parametrize("kind", every_event(), ids=lambda kind: kind.__name__)
def test_no_event_has_room_for_texts_tokens_or_codes(kind: type[Event]) -> None:
    assert not {"text", "raw", "body", "token", "code", "secret", "content"} & set(kind.__struct_fields__)
    assert kind.__struct_config__.frozen


def test_rows_counted_by_reason_have_one() -> None:
    assert all("reason" in kind.__struct_fields__ for kind, row in TABLE.items() if row.by_reason)


def test_events_are_counted_by_name_and_drops_by_reason() -> None:
    telemetry = Telemetry()
    telemetry.emit(events.MessageDuplicate(chat=CHAT, message_id="m"))
    for reason in ("not-allowed", "not-allowed", "no-mention"):
        telemetry.emit(dropped(reason=reason))
    assert telemetry.counters() == {
        "message.duplicate": 1,
        "message.dropped": 3,
        "message.dropped: not-allowed": 2,
        "message.dropped: no-mention": 1,
    }


def test_reasons_without_end_do_not_grow_the_counters_without_end() -> None:
    telemetry = Telemetry()
    for number in range(1000):
        telemetry.emit(dropped(reason=f"reason {number}"))
    counters = telemetry.counters()
    assert len(counters) == 202
    assert counters["message.dropped: other"] == 800
    assert counters["message.dropped"] == 1000


def test_the_ring_keeps_the_last_events_of_every_level() -> None:
    clock = Clock()
    telemetry = Telemetry(wall=clock, recent=2)
    for number in range(3):
        clock.now += 1
        telemetry.emit(events.MessageDuplicate(chat=CHAT, message_id=str(number)))
    assert [(record.at, record.fields()["message_id"]) for record in telemetry.recent()] == [(1002, "1"), (1003, "2")]


def test_a_sink_gets_what_its_level_asks_for_until_it_is_removed() -> None:
    telemetry = Telemetry()
    seen: list[Record] = []
    remove = telemetry.add_sink(seen.append, "info")
    telemetry.emit(events.MessageDuplicate(chat=CHAT, message_id="debug"))
    telemetry.emit(events.StoreRecovered(attempts=2))
    telemetry.emit(events.StoreFailed(reason="disk full", attempt=1))
    remove()
    telemetry.emit(events.StoreRecovered(attempts=3))
    assert [(record.level, record.text()) for record in seen] == [
        ("info", "the store takes writes again, at attempt 2"),
        ("error", "the store takes no writes, intake has stopped: disk full"),
    ]


def test_removing_one_sink_leaves_an_equal_one() -> None:
    telemetry = Telemetry()
    seen: list[Record] = []
    telemetry.add_sink(seen.append)
    telemetry.add_sink(seen.append)()
    telemetry.emit(events.StoreRecovered(attempts=2))
    assert len(seen) == 1


@pytest.mark.parametrize("state", get_args(AccountState))
def test_an_account_in_trouble_is_a_warning_with_its_error(state: AccountState) -> None:
    telemetry = Telemetry()
    seen: list[Record] = []
    telemetry.add_sink(seen.append, "warning")
    telemetry.emit(events.AccountStateChanged(account=ACCOUNT, state=state, error="HTTP 401"))
    expected = [f"zalo:shop is {state}: HTTP 401"] if state in ("backing-off", "needs-login", "failed") else []
    assert [record.text() for record in seen] == expected


def test_an_event_without_a_row_is_an_error() -> None:
    class Unknown(Event, frozen=True, kw_only=True):
        pass

    with pytest.raises(KeyError):
        Telemetry().emit(Unknown())


def test_fields_are_flat_and_accounts_readable() -> None:
    record = Record(0.0, "info", TABLE[events.MessageDropped], dropped(), more=3)
    assert record.fields() == {
        "more": 3,
        "account": "zalo:shop",
        "chat_id": "c1",
        "sender_id": "stranger",
        "message_id": "m",
        "reason": "not-allowed",
    }


def test_of_a_flood_one_line_a_minute_passes_and_tells_how_many_were_held() -> None:
    clock, seen = Clock(), list[Record]()
    telemetry = Telemetry()
    telemetry.add_sink(DropLimiter(seen.append, monotonic=clock))
    for _ in range(100):
        telemetry.emit(dropped())
    clock.now += 59.9
    telemetry.emit(dropped())
    assert [record.more for record in seen] == [0]
    clock.now += 0.1
    telemetry.emit(dropped())
    telemetry.emit(dropped())
    assert [record.more for record in seen] == [0, 100]
    assert seen[1].text() == "zalo:shop dropped a message from stranger: not-allowed (and 100 more since)"
    assert telemetry.counters()["message.dropped"] == 103


def test_senders_and_accounts_do_not_share_a_limit_and_other_events_have_none() -> None:
    seen = list[Record]()
    telemetry = Telemetry()
    telemetry.add_sink(DropLimiter(seen.append, monotonic=Clock()))
    elsewhere = msgspec.structs.replace(dropped(), chat=Chat(AccountKey("zalo", "other"), "c1"))
    for event in (dropped("a"), dropped("b"), elsewhere, dropped("a")):
        telemetry.emit(event)
    telemetry.emit(events.StoreRecovered(attempts=1))
    telemetry.emit(events.StoreRecovered(attempts=1))
    assert len(seen) == 5


def test_the_limiter_forgets_the_oldest_of_too_many_senders() -> None:
    seen = list[Record]()
    telemetry = Telemetry()
    telemetry.add_sink(DropLimiter(seen.append, monotonic=Clock(), max_senders=2))
    for sender in ("a", "b", "c", "c", "b", "a"):
        telemetry.emit(dropped(sender))
    assert [record.fields()["sender_id"] for record in seen] == ["a", "b", "c", "a"]


def test_the_levels_rise() -> None:
    assert sorted(RANKS, key=lambda level: RANKS[level]) == ["debug", "info", "warning", "error"]
