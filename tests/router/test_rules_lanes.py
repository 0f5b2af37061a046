from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.rules.lanes import Lanes


def claimed(lanes: Lanes[str, int]) -> list[tuple[str, int]]:
    out = []
    while (claim := lanes.claim()) is not None:
        out.append(claim)
    return out


def test_a_lane_hands_out_one_at_a_time_in_order() -> None:
    lanes: Lanes[str, int] = Lanes(10)
    for item in (1, 2, 3):
        lanes.add("a", item)
    assert claimed(lanes) == [("a", 1)]
    lanes.finish("a")
    assert claimed(lanes) == [("a", 2)]


def test_no_lane_waits_for_another() -> None:
    lanes: Lanes[str, int] = Lanes(10)
    lanes.add("slow", 1)
    lanes.add("slow", 2)
    assert claimed(lanes) == [("slow", 1)]
    lanes.add("quick", 3)
    assert claimed(lanes) == [("quick", 3)]


def test_lanes_take_turns_when_capacity_is_short() -> None:
    lanes: Lanes[str, int] = Lanes(1)
    for item in range(3):
        lanes.add("busy", item)
    lanes.add("other", 10)
    order = []
    for _ in range(4):
        claim = lanes.claim()
        assert claim is not None
        assert lanes.claim() is None
        order.append(claim)
        lanes.finish(claim[0])
    assert order == [("busy", 0), ("other", 10), ("busy", 1), ("busy", 2)]


def test_shut_lanes_hand_out_nothing_and_keep_everything() -> None:
    lanes: Lanes[str, int] = Lanes(10, is_open=False)
    lanes.add("a", 1)
    assert claimed(lanes) == []
    lanes.is_open = True
    assert claimed(lanes) == [("a", 1)]


def test_a_held_lane_waits_for_resume_and_hands_out_the_same_head() -> None:
    lanes: Lanes[str, int] = Lanes(10)
    lanes.add("a", 1)
    lanes.add("a", 2)
    claimed(lanes)
    lanes.set_head("a", 11)
    lanes.hold("a")
    assert lanes.is_held("a")
    assert claimed(lanes) == []
    assert lanes.resume("a")
    assert claimed(lanes) == [("a", 11)]
    assert not lanes.resume("a")


def test_a_held_lane_gives_its_capacity_back() -> None:
    lanes: Lanes[str, int] = Lanes(1)
    lanes.add("a", 1)
    lanes.add("b", 2)
    assert claimed(lanes) == [("a", 1)]
    lanes.hold("a")
    assert claimed(lanes) == [("b", 2)]


def test_what_waits_behind_the_head_can_be_replaced() -> None:
    lanes: Lanes[str, int] = Lanes(1)
    for item in (1, 2, 3, 4):
        lanes.add("a", item)
    lanes.claim()
    lanes.replace_waiting("a", [4])
    assert list(lanes.lane("a")) == [1, 4]
    assert lanes.size == 2
    assert lanes.finish("a") == 1
    assert claimed(lanes) == [("a", 4)]


def test_only_what_is_out_can_come_back() -> None:
    lanes: Lanes[str, int] = Lanes(1)
    lanes.add("a", 1)
    with pytest.raises(ValueError, match="nothing of this lane is out"):
        lanes.finish("a")
    with pytest.raises(ValueError, match="empty lane"):
        lanes.add_held("a", 2)


@given(
    capacity=st.integers(1, 4),
    steps=st.lists(st.tuples(st.sampled_from("acfhr"), st.sampled_from("xyz")), max_size=60),
)
def test_order_capacity_and_size_hold_for_every_sequence(capacity: int, steps: list[tuple[str, str]]) -> None:
    lanes: Lanes[str, int] = Lanes(capacity)
    added: dict[str, list[int]] = {key: [] for key in "xyz"}
    done: dict[str, list[int]] = {key: [] for key in "xyz"}
    out: set[str] = set()
    held: set[str] = set()
    for number, (step, key) in enumerate(steps):
        if step == "a":
            lanes.add(key, number)
            added[key].append(number)
        elif step == "c" and (claim := lanes.claim()) is not None:
            assert claim[0] not in out | held
            assert claim[1] == added[claim[0]][len(done[claim[0]])]
            out.add(claim[0])
        elif step == "f" and key in out:
            done[key].append(lanes.finish(key))
            out.discard(key)
        elif step == "h" and key in out:
            lanes.hold(key)
            out.discard(key)
            held.add(key)
        elif step == "r":
            assert lanes.resume(key) is (key in held)
            held.discard(key)
        assert lanes.out == len(out) <= capacity
        assert lanes.size == sum(map(len, added.values())) - sum(map(len, done.values()))
    for key in "xyz":
        assert done[key] == added[key][: len(done[key])]


def test_the_items_of_all_lanes_can_be_seen_the_ones_that_are_out_included() -> None:
    lanes: Lanes[str, int] = Lanes(1)
    for key, item in (("a", 1), ("b", 2), ("a", 3)):
        lanes.add(key, item)
    lanes.claim()
    assert sorted(lanes.items()) == [1, 2, 3]
    lanes.finish("a")
    assert sorted(lanes.items()) == [2, 3]


def test_a_held_head_is_discarded_and_the_next_moves_up() -> None:
    lanes: Lanes[str, int] = Lanes(1)
    lanes.add("a", 1)
    lanes.add("a", 2)
    lanes.claim()
    with pytest.raises(ValueError, match="not held"):
        lanes.discard("a")
    lanes.hold("a")
    assert lanes.discard("a") == 1
    assert (lanes.claim(), lanes.size) == (("a", 2), 1)
    lanes.hold("a")
    lanes.discard("a")
    assert (lanes.head("a"), lanes.size, lanes.out) == (None, 0, 0)
