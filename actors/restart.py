"""The restart law: when a task that ended is started again, after what wait, and when not at all.

Rule 1: everything that decides about a restart lives in this file; who carries it out is not known here.
Rule 2: time and chance are arguments. Seconds come from one monotonic clock, `random` lies in [0, 1).

The law is that of Erlang/OTP supervisors with the waits of a network client. A task may end in four ways:

    how it ended      wait before the next start        counts against the intensity
    crash             grows with each failure           yes; more than `intensity` in `period_seconds`: given up
    transient         grows, at least what peer asked   no: an outage of hours never makes an account `failed`
    recycle           none                              no; but one that ran too shortly is judged as a crash
    bad-credentials   for ever: a person has to act     no

A restart at time `then` lies in the window while `now <= then + period_seconds` (OTP's rule), and exactly `intensity`
restarts in it are fine. A task that was ready for `healthy_after_seconds` starts over with a clean history, whatever
ended it then.

The defaults make a steady crasher `failed`: it waits 1, 2, 4 ... 256, 300 s, ten restarts in about 14 minutes (25 when
each start hangs until its deadline), and the eleventh crash within the hour is one too many.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Annotated, Literal

import msgspec

from actors.errors import BadCredentials, Recycle, RetryLater

ExitKind = Literal["crash", "transient", "recycle", "bad-credentials"]

RECYCLE_FLOOR_SECONDS = 10.0
"""A recycle that comes sooner after being ready is judged as a crash, so that it cannot spin."""
LONGEST_RETRY_AFTER_SECONDS = 3600.0
"""A peer may ask for a longer wait; it is tried again after this one, lest a typo there silence an account for days."""
REASON_LIMIT = 300
"""Characters of an error's text that are kept for status."""

NotNegative = Annotated[float, msgspec.Meta(ge=0)]
Positive = Annotated[float, msgspec.Meta(gt=0)]


class RestartPolicy(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The numbers of the law, as they stand in the settings."""

    intensity: Annotated[int, msgspec.Meta(ge=0)] = 10
    """So many restarts after crashes within the period are allowed; one more and the task is given up."""
    period_seconds: Positive = 3600.0
    initial_delay_seconds: Positive = 1.0
    max_delay_seconds: Positive = 300.0
    jitter: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.1
    """Share of the wait that chance may add to it."""
    healthy_after_seconds: NotNegative = 300.0
    start_deadline_seconds: Positive = 60.0
    """A task that is not ready by then is cancelled, which counts as a crash."""


class History(msgspec.Struct, frozen=True):
    """What the law remembers of one task."""

    failures: int = 0
    """Crashes and transient failures in a row; the wait grows with it."""
    crashed_at: tuple[float, ...] = ()
    """Monotonic times of the crashes in the window, oldest first."""


class Exit(msgspec.Struct, frozen=True):
    """How a task ended."""

    kind: ExitKind
    reason: str = ""
    """One line for people, at most `REASON_LIMIT` characters."""
    retry_after_seconds: float | None = None
    """What the peer asked for; only heeded for `transient`."""


class Restart(msgspec.Struct, frozen=True):
    """Start it again after the wait."""

    delay_seconds: float
    history: History


class GiveUp(msgspec.Struct, frozen=True):
    """Leave it `failed` until somebody starts it."""

    history: History


class WaitForLogin(msgspec.Struct, frozen=True):
    """Leave it in `needs-login` until somebody starts it."""

    history: History


Verdict = Restart | GiveUp | WaitForLogin


def backoff_seconds(failures: int, policy: RestartPolicy, random: float) -> float:
    """The wait after the `failures`-th failure in a row (the first is 1, and 0 counts as 1).

    Doubles from `initial_delay_seconds` up to `max_delay_seconds`; jitter comes on top of that, also of the cap.
    """
    doublings = min(max(failures, 1) - 1, 64)
    delay = min(policy.initial_delay_seconds * 2.0**doublings, policy.max_delay_seconds)
    return delay * (1.0 + policy.jitter * random)


def after_exit(
    policy: RestartPolicy, history: History, ended: Exit, *, now: float, ran_seconds: float, random: float
) -> Verdict:
    """The verdict on a task that ended at `now`, having been ready for `ran_seconds` (0 if it never was)."""
    past = History() if ran_seconds >= policy.healthy_after_seconds and ran_seconds > 0 else history
    kind = "crash" if ended.kind == "recycle" and ran_seconds < RECYCLE_FLOOR_SECONDS else ended.kind
    return _RULES[kind](policy, past, ended, now, random)


def _after_crash(policy: RestartPolicy, past: History, _ended: Exit, now: float, random: float) -> Verdict:
    in_window = tuple(then for then in past.crashed_at if now <= then + policy.period_seconds)
    history = History(past.failures + 1, (*in_window, now))
    if len(history.crashed_at) > policy.intensity:
        return GiveUp(history)
    return Restart(backoff_seconds(history.failures, policy, random), history)


def _after_transient(policy: RestartPolicy, past: History, ended: Exit, _now: float, random: float) -> Verdict:
    history = History(past.failures + 1, past.crashed_at)
    asked = ended.retry_after_seconds
    floor = 0.0 if asked is None or math.isnan(asked) else min(asked, LONGEST_RETRY_AFTER_SECONDS)
    return Restart(max(floor, backoff_seconds(history.failures, policy, random)), history)


def _after_recycle(_policy: RestartPolicy, past: History, _ended: Exit, _now: float, _random: float) -> Verdict:
    return Restart(0.0, past)


def _after_refused_login(_policy: RestartPolicy, past: History, _ended: Exit, _now: float, _random: float) -> Verdict:
    return WaitForLogin(past)


_RULES: dict[ExitKind, Callable[[RestartPolicy, History, Exit, float, float], Verdict]] = {
    "crash": _after_crash,
    "transient": _after_transient,
    "recycle": _after_recycle,
    "bad-credentials": _after_refused_login,
}

_KINDS: tuple[tuple[type[Exception], ExitKind], ...] = (
    (BadCredentials, "bad-credentials"),
    (RetryLater, "transient"),
    (Recycle, "recycle"),
)

# When several things failed at once, the first of these speaks for all: a login that is refused makes every restart
# useless, and a defect must not hide behind an outage that came with it.
_GRAVEST_FIRST: tuple[ExitKind, ...] = ("bad-credentials", "crash", "transient", "recycle")


def exit_of(error: Exception) -> Exit:
    """Reads an exception, or a group of them however deep, as one exit. What is not named in the law is a crash."""
    found = [_exit_of_one(leaf) for leaf in _leaves(error)]
    return min(found, key=lambda one: (_GRAVEST_FIRST.index(one.kind), -(one.retry_after_seconds or 0.0)))


def _leaves(error: Exception) -> Iterator[Exception]:
    if isinstance(error, ExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def _exit_of_one(error: Exception) -> Exit:
    kind: ExitKind = next((kind for known, kind in _KINDS if isinstance(error, known)), "crash")
    asked = error.retry_after_seconds if isinstance(error, RetryLater) else None
    return Exit(kind, reason_of(error), asked)


def reason_of(error: Exception) -> str:
    """The error's own words on one line, without its class, cut to `REASON_LIMIT` characters."""
    return short_line(str(error)) or "it failed without saying why; the log has the details"


def short_line(text: str) -> str:
    """The text on one line of at most `REASON_LIMIT` characters."""
    words = " ".join(text.split())
    return words if len(words) <= REASON_LIMIT else words[: REASON_LIMIT - 1] + "…"
