"""Who a visitor is: the published vector, what is refused, and that no other token gets through."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.contract import ChannelAccount
from channels.livechat import identity, site
from channels.livechat.identity import Identity, IdentityRefused

SECRET = "EXAMPLE_WIDGET_SECRET_of_at_least_32_bytes"
NOW = datetime.fromtimestamp(1_790_000_000, UTC)


def account(*, secret: str = SECRET, previous: str = "", **config: Any) -> ChannelAccount:
    secrets = {"identity_secret": secret, "previous_identity_secret": previous}
    known = {"site_key": "wk_EXAMPLE", **config}
    return ChannelAccount("acc_1", "wsp_1", "livechat", "Lamps", "wk_EXAMPLE", config=known, secrets=secrets)


def token(*, secret: str = SECRET, **changes: Any) -> str:
    claims = {"sub": "customer-42", "aud": "wk_EXAMPLE", "iat": 1_790_000_000, "exp": 1_790_003_600, **changes}
    return jwt.encode({k: v for k, v in claims.items() if v is not None}, secret, algorithm="HS256")


def test_the_vector_of_the_simple_form() -> None:
    told = "4cddc25c38577d4fac6ba425fcb02c4d547eff0798ab5e7ad1bfd27a07abe66c"
    assert identity.user_hash("EXAMPLE_WIDGET_SECRET", "customer-42") == told
    found = identity.of(
        account(secret="EXAMPLE_WIDGET_SECRET"), {"user_id": "customer-42", "user_hash": told.upper()}, NOW
    )
    assert found == Identity("customer-42")


def test_a_token() -> None:
    found = identity.of(account(), token(name="  Ana \n Kovacs ", email="ana@example.com", extra=1), NOW)
    assert found == Identity("customer-42", "Ana Kovacs", "ana@example.com")


def test_the_secret_before_a_renewal_is_good() -> None:
    renewed = account(secret="another secret of at least 32 bytes", previous=SECRET)
    assert identity.of(renewed, token(), NOW).subject == "customer-42"
    with pytest.raises(IdentityRefused):
        identity.of(account(secret="another secret of at least 32 bytes"), token(), NOW)


def test_one_that_has_ended_says_for_how_long() -> None:
    found = identity.of(account(), token(exp=1_789_996_400), NOW)
    assert found.expired_since == timedelta(hours=1)
    assert identity.of(account(), token(exp=1_789_999_970), NOW).expired_since is None


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": None},
        {"exp": "soon"},
        {"exp": 1_790_000_000 + 86_400 + 61},
        {"sub": None},
        {"sub": ""},
        {"sub": " padded "},
        {"sub": "line\nbreak"},
        {"sub": "x" * 129},
        {"sub": ["list"]},
        {"aud": None},
        {"aud": "wk_OTHER"},
        {"iat": 1_790_000_100},
        {"nbf": 1_790_000_100},
        {"secret": "x" * 40},
    ],
)
def test_what_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(IdentityRefused):
        identity.of(account(), token(**changes), NOW)


@pytest.mark.parametrize("algorithm", ["none", "HS384", "HS512"])
def test_other_algorithms_are_refused(algorithm: str) -> None:
    claims = {"sub": "customer-42", "aud": "wk_EXAMPLE", "exp": 1_790_003_600}
    forged = jwt.encode(claims, None if algorithm == "none" else SECRET * 2, algorithm=algorithm)
    with pytest.raises(IdentityRefused):
        identity.of(account(secret=SECRET * 2), forged, NOW)


def test_without_a_secret_nobody_is_anybody() -> None:
    for given_identity in (token(), {"user_id": "x", "user_hash": identity.user_hash("", "x")}):
        with pytest.raises(IdentityRefused):
            identity.of(account(secret=""), given_identity, NOW)


@given(st.text(max_size=200) | st.dictionaries(st.sampled_from(["user_id", "user_hash"]), st.text(max_size=70)))
def test_nothing_else_gets_through(given_identity: str | dict[str, str]) -> None:
    with pytest.raises(IdentityRefused):
        identity.of(account(), given_identity, datetime.fromtimestamp(time.time(), UTC))


@pytest.mark.parametrize(
    ("allowed", "origin", "admitted"),
    [
        ([], None, True),
        ([], "https://anywhere.example", True),
        (["https://shop.example"], "https://shop.example", True),
        ("https://one.example, https://two.example\n", "https://two.example", True),
        (["https://shop.example"], "https://shop.example:8443", False),
        (["https://shop.example"], "http://shop.example", False),
        (["https://*.shop.example"], "https://eu.shop.example", True),
        (["https://*.shop.example"], "https://shop.example", False),
        (["https://*.shop.example"], "https://evilshop.example", False),
        (["http://localhost:3000"], "http://localhost:3000", True),
        (["https://shop.example"], None, False),
        (["https://shop.example"], "null", False),
        (["https://shop.example"], "https://inbox.example", True),
    ],
)
def test_where_it_may_run(allowed: Any, origin: str | None, admitted: bool) -> None:
    assert site.admits(account(origins=allowed), origin, ("https://inbox.example",)) is admitted
