"""A new rulebook while things go on: what changes at once, and what is left to end as it began."""

from __future__ import annotations

from playbook import OPEN, SHOP, Stage, rulebook

from router.rules.adoption import adopt
from router.rules.policy import AccountPolicy
from router.rules.state import Decision, Rulebook


def change(stage: Stage, rules: Rulebook) -> Decision:
    decision = Decision()
    adopt(stage.state, rules, stage.moment, stage.chance, decision)
    return decision


def test_the_next_message_is_judged_by_the_new_rules() -> None:
    stage = Stage()
    assert stage.say("one").turns
    change(stage, rulebook(AccountPolicy(dm_policy="disabled")))
    assert not stage.say("two", sender="u2").turns
    change(stage, rulebook(OPEN))
    assert stage.say("three", sender="u3").turns


def test_more_room_is_used_at_once_and_less_cuts_nobody_off() -> None:
    stage = Stage(rulebook(agents={"main": 1}))
    turns = [turn.text for sender in ("u1", "u2", "u3") for turn in stage.say(sender, sender=sender).turns]
    assert turns == ["u1"]
    assert [turn.text for turn in change(stage, rulebook(agents={"main": 3})).turns] == ["u2", "u3"]
    assert change(stage, rulebook(agents={"main": 1})).turns == []
    assert set(stage.state.running) == {1, 2, 3}
    stage.say("u4", sender="u4")
    assert stage.answer(1, "done").turns == []
    stage.answer(2, "done")
    assert [turn.text for turn in stage.answer(3, "done").turns] == ["u4"]


def test_what_waits_for_an_agent_that_is_gone_goes_to_another_in_order() -> None:
    stage = Stage(rulebook(agents={"main": 1, "old": 1}, default_agent_id="old"))
    stage.say("runs")
    for text in ("waits 1", "waits 2"):
        stage.say(text)
    stage.say("elsewhere", sender="u2")
    begun = change(stage, rulebook(agents={"main": 5}))
    assert begun.turns == []
    assert stage.state.unfinished[SHOP] == 4
    handed = stage.answer(1, "from the old one").turns
    assert sorted(turn.text for turn in handed) == ["elsewhere", "waits 1"]
    assert {turn.agent_id for turn in handed} == {"main"}
    first = next(turn for turn in handed if turn.text == "waits 1")
    assert [turn.text for turn in stage.answer(first.turn_id, "1").turns] == ["waits 2"]
    assert stage.state.lanes_of_agent("old").size == 0


def test_an_idle_lane_of_an_agent_that_is_gone_begins_elsewhere_at_once() -> None:
    stage = Stage(rulebook(agents={"main": 1, "old": 1}, default_agent_id="old"))
    stage.say("runs", sender="u1")
    stage.say("waits", sender="u2")
    stage.state.lanes_of_agent("old").capacity = 2
    (turn,) = change(stage, rulebook(agents={"main": 5})).turns
    assert (turn.agent_id, turn.text) == ("main", "waits")


def test_while_draining_nothing_begins() -> None:
    stage = Stage(rulebook(agents={"main": 1}))
    stage.say("one", sender="u1")
    stage.say("two", sender="u2")
    stage.state.draining = True
    assert change(stage, rulebook(agents={"main": 5})).turns == []
