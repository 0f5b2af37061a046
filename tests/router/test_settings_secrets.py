from __future__ import annotations

from pathlib import Path

from actors.secret import Secret
from router.settings.load import load_settings
from router.settings.secrets import secrets_in


def test_every_secret_of_a_settings_file_is_found_wherever_it_stands(tmp_path: Path) -> None:
    file = tmp_path / "router.json5"
    file.write_text(
        """{
          channels: { zalo: { botToken: "1:top", accounts: {
            hook: {
              botToken: "2:named", webhookUrl: "https://example.com/h", webhookSecret: ["secret-one", "secret-two"],
            },
          } } },
          agents: { list: [
            { id: "a", kind: "openai", baseUrl: "http://127.0.0.1/v1", model: "m", apiKey: "sk-key" },
            { id: "b", kind: "http", url: "http://127.0.0.1/", headers: { "X-Key": "header-secret" } },
          ] },
        }"""
    )
    found = set(secrets_in(load_settings(file, env={}).settings))
    expected = {"1:top", "2:named", "secret-one", "secret-two", "sk-key", "header-secret"}
    assert found == {Secret(value) for value in expected}
