"""The restart law, as tables: no clock, no chance, no tasks."""

from __future__ import annotations

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.errors import BadCredentials, EndedEarly, MailboxClosed, Recycle, Rejected, RetryLater, StartTimeout
from actors.restart import (
    LONGEST_RETRY_AFTER_SECONDS,
    REASON_LIMIT,
    Exit,
    GiveUp,
    History,
    Restart,
    RestartPolicy,
    Verdict,
    WaitForLogin,
    after_exit,
    backoff_seconds,
    exit_of,
    reason_of,
)

CRASH = Exit("crash", "boom")
STEADY = RestartPolicy(jitter=0.0)
THREE = RestartPolicy(intensity=3, period_seconds=100.0, jitter=0.0)


def judge(
    history: History, ended: Exit = CRASH, *, policy: RestartPolicy = THREE, now: float = 0.0, ran: float = 0.0
) -> Verdict:
    return after_exit(policy, history, ended, now=now, ran_seconds=ran, random=0.0)


def crash_at(*times: float, policy: RestartPolicy = THREE) -> Verdict:
    """The verdict on the last of several crashes."""
    history, verdict = History(), None
    for now in times:
        verdict = judge(history, now=now, policy=policy)
        history = verdict.history
    assert verdict is not None
    return verdict


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, 1.0), (1, 1.0), (2, 2.0), (3, 4.0), (9, 256.0), (10, 300.0), (11, 300.0), (10_000, 300.0)],
)
def test_backoff_doubles_up_to_its_cap(failures: int, seconds: float) -> None:
    assert backoff_seconds(failures, STEADY, 0.0) == seconds


@pytest.mark.parametrize(("random", "seconds"), [(0.0, 4.0), (0.5, 4.2), (0.999999, 4.4)])
def test_jitter_adds_at_most_its_share(random: float, seconds: float) -> None:
    assert backoff_seconds(3, RestartPolicy(jitter=0.1), random) == pytest.approx(seconds, rel=1e-5)


@given(st.integers(0, 200), st.floats(0, 1, exclude_max=True))
def test_backoff_never_shrinks_and_stays_within_cap_and_jitter(failures: int, random: float) -> None:
    policy = RestartPolicy()
    wait = backoff_seconds(failures, policy, random)
    assert wait <= backoff_seconds(failures + 1, policy, random)
    assert 1.0 <= wait <= 330.0


def test_exactly_intensity_restarts_in_the_period_are_fine() -> None:
    assert isinstance(crash_at(0, 1, 2), Restart)


def test_one_restart_over_the_intensity_gives_up() -> None:
    assert isinstance(crash_at(0, 1, 2, 3), GiveUp)


def test_no_restart_at_all_is_allowed_with_intensity_zero() -> None:
    assert isinstance(crash_at(5, policy=RestartPolicy(intensity=0)), GiveUp)


@pytest.mark.parametrize(
    ("times", "verdict"),
    [
        ((0, 10, 20, 100), GiveUp),  # the first is exactly one period old: still counted, as in OTP
        ((0, 10, 20, 100.5), Restart),
        ((0, 10, 20, 100.5, 101), GiveUp),  # 10, 20, 100.5 and 101 share one window
        ((0, 40, 80, 120, 160, 200, 240, 280), Restart),  # never more than three in a window, for as long as it likes
    ],
)
def test_the_window_slides(times: tuple[float, ...], verdict: type) -> None:
    assert type(crash_at(*times)) is verdict


def test_a_crash_out_of_the_window_still_grows_the_wait() -> None:
    verdict = crash_at(0, 1000, 2000)
    assert verdict == Restart(4.0, History(3, (2000,)))


@pytest.mark.parametrize(
    ("ran", "failures", "delay"), [(299.9, 4, 8.0), (300.0, 1, 1.0), (5000.0, 1, 1.0)], ids=["short", "just", "long"]
)
def test_a_healthy_stretch_clears_window_and_wait(ran: float, failures: int, delay: float) -> None:
    policy = RestartPolicy(jitter=0.0, intensity=5)
    verdict = judge(History(3, (1.0, 2.0, 3.0)), policy=policy, now=10.0, ran=ran)
    assert isinstance(verdict, Restart)
    assert (verdict.history.failures, verdict.delay_seconds) == (failures, delay)
    assert len(verdict.history.crashed_at) == failures


def test_dying_during_start_is_never_a_healthy_stretch() -> None:
    policy = RestartPolicy(intensity=1, healthy_after_seconds=0.0)
    first = judge(History(), policy=policy)
    assert isinstance(judge(first.history, policy=policy), GiveUp)


def test_a_steady_crasher_is_given_up_after_ten_to_twenty_minutes() -> None:
    now, history = 0.0, History()
    while isinstance(verdict := judge(history, policy=RestartPolicy(), now=now), Restart):
        history = verdict.history
        now += verdict.delay_seconds
    assert 600 < now < 1200


def test_hung_starts_are_given_up_too() -> None:
    now, history = 0.0, History()
    while isinstance(verdict := judge(history, policy=RestartPolicy(), now=now), Restart):
        history = verdict.history
        now += verdict.delay_seconds + 60.0
        assert now < 7200, "it would never be given up"


def test_an_outage_of_days_never_gives_up_and_keeps_the_longest_wait() -> None:
    history = History()
    for _ in range(2000):
        verdict = judge(history, Exit("transient", "no route"), policy=STEADY)
        assert isinstance(verdict, Restart)
        history = verdict.history
    assert verdict == Restart(300.0, History(2000))


@pytest.mark.parametrize(
    ("asked", "delay"),
    [(None, 1.0), (0.2, 1.0), (30.0, 30.0), (1e9, LONGEST_RETRY_AFTER_SECONDS), (math.nan, 1.0), (-5.0, 1.0)],
)
def test_a_transient_end_waits_at_least_what_the_peer_asked(asked: float | None, delay: float) -> None:
    verdict = judge(History(), Exit("transient", "busy", asked))
    assert isinstance(verdict, Restart)
    assert verdict.delay_seconds == delay


def test_transient_ends_between_crashes_do_not_hide_them() -> None:
    history = History()
    for now in range(3):
        history = judge(history, CRASH, now=now).history
        history = judge(history, Exit("transient"), now=now).history
    assert isinstance(judge(history, CRASH, now=4), GiveUp)


@pytest.mark.parametrize("past", [History(), History(9, (1.0, 2.0, 3.0))])
def test_a_refused_login_is_never_retried(past: History) -> None:
    assert judge(past, Exit("bad-credentials")) == WaitForLogin(past)


def test_a_recycle_starts_again_at_once_and_does_not_count() -> None:
    past = History(2, (1.0, 2.0))
    assert judge(past, Exit("recycle"), ran=10.0) == Restart(0.0, past)


def test_a_recycle_that_comes_too_soon_is_a_crash() -> None:
    assert judge(History(), Exit("recycle"), now=7.0, ran=9.9) == Restart(1.0, History(1, (7.0,)))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (BadCredentials("token refused"), "bad-credentials"),
        (RetryLater("offline"), "transient"),
        (Recycle("asked for it"), "recycle"),
        (EndedEarly("it ended by itself"), "crash"),
        (StartTimeout("not ready"), "crash"),
        (MailboxClosed("gone"), "crash"),
        (Rejected("no"), "crash"),
        (ValueError("defect"), "crash"),
        (ExceptionGroup("many", [RetryLater("offline"), ValueError("defect")]), "crash"),
        (ExceptionGroup("many", [ValueError("defect"), BadCredentials("token refused")]), "bad-credentials"),
        (ExceptionGroup("many", [Recycle("again"), RetryLater("offline")]), "transient"),
        (ExceptionGroup("a", [ExceptionGroup("b", [ExceptionGroup("c", [Recycle("again")])])]), "recycle"),
    ],
)
def test_the_gravest_error_of_a_group_names_the_exit(error: Exception, kind: str) -> None:
    assert exit_of(error).kind == kind


def test_the_reason_is_that_of_the_gravest_error() -> None:
    assert exit_of(ExceptionGroup("many", [RetryLater("offline"), ValueError("defect")])).reason == "defect"


def test_of_several_waits_asked_for_the_longest_counts() -> None:
    group = ExceptionGroup("many", [RetryLater("a", 5.0), RetryLater("b"), RetryLater("c", 50.0)])
    assert exit_of(group) == Exit("transient", "c", 50.0)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("two\n  lines\there"), "two lines here"),
        (ValueError("x" * REASON_LIMIT), "x" * REASON_LIMIT),
        (ValueError("x" * (REASON_LIMIT + 1)), "x" * (REASON_LIMIT - 1) + "…"),
        (ValueError(), "it failed without saying why; the log has the details"),
    ],
)
def test_the_reason_is_one_short_line_without_a_class(error: Exception, reason: str) -> None:
    assert reason_of(error) == reason


def test_the_policy_reads_camel_case_and_refuses_unknown_words() -> None:
    read = msgspec.convert({"intensity": 2, "periodSeconds": 5, "startDeadlineSeconds": 1.5}, RestartPolicy)
    assert (read.intensity, read.period_seconds, read.start_deadline_seconds) == (2, 5, 1.5)
    with pytest.raises(msgspec.ValidationError, match="period"):
        msgspec.convert({"period": 5}, RestartPolicy)


@pytest.mark.parametrize("bad", [{"intensity": -1}, {"periodSeconds": 0}, {"jitter": 2}, {"initialDelaySeconds": 0}])
def test_the_policy_refuses_numbers_that_make_no_sense(bad: dict[str, float]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(bad, RestartPolicy)
