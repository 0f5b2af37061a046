"""Which code a failure gets on the control socket."""

from __future__ import annotations

from pathlib import PurePath

from actors.errors import (
    AlreadyRunning,
    BadCredentials,
    EndedEarly,
    MailboxClosed,
    Recycle,
    Rejected,
    RetryLater,
    RouterError,
    SettingsError,
    StartTimeout,
    StoreUnavailable,
    TooManyRequests,
    UnknownOutcome,
)
from router.control.jsonrpc import ControlError, ErrorCode

CODES: tuple[tuple[type[RouterError], ErrorCode], ...] = (
    (Rejected, ErrorCode.REFUSED),
    (TooManyRequests, ErrorCode.UNAVAILABLE),
    (RetryLater, ErrorCode.UNAVAILABLE),
    (BadCredentials, ErrorCode.UNAUTHORIZED),
    (UnknownOutcome, ErrorCode.UNAVAILABLE),
    (MailboxClosed, ErrorCode.UNAVAILABLE),
    (StoreUnavailable, ErrorCode.UNAVAILABLE),
    (Recycle, ErrorCode.UNAVAILABLE),
    (EndedEarly, ErrorCode.UNAVAILABLE),
    (StartTimeout, ErrorCode.UNAVAILABLE),
    (AlreadyRunning, ErrorCode.REFUSED),
    (SettingsError, ErrorCode.REFUSED),
)


def as_control_error(error: RouterError) -> ControlError:
    """The error as the client is told it: its own words, and the code of its kind."""
    if isinstance(error, ControlError):
        return error
    for kind, code in CODES:
        if isinstance(error, kind):
            return ControlError(code, str(error))
    return ControlError(ErrorCode.INTERNAL, str(error))


def fault_of(error: BaseException) -> str:
    """One line for the log about a bug: what, and where it was raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" at {PurePath(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}: {error}{where}"
