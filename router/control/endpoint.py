"""Where the control socket is: the file `control.json` in the state directory.

The router writes it when the socket listens and removes it when it stops. Whoever can read it may steer the router: it
is readable by its owner only, and its token is a new one for every run. A file that was left behind (`kill -9`) is
harmless: nobody listens at its address, and clients say so.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from actors.errors import RouterError
from actors.secret import Secret

FILE_NAME = "control.json"


class NotRunning(RouterError):
    """No router answers for this state directory. Start one, or name the right directory."""


class Endpoint(msgspec.Struct, frozen=True):
    """Address, token and owner of a control socket."""

    url: str
    token: Secret
    pid: int


class _EndpointFile(msgspec.Struct, frozen=True):
    url: str
    token: str
    pid: int


def new_token() -> Secret:
    """A token for one run: 32 random bytes as text."""
    return Secret(secrets.token_urlsafe(32))


def write_endpoint(state_dir: Path, endpoint: Endpoint) -> None:
    """Puts the file in place at once and whole, mode 0600. Raises OSError."""
    # mkstemp gives 0600 whatever the umask is, and a name that no leftover of an earlier run has.
    handle, temporary = tempfile.mkstemp(prefix=f".{FILE_NAME}.", dir=state_dir)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(_EndpointFile(endpoint.url, endpoint.token.reveal(), endpoint.pid)))
        os.replace(temporary, state_dir / FILE_NAME)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def read_endpoint(state_dir: Path) -> Endpoint:
    """Where the router of this state directory listens, or listened when it was last killed.

    Raises: NotRunning when there is no file or it makes no sense; OSError when it may not be read.
    """
    path = state_dir / FILE_NAME
    try:
        found = msgspec.json.decode(path.read_bytes(), type=_EndpointFile)
    except (FileNotFoundError, NotADirectoryError):
        raise NotRunning(f"the router is not running: there is no {path}; start it with `router serve`") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        # The cause is left out: it could quote a piece of the token.
        raise NotRunning(f"the router is not running: {path} makes no sense; start it with `router serve`") from None
    return Endpoint(found.url, Secret(found.token), found.pid)


def remove_endpoint(state_dir: Path, endpoint: Endpoint) -> None:
    """Removes the file if it is still about `endpoint`; another router's file is left alone. Raises OSError."""
    with suppress(NotRunning):
        if read_endpoint(state_dir) == endpoint:
            (state_dir / FILE_NAME).unlink(missing_ok=True)


@contextmanager
def published(state_dir: Path, endpoint: Endpoint) -> Iterator[None]:
    """Keeps the file in place while the body runs. Raises OSError when it cannot be written."""
    write_endpoint(state_dir, endpoint)
    try:
        yield
    finally:
        # The directory may be gone or read-only by now: a file that stays behind is harmless, see above.
        with suppress(OSError):
            remove_endpoint(state_dir, endpoint)
