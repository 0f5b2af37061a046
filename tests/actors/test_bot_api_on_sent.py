"""Who wants to hear of messages as they are sent."""

from __future__ import annotations

from actors.net.client import open_http_client
from actors.secret import Secret
from actors.testing.bot_api import BotApi, SimulatedBot, run_bot_api
from actors.testing.bot_api.records import Sent
from actors.zalo.client import BotApi as Client

TOKEN = "1459232241454765289:abc-xyz"
TED = "6ede9afa66b88fe6d6a9"


async def test_hears_of_each_message_at_once_and_may_write_back() -> None:
    heard: list[str] = []
    async with run_bot_api(TOKEN) as api, open_http_client(base_url=api.url) as http:
        _write_back(api, heard)
        api.know(TOKEN, TED)
        client = Client(http, http, Secret(TOKEN))
        await client.send_message(TED, "one")
        assert heard == ["one"]
        assert len(api.bot(TOKEN).queue) == 1
        await client.send_message(TED, "two")
        assert heard == ["one", "two"]


def _write_back(api: BotApi, heard: list[str]) -> None:
    def hear(bot: SimulatedBot, sent: Sent) -> None:
        heard.append(sent.text)
        api.say(bot, sent.chat_id, "again")

    api.on_sent = hear
