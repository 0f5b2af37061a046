from __future__ import annotations

import pytest
from playbook import SHOP, Stage, kinds, of, rulebook, sent_texts

from actors.messages import Media, PhotoContent, PhotoFileContent, Reply, TextContent
from router.events import CommandHandled, TurnFailed
from router.rules.policy import AccountPolicy
from router.rules.records import AppendTranscript, PutInbox, PutOutbox, PutSession, SetInboxState


def test_messages_of_one_session_are_answered_one_at_a_time_in_order() -> None:
    stage = Stage()
    (first,) = stage.say("one").turns
    assert stage.say("two").turns == []
    assert stage.say("three").turns == []
    (second,) = stage.answer(first.turn_id, "1").turns
    assert second.text == "two"
    (third,) = stage.answer(second.turn_id, "2").turns
    assert third.text == "three"


def test_sessions_do_not_wait_for_each_other() -> None:
    stage = Stage()
    stage.say("slow", sender="u1")
    assert [turn.text for turn in stage.say("quick", sender="u2").turns] == ["quick"]


def test_no_more_turns_run_than_the_agent_takes() -> None:
    stage = Stage(rulebook(agents={"main": 2}))
    begun = [turn for sender in ("u1", "u2", "u3") for turn in stage.say("hi", sender=sender).turns]
    assert len(begun) == 2
    assert [turn.chat.chat_id for turn in stage.answer(begun[1].turn_id, "ok").turns] == ["u3"]


def test_an_answer_is_written_with_the_end_of_its_turn_in_one_decision() -> None:
    stage = Stage()
    stage.open()
    (turn,) = stage.say("hi").turns
    decision = stage.answer(turn.turn_id, "hello")
    assert kinds(decision) == ["AppendTranscript", "AppendTranscript", "SetInboxState", "PutOutbox"]
    assert [(line.role, line.text) for line in of(AppendTranscript, decision)] == [
        ("user", "hi"),
        ("assistant", "hello"),
    ]
    assert of(SetInboxState, decision)[0].state == "done"
    (put,) = of(PutOutbox, decision)
    assert (put.row.state, put.row.attempts, put.row.inbox_id) == ("sending", 1, turn.turn_id)
    assert sent_texts(decision) == ["hello"]


def test_a_long_answer_becomes_chunks_and_only_the_first_leaves() -> None:
    stage = Stage()
    stage.open()
    (turn,) = stage.say("hi").turns
    decision = stage.answer(turn.turn_id, "a" * 4100)
    assert [put.row.state for put in of(PutOutbox, decision)] == ["sending", "queued", "queued"]
    assert sent_texts(decision) == ["a" * 2000]


def test_no_answer_ends_the_turn_and_sends_nothing() -> None:
    stage = Stage()
    stage.open()
    (turn,) = stage.say("hi").turns
    decision = stage.answer(turn.turn_id, Reply())
    assert of(SetInboxState, decision)[0].state == "done"
    assert of(PutOutbox, decision) == []


def test_pictures_go_first_with_the_text_as_caption_and_the_rest_after() -> None:
    stage = Stage(rulebook(AccountPolicy(dm_policy="open", allow_from=frozenset({"*"}), text_limit=10)))
    (turn,) = stage.say("hi").turns
    media = (
        Media(kind="image", url="https://a/1.jpg"),
        Media(kind="image", url="https://a/2.jpg"),
        Media(kind="file", url="https://a/f"),
    )
    contents = [put.row.content for put in of(PutOutbox, stage.answer(turn.turn_id, Reply("look here", media)))]
    assert contents == [
        PhotoContent("https://a/1.jpg", "look here"),
        PhotoContent("https://a/2.jpg"),
        TextContent("https://a/"),
        TextContent("f"),
    ]


def test_media_that_cannot_be_sent_are_left_for_the_operator_to_find() -> None:
    stage = Stage()
    (turn,) = stage.say("hi").turns
    decision = stage.answer(turn.turn_id, Reply("see", (Media(kind="file", path="/tmp/report.pdf"),)))
    dead, text = of(PutOutbox, decision)
    assert (dead.row.state, dead.row.content) == ("dead", TextContent("/tmp/report.pdf"))
    assert "by address only" in dead.row.error
    assert text.row.content == TextContent("see")


def test_a_picture_that_could_not_be_kept_says_why() -> None:
    stage = Stage()
    (turn,) = stage.say("hi").turns
    media = Media(kind="image", path="/tmp/1.png", problem="the agent's file is empty")
    dead, text = of(PutOutbox, stage.answer(turn.turn_id, Reply("see", (media,))))
    assert (dead.row.state, dead.row.content) == ("dead", PhotoFileContent("/tmp/1.png"))
    assert dead.row.error == "the agent's file is empty"
    assert (text.row.state, text.row.content) == ("queued", TextContent("see"))


def test_a_broken_agent_gives_the_person_one_fixed_text_and_the_operator_the_reason() -> None:
    stage = Stage()
    stage.open()
    (turn,) = stage.say("hi").turns
    decision = stage.fail(turn.turn_id, "http://10.0.0.3 answered 500: stack trace")
    (dead,) = of(SetInboxState, decision)
    assert (dead.state, dead.reason) == ("dead", "http://10.0.0.3 answered 500: stack trace")
    assert sent_texts(decision) == ["Sorry, something went wrong and I could not answer. Please try again later."]
    assert any(isinstance(event, TurnFailed) for event in decision.events)


def test_the_fixed_text_can_be_set() -> None:
    stage = Stage(rulebook(error_text="Xin lỗi!"))
    stage.open()
    (turn,) = stage.say("hi").turns
    assert sent_texts(stage.fail(turn.turn_id)) == ["Xin lỗi!"]


def test_a_dead_turn_does_not_hold_up_the_next() -> None:
    stage = Stage()
    (turn,) = stage.say("one").turns
    stage.say("two")
    assert [turn.text for turn in stage.fail(turn.turn_id).turns] == ["two"]


@pytest.mark.parametrize("trigger", ["/new", "/reset", " /NEW "])
def test_a_reset_gives_the_key_a_new_session(trigger: str) -> None:
    stage = Stage()
    stage.open()
    (before,) = stage.say("hi").turns
    stage.answer(before.turn_id, "hello")
    decision = stage.say(trigger)
    assert decision.turns == []
    assert sent_texts(decision) == []  # the chat's last message is not confirmed yet
    assert of(PutInbox, decision)[0].row.state == "handled"
    assert [put.row.content for put in of(PutOutbox, decision)] == [TextContent("A new conversation has begun.")]
    (after,) = stage.say("again").turns
    assert after.session_key == before.session_key
    assert after.session_id != before.session_id


def test_what_follows_a_reset_on_its_line_is_the_first_message_of_the_new_session() -> None:
    stage = Stage()
    (before,) = stage.say("hi").turns
    stage.answer(before.turn_id, "hello")
    (turn,) = stage.say("/new what is the price?").turns
    assert turn.text == "what is the price?"
    assert turn.context.command_body == "what is the price?"
    assert turn.session_id != before.session_id


def test_a_reset_waits_its_turn_between_the_messages_around_it() -> None:
    stage = Stage()
    (first,) = stage.say("one").turns
    stage.say("two")
    stage.say("/new")
    stage.say("three")
    (second,) = stage.answer(first.turn_id, "1").turns
    assert second.session_id == first.session_id
    decision = stage.answer(second.turn_id, "2")
    (third,) = decision.turns
    assert (third.text, third.session_id != first.session_id) == ("three", True)
    texts = [put.row.content.text for put in of(PutOutbox, decision) if isinstance(put.row.content, TextContent)]
    assert texts == ["2", "A new conversation has begun."]


@pytest.mark.parametrize(("command", "part"), [("/status", "Agent: main"), ("/help", "/new begins")])
def test_status_and_help_are_answered_by_the_router(command: str, part: str) -> None:
    stage = Stage()
    stage.open()
    decision = stage.say(command)
    assert decision.turns == []
    assert part in sent_texts(decision)[0]
    assert any(isinstance(event, CommandHandled) for event in decision.events)


def test_a_command_of_somebody_who_may_not_use_commands_is_ordinary_talk() -> None:
    stage = Stage(rulebook(AccountPolicy(group_policy="open")))
    assert [turn.text for turn in stage.say("/new", group="zgr-1").turns] == ["/new"]


def test_elapsed_time_is_counted_from_the_sessions_last_message() -> None:
    stage = Stage()
    (first,) = stage.say("one").turns
    assert " +" not in first.context.body
    stage.answer(first.turn_id, "1")
    stage.now += 300
    (second,) = stage.say("two").turns
    assert " +5m " in second.context.body


def test_a_session_is_remembered_with_where_it_was_last_spoken_in() -> None:
    stage = Stage()
    (put,) = of(PutSession, stage.say("hi", name="Ted"))
    assert (put.session.label, put.session.chat.account, put.session.updated_at) == ("Ted", SHOP, 1000.0)


def test_while_draining_messages_are_taken_in_and_no_turn_begins() -> None:
    stage = Stage()
    (running,) = stage.say("one").turns
    stage.state.draining = True
    decision = stage.say("two", sender="u2")
    assert of(PutInbox, decision)[0].row.state == "waiting"
    assert decision.turns == []
    assert stage.answer(running.turn_id, "1").turns == []


def test_what_is_not_answered_yet_is_known_by_its_ids() -> None:
    stage = Stage()
    (first,) = stage.say("one").turns
    stage.say("two")
    (third,) = stage.say("three", sender="u2").turns
    assert stage.state.unfinished_ids() == {1, 2, 3}
    stage.answer(first.turn_id, "1")
    stage.fail(third.turn_id)
    assert stage.state.unfinished_ids() == {2}
