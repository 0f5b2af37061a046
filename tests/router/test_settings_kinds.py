"""The rows of the settings and the rows of the kinds themselves say the same."""

from __future__ import annotations

from actors.agents.kinds import KINDS
from actors.kinds import CHANNEL_KINDS
from router.settings.kinds import AGENTS, CHANNELS


def test_each_channel_that_exists_has_a_row_that_says_what_its_kind_says() -> None:
    rows = {name: (row.label, row.settings) for name, row in CHANNELS.items()}
    assert rows == {name: (kind.label, kind.settings) for name, kind in CHANNEL_KINDS.items()}


def test_every_agent_kind_that_exists_can_be_configured_with_its_own_settings() -> None:
    assert {name: AGENTS.get(name) for name in KINDS} == {name: kind.settings for name, kind in KINDS.items()}
