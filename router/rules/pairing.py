"""How a stranger is let in.

The law (openclaw-gateway reference, section 1):

1. A stranger's first message makes a request with a code of 8 characters, good for one hour from then; repeats do not
   lengthen it. The message itself is not given to anybody, then or later.
2. At most 3 requests are open per account. A further stranger is not answered; the operator can see why.
3. While a request is open its sender is told the code again after 10 minutes at the earliest, or when they ask for it
   (`/pair`), at most once a minute.
4. An operator approves by code, without regard to case. The request goes and the approval comes in one transaction, and
   counts from the next message on. Codes are unique among the open requests of a channel.

Time and codes come in as arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from actors.messages import AccountKey, Inbound
from router.rules.policy import normalize_id
from router.rules.records import Approval, Change, DropApproval, DropPairing, PairingRequest, PutApproval, PutPairing

CODE_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
CODE_LENGTH = 8
LIFETIME_SECONDS = 3600.0
MAX_PENDING = 3
REMIND_SECONDS = 600.0
ON_REQUEST_SECONDS = 60.0
ASKS_FOR_CODE = frozenset({"/pair", "/code", "pair", "code"})

Sender = tuple[AccountKey, str]


class Asked(msgspec.Struct, frozen=True):
    """What a stranger's message led to."""

    changes: tuple[Change, ...] = ()
    tell: PairingRequest | None = None
    """The request whose code is to be told to its sender now; None: say nothing."""
    reason: str = "pairing"
    is_new: bool = False


class Pairings:
    """The open requests and the approved senders, in memory exactly as they are in the store."""

    def __init__(self, requests: Iterable[PairingRequest] = (), approvals: Iterable[Approval] = ()) -> None:
        self._requests: dict[Sender, PairingRequest] = {(r.account, _plain(r.sender_id)): r for r in requests}
        self._approvals: dict[Sender, Approval] = {(a.account, _plain(a.sender_id)): a for a in approvals}

    def is_approved(self, account: AccountKey, sender_id: str) -> bool:
        """Whether pairing let this sender in."""
        return (account, _plain(sender_id)) in self._approvals

    def ask(self, inbound: Inbound, now: float, new_code: Callable[[], str]) -> Asked:
        """A stranger wrote: a new request, a reminder of the old one, or nothing."""
        account = inbound.chat.account
        expired = self.expire(now)
        known = self._requests.get((account, _plain(inbound.sender_id)))
        if known is not None:
            return self._ask_again(known, inbound, now, expired)
        if sum(1 for key in self._requests if key[0] == account) >= MAX_PENDING:
            return Asked(expired, reason=f"pairing: {MAX_PENDING} requests are open already")
        request = PairingRequest(
            account=account,
            sender_id=inbound.sender_id,
            code=self._unique_code(account.channel, new_code),
            created_at=now,
            last_seen_at=now,
            replied_at=now,
            chat=inbound.chat,
            sender_name=inbound.sender_name or "",
        )
        return Asked((*expired, self._put(request)), tell=request, is_new=True)

    def approve(
        self, channel: str, code: str, account_id: str | None, now: float
    ) -> tuple[Approval, tuple[Change, ...]] | None:
        """Lets in the sender with this code; None when no open request has it."""
        request = self.find(channel, code, account_id, now)
        if request is None:
            return None
        approval = Approval(
            account=request.account,
            sender_id=request.sender_id,
            approved_at=now,
            sender_name=request.sender_name,
        )
        key = (request.account, _plain(request.sender_id))
        del self._requests[key]
        self._approvals[key] = approval
        return approval, (DropPairing(request.account, request.sender_id), PutApproval(approval))

    def find(self, channel: str, code: str, account_id: str | None, now: float) -> PairingRequest | None:
        """The open request with this code, without regard to case; the oldest, should two accounts have the same."""
        wanted = code.strip().upper()
        return next((each for each in self.pending(now, channel, account_id) if each.code == wanted), None)

    def reject(
        self, channel: str, code: str, account_id: str | None, now: float
    ) -> tuple[PairingRequest, Change] | None:
        """Removes the request with this code; its sender may ask anew. None when no open request has it."""
        request = self.find(channel, code, account_id, now)
        return None if request is None else (request, self._drop((request.account, _plain(request.sender_id))))

    def approved(self, channel: str | None = None, account_id: str | None = None) -> list[Approval]:
        """The senders who were let in, oldest approval first."""
        found = [each for each in self._approvals.values() if _fits(each.account, channel, account_id)]
        return sorted(found, key=lambda approval: approval.approved_at)

    def revoke(self, account: AccountKey, sender_id: str) -> tuple[Change, ...]:
        """Takes an approval back; no changes when there is none."""
        approval = self._approvals.pop((account, _plain(sender_id)), None)
        return () if approval is None else (DropApproval(account, approval.sender_id),)

    def pending(self, now: float, channel: str | None = None, account_id: str | None = None) -> list[PairingRequest]:
        """The open requests, oldest first."""
        found = [r for r in self._requests.values() if _fits(r.account, channel, account_id) and not _is_over(r, now)]
        return sorted(found, key=lambda request: request.created_at)

    def expire(self, now: float) -> tuple[Change, ...]:
        """Removes the requests whose hour is over."""
        over = [key for key, request in self._requests.items() if _is_over(request, now)]
        return tuple(self._drop(key) for key in over)

    def _ask_again(self, known: PairingRequest, inbound: Inbound, now: float, expired: tuple[Change, ...]) -> Asked:
        wait = ON_REQUEST_SECONDS if inbound.text.strip().casefold() in ASKS_FOR_CODE else REMIND_SECONDS
        tell_again = now - known.replied_at >= wait
        request = msgspec.structs.replace(
            known,
            last_seen_at=now,
            replied_at=now if tell_again else known.replied_at,
            sender_name=inbound.sender_name or known.sender_name,
        )
        return Asked((*expired, self._put(request)), tell=request if tell_again else None)

    def _unique_code(self, channel: str, new_code: Callable[[], str]) -> str:
        taken = {r.code for r in self._requests.values() if r.account.channel == channel}
        for _ in range(500):
            if (code := new_code()) not in taken:
                return code
        raise ValueError("the source of pairing codes gives the same ones again and again")

    def _put(self, request: PairingRequest) -> Change:
        self._requests[(request.account, _plain(request.sender_id))] = request
        return PutPairing(request)

    def _drop(self, key: Sender) -> Change:
        request = self._requests.pop(key)
        return DropPairing(request.account, request.sender_id)


def _plain(sender_id: str) -> str:
    return normalize_id(sender_id)


def _fits(account: AccountKey, channel: str | None, account_id: str | None) -> bool:
    return channel in (None, account.channel) and account_id in (None, account.account_id)


def _is_over(request: PairingRequest, now: float) -> bool:
    # A wall clock that jumps back must not make a request live longer than its hour twice over.
    return not (-LIFETIME_SECONDS < now - request.created_at < LIFETIME_SECONDS)
