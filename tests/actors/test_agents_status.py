"""What HTTP statuses mean for an agent, and that no secret is shown."""

from __future__ import annotations

import pytest

from actors.agents.status import asking, failure_of, hide
from actors.errors import BadCredentials, Rejected, RetryLater, UnknownOutcome
from actors.secret import Secret

KEY = Secret("sk-very-secret-key")


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_an_answer_is_no_failure(status: int) -> None:
    assert failure_of(status, b"{}", None) is None


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 529])
def test_trouble_that_passes(status: int) -> None:
    failure = failure_of(status, b" please\nwait ", 7.0)
    assert isinstance(failure, RetryLater)
    assert failure.retry_after_seconds == 7.0
    assert failure.reason == f"the agent's server answered HTTP {status}: please wait"


@pytest.mark.parametrize("status", [400, 402, 404, 405, 413, 418, 422])
def test_trouble_that_stays(status: int) -> None:
    failure = failure_of(status, b"", 7.0)
    assert isinstance(failure, Rejected)
    assert failure.reason == f"the agent's server answered HTTP {status}"


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_are_told_without_the_servers_words(status: int) -> None:
    failure = failure_of(status, b"Incorrect API key provided: sk-v***-key", None)
    assert isinstance(failure, Rejected)
    assert "check the key" in failure.reason
    assert "sk-v" not in failure.reason


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_asks_for_the_final_address(status: int) -> None:
    failure = failure_of(status, b"<html>moved</html>", None)
    assert isinstance(failure, Rejected)
    assert "redirect; put the final address" in failure.reason


def test_what_the_server_says_is_bounded() -> None:
    failure = failure_of(400, b"x" * 1_000_000, None)
    assert failure is not None
    assert len(failure.reason) < 400


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no key here", "no key here"),
        ("key sk-very-secret-key is bad", "key *** is bad"),
        ("sk-very-secret-key sk-very-secret-key", "*** ***"),
        ("cut sk-very-se…", "cut ***…"),
        ("cut sk-very-secret-key…", "cut ***…"),
        ("sk-very is a prefix in the middle", "sk-very is a prefix in the middle"),
    ],
)
def test_a_secret_is_hidden_whole_and_cut(text: str, shown: str) -> None:
    assert hide(text, (KEY,)) == shown


def test_each_word_of_a_secret_is_hidden() -> None:
    assert hide("you sent hunter22 or Bearer hunter22", (Secret("Bearer hunter22"),)) == "you sent *** or ***"


def test_words_too_short_to_be_secret_are_left() -> None:
    assert hide("a 1 b", (Secret("1"), Secret(""))) == "a 1 b"


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (RetryLater(f"was {KEY.reveal()}", 3.0), RetryLater),
        (UnknownOutcome(f"was {KEY.reveal()}"), RetryLater),
        (Rejected(f"was {KEY.reveal()}"), Rejected),
    ],
)
def test_failures_leave_a_request_named_and_without_secrets(raised: Exception, kind: type[Exception]) -> None:
    with pytest.raises(kind, match=r"^was \*\*\*$") as caught, asking((KEY,)):
        raise raised
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_the_wait_that_was_asked_for_is_kept() -> None:
    with pytest.raises(RetryLater) as caught, asking():
        raise RetryLater("busy", 3.0)
    assert caught.value.retry_after_seconds == 3.0


def test_other_errors_pass_through() -> None:
    error = BadCredentials("x")
    with pytest.raises(BadCredentials) as caught, asking((KEY,)):
        raise error
    assert caught.value is error
