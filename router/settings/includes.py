"""`$include`: settings spread over several files.

    $include: "a.json5"              the object of that file
    $include: ["a.json5", "b.json5"] both, merged; the later wins

Keys beside `$include` win over included ones. Merging goes into objects; arrays are joined end to end; anything else is
replaced (openclaw-gateway reference, section 3.2). A file is found relative to the one that includes it and must lie
under the directory of the main file, with symbolic links resolved: settings must not reach out for `/etc/shadow`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from router.settings.document import read_document
from router.settings.problems import Report, item, join

INCLUDE = "$include"
MAX_DEPTH = 10


def merge(below: Any, above: Any) -> Any:
    """`above` laid over `below`: objects merge, arrays concatenate, the rest is replaced."""
    if isinstance(below, dict) and isinstance(above, dict):
        merged = dict(below)
        for key, value in above.items():
            merged[key] = merge(below[key], value) if key in below else value
        return merged
    if isinstance(below, list) and isinstance(above, list):
        return below + above
    return above


def _is_file_name(name: Any) -> bool:
    return isinstance(name, str) and name != "" and "\0" not in name


def _real(path: Path) -> Path:
    # Not Path.resolve: that raises on links that lead in a circle, and opening them says so better.
    return Path(os.path.realpath(path))


class Includer:
    """Reads a settings file with all that it includes, and keeps the list of files."""

    def __init__(self, main: Path, report: Report) -> None:
        self._main = main
        self._root = _real(main).parent
        self._report = report
        self.sources: list[Path] = []

    def read(self) -> Any:
        """The whole tree, or None when the main file cannot be read."""
        return self._file(self._main, (), "")

    def _file(self, path: Path, above: tuple[Path, ...], place: str) -> Any:
        if path not in self.sources:
            self.sources.append(path)
        tree = read_document(path, self._report)
        return self._resolve(tree, (*above, _real(path)), place)

    def _resolve(self, value: Any, files: tuple[Path, ...], place: str) -> Any:
        if isinstance(value, list):
            return [self._resolve(each, files, item(place, index)) for index, each in enumerate(value)]
        if not isinstance(value, dict):
            return value
        own = {key: self._resolve(each, files, join(place, key)) for key, each in value.items() if key != INCLUDE}
        if INCLUDE not in value:
            return own
        return self._with_included(value[INCLUDE], own, files, place)

    def _with_included(self, names: Any, own: dict[str, Any], files: tuple[Path, ...], place: str) -> Any:
        where = join(place, INCLUDE)
        wanted = [names] if isinstance(names, str) else names
        if not isinstance(wanted, list) or not all(_is_file_name(name) for name in wanted):
            self._report.problem(where, "expected a file name or a list of file names")
            return own
        parts = [self._included(name, files, where, place) for name in wanted]
        if len(parts) == 1 and not own and parts[0] is not None:
            return parts[0]
        merged: Any = {}
        for part, name in zip(parts, wanted, strict=True):
            if part is not None and not isinstance(part, dict):
                self._report.problem(where, f"{name} holds no object, so nothing can be merged with it")
            elif part is not None:
                merged = merge(merged, part)
        return merge(merged, own)

    def _included(self, name: str, files: tuple[Path, ...], where: str, place: str) -> Any:
        path = files[-1].parent / Path(name)
        resolved = _real(path)
        if resolved in files:
            chain = " -> ".join(each.name for each in (*files[files.index(resolved) :], resolved))
            self._report.problem(where, f"files include each other in a circle: {chain}")
        elif len(files) > MAX_DEPTH:
            self._report.problem(where, f"includes are nested more than {MAX_DEPTH} deep")
        elif not resolved.is_relative_to(self._root):
            self._report.problem(where, f"{name} lies outside {self._root}; included files must be under it")
        else:
            return self._file(path, files, place)
        return None
