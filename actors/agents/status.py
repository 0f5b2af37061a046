"""What an HTTP status means for an agent: ask again, or do not. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from actors.agents import wire
from actors.errors import Rejected, RetryLater, UnknownOutcome
from actors.secret import Secret

PASSING = frozenset({408, 409, 425, 429})
"""With every 5xx: the same question may be answered later."""
CREDENTIALS = frozenset({401, 403})

SHORTEST_SECRET = 4
"""Shorter words would be hidden from texts that only happen to have them."""


def failure_of(status: int, body: bytes, retry_after_seconds: float | None) -> RetryLater | Rejected | None:
    """The error that an answer amounts to, with some of what the server says about it; None for 2xx."""
    if 200 <= status < 300:
        return None
    if status in CREDENTIALS:
        # Servers like to repeat the key here, in part or disguised: none of their words are shown.
        return Rejected(f"the agent's server does not accept the credentials: HTTP {status}; check the key or headers")
    if 300 <= status < 400:
        return Rejected(f"the agent's server answered HTTP {status}, a redirect; put the final address in the settings")
    said = wire.excerpt(body)
    reason = f"the agent's server answered HTTP {status}" + (f": {said}" if said else "")
    if status in PASSING or status >= 500:
        return RetryLater(reason, retry_after_seconds)
    return Rejected(reason)


def hide(text: str, secrets: Iterable[Secret]) -> str:
    """`text` with every secret, and every word of one (`Bearer …`), replaced by `***`; also one that `…` cuts short."""
    for secret in secrets:
        value = secret.reveal()
        for word in (value, *value.split()):
            if len(word) >= SHORTEST_SECRET:
                text = _without_cut_end(text.replace(word, "***"), word)
    return text


def _without_cut_end(text: str, word: str) -> str:
    for length in range(len(word) - 1, 0, -1):
        if text.endswith(word[:length] + "…"):
            return text[: -length - 1] + "***…"
    return text


@contextmanager
def asking(secrets: Iterable[Secret] = ()) -> Iterator[None]:
    """Around one request: failures leave it as RetryLater or Rejected, with `secrets` hidden from their reasons.

    UnknownOutcome becomes RetryLater: a question that was perhaps answered already may be asked again.
    """
    try:
        yield
    except (RetryLater, UnknownOutcome) as error:
        wait_seconds = error.retry_after_seconds if isinstance(error, RetryLater) else None
        raise RetryLater(hide(error.reason, secrets), wait_seconds) from None
    except Rejected as error:
        raise Rejected(hide(error.reason, secrets)) from None
