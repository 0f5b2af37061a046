"""Files of admitted messages, fetched from real servers on loopback into a real directory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trio
from playbook import SHOP, Stage

from actors.messages import Media, Turn
from actors.net.fetch import FetchRules
from actors.testing.file_host import FileHost, run_file_host
from router.events import Event, MediaFetched, MediaUnavailable
from router.media import intake
from router.media.intake import MediaIntake, file_stem
from router.media.shelf import MediaShelf

JPEG = b"\xff\xd8\xff\xe0" + b"j" * 100
AAC = b"\xff\xf1\x60\x40" + b"a" * 100
RULES = FetchRules(max_bytes=1000, timeout_seconds=10.0, allow_private_networks=True)


@pytest.fixture
async def host() -> AsyncIterator[FileHost]:
    async with run_file_host() as found:
        yield found


class Rig:
    def __init__(self, directory: Path, rules: FetchRules = RULES) -> None:
        self.directory = directory / "inbound"
        self.events: list[Event] = []
        self.intake = MediaIntake(MediaShelf(self.directory), {SHOP: rules}, self.events.append)

    async def attach(self, turn: Turn) -> Turn:
        with trio.fail_after(30):
            return await self.intake.attach(turn)

    def files(self) -> list[Path]:
        return sorted(self.directory.iterdir()) if self.directory.exists() else []


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def turn(*media: Media, text: str = "") -> Turn:
    (begun,) = Stage().say(text, kind="image", media=media).turns
    return begun


def image(url: str) -> Media:
    return Media(kind="image", url=url)


async def test_a_picture_is_saved_and_the_agent_told_where(host: FileHost, rig: Rig) -> None:
    url = host.put("/photo", JPEG, "application/octet-stream")
    asked = turn(image(url))
    made = await rig.attach(asked)
    (path,) = rig.files()
    assert path.name == file_stem(asked, 0) + ".jpg"
    assert path.name.startswith("1-0-")
    assert path.read_bytes() == JPEG
    assert made.media == (Media(kind="image", url=url, path=str(path), mime_type="image/jpeg"),)
    assert made.context.media_paths == (str(path),)
    assert made.text == "<media:image>"
    assert rig.events == [MediaFetched(chat=made.chat, inbox_id=1, kind="image", bytes=len(JPEG))]


async def test_a_voice_note_is_saved_as_what_it_is(host: FileHost, rig: Rig) -> None:
    made = await rig.attach(turn(Media(kind="voice", url=host.put("/v.aac", AAC), mime_type="audio/aac")))
    assert [path.suffix for path in rig.files()] == [".aac"]
    assert made.context.media_types == ("audio/aac",)


@pytest.mark.parametrize(
    ("body", "content_type", "mime_type", "extension"),
    [
        (JPEG, "image/png", "image/jpeg", ".jpg"),
        (b"?" * 9, "image/png; q=1", "image/png", ".png"),
        (b"?" * 9, "", "application/octet-stream", ".bin"),
    ],
)
async def test_bytes_count_before_words(
    host: FileHost, rig: Rig, body: bytes, content_type: str, mime_type: str, extension: str
) -> None:
    made = await rig.attach(turn(image(host.put("/x", body, content_type))))
    assert [path.suffix for path in rig.files()] == [extension]
    assert made.context.media_types == (mime_type,)


async def test_a_turn_without_files_is_left_alone(rig: Rig) -> None:
    (asked,) = Stage().say("hi").turns
    assert await rig.attach(asked) is asked
    assert rig.files() == []


async def test_a_file_that_is_here_already_is_given_as_it_is(rig: Rig) -> None:
    here = Media(kind="image", path="/elsewhere/a.jpg", url="http://127.0.0.1:1/a", mime_type="image/jpeg")
    made = await rig.attach(turn(here))
    assert made.media == (here,)
    assert (rig.files(), rig.events) == ([], [])


async def test_a_turn_that_runs_again_fetches_nothing_twice(host: FileHost, rig: Rig) -> None:
    asked = turn(image(host.put("/photo", JPEG)))
    first = await rig.attach(asked)
    assert await rig.attach(asked) == first
    assert len(host.requests) == 1


async def test_another_message_of_the_same_number_is_not_given_the_old_file(host: FileHost, rig: Rig) -> None:
    await rig.attach(turn(image(host.put("/photo", JPEG))))
    other = await rig.attach(turn(image(host.put("/other", JPEG + b"!"))))
    assert Path(other.context.media_paths[0]).read_bytes() == JPEG + b"!"


async def test_several_files_come_side_by_side_and_in_order(host: FileHost, rig: Rig) -> None:
    urls = [host.put("/1", JPEG), host.url + "/missing", host.put("/3", AAC)]
    made = await rig.attach(turn(*map(image, urls), text="three"))
    assert [media.url for media in made.media] == [urls[0], urls[2]]
    assert made.text == "three\n[media unavailable: the server answered 404]"


async def unavailable(rig: Rig, url: str) -> str:
    """The reason, which must be the same for the agent and for the operator."""
    made = await rig.attach(turn(image(url), text="hi"))
    (event,) = rig.events
    assert isinstance(event, MediaUnavailable)
    assert made.text == f"hi\n[media unavailable: {event.reason}]"
    assert made.media == ()
    assert rig.files() == []
    assert "127.0.0.1" not in event.reason
    return event.reason


async def test_too_large_is_said_and_leaves_nothing(host: FileHost, rig: Rig) -> None:
    assert (await unavailable(rig, host.put("/big", b"x" * 1001, tells_length=False))).startswith("larger than")


async def test_an_error_page_is_no_picture(host: FileHost, rig: Rig) -> None:
    url = host.put("/expired", b"<html>gone</html>", "text/html; charset=utf-8")
    assert await unavailable(rig, url) == "the server sent text in place of a picture"


async def test_an_empty_file_is_none(host: FileHost, rig: Rig) -> None:
    assert await unavailable(rig, host.put("/empty", b"")) == "it is empty"


async def test_a_private_address_is_refused_unless_allowed(host: FileHost, tmp_path: Path) -> None:
    rig = Rig(tmp_path, FetchRules(max_bytes=1000, timeout_seconds=10.0))
    assert await unavailable(rig, host.put("/photo", JPEG)) == "its address is not public"
    assert host.requests == []


async def test_an_account_that_is_not_in_the_settings_is_guarded_too(host: FileHost, tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.intake = MediaIntake(MediaShelf(rig.directory), {}, rig.events.append)
    assert await unavailable(rig, host.put("/photo", JPEG)) == "its address is not public"


async def test_new_rules_hold_for_the_next_file(host: FileHost, rig: Rig) -> None:
    url = host.put("/photo", JPEG)
    rig.intake.use({SHOP: FetchRules(max_bytes=10, timeout_seconds=10.0, allow_private_networks=True)})
    assert (await unavailable(rig, url)).startswith("larger than")


async def test_a_disk_that_refuses_costs_the_file_and_not_the_message(host: FileHost, tmp_path: Path) -> None:
    (tmp_path / "inbound").write_text("a file where the directory should be")
    rig = Rig(tmp_path)
    made = await rig.attach(turn(image(host.put("/photo", JPEG)), text="hi"))
    assert made.text == "hi\n[media unavailable: it could not be saved (FileExistsError)]"


async def test_a_passing_trouble_is_tried_again(host: FileHost, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "RETRY_SECONDS", (0.01, 0.01))
    url = host.put_raw("/photo", b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
    async with trio.open_nursery() as nursery:

        async def mend() -> None:
            while len(host.requests) < 2:
                await trio.sleep(0.001)
            host.put("/photo", JPEG)

        nursery.start_soon(mend)
        made = await rig.attach(turn(image(url)))
    assert len(host.requests) == 3
    assert len(made.media) == 1
    assert [type(event) for event in rig.events] == [MediaFetched]


async def test_a_trouble_that_stays_is_given_up(host: FileHost, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "RETRY_SECONDS", (0.01, 0.01))
    url = host.put_raw("/photo", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
    assert await unavailable(rig, url) == "the download broke off"
    assert len(host.requests) == 3


async def test_what_will_not_pass_is_not_tried_again(host: FileHost, rig: Rig) -> None:
    await unavailable(rig, host.url + "/missing")
    assert len(host.requests) == 1


async def test_all_attempts_together_have_one_deadline(
    host: FileHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "RETRY_SECONDS", (60.0,))
    rig = Rig(tmp_path, FetchRules(max_bytes=1000, timeout_seconds=0.3, allow_private_networks=True))
    url = host.put_raw("/photo", b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
    assert await unavailable(rig, url) == "it took longer than 0.3 s"


async def test_cancelled_it_leaves_no_part_of_a_file(host: FileHost, rig: Rig) -> None:
    url = host.put_raw("/slow", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nslow", hangs=True)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(rig.intake.attach, turn(image(url)))
        with trio.fail_after(10):
            while not rig.files():
                await trio.sleep(0.01)
        nursery.cancel_scope.cancel()
    assert rig.files() == []
