"""Trouble on order: what goes wrong with the next calls of a method. No I/O."""

from __future__ import annotations

from typing import Literal

import msgspec

ANY_METHOD = "*"


class Refuse(msgspec.Struct, frozen=True):
    """The API's own kind of error."""

    error_code: int
    description: str


class Html(msgspec.Struct, frozen=True):
    """What the nginx in front answers (zalo-bot-api reference, section 1.2)."""

    status: int


class Drop(msgspec.Struct, frozen=True):
    """The connection ends without an answer, before or after the call has taken effect."""

    after: bool


class Cut(msgspec.Struct, frozen=True):
    """The call takes effect; half of the answer arrives."""


Trouble = Refuse | Html | Drop | Cut


class _Order(msgspec.Struct):
    method: str
    trouble: Trouble | None
    delay_seconds: float
    left: int | None


class Faults:
    """What is ordered for one bot. `times=None` lasts until `clear`; method `*` means every method.

    Of the orders that concern a call, the first delay and the first trouble apply, and each counts as one time.
    """

    def __init__(self) -> None:
        self._troubles: list[_Order] = []
        self._delays: list[_Order] = []

    def refuse(self, method: str, error_code: int, description: str, times: int | None = 1) -> None:
        """Answers with an API error; the call takes no effect."""
        self._order(method, Refuse(error_code, description), times)

    def answer_html(self, method: str, status: int, times: int | None = 1) -> None:
        """Answers as a proxy in trouble does; the call takes no effect."""
        self._order(method, Html(status), times)

    def drop(self, method: str, when: Literal["before", "after"], times: int | None = 1) -> None:
        """Ends the connection without an answer, before or after the call has taken effect."""
        self._order(method, Drop(when == "after"), times)

    def cut(self, method: str, times: int | None = 1) -> None:
        """Lets the call take effect, and ends the connection half-way through the answer."""
        self._order(method, Cut(), times)

    def delay(self, method: str, seconds: float, times: int | None = 1) -> None:
        """Waits before anything else happens."""
        self._delays.append(_Order(method, None, seconds, times))

    def clear(self) -> None:
        """All is well again."""
        self._troubles.clear()
        self._delays.clear()

    def take_delay(self, method: str) -> float:
        """Seconds to wait before a call of `method` goes on."""
        order = _take(self._delays, method)
        return order.delay_seconds if order else 0.0

    def take_trouble(self, method: str) -> Trouble | None:
        """What goes wrong with a call of `method`."""
        order = _take(self._troubles, method)
        return order.trouble if order else None

    def _order(self, method: str, trouble: Trouble, times: int | None) -> None:
        self._troubles.append(_Order(method, trouble, 0.0, times))


def _take(orders: list[_Order], method: str) -> _Order | None:
    for order in orders:
        if order.method in (method, ANY_METHOD):
            if order.left is not None:
                order.left -= 1
                if order.left <= 0:
                    orders.remove(order)
            return order
    return None
