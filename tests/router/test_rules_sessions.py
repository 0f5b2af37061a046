from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.messages import AccountKey, Chat, ChatType
from router.rules.sessions import DmScope, normalize_account_id, normalize_agent_id, session_key

SCOPES: tuple[DmScope, ...] = ("main", "per-peer", "per-channel-peer", "per-account-channel-peer")


def chat(
    chat_id: str = "6ede9afa", chat_type: ChatType = "direct", account: str = "shop", channel: str = "zalo"
) -> Chat:
    return Chat(AccountKey(channel, account), chat_id, chat_type)


@pytest.mark.parametrize(
    ("scope", "key"),
    [
        ("main", "agent:support:main"),
        ("per-peer", "agent:support:direct:6ede9afa"),
        ("per-channel-peer", "agent:support:zalo:direct:6ede9afa"),
        ("per-account-channel-peer", "agent:support:zalo:shop:direct:6ede9afa"),
    ],
)
def test_a_direct_chat_is_kept_apart_as_finely_as_the_scope_says(scope: DmScope, key: str) -> None:
    assert session_key(agent_id="support", chat=chat(), dm_scope=scope) == key


def test_everybody_shares_the_main_conversation_unless_told() -> None:
    assert (
        session_key(agent_id="main", chat=chat("a"))
        == session_key(agent_id="main", chat=chat("b"))
        == "agent:main:main"
    )


@pytest.mark.parametrize("scope", SCOPES)
def test_a_group_is_one_conversation_whatever_the_scope_and_the_account(scope: DmScope) -> None:
    keys = {
        session_key(agent_id="main", chat=chat("zgr-77", "group", account), dm_scope=scope)
        for account in ("shop", "home")
    }

    assert keys == {"agent:main:zalo:group:zgr-77"}


def test_the_channel_is_part_of_a_groups_key() -> None:
    assert session_key(agent_id="main", chat=chat("5", "group", channel="zalouser")) == "agent:main:zalouser:group:5"


@pytest.mark.parametrize("scope", SCOPES)
def test_keys_are_trimmed_and_lower_case(scope: DmScope) -> None:
    shouted = Chat(AccountKey(" Zalo ", " SHOP "), " 6EDE9AFA ")

    assert session_key(agent_id=" Support ", chat=shouted, dm_scope=scope) == session_key(
        agent_id="support", chat=chat(), dm_scope=scope
    )


@pytest.mark.parametrize("scope", SCOPES)
def test_a_direct_chat_without_an_id_belongs_to_the_main_conversation(scope: DmScope) -> None:
    assert session_key(agent_id="a", chat=chat(" "), dm_scope=scope) == "agent:a:main"


def test_a_group_without_an_id_is_unknown() -> None:
    assert session_key(agent_id="a", chat=chat("", "group")) == "agent:a:zalo:group:unknown"


LINKS = {"Ted": ("zalo:6EDE9AFA", "zalouser:1001"), "ann": ("42", "6ede9afa"), " ": ("7",)}


@pytest.mark.parametrize(
    ("peer", "channel", "person"),
    [
        ("6ede9afa", "zalo", "ted"),
        ("1001", "zalouser", "ted"),
        ("1001", "zalo", "1001"),
        ("42", "zalo", "ann"),
        ("42", "zalouser", "ann"),
        ("6ede9afa", "zalouser", "ann"),
        ("7", "zalo", "7"),
        ("8", "zalo", "8"),
    ],
    ids=lambda value: str(value),
)
def test_a_linked_id_is_replaced_by_the_first_name_that_lists_it(peer: str, channel: str, person: str) -> None:
    key = session_key(agent_id="main", chat=chat(peer, channel=channel), dm_scope="per-peer", identity_links=LINKS)

    assert key == f"agent:main:direct:{person}"


@pytest.mark.parametrize(
    ("scope", "key"),
    [
        ("main", "agent:main:main"),
        ("per-channel-peer", "agent:main:zalo:direct:ted"),
        ("per-account-channel-peer", "agent:main:zalo:shop:direct:ted"),
    ],
)
def test_links_work_in_every_scope_but_main(scope: DmScope, key: str) -> None:
    assert session_key(agent_id="main", chat=chat(), dm_scope=scope, identity_links=LINKS) == key


def test_links_leave_groups_alone() -> None:
    key = session_key(agent_id="main", chat=chat("42", "group"), dm_scope="per-peer", identity_links=LINKS)

    assert key == "agent:main:zalo:group:42"


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("shop", "shop"),
        (" Shop_2 ", "shop_2"),
        ("my shop!", "my-shop"),
        ("--a--b--", "a--b"),
        ("Cửa hàng", "c-a-h-ng"),
        ("a" * 64, "a" * 64),
        ("a" * 65, "a" * 64),
        ("trailing-", "trailing-"),
        ("a:b/c", "a-b-c"),
    ],
)
def test_agent_and_account_ids_are_normalised_alike(written: str, normal: str) -> None:
    assert normalize_agent_id(written) == normalize_account_id(written) == normal


@pytest.mark.parametrize("written", ["", "  ", "---", "!!!", "店"])
def test_an_id_of_which_nothing_is_left_is_the_default(written: str) -> None:
    assert (normalize_agent_id(written), normalize_account_id(written)) == ("main", "default")


@given(st.text())
def test_normal_ids_are_plain_and_stay_as_they_are(written: str) -> None:
    normal = normalize_agent_id(written)

    assert re.fullmatch(r"[a-z0-9_-]{1,64}", normal)
    assert normalize_agent_id(normal) == normal


@given(st.text(min_size=1), st.sampled_from(SCOPES), st.sampled_from(["direct", "group"]))
def test_a_key_says_its_agent_and_nothing_in_upper_case(chat_id: str, scope: DmScope, chat_type: ChatType) -> None:
    key = session_key(agent_id="Main", chat=chat(chat_id, chat_type), dm_scope=scope)

    assert key.startswith("agent:main:")
    assert key == key.lower() == key.strip()


@pytest.mark.parametrize("scope", SCOPES)
def test_a_global_session_is_one_for_all_chats_of_an_agent(scope: DmScope) -> None:
    chats = (
        Chat(AccountKey("zalo", "shop"), "1"),
        Chat(AccountKey("zalouser", "work"), "2"),
        Chat(AccountKey("zalo", "shop"), "zgr-1", "group"),
    )
    links = {"ted": ("1",)}
    keys = {
        session_key(agent_id="Main", chat=chat, scope="global", dm_scope=scope, identity_links=links) for chat in chats
    }
    assert keys == {"agent:main:global"}
