"""Settings files that nobody would write: settings, or problems of one printable line each; never anything else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hostile import BOMBS, NASTY, assert_tells, documents, texts
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from router.settings.load import ROOT_KEYS, read_settings

NAMES = (
    "zalo accounts default botToken tokenFile apiUrl webhookUrl webhookSecret dmPolicy allowFrom groups list id kind"
)
MORE = "zalouser command url program profile match peer agentId channel $include port host level dmScope"
KEYS = (*ROOT_KEYS, *NAMES.split(), *MORE.split())
GOOD = {
    "channels": {"zalo": {"botToken": "1:canary-5d21", "dmPolicy": "open", "allowFrom": ["*"]}},
    "agents": {"list": [{"id": "main", "kind": "echo"}]},
    "control": {"port": 0},
    "logging": {"level": "info"},
}
SIGNS = (
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    '"',
    "'",
    "//",
    "/*",
    "*/",
    "\\",
    "\\x",
    "\\u12",
    "0x",
    "+",
    ".",
    "Infinity",
    "NaN",
)
WORDS = st.sampled_from((*SIGNS, '"$include"', '"${X}"', '"${HOME"', "channels", "\n", "\u2028", "\ufeff"))
FILES = (
    documents(KEYS, GOOD)
    | st.lists(WORDS | texts, max_size=20).map(lambda words: "".join(words).encode("utf-8", "surrogatepass"))
    | st.binary(max_size=60)
)
ENV = {"HOME": "/nowhere", "X": "${X}", "ZALO_BOT_TOKEN": "1:canary-5d21"}


def read(directory: Path, raw: bytes) -> None:
    file = directory / "router.json5"
    file.write_bytes(raw)
    reading = read_settings(file, env=ENV)
    assert (reading.settings is None) == bool(reading.problems)
    assert file in reading.sources
    told = [*reading.problems, *reading.warnings]
    for words in told:
        assert_tells(words)
        assert "canary-5d21" not in words


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=FILES)
def test_fuzz_a_file_is_settings_or_problems(tmp_path: Path, raw: bytes) -> None:
    read(tmp_path, raw)


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_in_a_file_is_problems(tmp_path: Path, bomb: bytes) -> None:
    read(tmp_path, bomb)
    read(tmp_path, b'{"channels":' + bomb + b"}")
    read(tmp_path, b'{"control":{"port":' + bomb + b"}}")


@pytest.mark.parametrize("word", NASTY)
def test_a_nasty_word_anywhere_is_settings_or_problems(tmp_path: Path, word: str) -> None:
    quoted = b'"' + word.encode("utf-8", "surrogatepass").replace(b"\r\n", b"\\n") + b'"'
    read(tmp_path, b"{" + quoted + b":1}")
    read(tmp_path, b'{"channels":{"zalo":{"accounts":{' + quoted + b':{"botToken":"1:canary-5d21"}}}}}')
    read(tmp_path, b'{"channels":{"zalo":{"botToken":"1:canary-5d21","apiUrl":' + quoted + b"}}}")
    read(tmp_path, b'{"agents":{"list":[{"id":' + quoted + b',"kind":' + quoted + b"}]}}")
