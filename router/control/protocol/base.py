"""What every message of the protocol is made of."""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

import msgspec

R = TypeVar("R")


class Call(Generic[R]):
    """The params of a method whose result is an `R`; mixed into the params struct."""

    __slots__ = ()


class Params(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True):
    """The base of params: unknown members are refused."""


class Result(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The base of results: clients must ignore unknown members."""


Name = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
"""A channel, an account, an id of the network."""
Limit = Annotated[int, msgspec.Meta(ge=1, le=1000)]
"""How many rows are wanted at most."""
Seconds = Annotated[float, msgspec.Meta(ge=0, le=300)]
"""How long the router may wait before it answers."""
IdempotencyKey = Annotated[str, msgspec.Meta(pattern="^[!-~]{1,128}$")]
"""Printable ASCII without spaces."""
