"""What a reload does, told from two files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from settings_support import OTHER_TOKEN, TOKEN, Loader

from router.settings.difference import Difference, difference, needs_restart

MODEL = {"id": "model", "kind": "openai", "baseUrl": "http://x", "model": "m"}
BASE: dict[str, Any] = {
    "channels": {"zalo": {"accounts": {"one": {"botToken": TOKEN}, "two": {"botToken": OTHER_TOKEN}}}},
    "agents": {
        "list": [{"id": "main", "kind": "echo"}, {"id": "model", "kind": "openai", "baseUrl": "http://x", "model": "m"}]
    },
}


def changed(*path: str, to: Any) -> dict[str, Any]:
    """The base tree with one value set; lists are gone into by number."""
    import copy

    tree = copy.deepcopy(BASE)
    at: Any = tree
    for key in path[:-1]:
        at = at[int(key)] if isinstance(at, list) else at.setdefault(key, {})
    at[path[-1]] = to
    return tree


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (BASE, ()),
        (changed("channels", "zalo", "accounts", "one", "name", to="Shop"), ("rules changed",)),
        (changed("channels", "zalo", "accounts", "one", "allowFrom", to=["7"]), ("rules changed",)),
        (changed("channels", "zalo", "accounts", "one", "botToken", to="3:new"), ("account zalo:one starts anew",)),
        (
            changed("channels", "zalo", "pollTimeoutSeconds", to=9),
            ("account zalo:one starts anew", "account zalo:two starts anew"),
        ),
        (
            changed("channels", "zalo", "accounts", "one", "enabled", to=False),
            ("account zalo:one stops", "rules changed"),
        ),
        (
            changed("channels", "zalo", "enabled", to=False),
            ("account zalo:one stops", "account zalo:two stops", "rules changed"),
        ),
        (
            changed("channels", "zalouser", "profile", to="me"),
            ("account zalouser:default starts", "rules changed"),
        ),
        (changed("agents", "list", "1", "model", to="n"), ("agent model is opened",)),
        (changed("agents", "list", "1", "retries", to=9), ("agent model is opened",)),
        (changed("agents", "list", "1", "default", to=True), ("rules changed",)),
        (changed("agents", "list", to=[{"id": "main", "kind": "echo"}]), ("agent model is gone", "rules changed")),
        (changed("session", "dmScope", to="per-peer"), ("rules changed",)),
        (changed("messages", "locale", to="vi"), ("rules changed",)),
        (changed("limits", "inbox", to=5), ("rules changed",)),
        (changed("control", "port", to=5), ()),
    ],
)
def test_a_change_does_what_it_must_and_no_more(tmp_path: Path, after: dict[str, Any], words: tuple[str, ...]) -> None:
    load = Loader(tmp_path)
    assert difference(load(BASE).settings, load(after).settings).words() == words


def test_there_and_back_is_nothing(tmp_path: Path) -> None:
    load = Loader(tmp_path)
    one, other = load(BASE).settings, load(changed("channels", to={})).settings
    forth, back = difference(one, other), difference(other, one)
    assert (forth.starting, forth.stopping) == (back.stopping, back.starting)
    assert difference(one, load(BASE).settings) == Difference()


@pytest.mark.parametrize(
    ("path", "to", "waiting"),
    [
        (("webhook", "port"), 1, ("webhook",)),
        (("control", "port"), 1, ("control",)),
        (("store", "retention", "contentSeconds"), 1, ("store",)),
        (("logging", "level"), "debug", ("logging",)),
        (("restart", "intensity"), 9, ("restart",)),
        (("limits", "mailbox"), 9, ("limits",)),
        (("limits", "inbox"), 9, ()),
        (("media", "retentionDays"), 9, ("media.retentionDays",)),
        (("media", "timeoutSeconds"), 9, ()),
        (("messages", "locale"), "vi", ()),
    ],
)
def test_what_is_built_once_waits_for_a_restart(
    tmp_path: Path, path: tuple[str, ...], to: Any, waiting: tuple[str, ...]
) -> None:
    load = Loader(tmp_path)
    assert needs_restart(load(BASE).settings, load(changed(*path, to=to)).settings, listening=True) == waiting


def test_a_first_webhook_needs_a_listener_that_is_opened_at_the_start(tmp_path: Path) -> None:
    load = Loader(tmp_path)
    hook = {"botToken": TOKEN, "webhookUrl": "https://x.example/hook", "webhookSecret": "long enough"}
    wanted = load(changed("channels", "zalo", "accounts", "one", to=hook)).settings
    assert needs_restart(load(BASE).settings, wanted, listening=False) == ("webhook",)
    assert needs_restart(load(BASE).settings, wanted, listening=True) == ()
