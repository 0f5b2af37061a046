"""`${NAME}` in the values of the settings.

Only upper-case names (`[A-Z_][A-Z0-9_]*`) are substituted, only in string values, never in keys; `$${NAME}` stands for
a literal `${NAME}`; any other `$` stays. What was substituted is not looked at again (openclaw-gateway reference, 3.2).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from router.settings.problems import Report, item, join

_REFERENCE = re.compile(r"\$(\$?)\{([A-Z_][A-Z0-9_]*)\}")


def substitute(value: Any, env: Mapping[str, str], report: Report, path: str = "") -> Any:
    """The tree with every reference replaced. A name that is missing or empty is a problem and stays as it was."""
    if isinstance(value, dict):
        return {key: substitute(each, env, report, join(path, key)) for key, each in value.items()}
    if isinstance(value, list):
        return [substitute(each, env, report, item(path, index)) for index, each in enumerate(value)]
    if isinstance(value, str) and "${" in value:
        return _REFERENCE.sub(lambda found: _replacement(found, env, report, path), value)
    return value


def _replacement(found: re.Match[str], env: Mapping[str, str], report: Report, path: str) -> str:
    escaped, name = found.groups()
    if escaped:
        return found.group()[1:]
    if not env.get(name):
        state = "empty" if name in env else "not set"
        report.spoil(path, f"environment variable {name} is {state}; set it, or write $${{{name}}} for the text itself")
        return found.group()
    return env[name]
