"""The schema describes the file that the loader takes: the same keys, the same words, nothing further."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from router.settings.build import key_names
from router.settings.jsonschema import json_schema, schema_of
from router.settings.kinds import AGENTS, CHANNELS
from router.settings.load import ROOT_KEYS
from router.settings.schema import PolicySettings
from router.settings.values import PeerId, Port


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return json_schema()


def objects(schema: Any) -> Iterator[dict[str, Any]]:
    """Every schema of an object inside this one."""
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield schema
        for each in schema.values():
            yield from objects(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from objects(each)


def test_it_is_json(schema: dict[str, Any]) -> None:
    assert json.loads(json.dumps(schema)) == schema


def test_the_root_has_the_keys_that_the_loader_knows(schema: dict[str, Any]) -> None:
    assert set(schema["properties"]) == set(ROOT_KEYS)


def test_no_object_takes_unknown_keys(schema: dict[str, Any]) -> None:
    found = list(objects(schema))
    assert len(found) > 30
    # A map (accounts, groups, headers) has any keys, and says what their values are.
    assert all(each["additionalProperties"] is False or "properties" not in each for each in found)


def test_every_object_may_include_files(schema: dict[str, Any]) -> None:
    closed = [each for each in objects(schema) if "properties" in each]
    assert all(list(each["patternProperties"]) == [r"^\$include$"] for each in closed)


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_channels_block_is_the_policy_and_the_kinds_keys_together(schema: dict[str, Any], channel: str) -> None:
    block = schema["properties"]["channels"]["properties"][channel]
    keys = set(key_names(PolicySettings, CHANNELS[channel].settings))
    assert set(block["properties"]) == keys | {"accounts", "defaultAccount"}
    assert set(block["properties"]["accounts"]["additionalProperties"]["properties"]) == keys


def test_the_default_group_policy_is_each_channels_own(schema: dict[str, Any]) -> None:
    channels = schema["properties"]["channels"]["properties"]
    assert channels["zalo"]["properties"]["groupPolicy"]["default"] == "allowlist"
    assert channels["zalouser"]["properties"]["groupPolicy"]["default"] == "open"
    account = channels["zalouser"]["properties"]["accounts"]["additionalProperties"]
    assert "default" not in account["properties"]["groupPolicy"], "an account inherits"


def test_each_kind_of_agent_has_its_own_keys_and_needs_its_own(schema: dict[str, Any]) -> None:
    entries = schema["properties"]["agents"]["properties"]["list"]["items"]["anyOf"]
    by_kind = {entry["properties"]["kind"]["const"]: entry for entry in entries}
    assert set(by_kind) == set(AGENTS)
    assert set(by_kind["http"]["required"]) == {"id", "kind", "url"}
    assert set(by_kind["echo"]["required"]) == {"id", "kind"}
    assert {"model", "apiKey", "retries", "default"} <= set(by_kind["openai"]["properties"])
    assert "model" not in by_kind["echo"]["properties"]


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (Port, {"type": "integer", "minimum": 0, "maximum": 65535}),
        (PeerId, {"type": ["string", "integer"]}),
        (str | None, {"anyOf": [{"type": "string"}, {"type": "null"}]}),
        (tuple[str, ...], {"type": "array", "items": {"type": "string"}}),
        (dict[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}),
    ],
)
def test_types_are_described(annotation: object, expected: dict[str, Any]) -> None:
    assert schema_of(annotation) == expected


def test_secrets_are_strings_and_have_no_default(schema: dict[str, Any]) -> None:
    token = schema["properties"]["channels"]["properties"]["zalo"]["properties"]["botToken"]
    assert token == {"anyOf": [{"type": "string", "minLength": 1}, {"type": "null"}]}
