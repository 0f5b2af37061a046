"""The whole way: a file, its includes, the environment, and settings at the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from settings_support import OTHER_TOKEN, TOKEN, Loader, bot

from actors.errors import SettingsError
from actors.secret import Secret
from router.settings.draft import Surroundings
from router.settings.load import SECTIONS, load_settings, settings_of
from router.settings.problems import Report
from router.settings.schema import PolicySettings, Settings
from router.settings.sections import SessionSettings, WebhookSettings
from router.settings.values import DmPolicy, DmScope, GroupPolicy

MANUAL = """
// The example of the manual.
{
  $schema: "./router.schema.json",
  channels: {
    defaults: { groupPolicy: "allowlist" },
    zalo:     { botToken: "12345689:abc-xyz", dmPolicy: "pairing", accounts: { shop: { tokenFile: "shop.token" } } },
    zalouser: { dmPolicy: "pairing", groupPolicy: "open", accounts: { work: { profile: "work" } } },
  },
  agents:   { list: [ { id: "main", default: true, kind: "openai", baseUrl: "https://x.example/v1", model: "m",
                        apiKey: "${KEY}" } ] },
  bindings: [ { agentId: "main", match: { channel: "zalo", accountId: "shop" } } ],
  session:  { dmScope: "main" },
  webhook:  { host: "127.0.0.1", port: 8788 },
  control:  { host: "127.0.0.1", port: 18790 },
}
"""


@pytest.fixture
def load(tmp_path: Path) -> Loader:
    return Loader(tmp_path)


def test_the_example_of_the_manual_loads(load: Loader) -> None:
    load.write("shop.token", OTHER_TOKEN)
    settings = load(MANUAL, KEY="sesame").settings
    assert [str(account.key) for account in settings.accounts] == ["zalo:default", "zalo:shop", "zalouser:work"]
    assert settings.default_agent_id == "main"
    assert (settings.webhook.port, settings.control.port) == (8788, 18790)


def test_an_empty_file_means_the_defaults(load: Loader) -> None:
    assert load("{}").settings == Settings()


def test_no_file_means_the_defaults_and_what_the_environment_adds() -> None:
    assert load_settings(None, env={}).settings == Settings()
    loaded = load_settings(None, env={"ZALO_BOT_TOKEN": TOKEN})
    assert ([str(account.key) for account in loaded.settings.accounts], loaded.sources) == (["zalo:default"], ())


def test_a_missing_file_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "none.json5"
    with pytest.raises(SettingsError, match=r"none\.json5: cannot be read: No such file or directory"):
        load_settings(path, env={})


@pytest.mark.parametrize("content", ["[]", "3", "null", '"text"'])
def test_a_file_holds_an_object(load: Loader, content: str) -> None:
    assert any("the settings file: expected an object" in problem for problem in load.problems(content))


def test_a_broken_file_is_one_problem(load: Loader) -> None:
    assert load.problems("{a: }") == (f'{load.path}: line 1, column 5: unexpected "}}"',)


def test_substitution_reaches_into_includes_and_every_file_is_a_source(load: Loader) -> None:
    token_file = load.write("secrets/shop", OTHER_TOKEN)
    included = load.write("channels.json5", '{zalo: {botToken: "${T}", accounts: {shop: {tokenFile: "secrets/shop"}}}}')
    loaded = load('{channels: {$include: "channels.json5"}, webhook: {port: "${PORT}"}}', T=TOKEN, PORT="9000")
    assert loaded.settings.webhook.port == 9000
    assert len(loaded.settings.accounts) == 2
    assert loaded.sources == (load.path, included, token_file)


def test_an_include_is_not_substituted_before_it_is_resolved(load: Loader) -> None:
    (problem,) = load.problems('{$include: "${WHERE}.json5"}', WHERE="a")
    assert problem.endswith("${WHERE}.json5: cannot be read: No such file or directory")


def test_an_unset_variable_is_not_reported_as_a_wrong_value_too(load: Loader) -> None:
    tree = {"webhook": {"port": "${PORT}"}, "session": {"dmScope": "${SCOPE}"}}
    places = [problem.split(":")[0] for problem in load.problems(tree)]
    assert places == ["webhook.port", "session.dmScope"]


def test_problems_of_several_files_are_told_together(load: Loader) -> None:
    load.write("a.json5", "{oops")
    problems = load.problems('{agents: {$include: "a.json5"}, colour: 1}')
    assert [problem.replace(str(load.directory), "DIR") for problem in problems] == [
        "DIR/a.json5: line 1, column 6: unexpected end of input",
        "colour: unknown key; remove it",
    ]


def test_no_problem_shows_a_secret(load: Loader) -> None:
    tree = {
        "channels": {
            "zalo": {
                "botToken": "canary token",
                "webhookSecret": ["canary", {"x": "canary"}],
                "proxy": "canary://canary@x",
                "accounts": {"shop": {"botToken": {"canary-is-no-key": "canary"}, "tokenFile": "t"}},
            }
        },
        "agents": {"list": [{"id": "a", "kind": "openai", "apiKey": ["canary"], "baseUrl": "canary", "model": "m"}]},
    }
    load.write("t", "canary in a file")
    problems = load.problems(tree, ZALO_BOT_TOKEN="canary env")
    assert len(problems) == 4
    assert not [problem for problem in problems if "canary" in problem]


def test_the_errors_text_is_its_problems_line_by_line(load: Loader) -> None:
    load.write("router.json5", {"a": 1, "b": 2})
    with pytest.raises(SettingsError) as caught:
        load_settings(load.path, env={})
    assert str(caught.value) == "\n".join(caught.value.problems)
    assert len(caught.value.problems) == 2


# Whatever is valid comes back as it was written


@st.composite
def sections(draw: st.DrawFn) -> dict[str, Any]:
    """Valid values for keys of several sections."""
    ports = st.integers(min_value=1, max_value=65535)
    session = {
        "dmScope": st.sampled_from(get_args(DmScope)),
        "identityLinks": st.dictionaries(
            st.text(min_size=1, max_size=5), st.lists(st.text("0123456789ab", min_size=1))
        ),
        "resetTriggers": st.lists(st.text(min_size=1, max_size=5)),
    }
    webhook = {"host": st.just("0.0.0.0"), "port": ports, "ratePerMinute": st.integers(min_value=1, max_value=10**6)}
    limits = {"inbox": st.integers(min_value=1), "drainSeconds": st.floats(0, 1e6)}
    drawn = {
        "session": draw(st.fixed_dictionaries({}, optional=session)),
        "webhook": draw(st.fixed_dictionaries({}, optional=webhook)),
        "limits": draw(st.fixed_dictionaries({}, optional=limits)),
        "messages": draw(st.fixed_dictionaries({}, optional={"locale": st.sampled_from(["en", "vi"])})),
    }
    return {key: value for key, value in drawn.items() if value}


policies = st.fixed_dictionaries(
    {},
    optional={
        "dmPolicy": st.sampled_from([each for each in get_args(DmPolicy) if each != "open"]),
        "groupPolicy": st.sampled_from(get_args(GroupPolicy)),
        "allowFrom": st.lists(st.text("0123456789abcdef", min_size=1), max_size=3),
        "chunkMode": st.sampled_from(["length", "newline"]),
        "textChunkLimit": st.integers(10, 2000),
        "whenUnknown": st.sampled_from(["resend", "hold"]),
        "groups": st.dictionaries(
            st.text(min_size=1, max_size=8), st.fixed_dictionaries({"allow": st.booleans()}), max_size=3
        ),
        "mediaMaxMb": st.floats(0.1, 100),
    },
)


def settings_from(tree: dict[str, Any]) -> Settings:
    report = Report()
    settings = settings_of(tree, Surroundings({}, Path(), report, []))
    assert report.problems == []
    assert settings is not None
    return settings


def assert_holds(struct: Any, written: dict[str, Any]) -> None:
    """Every key that was written is there with its value, and every other key has its default."""
    untouched = type(struct)()
    for field in msgspec.structs.fields(type(struct)):
        if field.encode_name in written and field.name != "groups":
            assert msgspec.json.encode(getattr(struct, field.name)) == msgspec.json.encode(written[field.encode_name])
        elif field.encode_name not in written:
            assert getattr(struct, field.name) == getattr(untouched, field.name)


@given(sections())
def test_valid_sections_come_back_as_they_were_written(tree: dict[str, Any]) -> None:
    settings = settings_from(tree)
    for name in SECTIONS:
        assert_holds(getattr(settings, name), tree.get(name, {}))


@given(policies, policies)
def test_an_account_has_its_own_keys_else_its_channels_else_the_defaults(
    channel: dict[str, Any], own: dict[str, Any]
) -> None:
    tree = {"channels": bot(**channel, accounts={"shop": {**own, "botToken": OTHER_TOKEN}})}
    shop = settings_from(tree).accounts[1]
    merged = {**channel, **own}
    media_max_mb = merged.pop("mediaMaxMb", 5.0)
    assert isinstance(shop.settings, msgspec.Struct)
    assert getattr(shop.settings, "media_max_mb") == media_max_mb  # noqa: B009 - the struct is the kind's own
    assert_holds(shop.policy, merged)
    assert {key: rule.allow for key, rule in shop.policy.groups.items()} == {
        key: rule["allow"] for key, rule in merged.get("groups", {}).items()
    }


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["zalo", "echo", "main"]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["zalo", "accounts", "list", "id", "kind", "match", "peer", "x"]), inner)
        ),
        max_leaves=12,
    ),
    st.sampled_from(["channels", "agents", "bindings", *SECTIONS]),
)
def test_no_tree_however_wrong_is_more_than_a_list_of_problems(value: object, key: str) -> None:
    report = Report()
    settings = settings_of({key: value}, Surroundings({}, Path("/nowhere"), report, []))
    assert (settings is None) == bool(report.problems)
    assert all(len(problem.splitlines()) == 1 for problem in report.problems)


def test_every_section_is_a_field_of_the_settings_with_its_type() -> None:
    fields = {field.name: field.type for field in msgspec.structs.fields(Settings)}
    assert {name: fields[name] for name in SECTIONS} == SECTIONS
    assert SECTIONS["session"] is SessionSettings
    assert SECTIONS["webhook"] is WebhookSettings


def test_settings_are_frozen() -> None:
    settings = Settings()
    with pytest.raises(AttributeError):
        settings.session = SessionSettings()  # type: ignore[misc]
    assert PolicySettings().group_policy == "allowlist"
    assert repr(Secret("x")) == "***"
