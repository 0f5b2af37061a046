from __future__ import annotations

from playbook import SHOP, Stage, of, rulebook, sent_texts

from router.events import PairingApproved
from router.operator_events import PairingRejected, PairingRevoked
from router.rules.admission import approve, reject, revoke
from router.rules.policy import AccountPolicy
from router.rules.records import DropApproval, DropPairing, PutApproval
from router.rules.state import Decision
from router.rules.texts import VIETNAMESE


def stage_with_a_stranger() -> Stage:
    """`eve` has asked; her code is CODE0000."""
    stage = Stage(rulebook(AccountPolicy(dm_policy="pairing")))
    stage.open()
    stage.say("hello", "eve", name="Eve")
    stage.receipt(1)
    return stage


def test_a_stranger_is_let_in_and_told_so_when_that_is_asked_for() -> None:
    stage = stage_with_a_stranger()
    stage.state.rulebook = rulebook(AccountPolicy(dm_policy="pairing"), texts=VIETNAMESE)
    decision = Decision()
    approval = approve(stage.state, "zalo", " code0000 ", None, True, stage.moment, decision)
    assert approval is not None
    assert (approval.sender_id, approval.sender_name) == ("eve", "Eve")
    assert len(of(PutApproval, decision)) == len(of(DropPairing, decision)) == 1
    assert sent_texts(decision) == [VIETNAMESE.approved]
    assert [type(event) for event in decision.events] == [PairingApproved]
    assert len(stage.say("hello again", "eve").turns) == 1


def test_a_stranger_is_let_in_silently_by_default_and_a_wrong_code_changes_nothing() -> None:
    stage = stage_with_a_stranger()
    decision = Decision()
    assert approve(stage.state, "zalo", "CODE9999", None, True, stage.moment, decision) is None
    assert approve(stage.state, "zalouser", "CODE0000", None, True, stage.moment, decision) is None
    assert (decision.changes, decision.sends) == ([], [])
    approve(stage.state, "zalo", "CODE0000", "shop", False, stage.moment, decision)
    assert decision.sends == []
    assert [each.sender_id for each in stage.state.pairings.approved("zalo", "shop")] == ["eve"]
    assert stage.state.pairings.approved("zalo", "other") == []


def test_a_rejected_stranger_is_told_nothing_and_may_ask_anew() -> None:
    stage = stage_with_a_stranger()
    decision = Decision()
    request = reject(stage.state, "zalo", "CODE0000", None, stage.moment, decision)
    assert request is not None
    assert request.sender_id == "eve"
    assert of(DropPairing, decision) == [DropPairing(SHOP, "eve")]
    assert (decision.sends, [type(event) for event in decision.events]) == ([], [PairingRejected])
    assert reject(stage.state, "zalo", "CODE0000", None, stage.moment, Decision()) is None
    assert "CODE0001" in sent_texts(stage.say("please", "eve"))[0]


def test_a_revoked_sender_is_a_stranger_again() -> None:
    stage = stage_with_a_stranger()
    approve(stage.state, "zalo", "CODE0000", None, False, stage.moment, Decision())
    decision = Decision()
    assert revoke(stage.state, SHOP, "EVE", decision) is True
    assert of(DropApproval, decision) == [DropApproval(SHOP, "eve")]
    assert [type(event) for event in decision.events] == [PairingRevoked]
    assert stage.say("hello?", "eve").turns == []
    again = Decision()
    assert revoke(stage.state, SHOP, "eve", again) is False
    assert (again.changes, again.events) == ([], [])
