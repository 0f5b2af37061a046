"""What zca's ends mean, for every text of them that is known (zca reference, sections 1.3, 2 and 2.1)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.errors import BadCredentials, Recycle, Rejected, RetryLater, UnknownOutcome
from actors.testing.zca import printing
from actors.zalouser.answers import Answer, checked, listening_failure, message_id_of, read_json, sent_id

GONE = [
    'Error: Profile "default" has no credentials. Run: auth login',
    "Error: Profile default: not logged in",
    'Error: No saved credentials for profile "default". Run: openzca auth login',
    "Error: Failed to fetch server info: zpw_sek bị thiếu hoặc không đúng",
    "Error: Đăng nhập thất bại",
    'Error: Profile "nosuch" does not exist. Create it with: account add nosuch',
]


@pytest.mark.parametrize(
    ("stdout", "message_id"),
    [
        ("{ message: { msgId: 7650000000100 }, attachment: [] }", "7650000000100"),
        (
            "{\n  message: { msgId: 7650000000100 },\n  attachment: [ { msgId: 7650000000101 } ]\n}",
            "7650000000100",
        ),
        ("{ message: null, attachment: [ { msgId: 7650000000101 } ] }", "7650000000101"),
        ("{ msgId: '7650000000102' }", "7650000000102"),
        ('{"msgId":"7650000000103"}', "7650000000103"),
        ("{ msgId: 7650000000105 }", "7650000000105"),
        ("{ chunked: true, chunkCount: 2, msgId: '7650000000100', response: [ 1, 2 ] }", "7650000000100"),
        ("message_id: msg-1", "msg-1"),
        ("message id: mid-123", "mid-123"),
        ("Message ID: 42", "42"),
        ("\x1b[32m✔\x1b[0m Message sent!\nMessage ID: \x1b[1m42\x1b[0m", "42"),
        ("abc123", "abc123"),
        ("Message sent! 123", ""),
        ("Image sent!", ""),
        ("{ status: 0 }", ""),
        ("{ msgIds: [ 1 ] }", ""),
        ("", ""),
    ],
)
def test_message_ids(stdout: str, message_id: str) -> None:
    assert message_id_of(stdout) == message_id


@pytest.mark.parametrize("command", ["send", "image", "video", "voice", "link", "sticker"])
@pytest.mark.parametrize("like_zca_cli", [False, True])
def test_an_id_is_found_in_all_that_the_stand_in_prints(command: str, like_zca_cli: bool) -> None:
    assert message_id_of(printing.sent(f"msg {command}", 77, captioned=False, like_zca_cli=like_zca_cli)) == "77"


@given(st.text(max_size=80))
def test_whatever_is_printed_an_id_is_one_word_or_none(stdout: str) -> None:
    assert len(message_id_of(stdout).split()) <= 1


@pytest.mark.parametrize(
    ("stderr", "kind"),
    [
        *((text, BadCredentials) for text in GONE),
        ("error: unknown option '- item'\n\nUsage: openzca msg send [options] <threadId> <message>", Rejected),
        ("error: missing required argument 'message'\n\nUsage: …", Rejected),
        ("Error: Missing message content", Rejected),
        ("Error: File not found: nofile.png", Rejected),
        ("Error: Provide at least one image file or --url.", Rejected),
        ("Error: No valid voice attachment generated. Use an audio file (e.g. .aac, .mp3).", Rejected),
        ("Error: Tham số không hợp lệ", Rejected),
        ("Error: Không thể nhận tin nhắn từ bạn.", Rejected),
        ("Error: Failed to download URL: https://x.test/a.jpg (404)", Rejected),
        ("Error: Failed to download URL: https://x.test/a.jpg (503)", RetryLater),
        ("Error: Failed to fetch server info: fetch failed", RetryLater),
        ("Error: fetch failed", UnknownOutcome),
        ("Error: socket hang up", UnknownOutcome),
        ("Error: Bạn thao tác quá nhanh", RetryLater),
        ("", RetryLater),
    ],
)
def test_a_send_that_failed(stderr: str, kind: type[Exception]) -> None:
    with pytest.raises(kind) as caught:
        sent_id(Answer(1, "", stderr))
    first_line = stderr.split("\n")[0]
    assert first_line.removeprefix("Error: ").removeprefix("error: ") in str(caught.value)


def test_a_send_that_was_killed_may_have_gone_out() -> None:
    with pytest.raises(UnknownOutcome, match="signal 9"):
        sent_id(Answer(-9, ""))


def test_exit_code_zero_is_a_success_even_without_an_id() -> None:
    assert sent_id(Answer(0, "Image sent!")) == ""


def test_a_program_that_says_not_logged_in_and_exits_with_zero_has_sent_nothing() -> None:
    with pytest.raises(BadCredentials, match="Not logged in"):
        sent_id(Answer(0, "Not logged in. Run 'zca auth login' first."))


def test_an_answer_that_quotes_such_words_and_has_an_id_was_sent() -> None:
    assert sent_id(Answer(0, "Message ID: 5\nsaid: not logged in")) == "5"


def test_a_look_up_is_checked_in_the_same_words() -> None:
    assert checked(Answer(0, "fine", "Warning: old"), "me info") == "fine"
    for text in GONE:
        with pytest.raises(BadCredentials, match=r"zca me info: .*log in again"):
            checked(Answer(1, "", text), "me info")
    with pytest.raises(RetryLater, match="zca me info failed: fetch failed"):
        checked(Answer(1, "", "Warning: slow\nError: fetch failed"), "me info")


@pytest.mark.parametrize(
    ("exit_code", "said", "kind", "words"),
    [
        (75, "Listener recycle triggered after 1800000ms to prevent stale session.", Recycle, "afresh"),
        (0, "", RetryLater, "zca listen ended with exit code 0"),
        (1, 'Error: Another openzca listener already owns profile "work" (pid 31128).', RetryLater, "pid 31128"),
        (1, "Error: fetch failed", RetryLater, "exit code 1: fetch failed"),
        (-11, "", RetryLater, "signal 11"),
        (143, "", RetryLater, "exit code 143"),
        *((1, text, BadCredentials, "log in again") for text in GONE),
    ],
)
def test_every_end_of_a_listener(exit_code: int, said: str, kind: type[Exception], words: str) -> None:
    failure = listening_failure(exit_code, said)
    assert type(failure) is kind
    assert words in str(failure)


@pytest.mark.parametrize(
    ("stdout", "found"),
    [
        ('{"a": 1}', {"a": 1}),
        ("\x1b[34mINFO\x1b[0m Fetching…\n[\n  1,\n  2\n]\n", [1, 2]),
        ("[INFO] warming up\n[WARN] slow\n{\n\n}", {}),
        ("{ not json }", None),
        ("", None),
        ("INFO nothing", None),
        ("{\n" * 3000, None),
    ],
)
def test_json_behind_log_lines(stdout: str, found: object) -> None:
    assert read_json(stdout) == found


@given(st.text(max_size=60))
def test_any_output_is_read(stdout: str) -> None:
    read_json(stdout)
    read_json("INFO x\n{" + stdout)
