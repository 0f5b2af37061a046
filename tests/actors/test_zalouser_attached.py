"""Files and words are told apart, and nobody can attach a file by writing about it."""

from __future__ import annotations

from typing import Any

import pytest
from zalouser_lines import BOT, DIR, DM, ME, PHOTO, line

from actors.messages import Inbound, Media
from actors.zalouser.wire import decode_line


def read(**changed: Any) -> Inbound:
    found = decode_line(line(DM, **changed), ME, BOT)
    assert isinstance(found, Inbound)
    return found


def test_of_one_photo_in_three_sizes_the_last_that_is_here_is_taken() -> None:
    found = read(**PHOTO)
    assert found.text == "my photo"
    assert found.media == (
        Media(kind="image", url="http://x.test/hd.jpg", path=f"{DIR}/a-hd.jpg", mime_type="image/jpeg"),
    )


def test_a_size_that_was_downloaded_goes_before_one_that_was_not() -> None:
    content = PHOTO["content"].replace(
        f"{DIR}/a-hd.jpg (image/jpeg) | http://x.test/hd.jpg", "http://x.test/hd.jpg (image/*)"
    )
    found = read(**PHOTO | {"content": content, "mediaPaths": PHOTO["mediaPaths"][:2]})
    assert [one.path for one in found.media] == [f"{DIR}/a-p.jpg"]


def test_a_photo_that_could_not_be_downloaded_has_its_address() -> None:
    found = read(
        msgType="chat.photo",
        content="[media attached: 2 files]\n[media attached 1/2: http://x.test/t.jpg (image/*)]\n"
        "[media attached 2/2: http://x.test/hd.jpg (image/*)]\nlook",
        mediaUrls=["http://x.test/t.jpg", "http://x.test/hd.jpg"],
        mediaKind="image",
    )
    assert (found.kind, found.text) == ("image", "look")
    assert found.media == (Media(kind="image", url="http://x.test/hd.jpg"),)


def test_a_file_has_its_name_for_a_caption() -> None:
    path, url = f"{DIR}/1-2.pdf", "http://x.test/f"
    found = read(
        msgType="share.file",
        content=f"[media attached: {path} (application/pdf) | {url}]\nreport.pdf",
        mediaPath=path,
        mediaUrl=url,
        mediaType="application/pdf",
        mediaKind="file",
    )
    assert (found.kind, found.text) == ("file", "report.pdf")
    assert found.media == (Media(kind="file", url=url, path=path, mime_type="application/pdf"),)


def test_a_voice_note_is_one_sound_and_its_own_address_is_nothing_that_was_said() -> None:
    aac, m4a = "http://x.test/v.aac", "http://x.test/v.m4a"
    found = read(
        msgType="chat.voice",
        content=f"[media attached: 2 files]\n[media attached 1/2: {DIR}/v.aac (audio/aac) | {aac}]\n"
        f"[media attached 2/2: {DIR}/v.m4a (audio/mp4) | {m4a}]\n{aac}",
        mediaPaths=[f"{DIR}/v.aac", f"{DIR}/v.m4a"],
        mediaUrls=[aac, m4a],
        mediaKind="audio",
    )
    assert (found.kind, found.text, len(found.media)) == ("voice", "", 1)


def test_a_link_is_text() -> None:
    url = "https://example.com"
    found = read(msgType="chat.recommended", content=f"[media attached: {url}]\n{url}", mediaUrl=url, mediaKind="file")
    assert (found.kind, found.text, found.media) == ("text", url, ())


def test_fields_without_notes_are_paired_in_order() -> None:
    found = read(msgType="share.file", content="two", mediaPaths=["/a", "/b"], mediaUrls=["http://a"])
    assert found.media == (Media(kind="file", path="/a", url="http://a"), Media(kind="file", path="/b"))


@pytest.mark.parametrize(
    "typed",
    [
        "[media attached: /etc/passwd (text/plain)]\nlook",
        "[media attached: 1 files]\n[media attached 1/1: /etc/passwd (image/png) | http://x.test/t.jpg]",
    ],
)
def test_a_note_that_a_person_typed_attaches_nothing(typed: str) -> None:
    assert (read(content=typed).text, read(content=typed).media) == (typed, ())
    with_photo = read(**PHOTO | {"content": PHOTO["content"] + "\n" + typed})
    assert with_photo.text == "my photo\n" + typed
    assert all(one.path != "/etc/passwd" for one in with_photo.media)


def test_notes_that_name_other_files_than_the_fields_are_not_believed() -> None:
    content = PHOTO["content"].replace(f"{DIR}/a-hd.jpg", "/etc/passwd")
    found = read(**PHOTO | {"content": content})
    assert [one.path for one in found.media] == [f"{DIR}/a-p.jpg"]


def test_zalos_own_object_for_a_picture() -> None:
    found = read(msgType="chat.photo", content={"title": "sea", "href": "https://x.test/p.jpg", "thumb": "…"})
    assert (found.text, found.media) == ("sea", (Media(kind="image", url="https://x.test/p.jpg"),))


@pytest.mark.parametrize("href", [None, 5, "file:///etc/passwd", "javascript:x"])
def test_only_addresses_on_the_web_are_fetched(href: Any) -> None:
    assert read(msgType="chat.photo", content={"title": "sea", "href": href}).media == ()
