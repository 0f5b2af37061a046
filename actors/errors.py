"""Errors, named for what the caller should do about them.

An adapter translates foreign exceptions into these at its edge, by a table, and keeps the original as `__cause__`.
No text here may carry a secret: adapters build messages from words of their own and the peer's description, never
from a URL.
"""

from __future__ import annotations


class RouterError(Exception):
    """The base of them all; catch a child, raise a child."""


class RetryLater(RouterError):
    """It did not happen, and may work later: network down, quota, a peer that is busy. Back off, then try again."""

    def __init__(self, reason: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after_seconds = retry_after_seconds


class TooManyRequests(RetryLater):
    """It did not happen because the peer is asked too much: ask less often, not only this once."""


class Rejected(RouterError):
    """It did not happen and the same request never will. Report it; do not repeat it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class BadCredentials(RouterError):
    """The peer does not accept who we say we are. Never retried: a person has to log in or mend the settings."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnknownOutcome(RouterError):
    """The request left and no answer came: it may have happened. Repeating it may do it twice."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class MailboxClosed(RouterError):
    """The actor behind this reference has ended; the message was not taken."""


class StoreUnavailable(RouterError):
    """The store cannot be written now (disk full, locked, failing). Nothing was committed; stop taking work in."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class AlreadyRunning(RouterError):
    """Another process of this machine holds the lock: stop it first, or use another state directory."""


class SettingsError(RouterError):
    """The settings cannot be used. Each problem says where, what was expected, and the nearest valid word."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Recycle(RouterError):
    """The task asks to be started afresh at once: nothing is wrong. The restart law sees to it that it cannot spin."""


class EndedEarly(RouterError):
    """A task that goes on until it is told to stop has returned by itself. Start it again."""


class StartTimeout(RouterError):
    """A task did not become ready within its start deadline and was cancelled. Start it again."""
