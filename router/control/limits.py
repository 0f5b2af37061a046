"""How much one client may ask of the control socket."""

from __future__ import annotations

import msgspec


class ControlLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds that keep one client from harming the router or the other clients."""

    clients: int = 64
    """Connections at a time; more are closed unanswered."""
    requests_at_once: int = 32
    """Requests of one connection that are worked on side by side; more are answered UNAVAILABLE."""
    message_bytes: int = 1024 * 1024
    """A longer message ends the connection with close code 1009."""
    queued_messages: int = 256
    """Answers and notifications that wait for one client to read them."""
    write_seconds: float = 10.0
    """A client that does not read for so long is cut off."""
    handshake_seconds: float = 10.0
    close_seconds: float = 0.5
    """How long a client may take to say goodbye."""
    ping_seconds: float = 30.0
    """How often a silent client is asked whether it is still there; no answer in the same time ends the connection."""
