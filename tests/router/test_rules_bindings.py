from __future__ import annotations

import msgspec
import pytest

from actors.messages import AccountKey, Chat, ChatType
from router.rules.bindings import Binding, Match, Peer, PeerKind, Route, route

SHOP = AccountKey("zalo", "shop")


def bound(agent_id: str, channel: str = "zalo", account_id: str | None = None, peer: Peer | None = None) -> Binding:
    return Binding(agent_id=agent_id, match=Match(channel=channel, account_id=account_id, peer=peer))


def routed(
    *bindings: Binding, account: AccountKey = SHOP, chat_id: str = "ted", chat_type: ChatType = "direct"
) -> Route:
    return route(bindings, Chat(account, chat_id, chat_type), default_agent_id="main")


TED = Peer(kind="direct", id="ted")


def test_without_a_binding_the_default_agent_answers() -> None:
    assert routed() == Route("main", "default")
    assert routed(bound("a", "zalouser")) == Route("main", "default")


def test_the_most_specific_kind_wins_wherever_it_is_listed() -> None:
    channel, account, peer = bound("c"), bound("a", account_id="shop"), bound("p", peer=TED)

    assert routed(channel, account, peer) == Route("p", "binding.peer")
    assert routed(channel, account) == Route("a", "binding.account")
    assert routed(channel) == Route("c", "binding.channel")


@pytest.mark.parametrize(
    "rows",
    [
        (bound("first", peer=TED), bound("second", account_id="shop", peer=TED)),
        (bound("first", account_id="shop"), bound("second", account_id="shop")),
        (bound("first"), bound("second", account_id="*")),
    ],
    ids=["peer", "account", "channel"],
)
def test_within_a_kind_the_first_listed_wins(rows: tuple[Binding, Binding]) -> None:
    assert routed(*rows).agent_id == "first"
    assert routed(*reversed(rows)).agent_id == "second"


@pytest.mark.parametrize(
    "binding",
    [
        bound("x", "zalouser", "shop", TED),
        bound("x", "zalo", "home", TED),
        bound("x", "zalo", "shop", Peer(kind="direct", id="ann")),
        bound("x", "zalo", "shop", Peer(kind="group", id="ted")),
    ],
    ids=["channel", "account", "peer id", "peer kind"],
)
def test_all_that_a_binding_says_must_hold(binding: Binding) -> None:
    assert routed(bound("x", "zalo", "shop", TED)).agent_id == "x"
    assert routed(binding).matched_by == "default"


@pytest.mark.parametrize("account_id", [None, "*", "", " * "])
@pytest.mark.parametrize("account", ["default", "shop", "home"])
def test_a_binding_without_an_account_means_any_account(account_id: str | None, account: str) -> None:
    assert routed(bound("a", account_id=account_id), account=AccountKey("zalo", account)) == Route(
        "a", "binding.channel"
    )


def test_channels_and_accounts_compare_without_regard_to_case() -> None:
    assert routed(bound("a", " ZALO ", "Shop")) == Route("a", "binding.account")
    assert routed(bound("a", account_id="My Shop"), account=AccountKey("zalo", "my-shop")).agent_id == "a"


def test_peer_ids_compare_whole() -> None:
    assert routed(bound("a", peer=Peer(kind="direct", id="TED"))).matched_by == "default"
    assert routed(bound("a", peer=Peer(kind="direct", id=" ted "))).matched_by == "binding.peer"


@pytest.mark.parametrize("peer", [Peer(), Peer(kind="direct"), Peer(id="ted"), Peer(kind="direct", id=" ")])
def test_half_a_peer_matches_nothing(peer: Peer) -> None:
    assert routed(bound("a", peer=peer)).matched_by == "default"
    assert routed(bound("a", peer=peer), chat_id=" ").matched_by == "default"


@pytest.mark.parametrize(
    ("kind", "chat_type", "matches"),
    [
        ("direct", "direct", True),
        ("dm", "direct", True),
        ("group", "group", True),
        ("dm", "group", False),
        ("group", "direct", False),
    ],
)
def test_dm_is_an_older_word_for_direct(kind: PeerKind, chat_type: ChatType, matches: bool) -> None:
    found = routed(bound("a", peer=Peer(kind=kind, id="ted")), chat_type=chat_type)

    assert (found.matched_by == "binding.peer") is matches


def test_an_agent_that_is_not_listed_leads_to_the_default_agent() -> None:
    chat = Chat(SHOP, "ted")

    found = route([bound("gone")], chat, default_agent_id="main", agent_ids={"main", "Support"})

    assert found == Route("main", "binding.channel")


def test_an_agent_comes_back_as_the_list_spells_it() -> None:
    chat = Chat(SHOP, "ted")

    found = route([bound("support")], chat, default_agent_id="main", agent_ids={"main", "Support"})

    assert found == Route("Support", "binding.channel")


def test_bindings_are_read_as_the_settings_file_spells_them() -> None:
    raw = b'{"agentId":"a","match":{"channel":"zalo","accountId":"shop","peer":{"kind":"dm","id":"ted"}}}'

    binding = msgspec.json.decode(raw, type=Binding)

    assert binding == bound("a", account_id="shop", peer=Peer(kind="dm", id="ted"))


@pytest.mark.parametrize(
    "raw",
    [
        b'{"agentId":"a","match":{"channel":"zalo","guildId":"g"}}',
        b'{"agentId":"a","match":{"channel":"zalo","peer":{"kind":"channel","id":"x"}}}',
        b'{"agent_id":"a","match":{"channel":"zalo"}}',
        b'{"agentId":"a"}',
    ],
)
def test_what_no_binding_knows_is_refused(raw: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(raw, type=Binding)
