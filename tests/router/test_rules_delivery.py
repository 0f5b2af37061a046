from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from actors.messages import AccountKey, Chat, Outcome, Refused, Retry, Sent, TextContent, Unknown
from router.rules.delivery import DeliveryPolicy, Held, Later, Settled, after, begin, recover
from router.rules.records import OutboxRow

CHAT = Chat(AccountKey("zalo", "default"), "u1")
ROW = OutboxRow(outbox_id=1, chat=CHAT, content=TextContent("hello"), created_at=1000.0)
POLICY = DeliveryPolicy(jitter=0.0)


def moved(row: OutboxRow, outcome: Outcome, **changed: Any) -> Settled | Later | Held:
    arguments: dict[str, Any] = {"when_unknown": "resend", "policy": POLICY, "now": 1001.0, "random": 0.0}
    return after(row, outcome, **(arguments | changed))


def test_beginning_writes_down_the_attempt_before_the_bytes_leave() -> None:
    begun = begin(begin(ROW))
    assert (begun.state, begun.attempts) == ("sending", 2)


def test_a_confirmed_row_is_at_its_end_with_the_networks_id() -> None:
    step = moved(begin(ROW), Sent("82599fa3"))
    assert isinstance(step, Settled)
    assert (step.row.state, step.row.message_id) == ("sent", "82599fa3")


def test_a_refused_row_is_dead_with_the_networks_words() -> None:
    step = moved(begin(ROW), Refused("410: The chat_id is invaild"))
    assert isinstance(step, Settled)
    assert (step.row.state, step.row.error) == ("dead", "410: The chat_id is invaild")


@pytest.mark.parametrize(("attempts", "delay"), [(1, 1.0), (2, 2.0), (3, 4.0), (9, 256.0), (10, 300.0), (5000, 300.0)])
def test_waits_double_up_to_the_longest(attempts: int, delay: float) -> None:
    row = replace(begin(ROW), attempts=attempts)
    step = moved(row, Retry("429"))
    assert isinstance(step, Later)
    assert step.delay_seconds == delay
    assert step.row.not_before == 1001.0 + delay
    assert step.row.state == "retry"


def test_jitter_only_lengthens_and_never_past_its_share() -> None:
    step = moved(begin(ROW), Retry("429"), policy=DeliveryPolicy(jitter=0.1), random=0.999)
    assert isinstance(step, Later)
    assert 1.0 < step.delay_seconds < 1.1


@pytest.mark.parametrize(("wanted", "delay"), [(30.0, 30.0), (0.0, 0.0), (-5.0, 0.0)])
def test_the_networks_own_wish_counts_more_than_ours(wanted: float, delay: float) -> None:
    step = moved(begin(ROW), Retry("429", wanted))
    assert isinstance(step, Later)
    assert step.delay_seconds == delay


@pytest.mark.parametrize(("age", "kind"), [(86_399.0, Later), (86_400.0, Settled)])
def test_retrying_ends_a_day_after_it_was_written(age: float, kind: type) -> None:
    step = moved(begin(ROW), Retry("504"), now=1000.0 + age)
    assert isinstance(step, kind)
    if isinstance(step, Settled):
        assert step.row.error == "given up after 1 attempts: 504"


@pytest.mark.parametrize(("attempts", "kind"), [(1, Later), (5, Later), (6, Settled)])
def test_what_may_have_gone_out_is_resent_a_bounded_number_of_times(attempts: int, kind: type) -> None:
    step = moved(replace(begin(ROW), attempts=attempts), Unknown("no answer within 15 s"))
    assert isinstance(step, kind)
    assert step.row.state == ("dead" if kind is Settled else "retry")


def test_what_may_have_gone_out_is_held_when_the_account_says_so() -> None:
    step = moved(begin(ROW), Unknown("no answer"), when_unknown="hold")
    assert isinstance(step, Held)
    assert step.row.state == "unknown"


@pytest.mark.parametrize(
    ("state", "when_unknown", "recovered"),
    [
        ("queued", "resend", "queued"),
        ("queued", "hold", "queued"),
        ("retry", "resend", "retry"),
        ("sending", "resend", "retry"),
        ("sending", "hold", "unknown"),
        ("unknown", "hold", "unknown"),
        ("unknown", "resend", "retry"),
    ],
)
def test_a_new_process_takes_rows_up_by_the_table(state: Any, when_unknown: Any, recovered: str) -> None:
    row = recover(replace(ROW, state=state), when_unknown=when_unknown)
    assert row.state == recovered
    assert bool(row.error) is (state in ("sending", "unknown") and recovered != state)
