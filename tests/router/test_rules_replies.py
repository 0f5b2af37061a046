"""From a reply to what is sent: which media become what, and how the text is written."""

from __future__ import annotations

import pytest

from actors.messages import (
    Content,
    Media,
    PhotoContent,
    PhotoFileContent,
    Reply,
    StickerContent,
    TextContent,
    VoiceContent,
)
from router.rules.policy import AccountPolicy
from router.rules.replies import NO_ADDRESS, Parts, parts, trace_of

PLAIN = AccountPolicy()
PICTURE = Media(kind="image", url="https://x/1.png")
TABLE = "|a|b|\n|-|-|\n|1|2|"


@pytest.mark.parametrize(
    ("media", "content"),
    [
        (PICTURE, PhotoContent("https://x/1.png")),
        (Media(kind="image", path="/kept/1.png"), PhotoFileContent("/kept/1.png")),
        (Media(kind="image", path="/in/1.png", url="https://x/1.png"), PhotoContent("https://x/1.png")),
        (Media(kind="voice", url="https://x/1.aac"), VoiceContent("https://x/1.aac")),
        (Media(kind="voice", url="https://x/1.aac?v=2"), TextContent("https://x/1.aac?v=2")),
        (Media(kind="voice", url="https://x/1.mp3"), TextContent("https://x/1.mp3")),
        (Media(kind="video", url="https://x/1.mp4"), TextContent("https://x/1.mp4")),
        (Media(kind="file", url="https://x/1.aac"), TextContent("https://x/1.aac")),
        (Media(kind="sticker", id="0e07"), StickerContent("0e07")),
        (Media(kind="sticker", url="https://x/s.webp"), TextContent("https://x/s.webp")),
    ],
)
def test_each_kind_of_media_is_sent_in_its_own_way(media: Media, content: Content) -> None:
    assert parts(Reply(media=(media,)), PLAIN) == Parts((content,))


@pytest.mark.parametrize(
    "media",
    [
        Media(kind="image"),
        Media(kind="file", path="/tmp/report.pdf"),
        Media(kind="voice", path="/tmp/a.aac"),
        Media(kind="sticker"),
        Media(kind="image", path="/tmp/1.png", problem="it is too large"),
        Media(kind="image", url="https://x/1.png", problem="whatever is known against it"),
    ],
)
def test_what_cannot_be_sent_is_told_apart_and_the_words_still_go(media: Media) -> None:
    assert parts(Reply("see", (media,)), PLAIN) == Parts((TextContent("see"),), (media,))


def test_the_order_is_pictures_words_and_what_is_likeliest_to_be_refused() -> None:
    media = (Media(kind="sticker", id="s"), Media(kind="voice", url="https://x/1.aac"), PICTURE)
    assert parts(Reply("one two", media), AccountPolicy(text_limit=4)).contents == (
        PhotoContent("https://x/1.png", "one"),
        TextContent("two"),
        StickerContent("s"),
        VoiceContent("https://x/1.aac"),
    )


def test_a_caption_fits_as_any_message_does_and_only_the_first_picture_has_one() -> None:
    picture, other, rest = parts(Reply("word " * 500, (PICTURE, PICTURE)), PLAIN).contents
    assert isinstance(picture, PhotoContent)
    assert isinstance(rest, TextContent)
    assert other == PICTURE_ALONE
    assert len(picture.caption) <= 2000
    assert (picture.caption + " " + rest.text).split() == ["word"] * 500


PICTURE_ALONE = PhotoContent("https://x/1.png")


def test_texts_say_how_they_are_read_and_keep_their_marks_over_a_cut() -> None:
    policy = AccountPolicy(parse_mode="markdown", text_limit=14)
    contents = parts(Reply("aaa **bbb ccc ddd** eee"), policy).contents
    assert contents == tuple(TextContent(text, "markdown") for text in ("aaa **bbb**", "**ccc ddd**", "eee"))


def test_a_text_that_is_not_parsed_is_sent_as_it_stands() -> None:
    assert parts(Reply("a **b**"), PLAIN).contents == (TextContent("a **b**", None),)


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        (AccountPolicy(), "```\n| a   | b   |\n| --- | --- |\n| 1   | 2   |\n```"),
        (AccountPolicy(tables="bullets"), "1\n• b: 2"),
        (AccountPolicy(tables="bullets", parse_mode="html"), "<b>1</b>\n• b: 2"),
        (AccountPolicy(tables="off"), TABLE),
    ],
)
def test_tables_are_written_as_the_account_says(policy: AccountPolicy, text: str) -> None:
    assert parts(Reply(TABLE), policy).contents == (TextContent(text, policy.parse_mode),)


def test_nothing_said_is_nothing_sent() -> None:
    assert parts(Reply(" \n"), PLAIN) == Parts(())


@pytest.mark.parametrize(
    ("media", "trace"),
    [
        (Media(kind="image", path="/tmp/1.png", problem="too large"), PhotoFileContent("/tmp/1.png")),
        (Media(kind="file", path="/tmp/report.pdf"), TextContent("/tmp/report.pdf")),
        (Media(kind="sticker"), TextContent("")),
    ],
)
def test_what_cannot_be_sent_leaves_a_trace(media: Media, trace: Content) -> None:
    assert trace_of(media) == trace


def test_a_picture_in_a_file_that_cannot_reach_the_network_does_not_take_the_words_along() -> None:
    policy = AccountPolicy(sends_files=False)
    here, there = Media(kind="image", path="/kept/1.png"), PICTURE
    found = parts(Reply("see", (here, there)), policy)
    assert found.contents == (PhotoContent("https://x/1.png", "see"),)
    (left,) = found.unsendable
    assert (left.path, left.problem) == ("/kept/1.png", NO_ADDRESS)
