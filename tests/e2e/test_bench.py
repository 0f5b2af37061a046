"""The benches themselves: their arithmetic, their report, and one small run of what measures processes."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest
import trio
import trio.testing
from click.testing import CliRunner

from actors.testing.bot_api.api import run_bot_api
from bench.__main__ import main
from bench.catalogue import BENCHES
from bench.children import ChildFailed, Home, python_child, still_running
from bench.contract import Bench, Figure, Scale, Tell
from bench.crowd import Crowd, Toll
from bench.desk import open_desk
from bench.machine import this_machine
from bench.numbers import medians, percentile
from bench.report import NotComparable, Report, Result, load, markdown, save, shown
from bench.route import compared
from bench.stage import CONTENDERS, stage
from bench.usage import usage_of

SMALL = Scale(users=2, messages=20, seconds=5.0)


def toll(messages: int, seconds: float) -> Toll:
    return Toll(messages=messages, seconds=seconds, waits_seconds=[0.001] * 3, cpu_seconds=1.0, simulator_busy=0.5)


@pytest.mark.parametrize(("percent", "expected"), [(0, 1), (50, 51), (99, 100), (100, 100)])
def test_a_percentile_is_a_value_that_was_measured(percent: float, expected: float) -> None:
    assert percentile([float(number) for number in range(100, 0, -1)], percent) == expected


def test_of_nothing_there_is_no_percentile() -> None:
    assert percentile([], 50) == 0.0


def test_medians_go_by_case_and_name() -> None:
    runs = [[Figure("a", "x", value, "/s"), Figure("b", "x", 10 * value, "/s")] for value in (1.0, 5.0, 2.0)]
    assert medians(runs) == [Figure("a", "x", 2.0, "/s"), Figure("b", "x", 20.0, "/s")]


@pytest.mark.parametrize(
    ("figure", "text"),
    [
        (Figure("", "", 12345.6, "/s"), "12,346/s"),
        (Figure("", "", 12.34, "ms"), "12.3 ms"),
        (Figure("", "", 0.256, "x"), "0.26x"),
        (Figure("", "", 1000, ""), "1,000"),
    ],
)
def test_numbers_are_shown_with_the_digits_that_matter(figure: Figure, text: str) -> None:
    assert shown(figure) == text


def test_the_router_is_compared_with_each_contender() -> None:
    figures = compared({"router": toll(100, 1.0), "bare wire": toll(400, 1.0)}, "1 account")
    ratios = {figure.case: figure.value for figure in figures if figure.name == "router is"}
    assert ratios == {"1 account, router": 1.0, "1 account, bare wire": 0.25}


def test_a_toll_says_what_a_message_cost() -> None:
    assert {figure.name: figure.value for figure in toll(500, 2.0).figures("c")} == {
        "messages": 250.0,
        "p50": 1.0,
        "p99": 1.0,
        "CPU a message": 2000.0,
        "simulator busy": 50.0,
    }


def test_a_report_comes_back_as_it_was_saved_and_says_what_changed(tmp_path: Path) -> None:
    old = Result("route", [Figure("c", "messages", 100.0, "/s")])
    save(Report("python -m bench", this_machine(), [old]), tmp_path / "old.json")
    loaded = load(tmp_path / "old.json").results[0]
    assert loaded == old
    new = Result("route", [Figure("c", "messages", 250.0, "/s"), Figure("d", "p50", 1.0, "ms")])
    assert markdown([new], {"route": loaded}).splitlines() == [
        "| route | messages | p50 |",
        "| --- | ---: | ---: |",
        "| c | 250/s (2.50 of before) |  |",
        "| d |  | 1.00 ms |",
    ]


def test_what_is_no_report_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("[]")
    with pytest.raises(NotComparable, match=r"x\.json is no report of"):
        load(tmp_path / "x.json")
    refused = CliRunner().invoke(main, ["rules", "--compare", str(tmp_path / "x.json")])
    assert refused.exit_code == 2
    assert "is no report" in refused.output


def test_a_bench_that_there_is_not_is_refused_with_the_names_of_those_there_are() -> None:
    refused = CliRunner().invoke(main, ["nonsense"])
    assert refused.exit_code == 2
    assert all(bench.name in refused.output for bench in BENCHES)


def test_a_run_prints_a_table_and_writes_the_figures(tmp_path: Path) -> None:
    ran = CliRunner().invoke(main, ["rules", "--seconds", "0.1", "--markdown", "--json", str(tmp_path / "f.json")])
    assert ran.exit_code == 0, ran.output
    assert "| name a session |" in ran.output
    figures = load(tmp_path / "f.json").results[0].figures
    assert {figure.name for figure in figures} == {"calls", "each"}
    assert all(figure.value > 0 for figure in figures)


def test_usage_counts_this_process_own_work() -> None:
    before = usage_of(os.getpid())
    while usage_of(os.getpid()).cpu_seconds - before.cpu_seconds < 0.02:
        sum(range(10_000))
    assert before.rss_bytes > 1_000_000


async def test_a_crowd_asks_again_once_it_is_answered_and_not_before() -> None:
    async with run_bot_api("1:one-two-three") as api:
        bot = api.bot("1:one-two-three")
        crowd = Crowd(api, [bot], users=3)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(crowd.measure, os.getpid(), Scale(messages=1, seconds=0.1))
            await trio.testing.wait_all_tasks_blocked()
            assert len(bot.queue) == 3
            nursery.cancel_scope.cancel()


@pytest.mark.parametrize("name", CONTENDERS)
async def test_each_contender_answers(name: str, tmp_path: Path) -> None:
    with trio.fail_after(60):
        async with stage(1, tmp_path) as scene, CONTENDERS[name](scene) as process:
            found = await Crowd(scene.api, scene.bots, 2).measure(process.pid, SMALL)
    assert found.messages >= SMALL.messages
    assert found.cpu_seconds > 0 or found.seconds < 0.1
    assert {sent.chat_id for sent in scene.bots[0].sent} == {"user0", "user1"}


async def test_a_desk_answers_all_that_it_accepts(tmp_path: Path) -> None:
    with trio.fail_after(30):
        async with open_desk(tmp_path, answering=True) as desk:
            for number in range(5):
                await desk.accept(f"user{number % 2}")
            await desk.wait_until_finished()
            assert desk.finished == 5


async def test_a_child_that_ended_is_told_with_its_last_words(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with trio.fail_after(30):
        async with python_child(("-c", "import sys; sys.exit('cannot go on')"), log) as process:
            await process.wait()
            with pytest.raises(ChildFailed, match="ended with 1:\ncannot go on"):
                still_running(process, log)


async def test_a_router_that_cannot_start_is_told_not_waited_for(tmp_path: Path) -> None:
    home = Home(tmp_path, {"nonsense": 1})
    with trio.fail_after(30):
        async with home.serving() as process:
            with pytest.raises(ChildFailed, match="nonsense"):
                await home.wait_until_serving(process)


def test_a_bench_that_breaks_says_why_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    async def breaks(_scale: Scale, _tell: Tell) -> list[Figure]:
        async with trio.open_nursery():
            raise ChildFailed("a measured process ended with 1")

    monkeypatch.setattr("bench.__main__.BENCHES", [Bench("rules", "does it break", breaks)])
    ran = CliRunner().invoke(main, ["rules"])
    assert ran.exit_code == 1
    assert ran.output.endswith("Error: rules: a measured process ended with 1\n")


def test_scales_are_values() -> None:
    with pytest.raises(AttributeError):
        SMALL.users = 3  # type: ignore[misc]
    assert msgspec.structs.replace(SMALL, users=1).messages == 20
