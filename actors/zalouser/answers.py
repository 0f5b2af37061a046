"""What one-shot commands of zca print, and what their ends mean.

Rule 1: pure. Rule 2: only an exit code of 0 is a success, and not every one is (zca reference, sections 1.3 and 2.1).
Rule 3: an error is `BadCredentials` only in words that can mean nothing else. A look-up that was slow is no logout.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from actors.errors import BadCredentials, Recycle, Rejected, RetryLater, UnknownOutcome
from actors.restart import short_line

RECYCLE_EXIT: Final = 75
"""With `-k`, openzca ends so every 30 minutes unless it is told not to."""
LOGIN_ADVICE: Final = "log in again, then start the account"

_ANSI: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_MSG_ID: Final = re.compile(r"""\bmsgId['"]?\s*:\s*['"]?([\w-]+)""")
_MESSAGE_ID: Final = re.compile(r"message[_\s]?id[:\s]+(\S+)", re.IGNORECASE)
_LONE_WORD: Final = re.compile(r"[A-Za-z0-9_-]+")

LOGGED_OUT: Final = (
    "has no credentials",
    "not logged in",
    "no saved credentials",
    "zpw_sek",
    "đăng nhập thất bại",
    "does not exist. create it with",
)
"""Parts of the texts of a session that is missing or was ended (zca reference, section 1.3), in lower case."""

BEFORE_SENDING: Final = ("failed to fetch server info", "failed to download url", "already owns profile")
"""Parts of texts of what goes wrong before anything is sent."""
MAY_HAVE_LEFT: Final = ("fetch failed", "socket hang up", "econnreset", "epipe", "timed out", "timeout", "aborted")
NEVER_WILL: Final = (
    "error: unknown option",
    "error: unknown command",
    "error: missing required argument",
    "error: too many arguments",
    "missing message content",
    "file not found",
    "provide at least one",
    "no valid voice attachment",
    "tham số không hợp lệ",  # a parameter is not valid: no such chat
    "không thể nhận tin nhắn từ bạn",  # this person takes no messages from you
)
_GONE: Final = re.compile(r"failed to download url: .* \(4\d\d\)")


class Answer(msgspec.Struct, frozen=True):
    """How a command ended."""

    exit_code: int
    """Negative: the signal that ended it."""
    stdout: str
    stderr: str = ""
    """The end of it."""

    @property
    def trouble(self) -> str:
        """One line for people: what it said, else how it ended."""
        return _complaint(self.stderr) or _complaint(self.stdout) or ended(self.exit_code)


def ended(exit_code: int) -> str:
    """`exit code 1`, or `signal 9`."""
    return f"exit code {exit_code}" if exit_code >= 0 else f"signal {-exit_code}"


def listening_failure(exit_code: int, said: str) -> Exception:
    """Why a listener that ended by itself has to be started again, or a person has to log in.

    Every end is one, 0 included: openzca ends with 0 when Zalo closes the connection (zca reference, section 1.6).
    """
    if exit_code == RECYCLE_EXIT:
        return Recycle("zca listen asks to be started afresh")
    complaint = _complaint(said)
    if is_logged_out(said):
        return BadCredentials(f"zca listen: {complaint}; {LOGIN_ADVICE}")
    return RetryLater(f"zca listen ended with {ended(exit_code)}" + (f": {complaint}" if complaint else ""))


def is_logged_out(text: str) -> bool:
    """Whether these words of zca say that a person has to log in."""
    lowered = text.lower()
    return any(part in lowered for part in LOGGED_OUT)


def checked(answer: Answer, what: str) -> str:
    """The stdout of a look-up that went well. `what` is the command, for people.

    Raises: BadCredentials, or RetryLater for anything else that went wrong.
    """
    if answer.exit_code == 0:
        return answer.stdout
    if is_logged_out(answer.stderr or answer.stdout):
        raise BadCredentials(f"zca {what}: {answer.trouble}; {LOGIN_ADVICE}")
    raise RetryLater(f"zca {what} failed: {answer.trouble}")


def sent_id(answer: Answer) -> str:
    """The id of the message that this `msg` command sent; "" when it gives none.

    Raises: Rejected, RetryLater, BadCredentials, UnknownOutcome, as `Channel.send` has them.
    """
    if answer.exit_code != 0:
        raise _send_failure(answer)
    message_id = message_id_of(answer.stdout)
    if not message_id and is_logged_out(f"{answer.stdout}\n{answer.stderr}"):
        raise BadCredentials(f"zca msg: {answer.trouble}; {LOGIN_ADVICE}")
    return message_id


def _send_failure(answer: Answer) -> Exception:
    words, trouble = (answer.stderr or answer.stdout).lower(), f"zca: {answer.trouble}"
    if answer.exit_code < 0:
        return UnknownOutcome(f"zca was ended by {ended(answer.exit_code)} while it sent")
    if is_logged_out(words):
        return BadCredentials(f"{trouble}; {LOGIN_ADVICE}")
    if _GONE.search(words) or any(part in words for part in NEVER_WILL):
        return Rejected(trouble)
    if not any(part in words for part in BEFORE_SENDING) and any(part in words for part in MAY_HAVE_LEFT):
        return UnknownOutcome(trouble)
    return RetryLater(trouble)


def message_id_of(stdout: str) -> str:
    """The id in whatever is printed for a message that was sent (zca reference, section 2.1); "" when there is none."""
    text = _ANSI.sub("", stdout)
    match = _MSG_ID.search(text) or _MESSAGE_ID.search(text)
    if match:
        return match[1].strip("'\",")
    in_table = _from_table(text)
    if in_table:
        return in_table
    alone = _LONE_WORD.fullmatch(text.strip())
    return alone.group() if alone else ""


def _from_table(text: str) -> str:
    """Out of a `console.table`: the first row below a column called `msgId`."""
    rows = [[cell.strip(" '") for cell in line.split("│")] for line in text.splitlines() if "│" in line]
    if len(rows) < 2 or "msgId" not in rows[0]:
        return ""
    column = rows[0].index("msgId")
    return rows[1][column] if column < len(rows[1]) else ""


def read_json(stdout: str) -> Any:
    """The JSON in an output that may have log lines and colours before it; None when there is none."""
    for text in _json_candidates(stdout):
        try:
            return msgspec.json.decode(text.encode("utf-8", "replace"))
        except (msgspec.DecodeError, RecursionError):
            continue
    return None


def _json_candidates(stdout: str) -> Iterator[str]:
    yield stdout
    text = _ANSI.sub("", stdout)
    yield text
    at = 0
    tried = 0
    for line in text.splitlines(keepends=True):
        if line.lstrip().startswith(("{", "[")) and tried < 64:
            tried += 1  # every line of a long broken output would make this quadratic
            yield text[at:]
        at += len(line)


def _complaint(text: str) -> str:
    """The line that says what is wrong: the last that begins with `error`, else the last of all.

    Behind an error of usage stands the usage; before an error of any kind, warnings may stand.
    """
    lines = [line.strip() for line in _ANSI.sub("", text).splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith("error")]
    said = (errors or lines or [""])[-1]
    return short_line(said.removeprefix("Error: ").removeprefix("error: "))
