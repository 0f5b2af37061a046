"""`router doctor`: exit codes and output."""

from __future__ import annotations

import json
from pathlib import Path

import platformdirs
import pytest
from click.testing import CliRunner

from router.cli.doctor import doctor


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(platformdirs, "user_config_path", lambda name, appauthor: tmp_path / "config" / name)
    for name in ("ROUTER_CONFIG", "ZALO_BOT_TOKEN", "ZALO_API_URL", "ZCA_PROFILE"):
        monkeypatch.delenv(name, raising=False)


def test_warnings_alone_end_with_0_and_failures_with_1() -> None:
    well = CliRunner().invoke(doctor, ["--state-dir", "state"])
    assert well.exit_code == 0
    assert "warn  router: the router is not running" in well.output
    assert "      -> start it with `router serve`" in well.output
    Path("router.json5").write_text("{ colour: 1 }")
    ill = CliRunner().invoke(doctor, ["--state-dir", "state"])
    assert ill.exit_code == 1
    assert "FAIL  router.json5: colour: unknown key; remove it" in ill.output


def test_json_is_one_object() -> None:
    Path("router.json5").write_text("{ colour: 1 }")
    result = CliRunner().invoke(doctor, ["--state-dir", "state", "--json"])
    told = json.loads(result.stdout)
    assert told["ok"] is False
    assert {"level", "where", "what", "fix"} == set(told["findings"][0])
    assert result.exit_code == 1


def test_nothing_is_made_by_looking() -> None:
    CliRunner().invoke(doctor, ["--state-dir", "state"])
    assert list(Path().iterdir()) == []
