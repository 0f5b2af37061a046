"""One simulated bot: what the service knows about it, and what was sent in its name."""

from __future__ import annotations

import ssl
from collections import deque

import trio

from actors.secret import Secret
from actors.testing.bot_api.faults import Faults
from actors.testing.bot_api.queue import UpdateQueue
from actors.testing.bot_api.records import ChatAction, Delivery, Sent, Webhook
from actors.testing.bot_api.updates import Update


class SimulatedBot:
    """Tests read its lists and order its faults; calls of the API change it."""

    def __init__(self, token: Secret, name: str) -> None:
        self.token = token
        self.bot_id = token.reveal().partition(":")[0]
        self.name = name
        self.can_join_groups = False
        self.revoked = False
        self.faults = Faults()
        self.queue = UpdateQueue()
        self.known_chats: set[str] = set()
        self.sent: list[Sent] = []
        """Messages, photos, stickers and voice notes, in the order in which they were accepted."""
        self.actions: list[ChatAction] = []
        self.injected: dict[str, Update] = {}
        """Every update that carried an id, by it."""
        self.webhook: Webhook | None = None
        self.had_webhook = False
        self.trust: ssl.SSLContext | None = None
        """Whose certificates are good at an https webhook; None: those that this machine trusts."""
        self.deliveries: list[Delivery] = []
        """Every POST to the webhook, retries and probes included."""
        self.undelivered: deque[Update] = deque()
        """Updates that wait for the webhook."""
        self.poll_scope: trio.CancelScope | None = None
        """The poll that a second poller would end."""

    def __repr__(self) -> str:
        return f"<SimulatedBot {self.bot_id}>"

    def revoke(self) -> None:
        """From now on every call is answered with 401, as after a reset of the token."""
        self.revoked = True

    def reinstate(self) -> None:
        """The token is good again."""
        self.revoked = False

    @property
    def texts(self) -> list[str]:
        """The texts sent, in order."""
        return [sent.text for sent in self.sent]
