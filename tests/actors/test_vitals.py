"""The marks of an account."""

from __future__ import annotations

from actors.vitals import Vitals


def test_marks_carry_the_clock() -> None:
    times = iter((1.0, 2.0, 3.0))
    vitals = Vitals(lambda: next(times), lambda: None)
    vitals.mark_inbound()
    vitals.mark_outbound()
    vitals.mark_good()
    assert (vitals.last_inbound_at, vitals.last_outbound_at, vitals.last_good_at) == (1.0, 2.0, 3.0)


def test_only_a_change_of_trouble_is_told() -> None:
    heard: list[str] = []
    vitals = Vitals(lambda: 0.0, lambda: heard.append(vitals.trouble))
    for _ in range(3):
        vitals.mark_good()
    vitals.set_trouble("down")
    vitals.set_trouble("down")
    vitals.set_trouble("worse")
    vitals.mark_good()
    assert heard == ["down", "worse", ""]
