"""Many queues served side by side: the order within each is kept, and no queue waits for another.

The law:

1. A lane hands out its head only when nothing of the lane is being worked on: one at a time, in the order of arrival.
2. Lanes that have something to hand out take turns (first ready, first served), so that one busy lane starves nobody.
3. At most `capacity` heads are out at one time, over all lanes; none while the lanes are shut.
4. A head that is out comes back in exactly one way: `finish` (done with, the next one moves up) or `hold` (handed out
   again after `resume`, or given up by `discard`).

Sessions are lanes of turns; chats are lanes of things to send. It is the same law.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterator
from typing import Generic, Literal, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

LaneState = Literal["ready", "out", "held"]


class Lanes(Generic[K, T]):
    """The lanes of one agent, or of one account."""

    def __init__(self, capacity: int, *, is_open: bool = True) -> None:
        self.capacity = capacity
        self.is_open = is_open
        self.out = 0
        self.size = 0
        """Items in all lanes, the ones that are out included."""
        self._items: dict[K, deque[T]] = {}
        self._states: dict[K, LaneState] = {}
        self._ready: deque[K] = deque()

    def add(self, key: K, item: T) -> None:
        """Puts `item` at the end of its lane."""
        self.size += 1
        lane = self._items.get(key)
        if lane is None:
            self._items[key] = deque((item,))
            self._make_ready(key)
        else:
            lane.append(item)

    def claim(self) -> tuple[K, T] | None:
        """Hands out the head of the next ready lane; None when there is none, no capacity, or the lanes are shut."""
        if not self.is_open or self.out >= self.capacity or not self._ready:
            return None
        key = self._ready.popleft()
        self._states[key] = "out"
        self.out += 1
        return key, self._items[key][0]

    def finish(self, key: K) -> T:
        """The head that is out is done with; returns it."""
        self._take_in(key)
        return self._move_up(key)

    def discard(self, key: K) -> T:
        """The head of a held lane is done with, and was not handed out again; returns it."""
        if self._states.get(key) != "held":
            raise ValueError("this lane is not held")
        return self._move_up(key)

    def hold(self, key: K) -> None:
        """The head that is out waits for `resume`, and its lane with it."""
        self._take_in(key)
        self._states[key] = "held"

    def add_held(self, key: K, item: T) -> None:
        """Puts `item` in an empty lane that waits for `resume`."""
        if key in self._items:
            raise ValueError("only an empty lane can begin held")
        self.size += 1
        self._items[key] = deque((item,))
        self._states[key] = "held"

    def resume(self, key: K) -> bool:
        """Lets a held lane go on; False when it is not held."""
        if self._states.get(key) != "held":
            return False
        self._make_ready(key)
        return True

    def is_held(self, key: K) -> bool:
        """Whether the lane waits for `resume`."""
        return self._states.get(key) == "held"

    def head(self, key: K) -> T | None:
        """The first item of a lane, out or not."""
        lane = self._items.get(key)
        return lane[0] if lane else None

    def lane(self, key: K) -> Iterator[T]:
        """The items of one lane in order."""
        return iter(self._items.get(key, ()))

    def items(self) -> Iterator[T]:
        """The items of all lanes; within one lane in order."""
        return (item for lane in self._items.values() for item in lane)

    def heads(self) -> Iterator[T]:
        """The first item of every lane."""
        return (lane[0] for lane in self._items.values())

    def set_head(self, key: K, item: T) -> None:
        """Puts `item` in the place of the head: the same thing, as it is now."""
        self._items[key][0] = item

    def replace_waiting(self, key: K, items: list[T]) -> None:
        """Puts `items` in the place of all that waits behind the head."""
        lane = self._items[key]
        self.size += 1 + len(items) - len(lane)
        self._items[key] = deque((lane[0], *items))

    def _move_up(self, key: K) -> T:
        lane = self._items[key]
        item = lane.popleft()
        self.size -= 1
        if lane:
            self._make_ready(key)
        else:
            del self._items[key], self._states[key]
        return item

    def _make_ready(self, key: K) -> None:
        self._states[key] = "ready"
        self._ready.append(key)

    def _take_in(self, key: K) -> None:
        if self._states.get(key) != "out":
            raise ValueError("nothing of this lane is out")
        self.out -= 1
