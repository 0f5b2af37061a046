"""A simulator of the Zalo Bot API, for tests and benches: faithful by default, wrong in every way that one orders.

async with run_bot_api("1459232241454765289:secret") as api:
    bot = api.bot("1459232241454765289")
    bot.faults.refuse("sendMessage", 429, "Quota exceeded", times=2)
    api.say(bot, "6ede9afa66b88fe6d6a9", "xin chao")
    [sent] = await api.wait_for_sent(1)
"""

from __future__ import annotations

from actors.testing.bot_api.api import BotApi, run_bot_api
from actors.testing.bot_api.bot import SimulatedBot
from actors.testing.bot_api.delivery import deliver
from actors.testing.bot_api.records import ApiError, Behaviour, Call, ChatAction, Delivery, Sent, Webhook
from actors.testing.bot_api.webhook import post_webhook

__all__ = [
    "ApiError",
    "Behaviour",
    "BotApi",
    "Call",
    "ChatAction",
    "Delivery",
    "Sent",
    "SimulatedBot",
    "Webhook",
    "deliver",
    "post_webhook",
    "run_bot_api",
]
