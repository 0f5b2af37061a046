"""Pictures in agents' files, copied from a real directory into a real one, and fetched from a real listener."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
from playbook import SHOP, Stage

from actors.agents.contract import Agent, AgentKind
from actors.agents.settings import EchoSettings
from actors.errors import Rejected
from actors.messages import AccountKey, Media, Reply, Turn
from actors.net.client import open_http_client
from actors.net.listening import ListenOptions, serve_webhooks
from actors.net.webhooks import WebhookListener
from router.media.outgoing import OutgoingFiles, hosted, keeping_files
from router.media.shelf import MediaShelf
from router.settings.schema import Settings
from router.settings.sections import WebhookSettings

PNG = b"\x89PNG\r\n\x1a\n" + b"p" * 100
LIMIT = 1024 * 1024


class Rig:
    def __init__(self, directory: Path) -> None:
        self.directory = directory / "outbound"
        self.files = OutgoingFiles(MediaShelf(self.directory), {SHOP: LIMIT})
        self.picture = directory / "chart.png"
        self.picture.write_bytes(PNG)

    async def kept(self, media: Media, account: AccountKey = SHOP) -> Media:
        with trio.fail_after(30):
            (found,) = (await self.files.keep(account, Reply("", (media,)))).media
        return found

    def copies(self) -> list[Path]:
        return sorted(self.directory.iterdir()) if self.directory.exists() else []


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def picture(path: Path) -> Media:
    return Media(kind="image", path=str(path))


async def test_a_picture_is_copied_under_a_name_of_chance(rig: Rig) -> None:
    kept = [await rig.kept(picture(rig.picture)) for _ in range(2)]
    rig.picture.unlink()
    assert sorted(media.path or "" for media in kept) == [str(path) for path in rig.copies()]
    assert [path.read_bytes() for path in rig.copies()] == [PNG, PNG]
    assert all(len(path.stem) == 32 and path.suffix == ".png" for path in rig.copies())
    assert {(media.kind, media.mime_type, media.problem) for media in kept} == {("image", "image/png", "")}
    assert rig.directory.stat().st_mode & 0o777 == 0o700
    assert rig.copies()[0].stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"\xff\xd8\xff" + b"x" * (LIMIT - 3), ""),
        (b"\xff\xd8\xff" + b"x" * (LIMIT - 2), "larger than 1 MB (mediaMaxMb)"),
        (b"root:x:0:0\n", "not a JPEG, PNG, GIF or WebP"),
        (b"BM" + bytes(60), "not a JPEG, PNG, GIF or WebP"),
        (b"", "empty"),
    ],
)
async def test_only_pictures_of_a_fair_size_are_kept(rig: Rig, content: bytes, problem: str) -> None:
    rig.picture.write_bytes(content)
    kept = await rig.kept(picture(rig.picture))
    assert problem in kept.problem
    assert bool(kept.problem) == bool(problem)
    assert len(rig.copies()) == (not problem)


async def test_what_cannot_be_read_says_why(rig: Rig) -> None:
    assert "No such file" in (await rig.kept(picture(rig.picture.parent / "gone.png"))).problem
    assert "not a file" in (await rig.kept(picture(rig.picture.parent))).problem
    os.mkfifo(rig.picture.parent / "pipe.png")
    assert "not a file" in (await rig.kept(picture(rig.picture.parent / "pipe.png"))).problem
    rig.directory.write_text("in the way")
    assert "could not be copied" in (await rig.kept(picture(rig.picture))).problem


@pytest.mark.parametrize(
    "media",
    [
        Media(kind="image", url="https://x/1.png"),
        Media(kind="image", url="https://x/1.png", path="/inbound/1.png"),
        Media(kind="file", path="/etc/passwd"),
        Media(kind="sticker", id="s"),
    ],
)
async def test_other_media_are_not_looked_at(rig: Rig, media: Media) -> None:
    assert await rig.kept(media) == media
    assert rig.copies() == []


async def test_an_account_that_is_gone_from_the_settings_has_a_limit_too(rig: Rig) -> None:
    rig.picture.write_bytes(PNG + bytes(5 * LIMIT))
    assert "larger than 5 MB" in (await rig.kept(picture(rig.picture), AccountKey("zalo", "gone"))).problem


class Drawing:
    """Answers with a picture."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def answer(self, turn: Turn) -> Reply:
        return Reply(turn.text, (picture(self.path),))


async def test_an_agent_of_any_kind_has_its_pictures_kept_before_it_has_answered(rig: Rig) -> None:
    closed = []

    @asynccontextmanager
    async def opened(settings: object) -> AsyncIterator[Agent]:
        yield Drawing(rig.picture)
        closed.append(settings)

    kinds = keeping_files({"draw": AgentKind("draw", EchoSettings, opened, lambda _: 7)}, rig.files)
    (turn,) = Stage().say("hi").turns
    async with kinds["draw"].open("settings") as agent:
        reply = await agent.answer(turn)
    assert (reply.text, reply.media[0].path) == ("hi", str(rig.copies()[0]))
    assert (kinds["draw"].history_limit(None), closed) == (7, ["settings"])


def test_a_router_without_a_listener_hosts_nothing(rig: Rig) -> None:
    settings = Settings(webhook=WebhookSettings(public_url="https://bot.example.com"))
    with pytest.raises(Rejected, match=r"webhook\.publicUrl"):
        hosted(rig.directory, settings, None, trio.current_time).address_of("/x")


async def test_a_kept_picture_is_fetched_from_the_listener_by_its_address(rig: Rig) -> None:
    kept = await rig.kept(picture(rig.picture))
    webhooks = WebhookListener(lambda refusal: None)
    settings = Settings(webhook=WebhookSettings(public_url="https://bot.example.com"))
    host = hosted(rig.directory, settings, webhooks, trio.current_time)
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            options = ListenOptions(host="127.0.0.1", port=0)
            url = await nursery.start(serve_webhooks, webhooks, options, lambda error: None)
            async with open_http_client(base_url=url) as client:
                path = host.address_of(kept.path or "").removeprefix("https://bot.example.com")
                for _ in range(2):
                    answer = await client.get(path, timeout_seconds=10)
                    assert (answer.status, answer.content_type, answer.body) == (200, "image/png", PNG)
                assert (await client.get("/media/" + "0" * 32 + ".png", timeout_seconds=10)).status == 404
                assert (await client.post(path, body=b"", timeout_seconds=10)).status == 405
            nursery.cancel_scope.cancel()
