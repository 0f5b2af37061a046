from __future__ import annotations

import pytest
from playbook import Stage

from actors.messages import Media, MediaKind, Turn
from router.rules.attachments import Attached, objection, with_attachments

PICTURE = Media(kind="image", url="https://cdn.test/a")
SAVED = Media(kind="image", url="https://cdn.test/a", path="/m/1-0.jpg", mime_type="image/jpeg")
VOICE = Media(kind="voice", url="https://cdn.test/b", path="/m/1-1.aac", mime_type="audio/aac")


def turn(text: str = "look", *media: Media) -> Turn:
    (begun,) = Stage().say(text, kind="image", media=media or (PICTURE,)).turns
    return begun


def test_a_saved_file_is_given_by_path_kind_and_address_everywhere() -> None:
    made = with_attachments(turn(), [Attached(SAVED), Attached(VOICE)])
    assert made.media == (SAVED, VOICE)
    assert made.context.media_paths == ("/m/1-0.jpg", "/m/1-1.aac")
    assert made.context.media_types == ("image/jpeg", "audio/aac")
    assert made.context.media_urls == made.context.media_paths
    assert (made.text, made.context.body_for_agent) == ("look", "look")


@pytest.mark.parametrize(("text", "body"), [("look", "look"), ("", "<media:image>")])
def test_what_could_not_be_had_is_said_to_the_agent_and_in_no_list(text: str, body: str) -> None:
    before = turn(text)
    made = with_attachments(before, [Attached(None, "the server answered 404")])
    note = f"{body}\n[media unavailable: the server answered 404]"
    assert (made.text, made.context.body_for_agent) == (note, note)
    assert made.context.body == before.context.body + note.removeprefix(body)
    assert made.media == ()
    assert made.context.media_paths == made.context.media_types == made.context.media_urls == ()


def test_what_the_person_wrote_and_what_commands_are_read_from_stay_as_they_were() -> None:
    made = with_attachments(turn("look"), [Attached(None, "it is empty")])
    assert (made.context.raw_body, made.context.command_body) == ("look", "look")


def test_of_several_files_each_has_its_own_fate() -> None:
    made = with_attachments(turn(), [Attached(None, "one"), Attached(VOICE), Attached(None, "two")])
    assert made.text == "look\n[media unavailable: one]\n[media unavailable: two]"
    assert made.media == (VOICE,)
    assert made.context.media_types == ("audio/aac",)


@pytest.mark.parametrize(
    ("kind", "content_type", "sniffed", "words"),
    [
        ("image", "text/html", False, "the server sent text in place of a picture"),
        ("voice", "application/json", False, "the server sent text in place of a voice note"),
        ("video", "text/plain", False, "the server sent text in place of a video"),
        ("image", "text/html", True, ""),
        ("image", "image/x-new", False, ""),
        ("image", "", False, ""),
        ("file", "text/html", False, ""),
    ],
)
def test_an_error_page_is_no_picture(kind: MediaKind, content_type: str, sniffed: bool, words: str) -> None:
    assert objection(Media(kind=kind), content_type, sniffed=sniffed) == words
