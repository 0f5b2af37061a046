"""Strangers: who asks to be let in, who was, and deciding about them."""

from __future__ import annotations

from router.control.protocol.base import Call, Name, Params, Result


class PairingMeta(Result, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of the stranger besides the id."""

    name: str | None = None


class PairingReport(Result, frozen=True, kw_only=True):
    """One stranger who waits to be let in."""

    channel: str
    account_id: str
    id: str
    """The sender's id on that channel."""
    code: str
    created_at: str
    last_seen_at: str
    expires_at: str
    meta: PairingMeta = PairingMeta()


class PairingListResult(Result, frozen=True, kw_only=True, omit_defaults=True):
    """Pending requests, oldest first."""

    channel: str | None = None
    """The channel that was asked for; absent when all were."""
    requests: tuple[PairingReport, ...]


class ListPairings(Params, Call[PairingListResult], frozen=True, kw_only=True):
    """Pending pairing requests: of all channels, of one, or of one account."""

    channel: str | None = None
    account: str | None = None


class ApprovedReport(Result, frozen=True, kw_only=True):
    """One sender who was let in by pairing."""

    channel: str
    account_id: str
    id: str
    name: str = ""
    approved_at: str


class ApprovedListResult(Result, frozen=True, kw_only=True):
    """Senders who were let in, the oldest approval first. Those whom the settings list are not among them."""

    approved: tuple[ApprovedReport, ...]


class ListApproved(Params, Call[ApprovedListResult], frozen=True, kw_only=True):
    """Who was let in by pairing: on all channels, on one, or on one account."""

    channel: str | None = None
    account: str | None = None


class PairingApproved(Result, frozen=True, kw_only=True):
    """Who was let in. Durable when this is answered."""

    channel: str
    account_id: str
    id: str
    name: str = ""


class ApprovePairing(Params, Call[PairingApproved], frozen=True, kw_only=True):
    """Lets the stranger with this code in, at once and for good.

    The code is trimmed and its case does not matter. Fails with NOT_FOUND for a code that is unknown, expired or used,
    with REFUSED for a channel that has no pairing.
    """

    channel: str
    code: str
    account: str | None = None
    """Needed only when two accounts of the channel have the same code pending."""
    notify: bool = False
    """Whether the stranger is told, in the chat they asked from. What they wrote before is not answered."""


class PairingRejected(Result, frozen=True, kw_only=True):
    """Whose request was taken away."""

    channel: str
    account_id: str
    id: str
    name: str = ""


class RejectPairing(Params, Call[PairingRejected], frozen=True, kw_only=True):
    """Takes a request away. Its sender is told nothing, and may ask anew. NOT_FOUND as for `pairing.approve`."""

    channel: str
    code: str
    account: str | None = None


class PairingRevoked(Result, frozen=True, kw_only=True):
    """Who is no longer let in, and on which accounts."""

    channel: str
    id: str
    account_ids: tuple[str, ...]


class RevokePairing(Params, Call[PairingRevoked], frozen=True, kw_only=True):
    """Takes an approval back, from the sender's next message on: on one account, or on all of the channel.

    NOT_FOUND when there is none. Whom the settings list in `allowFrom` stays let in by them.
    """

    channel: Name
    id: Name
    account: Name | None = None
