"""Traffic for whole-router tests: users who write numbered lines, and the check that each came back, in order."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

import msgspec

from actors.testing.bot_api.records import Sent


class Line(msgspec.Struct, frozen=True):
    """One message that a user writes to a bot."""

    token: str
    user_id: str
    number: int

    @property
    def text(self) -> str:
        return f"{self.user_id} says {self.number}"


def lines(tokens: Iterable[str], users: int, messages: int) -> list[Line]:
    """`messages` lines in all, dealt out to `users` users of each bot in turn: everybody writes all the time."""
    people = [(token, f"{index:020x}") for token in tokens for index in range(users)]
    return [Line(*people[number % len(people)], number // len(people)) for number in range(messages)]


class Verdict(msgspec.Struct, frozen=True):
    """What became of the lines of one bot."""

    lost: tuple[str, ...]
    repeated: tuple[str, ...]
    out_of_order: tuple[str, ...]

    def __bool__(self) -> bool:
        return not (self.lost or self.repeated or self.out_of_order)


def judge(said: Iterable[Line], sent: Iterable[Sent]) -> Verdict:
    """Compares what one bot was told with what it answered. A text that comes again counts as repeated, not as late."""
    expected: dict[str, list[str]] = defaultdict(list)
    for line in said:
        expected[line.user_id].append(line.text)
    answers: dict[str, list[str]] = defaultdict(list)
    for message in sent:
        answers[message.chat_id].append(message.text)
    lost, repeated, disordered = [], [], []
    for user_id, texts in expected.items():
        counts = Counter(answers[user_id])
        lost += [text for text in texts if not counts[text]]
        repeated += [text for text in texts if counts[text] > 1]
        firsts = list(dict.fromkeys(answers[user_id]))
        if firsts != [text for text in texts if counts[text]]:
            disordered.append(user_id)
    return Verdict(tuple(lost), tuple(repeated), tuple(disordered))
