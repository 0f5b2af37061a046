"""The settings file described as JSON Schema, for editors: complete keys, no unknown ones, the words that are allowed.

The file may say a little more than the schema knows: `${NAME}` in place of a number.
"""

from __future__ import annotations

from types import NoneType
from typing import Any, get_args, get_origin

import msgspec

from actors.agents.settings import AgentLimits
from actors.secret import Secret
from router.settings.accounts import ChannelSettings
from router.settings.agents import EntrySettings
from router.settings.kinds import agent_settings, channel_rows
from router.settings.load import SECTIONS
from router.settings.schema import ChannelDefaults, PolicySettings
from router.settings.sections import BindingSettings
from router.settings.values import PEER_ID
from router.settings.words import members, unwrap

Schema = dict[str, Any]

_INCLUDE: Schema = {
    r"^\$include$": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
}
"""Stands in any object."""


def json_schema() -> Schema:
    """The whole file's schema, as values that `json.dumps` takes."""
    properties: Schema = {
        "$schema": {"type": "string"},
        "channels": _object(
            {"defaults": schema_of(ChannelDefaults), **{name: _channel(name) for name in channel_rows()}}
        ),
        "agents": _object(
            {
                "defaults": schema_of(AgentLimits),
                "list": {"type": "array", "items": {"anyOf": [_agent(kind) for kind in agent_settings()]}},
            }
        ),
        "bindings": schema_of(tuple[BindingSettings, ...]),
        **{name: schema_of(section) for name, section in SECTIONS.items()},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "zalo-router settings",
        **_object(properties),
    }


def schema_of(annotation: Any) -> Schema:
    """The schema of one type that settings are made of."""
    plain, metas = unwrap(annotation)
    alternatives = members(plain)
    if len(alternatives) > 1:
        return _any_of([schema_of(each) for each in alternatives])
    if plain is Secret:
        return {"type": "string", "minLength": 1}
    if PEER_ID in metas:
        return {"type": ["string", "integer"]}
    if isinstance(plain, type) and issubclass(plain, msgspec.Struct):
        return _struct(plain)
    if get_origin(plain) is tuple:
        fewest = next((meta.min_length for meta in metas if meta.min_length), None)
        items = {"type": "array", "items": schema_of(get_args(plain)[0])}
        return items if fewest is None else {**items, "minItems": fewest}
    if get_origin(plain) is dict:
        return {"type": "object", "additionalProperties": schema_of(get_args(plain)[1])}
    return msgspec.json.schema(NoneType if plain is None else annotation)


def _any_of(options: list[Schema]) -> Schema:
    return {"anyOf": options}


def _struct(*structs: type[msgspec.Struct]) -> Schema:
    """One object with the keys of all these structs."""
    fields = [field for each in structs for field in msgspec.structs.fields(each)]
    described = {
        "description": (structs[0].__doc__ or "").strip().partition("\n")[0],
        **_object({field.encode_name: _with_default(field) for field in fields}),
    }
    required = [field.encode_name for field in fields if field.required]
    return {**described, "required": required} if required else described


def _with_default(field: msgspec.structs.FieldInfo) -> Schema:
    schema = schema_of(field.type)
    if isinstance(field.default, (str, int, float)):
        return {**schema, "default": field.default}
    return schema


def _object(properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "patternProperties": _INCLUDE,
        "additionalProperties": False,
    }


def _channel(name: str) -> Schema:
    row = channel_rows()[name]
    account = _struct(row.settings, PolicySettings)
    account["properties"]["groupPolicy"].pop("default")
    block = _struct(row.settings, PolicySettings, ChannelSettings)
    block["properties"]["groupPolicy"]["default"] = row.default_group_policy
    block["properties"]["accounts"] = {"type": "object", "additionalProperties": account}
    return block


def _agent(kind: str) -> Schema:
    entry = _struct(agent_settings()[kind], EntrySettings, AgentLimits)
    entry["properties"]["kind"] = {"const": kind}
    return entry
