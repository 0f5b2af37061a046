"""When conversations begin anew, as tables; and that a turn obeys it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playbook import SHOP, Stage, of, rulebook

from actors.messages import AccountKey, Chat
from router.events import SessionReset
from router.rules.records import PutSession
from router.rules.resets import ResetRule, ResetRules, rule_for, utc, why_expired

MIDNIGHT = 1_700_006_400.0
"""2023-11-15 00:00 UTC."""
HOUR = 3600.0
DAILY = ResetRule(daily_at_hour=4)
IDLE = ResetRule(idle_seconds=600)


def hanoi(_unix_seconds: float) -> int:
    return 7 * 60


def berlin(unix_seconds: float) -> int:
    """Clocks go back from 3 to 2 on 2023-10-29 at 01:00 UTC."""
    return 120 if unix_seconds < 1_698_541_200 else 60


@pytest.mark.parametrize(
    ("rule", "last_hour", "received_hour", "expired"),
    [
        (None, -1000, 0, False),
        (ResetRule(), -1000, 0, False),
        (DAILY, 3.9, 4.1, True),
        (DAILY, 3.9, 3.99, False),
        (DAILY, 4.0, 27.9, False),
        (DAILY, 4.0, 28.0, True),
        (DAILY, 5, 100, True),
        (DAILY, 5, 4, False),
        (ResetRule(daily_at_hour=4, offset_minutes=hanoi), 20.9, 21.1, True),
        (ResetRule(daily_at_hour=4, offset_minutes=hanoi), 3.9, 4.1, False),
        (ResetRule(daily_at_hour=0), 23.9, 24.0, True),
        (IDLE, 0, 0.16, False),
        (IDLE, 0, 1 / 6, True),
        (ResetRule(daily_at_hour=4, idle_seconds=600), 3.95, 4.01, True),
        (ResetRule(daily_at_hour=4, idle_seconds=600), 5, 6, True),
        (ResetRule(daily_at_hour=4, idle_seconds=600), 5, 5.1, False),
    ],
)
def test_what_ends_a_conversation(
    rule: ResetRule | None, last_hour: float, received_hour: float, expired: bool
) -> None:
    at = MIDNIGHT + last_hour * HOUR, MIDNIGHT + received_hour * HOUR
    assert bool(why_expired(rule, last_at=at[0], received_at=at[1])) is expired


def test_the_reason_is_a_sentence_for_people() -> None:
    assert why_expired(IDLE, last_at=0, received_at=700) == "nothing was said for 10 minutes"
    assert why_expired(DAILY, last_at=MIDNIGHT, received_at=MIDNIGHT + 5 * HOUR) == "a new day began at 4:00"


def test_a_night_of_25_hours_has_one_new_day() -> None:
    rule = ResetRule(daily_at_hour=4, offset_minutes=berlin)
    four_in_the_morning = 1_698_541_200 + 2 * HOUR  # 04:00 at UTC+1
    before, after = four_in_the_morning - 60, four_in_the_morning + 60
    assert why_expired(rule, last_at=before, received_at=after)
    assert not why_expired(rule, last_at=before - 22 * HOUR, received_at=before)
    assert why_expired(rule, last_at=before - 25 * HOUR, received_at=before)


@given(
    hour=st.integers(0, 23),
    offset=st.integers(-12 * 60, 14 * 60),
    last=st.integers(0, 4_000_000_000),
    apart=st.integers(0, 10 * 86_400),
)
def test_a_daily_rule_always_parts_two_days_and_never_the_same_minute(
    hour: int, offset: int, last: int, apart: int
) -> None:
    rule = ResetRule(daily_at_hour=hour, offset_minutes=lambda _: offset)
    expired = bool(why_expired(rule, last_at=last, received_at=last + apart))
    days = [(at + 60 * offset - 3600 * hour) // 86_400 for at in (last, last + apart)]
    assert expired is (days[0] != days[1])


@pytest.mark.parametrize(
    ("rules", "chat_type", "wanted"),
    [
        (ResetRules(), "direct", None),
        (ResetRules(everywhere=DAILY), "group", DAILY),
        (ResetRules(everywhere=DAILY, group=IDLE), "group", IDLE),
        (ResetRules(everywhere=DAILY, group=IDLE), "direct", DAILY),
        (ResetRules(everywhere=DAILY, direct=IDLE), "direct", IDLE),
        (ResetRules(everywhere=DAILY, direct=DAILY, by_channel={"zalo": IDLE}), "direct", IDLE),
        (ResetRules(everywhere=DAILY, by_channel={"zalouser": IDLE}), "direct", DAILY),
        (ResetRules(everywhere=DAILY, direct=ResetRule()), "direct", ResetRule()),
    ],
)
def test_channel_beats_type_beats_everywhere(rules: ResetRules, chat_type: str, wanted: ResetRule | None) -> None:
    chat = Chat(AccountKey("zalo", "shop"), "c", "group" if chat_type == "group" else "direct")
    assert rule_for(rules, chat) == wanted


def test_a_turn_after_a_long_silence_begins_a_new_session_and_says_so() -> None:
    stage = Stage(rulebook(resets=ResetRules(everywhere=IDLE)))
    (first,) = stage.say("hello").turns
    stage.answer(first.turn_id, "hi")
    stage.wait(599)
    (second,) = stage.say("still there?").turns
    stage.answer(second.turn_id, "yes")
    stage.wait(601)
    later = stage.say("and now?")
    (third,) = later.turns
    assert (first.session_id, third.session_id) == (second.session_id, "session-1")
    assert third.session_key == first.session_key
    (event,) = [event for event in later.events if isinstance(event, SessionReset)]
    assert (event.chat, event.reason) == (Chat(SHOP, "u1"), "nothing was said for 10 minutes")
    assert of(PutSession, later)[0].session.session_id == third.session_id


def test_who_waited_for_a_slow_agent_keeps_the_conversation() -> None:
    stage = Stage(rulebook(resets=ResetRules(everywhere=IDLE)))
    (first,) = stage.say("one").turns
    stage.say("two")
    stage.wait(5000)
    (second,) = stage.answer(first.turn_id, "at last").turns
    assert second.session_id == first.session_id


def test_utc_is_its_own_offset() -> None:
    assert utc(MIDNIGHT) == 0
