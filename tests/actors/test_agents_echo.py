"""The echo agent's own rule beside the contract: media."""

from __future__ import annotations

from agents_support import make_turn

from actors.agents.echo import EchoAgent
from actors.messages import Media, Reply


async def test_media_is_echoed_if_it_has_an_address_to_be_sent_by() -> None:
    here = Media(kind="image", path="/tmp/1.jpg")
    there = Media(kind="image", url="https://x/2.jpg", path="/tmp/2.jpg", mime_type="image/jpeg")
    assert await EchoAgent().answer(make_turn("look", media=(here, there))) == Reply("look", (there,))
