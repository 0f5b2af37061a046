"""Tables as they come and as they leave."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.messages import ParseMode
from router.rules.fences import find_fences
from router.rules.tables import TableMode, convert_tables

TABLE = """\
| Món | Giá |
| --- | ---: |
| **Phở bò** | 50k |
| Trà đá | 5k |"""

CODE = """\
```
| Món    | Giá |
| ------ | --- |
| Phở bò | 50k |
| Trà đá | 5k  |
```"""


@pytest.mark.parametrize(
    ("mode", "parse_mode", "written"),
    [
        ("off", None, TABLE),
        ("code", None, CODE),
        ("code", "markdown", CODE),
        ("bullets", None, "Phở bò\n• Giá: 50k\n\nTrà đá\n• Giá: 5k"),
        ("bullets", "markdown", "**Phở bò**\n• Giá: 50k\n\n**Trà đá**\n• Giá: 5k"),
        ("bullets", "html", "<b>Phở bò</b>\n• Giá: 50k\n\n<b>Trà đá</b>\n• Giá: 5k"),
    ],
)
def test_each_mode_has_its_looks(mode: TableMode, parse_mode: ParseMode | None, written: str) -> None:
    assert convert_tables(TABLE, mode, parse_mode) == written


def test_the_text_around_a_table_stays_as_it_is() -> None:
    assert convert_tables(f"Thực đơn:\n{TABLE}\n\nMời bạn!", "code") == f"Thực đơn:\n{CODE}\n\nMời bạn!"


def test_every_table_of_a_text_is_written() -> None:
    assert convert_tables(f"{TABLE}\n\n{TABLE}", "code") == f"{CODE}\n\n{CODE}"


@pytest.mark.parametrize(
    ("rows", "bullets"),
    [
        # Pipes at the ends may be left out.
        ("a | b\n--|--\n1 | 2", "1\n• b: 2"),
        # A pipe that is escaped is part of its cell.
        ("|a|b|\n|-|-|\n|1|x \\| y|", "1\n• b: x | y"),
        # No cell is lost when a row is longer than the heading, none is made up when it is shorter.
        ("|a|b|\n|-|-|\n|1|2|3|", "1\n• b: 2\n• 3"),
        ("|a|b|c|\n|-|-|-|\n|1|", "1"),
        ("|a|b|\n|-|-|\n||2|", "• b: 2"),
        ("|a|b|\n|-|-|", "• a\n• b"),
        ("|a|\n|-|\n|1|\n|2|", "1\n\n2"),
        # It ends with the first line that has no pipe.
        ("|a|b|\n|-|-|\n|1|2|\nend", "1\n• b: 2\nend"),
        # A fence that follows is a fence, whatever is in it.
        ("|a|b|\n|-|-|\n|1|2|\n``` x | y\nz | z\n```", "1\n• b: 2\n``` x | y\nz | z\n```"),
        ("|a|b|\r\n|-|-|\r\n|1|2|\r\n", "1\n• b: 2\n"),
    ],
)
def test_rows_and_cells(rows: str, bullets: str) -> None:
    assert convert_tables(rows, "bullets") == bullets


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no table",
        "a | b",
        "a | b\nc | d",
        "|a|b|\n|-|-|-|\n|1|2|",
        "title\n---\n",
        "a\n-|-\n",
        "|a|b|\n|-|x|\n",
        "```\n|a|b|\n|-|-|\n|1|2|\n```",
        "|a|b|\n```\n|-|-|\n```",
    ],
)
@pytest.mark.parametrize("mode", ["code", "bullets"])
def test_what_is_no_table_is_left_alone(text: str, mode: TableMode) -> None:
    assert convert_tables(text, mode) == text


def test_columns_are_padded_to_what_is_seen() -> None:
    written = convert_tables("|a|b|\n|-|-|\n|今天|x|\n|e\u0302te|y|", "code").split("\n")
    assert written[3:5] == ["| 今天 | x   |", "| e\u0302te  | y   |"]


def test_a_fence_is_longer_than_what_is_in_it() -> None:
    written = convert_tables("|a|b|\n|-|-|\n|````|x|", "code")
    (fence,) = find_fences(written)
    assert (fence.start, fence.end, fence.marker) == (0, len(written), "`````")


CELLS = st.lists(st.sampled_from(["a", "Phở", "x y", "`c`", "😀", ""]), min_size=1, max_size=4)
ROWS = st.lists(CELLS, max_size=4)


@given(CELLS, ROWS, st.sampled_from(["code", "bullets"]))
def test_every_cell_of_every_row_stays(heading: list[str], rows: list[list[str]], mode: TableMode) -> None:
    lines = [heading, ["-"] * len(heading), *rows]
    written = convert_tables("\n".join(f"|{'|'.join(cells)}|" for cells in lines), mode)
    for cells in rows:
        for cell in cells:
            assert cell.strip("`") in written
    assert mode == "bullets" or len(find_fences(written)) == 1
    assert "-|" not in written
