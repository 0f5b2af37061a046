"""What happens at the webhook listener; see `router.events` for the rules that hold for all events."""

from __future__ import annotations

from router.events import Event


class WebhooksServing(Event, frozen=True, kw_only=True):
    """The webhook listener is open."""

    url: str
    """Where it listens on this machine; not the address that Zalo calls."""


class WebhookRefused(Event, frozen=True, kw_only=True):
    """Requests came to a webhook and were not taken: at most one event a minute for each path, status and account."""

    path: str
    account: str
    """`zalo:shop`, or `no account` when the request showed no valid secret."""
    status: int
    reason: str
    times: int
    """So many since the last event of this kind. Many 401 mean a wrong secret at Zalo, or somebody who guesses."""


class WebhookFault(Event, frozen=True, kw_only=True):
    """A bug showed while a request of the webhook listener was worked on; it was answered with 500."""

    error: str
