"""Questions to the running router."""

from __future__ import annotations

import os
from typing import TypeVar

import click
import trio

from actors.secret import Secret
from router.cli.options import Where
from router.control.client import open_control
from router.control.endpoint import Endpoint, read_endpoint
from router.control.protocol.base import Call
from router.settings.paths import find_state_dir

R = TypeVar("R")

TOKEN_VARIABLE = "ROUTER_TOKEN"
TOKEN_NEEDED = (
    f"--url needs the token of that router: name a file with --token-file, or set {TOKEN_VARIABLE} "
    "(never an argument: other users of this machine can read those)"
)
ANSWER_MARGIN_SECONDS = 10.0
"""How much longer than its own wait a router may take to answer."""


def ask(where: Where, params: Call[R], *, wait_seconds: float = 0.0) -> R:
    """Connects to the router that is meant, asks, and gives the answer.

    `wait_seconds` is what the router itself may wait before it answers. Raises: NotRunning, ControlError;
    click.UsageError; OSError when the address or the token may not be read.
    """
    return trio.run(_ask, endpoint_of(where), params, wait_seconds + ANSWER_MARGIN_SECONDS)


def endpoint_of(where: Where) -> Endpoint:
    """Address and token of the router that is meant. Raises: NotRunning, click.UsageError, OSError."""
    if where.url is not None:
        return Endpoint(where.url, _token(where), 0)
    if where.token_file is not None:
        raise click.UsageError("--token-file is for --url; the router of a state directory keeps its own token there")
    return read_endpoint(find_state_dir(where.state_dir, os.environ))


def _token(where: Where) -> Secret:
    if where.token_file is not None:
        text = where.token_file.read_text().strip()
    else:
        text = os.environ.get(TOKEN_VARIABLE, "").strip()
    # A header that HTTP would not carry is no token, and its error could quote it.
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise click.UsageError(TOKEN_NEEDED)
    return Secret(text)


async def _ask(endpoint: Endpoint, params: Call[R], timeout_seconds: float) -> R:
    async with open_control(endpoint) as client:
        return await client.call(params, timeout_seconds=timeout_seconds)
