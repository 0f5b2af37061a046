"""What the control socket can ask for, done: a class for each noun, a method for each row of the protocol's table."""

from __future__ import annotations

from collections.abc import Mapping

from router.control.connection import Handler, Handlers, WithPeer
from router.operations.channels import Channels
from router.operations.conversations import Conversations
from router.operations.inside import Inside
from router.operations.journal import Journal
from router.operations.overview import Overview
from router.operations.people import People
from router.operations.sending import Sending
from router.operations.stuck import Stuck

__all__ = ["Inside", "Operations"]


class Operations:
    """A running router as its operators see it."""

    def __init__(self, inside: Inside) -> None:
        self.overview = Overview(inside)
        self.channels = Channels(inside)
        self.people = People(inside)
        self.sending = Sending(inside)
        self.stuck = Stuck(inside)
        self.conversations = Conversations(inside)
        self.journal = Journal(inside)

    def handlers(self) -> Handlers:
        """By the names of the protocol's methods."""
        found: Mapping[str, Handler | WithPeer] = {
            "ping": self.overview.ping,
            "status": self.overview.status,
            "channels.list": self.channels.list,
            "channels.status": self.channels.status,
            "channels.start": self.channels.start,
            "channels.stop": self.channels.stop,
            "channels.restart": self.channels.restart,
            "pairing.list": self.people.pending,
            "pairing.approved": self.people.approved,
            "pairing.approve": self.people.approve,
            "pairing.reject": self.people.reject,
            "pairing.revoke": self.people.revoke,
            "message.send": self.sending.send,
            "outbox.list": self.stuck.list_outbox,
            "outbox.retry": self.stuck.retry_outbox,
            "outbox.drop": self.stuck.drop_outbox,
            "inbox.list": self.stuck.list_inbox,
            "inbox.retry": self.stuck.retry_inbox,
            "inbox.shelf": self.stuck.list_shelf,
            "sessions.list": self.conversations.list,
            "sessions.show": self.conversations.show,
            "sessions.reset": self.conversations.reset,
            "logs.tail": self.journal.tail,
            "events.subscribe": WithPeer(self.journal.subscribe),
        }
        return found
