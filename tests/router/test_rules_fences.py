from __future__ import annotations

import pytest

from router.rules.fences import Fence, FenceMap, find_fences


def fenced(text: str) -> list[str]:
    return [text[fence.start : fence.end] for fence in find_fences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("```\na\n```", ["```\na\n```"]),
        ("~~~\na\n~~~", ["~~~\na\n~~~"]),
        ("before\n```js\na\n```\nafter", ["```js\na\n```"]),
        ("   ```\na\n  ```", ["   ```\na\n  ```"]),
        ("```\na\n`````", ["```\na\n`````"]),
        ("```\na\n```   ", ["```\na\n```   "]),
        ("```\r\na\r\n```\r\nb", ["```\r\na\r\n```"]),
        ("```\na\n```\n```\nb\n```", ["```\na\n```", "```\nb\n```"]),
        ("~~~ with `ticks`\na\n~~~", ["~~~ with `ticks`\na\n~~~"]),
        ("```\n```", ["```\n```"]),
    ],
)
def test_a_fence_is_what_commonmark_calls_one(text: str, expected: list[str]) -> None:
    assert fenced(text) == expected


@pytest.mark.parametrize(
    "text", ["    ```\na\n    ```", "``\na\n``", "```in`line```\na", "a ```\nb\n ", "\t```\na", ""]
)
def test_what_only_looks_like_a_fence_is_text(text: str) -> None:
    assert fenced(text) == []


@pytest.mark.parametrize(
    "line", ["``", "~~~", "    ```", "``` js"], ids=["shorter", "other character", "indented", "info"]
)
def test_a_fence_is_not_closed_by(line: str) -> None:
    text = f"```\na\n{line}\nb"

    assert fenced(text) == [text]


def test_a_fence_that_is_never_closed_runs_to_the_end() -> None:
    (fence,) = find_fences("a\n```\nb\n")

    assert fence == Fence(start=2, body=6, close=8, end=8, header="```", marker="```")


def test_a_header_at_the_very_end_has_an_empty_body() -> None:
    (fence,) = find_fences("a\n```js")

    assert (fence.body, fence.close, fence.end) == (7, 7, 7)


def test_header_and_marker_are_what_reopens_and_closes() -> None:
    (fence,) = find_fences(' ````python title="x"\r\na\r\n````\r\n')

    assert fence.reopening == ' ````python title="x"\n'
    assert fence.closing == "\n````"


def test_only_offsets_behind_fenced_text_have_to_be_closed() -> None:
    text = "a\n```\nbc\n```\nd"
    (fence,) = find_fences(text)

    closed = [offset for offset in range(len(text) + 1) if fence.holds(offset)]

    assert closed == [7, 8, 9]


def test_around_covers_the_fence_with_its_lines_but_not_its_edges() -> None:
    text = "a\n```\nbc\n```\nd\n```\ne"
    first, second = find_fences(text)
    fences = FenceMap((first, second))

    held = [fences.around(offset) for offset in range(len(text) + 1)]

    assert held == [None] * 3 + [first] * 9 + [None] * 4 + [second] * 5
    assert [offset for offset in range(len(text) + 1) if fences.is_edge(offset)] == [2, 12, 15, 20]
