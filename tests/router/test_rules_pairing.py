from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from actors.messages import AccountKey, Chat, Inbound
from router.rules.pairing import (
    CODE_ALPHABET,
    LIFETIME_SECONDS,
    MAX_PENDING,
    REMIND_SECONDS,
    Pairings,
)
from router.rules.records import DropApproval, DropPairing, PutApproval, PutPairing

SHOP = AccountKey("zalo", "shop")
OTHER = AccountKey("zalo", "other")


def codes() -> Callable[[], str]:
    numbers = itertools.count()
    return lambda: f"CODE{next(numbers):04d}"


def said(sender: str, text: str = "hi", account: AccountKey = SHOP) -> Inbound:
    return Inbound(chat=Chat(account, sender), message_id="m", sender_id=sender, text=text, sender_name="Ted")


def test_a_first_message_makes_a_request_and_tells_the_code() -> None:
    asked = Pairings().ask(said("u1"), 100.0, codes())
    assert asked.tell is not None
    assert asked.tell.code == "CODE0000"
    assert asked.is_new
    assert asked.changes == (PutPairing(asked.tell),)


@pytest.mark.parametrize(
    ("text", "seconds_later", "told"),
    [
        ("hi again", 1, False),
        ("hi again", REMIND_SECONDS - 1, False),
        ("hi again", REMIND_SECONDS, True),
        ("/pair", 59, False),
        ("/pair", 60, True),
        ("  /CODE ", 60, True),
        ("pair me with a wine", 60, False),
    ],
)
def test_the_code_is_told_again_after_ten_minutes_or_on_request(text: str, seconds_later: float, told: bool) -> None:
    pairings, new_code = Pairings(), codes()
    first = pairings.ask(said("u1"), 100.0, new_code)
    again = pairings.ask(said("u1", text), 100.0 + seconds_later, new_code)
    assert (again.tell is not None) is told
    assert not again.is_new
    assert first.tell is not None
    assert pairings.pending(100.0)[0].code == first.tell.code
    assert pairings.pending(100.0)[0].last_seen_at == 100.0 + seconds_later


def test_reminders_are_counted_from_the_last_one() -> None:
    pairings, new_code = Pairings(), codes()
    told = [pairings.ask(said("u1"), float(now), new_code).tell is not None for now in range(0, 3000, 100)]
    assert [index * 100 for index, was_told in enumerate(told) if was_told] == [0, 600, 1200, 1800, 2400]


def test_a_fourth_stranger_of_the_account_is_not_answered_and_the_reason_is_kept() -> None:
    pairings, new_code = Pairings(), codes()
    for number in range(MAX_PENDING):
        assert pairings.ask(said(f"u{number}"), 0.0, new_code).tell is not None
    fourth = pairings.ask(said("u9"), 0.0, new_code)
    assert fourth.tell is None
    assert fourth.changes == ()
    assert "3 requests are open" in fourth.reason
    assert pairings.ask(said("u9", account=OTHER), 0.0, new_code).tell is not None


def test_a_request_lives_one_hour_and_repeats_do_not_lengthen_it() -> None:
    pairings, new_code = Pairings(), codes()
    pairings.ask(said("u1"), 0.0, new_code)
    pairings.ask(said("u1"), LIFETIME_SECONDS - 1, new_code)
    assert pairings.approve("zalo", "CODE0000", None, LIFETIME_SECONDS) is None
    renewed = pairings.ask(said("u1"), LIFETIME_SECONDS, new_code)
    assert renewed.is_new
    assert renewed.tell is not None
    assert renewed.tell.code == "CODE0001"
    assert renewed.changes == (DropPairing(SHOP, "u1"), PutPairing(renewed.tell))


def test_a_clock_that_jumps_back_an_hour_ends_a_request_rather_than_doubling_it() -> None:
    pairings, new_code = Pairings(), codes()
    pairings.ask(said("u1"), 10_000.0, new_code)
    assert pairings.pending(10_000.0 - LIFETIME_SECONDS) == []


def test_expired_requests_make_room_for_others() -> None:
    pairings, new_code = Pairings(), codes()
    for number in range(MAX_PENDING):
        pairings.ask(said(f"u{number}"), 0.0, new_code)
    asked = pairings.ask(said("u9"), LIFETIME_SECONDS + 1, new_code)
    assert asked.is_new
    assert [type(change) for change in asked.changes] == [DropPairing] * 3 + [PutPairing]


def test_approving_drops_the_request_and_puts_the_approval_together_and_counts_at_once() -> None:
    pairings, new_code = Pairings(), codes()
    pairings.ask(said("U1"), 0.0, new_code)
    found = pairings.approve("zalo", " code0000 ", None, 10.0)
    assert found is not None
    approval, changes = found
    assert approval.sender_id == "U1"
    assert changes == (DropPairing(SHOP, "U1"), PutApproval(approval))
    assert pairings.is_approved(SHOP, "u1")
    assert not pairings.is_approved(OTHER, "u1")
    assert pairings.approve("zalo", "CODE0000", None, 10.0) is None


@pytest.mark.parametrize(
    ("channel", "code", "account"),
    [("zalouser", "CODE0000", None), ("zalo", "CODE9999", None), ("zalo", "CODE0000", "other"), ("zalo", "", None)],
)
def test_approving_needs_the_code_of_that_channel_and_account(channel: str, code: str, account: str | None) -> None:
    pairings = Pairings()
    pairings.ask(said("u1"), 0.0, codes())
    assert pairings.approve(channel, code, account, 1.0) is None
    assert len(pairings.pending(1.0)) == 1


def test_codes_are_unique_among_the_open_requests_of_a_channel() -> None:
    sequence = iter(["SAME", "SAME", "NEXT"])
    pairings = Pairings()
    pairings.ask(said("u1"), 0.0, lambda: next(sequence))
    asked = pairings.ask(said("u1", account=OTHER), 0.0, lambda: next(sequence))
    assert asked.tell is not None
    assert asked.tell.code == "NEXT"


def test_a_source_of_one_code_only_is_an_error_rather_than_an_endless_loop() -> None:
    pairings = Pairings()
    pairings.ask(said("u1"), 0.0, lambda: "SAME")
    with pytest.raises(ValueError, match="pairing codes"):
        pairings.ask(said("u2"), 0.0, lambda: "SAME")


def test_an_approval_can_be_taken_back() -> None:
    pairings, new_code = Pairings(), codes()
    pairings.ask(said("u1"), 0.0, new_code)
    pairings.approve("zalo", "CODE0000", None, 1.0)
    assert pairings.revoke(SHOP, "U1") == (DropApproval(SHOP, "u1"),)
    assert not pairings.is_approved(SHOP, "u1")
    assert pairings.revoke(SHOP, "u1") == ()


def test_what_was_stored_is_what_is_remembered() -> None:
    first, new_code = Pairings(), codes()
    first.ask(said("u1"), 0.0, new_code)
    first.ask(said("u2"), 0.0, new_code)
    found = first.approve("zalo", "CODE0001", None, 1.0)
    assert found is not None
    second = Pairings(first.pending(1.0), [found[0]])
    assert second.is_approved(SHOP, "u2")
    assert [request.code for request in second.pending(1.0)] == ["CODE0000"]


def test_the_alphabet_has_no_letters_that_look_alike() -> None:
    assert len(set(CODE_ALPHABET)) == 32
    assert not set("0O1I") & set(CODE_ALPHABET)
