"""`$include`: several files make one tree, and none from elsewhere does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from router.settings.includes import MAX_DEPTH, Includer, merge
from router.settings.problems import Report


def read(directory: Path, **files: str) -> tuple[Any, list[str], list[str]]:
    """(tree, problems, names of the sources) of `main` among the files, each `name` being `name.json5`."""
    for name, content in files.items():
        (directory / f"{name}.json5").write_text(content)
    report = Report()
    includer = Includer(directory / "main.json5", report)
    tree = includer.read()
    problems = [problem.replace(f"{directory}", "DIR") for problem in report.problems]
    return tree, problems, [source.name for source in includer.sources]


def test_a_named_file_takes_the_place_of_the_object(tmp_path: Path) -> None:
    tree, problems, sources = read(tmp_path, main='{agents: {$include: "a.json5"}}', a="{list: [1]}")
    assert (tree, problems) == ({"agents": {"list": [1]}}, [])
    assert sources == ["main.json5", "a.json5"]


def test_a_named_file_need_not_hold_an_object(tmp_path: Path) -> None:
    tree, problems, _ = read(tmp_path, main='{bindings: {$include: "a.json5"}}', a="[1, 2]")
    assert (tree, problems) == ({"bindings": [1, 2]}, [])


def test_of_several_files_the_later_wins_and_lists_are_joined(tmp_path: Path) -> None:
    tree, problems, _ = read(
        tmp_path,
        main='{$include: ["a.json5", "b.json5"]}',
        a="{x: 1, list: [1], deep: {k: 1, l: 1}}",
        b="{x: 2, list: [2], deep: {k: 2}}",
    )
    assert problems == []
    assert tree == {"x": 2, "list": [1, 2], "deep": {"k": 2, "l": 1}}


def test_keys_beside_the_include_win(tmp_path: Path) -> None:
    tree, _, _ = read(tmp_path, main='{$include: "a.json5", x: 3, deep: {k: 3}}', a="{x: 1, deep: {k: 1, l: 1}}")
    assert tree == {"x": 3, "deep": {"k": 3, "l": 1}}


def test_files_are_found_beside_the_one_that_includes_them(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.json5").write_text('{b: {$include: "b.json5"}}')
    (tmp_path / "sub" / "b.json5").write_text('{c: {$include: "../c.json5"}}')
    tree, problems, _ = read(tmp_path, main='{$include: "sub/a.json5"}', c="{d: 1}")
    assert (tree, problems) == ({"b": {"c": {"d": 1}}}, [])


def test_includes_inside_lists_are_followed(tmp_path: Path) -> None:
    tree, _, _ = read(tmp_path, main='{list: [{$include: "a.json5"}, 2]}', a="{id: 1}")
    assert tree == {"list": [{"id": 1}, 2]}


def test_one_file_may_be_included_at_two_places(tmp_path: Path) -> None:
    tree, problems, sources = read(tmp_path, main='{x: {$include: "a.json5"}, y: {$include: "a.json5"}}', a="{k: 1}")
    assert (tree, problems) == ({"x": {"k": 1}, "y": {"k": 1}}, [])
    assert sources == ["main.json5", "a.json5"]


def test_a_circle_is_reported_with_its_members(tmp_path: Path) -> None:
    _, problems, _ = read(
        tmp_path, main='{x: {$include: "a.json5"}}', a='{y: {$include: "b.json5"}}', b='{z: {$include: "a.json5"}}'
    )
    assert problems == ["x.y.z.$include: files include each other in a circle: a.json5 -> b.json5 -> a.json5"]


def test_a_file_that_includes_itself_is_a_circle(tmp_path: Path) -> None:
    _, problems, _ = read(tmp_path, main='{$include: "main.json5"}')
    assert problems == ["$include: files include each other in a circle: main.json5 -> main.json5"]


def chain(length: int) -> dict[str, str]:
    links = {f"f{n}": f'{{$include: "f{n + 1}.json5"}}' for n in range(1, length)}
    return {"main": '{$include: "f1.json5"}', **links, f"f{length}": "{end: true}"}


def test_ten_files_deep_is_fine(tmp_path: Path) -> None:
    tree, problems, _ = read(tmp_path, **chain(MAX_DEPTH))
    assert (tree, problems) == ({"end": True}, [])


def test_eleven_files_deep_is_one_too_many(tmp_path: Path) -> None:
    _, problems, _ = read(tmp_path, **chain(MAX_DEPTH + 1))
    assert problems == ["$include: includes are nested more than 10 deep"]


def test_a_file_outside_the_directory_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "secret.json5").write_text("{stolen: true}")
    tree, problems, sources = read(home, main='{$include: "../secret.json5"}')
    assert tree == {}
    assert problems == ["$include: ../secret.json5 lies outside DIR; included files must be under it"]
    assert sources == ["main.json5"]


def test_a_link_that_leads_outside_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "secret.json5").write_text("{stolen: true}")
    (home / "link.json5").symlink_to(tmp_path / "secret.json5")
    tree, problems, _ = read(home, main='{$include: "link.json5"}')
    assert tree == {}
    assert problems == ["$include: link.json5 lies outside DIR; included files must be under it"]


def test_a_settings_file_that_is_a_link_includes_what_lies_beside_its_target(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "main.json5").write_text('{$include: "a.json5"}')
    (tmp_path / "real" / "a.json5").write_text("{x: 1}")
    (tmp_path / "main.json5").symlink_to(tmp_path / "real" / "main.json5")
    report = Report()
    assert Includer(tmp_path / "main.json5", report).read() == {"x": 1}
    assert report.problems == []


def test_a_missing_include_is_a_problem_of_that_file(tmp_path: Path) -> None:
    _, problems, sources = read(tmp_path, main='{x: {$include: "none.json5", y: 1}}')
    assert problems == ["DIR/none.json5: cannot be read: No such file or directory"]
    assert sources == ["main.json5", "none.json5"], "it may appear later, so it is watched"


def test_a_syntax_error_is_told_of_the_included_file(tmp_path: Path) -> None:
    _, problems, _ = read(tmp_path, main='{$include: "a.json5"}', a="{oops")
    assert problems == ["DIR/a.json5: line 1, column 6: unexpected end of input"]


def test_links_in_a_circle_are_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "loop.json5").symlink_to("loop.json5")
    _, problems, _ = read(tmp_path, main='{$include: "loop.json5"}')
    assert problems == ["DIR/loop.json5: cannot be read: Too many levels of symbolic links"]


@pytest.mark.parametrize("value", ["'a\\0b'", "3", "{}", '["a.json5", 3]', '""', "null"])
def test_an_include_names_files(tmp_path: Path, value: str) -> None:
    _, problems, _ = read(tmp_path, main=f"{{x: {{$include: {value}}}}}", a="{}")
    assert problems == ["x.$include: expected a file name or a list of file names"]


def test_only_objects_can_be_merged(tmp_path: Path) -> None:
    tree, problems, _ = read(tmp_path, main='{$include: ["a.json5", "b.json5"]}', a="[1]", b="{x: 1}")
    assert tree == {"x": 1}
    assert problems == ["$include: a.json5 holds no object, so nothing can be merged with it"]


trees = st.recursive(
    st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(st.sampled_from("abc"), trees, max_size=3)


@given(objects)
def test_merging_with_nothing_changes_nothing(tree: dict[str, Any]) -> None:
    assert merge({}, tree) == tree
    assert merge(tree, {}) == tree


@given(objects, objects, objects)
def test_merging_does_not_depend_on_how_files_are_grouped(one: Any, two: Any, three: Any) -> None:
    # Not so when a plain value stands between two objects of one key: it replaces what is below it.
    assume(is_shaped_alike(one, two) and is_shaped_alike(two, three) and is_shaped_alike(one, three))
    assert merge(merge(one, two), three) == merge(one, merge(two, three))


def is_shaped_alike(one: Any, two: Any) -> bool:
    if isinstance(one, dict) and isinstance(two, dict):
        return all(is_shaped_alike(one[key], two[key]) for key in one.keys() & two.keys())
    return isinstance(one, list) == isinstance(two, list) and isinstance(one, dict) == isinstance(two, dict)


@given(objects, objects)
def test_merging_leaves_its_parts_as_they_were(below: dict[str, Any], above: dict[str, Any]) -> None:
    before = repr((below, above))
    merge(below, above)
    assert repr((below, above)) == before
