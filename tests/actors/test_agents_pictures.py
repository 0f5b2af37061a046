from __future__ import annotations

import base64
from pathlib import Path

import pytest
from agents_support import make_turn

from actors.agents import pictures
from actors.agents.openai import open_openai_agent
from actors.agents.pictures import with_pictures_inside
from actors.agents.settings import OpenaiSettings
from actors.messages import Media
from actors.testing.model_server import open_model_server

JPEG = b"\xff\xd8\xff\xe0" + b"j" * 96
PNG = b"\x89PNG\r\n\x1a\n" + b"p" * 92
HEIC = b"\x00\x00\x00\x18ftypheic" + b"h" * 88
ADDRESS = "https://cdn.test/a.jpg"


def data(mime_type: str, body: bytes) -> str:
    return f"data:{mime_type};base64,{base64.b64encode(body).decode()}"


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "1-0.bin"
    path.write_bytes(JPEG)
    return path


def image(path: Path, url: str | None = None) -> Media:
    return Media(kind="image", path=str(path), url=url)


@pytest.mark.parametrize("url", [None, ADDRESS])
async def test_a_saved_picture_goes_by_its_bytes_even_when_it_has_an_address(saved: Path, url: str | None) -> None:
    made = await with_pictures_inside(make_turn("look", media=(image(saved, url),)))
    assert [media.url for media in made.media] == [data("image/jpeg", JPEG)]
    assert made.text == "look"


async def test_other_media_are_left_alone(saved: Path) -> None:
    media = (Media(kind="image", url=ADDRESS), Media(kind="voice", path=str(saved)), Media(kind="file", path="/a"))
    turn = make_turn("look", media=media)
    assert await with_pictures_inside(turn) is turn


async def test_a_type_that_models_refuse_is_not_shown_and_said(saved: Path) -> None:
    saved.write_bytes(HEIC)
    made = await with_pictures_inside(make_turn("look", media=(image(saved, ADDRESS),)))
    assert made.media[0].url is None
    assert made.text == "look\n[media unavailable: a picture of this type cannot be shown]"


async def test_a_picture_that_is_gone_is_not_shown_and_said(saved: Path) -> None:
    made = await with_pictures_inside(make_turn("look", media=(image(saved / "no", ADDRESS),)))
    assert made.media[0].url is None
    assert made.text == "look\n[media unavailable: the picture is gone]"


async def test_pictures_have_room_together(saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MAX_PICTURE_BYTES", 200)
    second = tmp_path / "second"
    second.write_bytes(PNG)
    media = (image(saved), image(tmp_path / "none"), image(second), image(saved, ADDRESS), image(saved))
    made = await with_pictures_inside(make_turn("look", media=media))
    assert [each.url for each in made.media] == [
        data("image/jpeg", JPEG),
        None,
        data("image/png", PNG),
        ADDRESS,
        None,
    ]
    assert made.text.split("\n")[1:] == [
        "[media unavailable: the picture is gone]",
        "[media unavailable: the picture is too large to be shown]",
    ]


async def test_a_model_sees_the_picture(saved: Path) -> None:
    async with open_model_server() as server:
        settings = OpenaiSettings(base_url=server.base_url, model="echo")
        async with open_openai_agent(settings) as agent:
            await agent.answer(make_turn("look", media=(image(saved),)))
        (seen,) = server.requests
    assert seen.messages[-1].content == [
        {"type": "text", "text": "look"},
        {"type": "image_url", "image_url": {"url": data("image/jpeg", JPEG)}},
    ]
