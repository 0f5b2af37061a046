"""The simulated service without its HTTP face: bots, the people who write to them, and what is said in return."""

from __future__ import annotations

from collections.abc import Callable

import trio

from actors.clock import WallClock, wall_time
from actors.secret import Secret
from actors.testing.bot_api.bot import SimulatedBot
from actors.testing.bot_api.delivery import Deliverer
from actors.testing.bot_api.records import Behaviour, Call, Delivery, Sent
from actors.testing.bot_api.updates import ChatRef, From, Message, MessageIds, Update, chat_of, update_of
from actors.testing.bot_api.webhook import is_loopback

DEFAULT_BEHAVIOUR = Behaviour()
BotRef = SimulatedBot | Secret | str
"""A bot, its token, or its id."""


class Service:
    """Everything that a test does to the service, and sees of it, goes through here."""

    def __init__(
        self, behaviour: Behaviour = DEFAULT_BEHAVIOUR, *, wall_clock: WallClock = wall_time, id_seed: int = 0
    ) -> None:
        self.behaviour = behaviour
        """May be replaced at any time."""
        self.calls: list[Call] = []
        """Every call of a known bot, in order of arrival."""
        self.on_sent: Callable[[SimulatedBot, Sent], None] | None = None
        """Hears of each message that a bot sends, at once; it may `say` something back."""
        self._bots: dict[str, SimulatedBot] = {}
        self._bots_by_id: dict[str, SimulatedBot] = {}
        self._ids = MessageIds(id_seed)
        self._wall_clock = wall_clock
        self._changed = trio.lowlevel.ParkingLot()
        self._deliverer = Deliverer(lambda: self.behaviour, self._tell_change)

    def add_bot(self, token: str | Secret, name: str = "Demo") -> SimulatedBot:
        """Raises: ValueError for a token that is not `<digits>:<secret>`, or whose bot exists."""
        secret = token if isinstance(token, Secret) else Secret(token)
        bot = SimulatedBot(secret, name)
        if not bot.bot_id.isdigit() or ":" not in secret.reveal():
            raise ValueError("a bot token is <digits>:<secret>")
        if bot.bot_id in self._bots_by_id:
            raise ValueError(f"bot {bot.bot_id} exists already")
        self._bots[secret.reveal()] = self._bots_by_id[bot.bot_id] = bot
        return bot

    def bot(self, ref: BotRef) -> SimulatedBot:
        """Raises: LookupError when there is none such."""
        if isinstance(ref, SimulatedBot):
            return ref
        known = self._bots.get(ref.reveal()) if isinstance(ref, Secret) else self._bots.get(ref)
        if known is None:
            known = self._bots_by_id.get(str(ref))
        if known is None:
            raise LookupError("no bot has that token or id: add it with add_bot")
        return known

    def say(
        self, bot: BotRef, user_id: str, text: str, chat_id: str | None = None, group: bool = False, name: str = "Ted"
    ) -> str:
        """A person writes a text; returns its message id. A chat id `zgr-…` means a group even without `group`."""
        chat = chat_of(user_id, chat_id, group)
        return self._say("text", bot, self._message(From(user_id, name), chat, text=text))

    def show_image(
        self, bot: BotRef, user_id: str, url: str, caption: str | None = None, chat_id: str | None = None
    ) -> str:
        """A person sends a picture; its field is named by `Behaviour.photo_field`."""
        fields = {self.behaviour.photo_field: url, "message_type": "CHAT_PHOTO"}
        if caption is not None:
            fields["caption"] = caption
        chat = chat_of(user_id, chat_id, group=False)
        return self._say("image", bot, self._message(From(user_id, "Ted"), chat, **fields))

    def show_sticker(self, bot: BotRef, user_id: str, sticker: str, url: str = "https://zalo.example/s.png") -> str:
        """A person sends a sticker."""
        message = self._message(From(user_id, "Ted"), chat_of(user_id, None, False), sticker=sticker, url=url)
        return self._say("sticker", bot, message)

    def speak(self, bot: BotRef, user_id: str, voice_url: str) -> str:
        """A person sends a voice note."""
        fields = {"voice_url": voice_url, "message_type": "CHAT_VOICE"}
        message = self._message(From(user_id, "Ted"), chat_of(user_id, None, False), **fields)
        return self._say("voice", bot, message)

    def send_unsupported(self, bot: BotRef, user_id: str, chat_id: str | None = None) -> str:
        """A person sends what bots may not see: a link, a file, a video (3.3)."""
        message = self._message(From(user_id, "Ted"), chat_of(user_id, chat_id, group=False))
        return self._say("unsupported", bot, message)

    def inject(self, bot: BotRef, raw: bytes, message_id: str = "") -> None:
        """An update with these very bytes."""
        self._receive(self.bot(bot), Update(message_id, raw))

    def replay(self, bot: BotRef, message_id: str) -> None:
        """The same update once more, byte for byte.

        Raises: LookupError when no update of this bot had that id.
        """
        known = self.bot(bot)
        if message_id not in known.injected:
            raise LookupError(f"bot {known.bot_id} was never sent a message {message_id!r}")
        self._receive(known, known.injected[message_id])

    def know(self, bot: BotRef, chat_id: str) -> None:
        """Lets the bot write to a chat that has not written to it."""
        self.bot(bot).known_chats.add(chat_id)

    def count(self, method: str) -> int:
        """How many calls of a method there were."""
        return sum(call.method == method for call in self.calls)

    def sent(self) -> list[Sent]:
        """What all bots have sent; in order within one bot."""
        return [sent for bot in self._bots.values() for sent in bot.sent]

    def deliveries(self, bot: BotRef) -> list[Delivery]:
        """What was posted to a bot's webhook, probes included."""
        return self.bot(bot).deliveries

    async def wait_for_sent(self, count: int, bot: BotRef | None = None) -> list[Sent]:
        """Returns what was sent once there are at least `count`, by one bot or by all."""
        sent = self.sent if bot is None else lambda: self.bot(bot).sent
        await self.wait_until(lambda: len(sent()) >= count)
        return sent()

    async def wait_for_calls(self, count: int, method: str) -> None:
        """Returns when a method has been called so often; the call may still be under way."""
        await self.wait_until(lambda: self.count(method) >= count)

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        """Returns when `condition` is true; looked at again after each call, message sent and delivery."""
        await trio.lowlevel.checkpoint()
        while not condition():
            await self._changed.park()

    def _message(self, sender: From, chat: ChatRef, **content: str) -> Message:
        return Message(from_=sender, chat=chat, message_id=self._ids.next_id(), date=self._now_ms(), **content)

    def _say(self, kind: str, ref: BotRef, message: Message) -> str:
        bot = self.bot(ref)
        bot.known_chats.add(message.chat.id)
        self._receive(bot, update_of(f"message.{kind}.received", message))
        return message.message_id

    def _receive(self, bot: SimulatedBot, update: Update) -> None:
        if update.message_id:
            bot.injected[update.message_id] = update
        if bot.webhook is not None and is_loopback(bot.webhook.url):
            bot.undelivered.append(update)
            self._deliverer.notice(bot)
        else:
            bot.queue.put(update, self.behaviour)

    def _record_sent(self, bot: SimulatedBot, sent: Sent) -> None:
        bot.sent.append(sent)
        if self.behaviour.echo_in_groups and chat_of("", sent.chat_id, group=False).chat_type == "GROUP":
            sender = From(bot.bot_id, f"Bot {bot.name}", is_bot=True)
            message = self._message(sender, ChatRef(sent.chat_id, "GROUP"), text=sent.text)
            self._receive(bot, update_of("message.text.received", message))
        if self.on_sent is not None:
            self.on_sent(bot, sent)
        self._tell_change()

    def _now_ms(self) -> int:
        return round(self._wall_clock() * 1000)

    def _tell_change(self) -> None:
        if self._changed:
            self._changed.unpark_all()
