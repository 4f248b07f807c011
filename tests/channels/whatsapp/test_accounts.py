"""Connecting a number: what Meta is asked, what is told of it, and which value is named as wrong."""

import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from channels.contract import AccountFacts, ChannelAccount
from channels.errors import AccountError
from channels.whatsapp import ADAPTER
from tests.channels.whatsapp.support import (
    ACCOUNT,
    APP_ID,
    NUMBER_ID,
    SECRET,
    TOKEN,
    WABA_ID,
    Graph,
    graph,
    refusal,
)

NUMBER = {
    "display_phone_number": "+1 202-555-0100",
    "verified_name": "Linden & Co",
    "quality_rating": "GREEN",
    "status": "CONNECTED",
    "name_status": "APPROVED",
    "throughput": {"level": "STANDARD"},
    "whatsapp_business_manager_messaging_limit": "TIER_2K",
    "id": NUMBER_ID,
}
TOKEN_INFO = {
    "app_id": APP_ID,
    "expires_at": 1_790_600_000,
    "is_valid": True,
    "scopes": ["whatsapp_business_management", "whatsapp_business_messaging"],
}


def answer(meta: Graph, *, number: Any = NUMBER, owned: Any = None, token: Any = None, owner: Any = None) -> None:
    meta.answers("GET", NUMBER_ID, number)
    meta.answers("GET", f"{WABA_ID}/phone_numbers", owned or {"data": [{"id": "1"}, {"id": NUMBER_ID}]})
    meta.answers("GET", WABA_ID, owner or {"owner_business_info": {"id": "500000000000001", "name": "Linden"}})
    meta.answers("GET", "debug_token", token or {"data": TOKEN_INFO})


async def test_an_account_that_works() -> None:
    async with graph() as meta:
        answer(meta)
        facts = await ADAPTER.check(meta.io, ACCOUNT)
    assert facts == AccountFacts(
        address="+12025550100",
        name="Linden & Co",
        token_expires_at=datetime.fromtimestamp(1_790_600_000, UTC),
        quality="GREEN",
        limits="TIER_2K",
        people_a_day=2_000,
        portfolio="500000000000001",
    )
    proof = hmac.new(SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()
    assert meta.asked[0].url.params["appsecret_proof"] == proof
    assert {request.headers["authorization"] for request in meta.asked} == {f"Bearer {TOKEN}"}


async def test_what_an_owner_should_look_at() -> None:
    troubled = NUMBER | {
        "quality_rating": "RED",
        "status": "FLAGGED",
        "name_status": "DECLINED",
        "throughput": {"level": "HIGH"},
        "display_phone_number": "12025550100",
    }
    async with graph() as meta:
        answer(meta, number=troubled, token={"data": TOKEN_INFO | {"expires_at": 0}})
        facts = await ADAPTER.check(meta.io, ACCOUNT)
    assert facts.address == "+12025550100"
    assert facts.token_expires_at is None
    assert facts.limits == "TIER_2K, HIGH"
    assert facts.warnings == (
        "Meta reports the number as FLAGGED.",
        "The number's quality is RED; people block or report it.",
        "The display name is DECLINED.",
    )


async def test_a_token_that_may_not_ask_about_itself() -> None:
    async with graph() as meta:
        answer(meta, token=refusal(100), owner=refusal(100))
        facts = await ADAPTER.check(meta.io, ACCOUNT)
    assert facts.token_expires_at is None
    # Nor about who owns the business account: then that has the limit to itself.
    assert facts.portfolio == WABA_ID


@pytest.mark.parametrize(
    ("answers", "field", "words"),
    [
        pytest.param({"number": refusal(190)}, "access_token", "Make a new one", id="token ended"),
        pytest.param({"number": refusal(10)}, "access_token", "lacks a permission", id="no permission"),
        pytest.param({"number": refusal(100)}, "phone_number_id", "The details", id="no such number"),
        pytest.param(
            {"number": refusal(100, "Invalid appsecret_proof provided in the API argument")},
            "app_secret",
            "appsecret_proof",
            id="wrong app secret",
        ),
        pytest.param(
            {"number": {"id": NUMBER_ID}}, "phone_number_id", "not a phone number's", id="id of another thing"
        ),
        pytest.param({"owned": refusal(100)}, "waba_id", "The details", id="no such business account"),
        pytest.param({"owned": {"data": [{"id": "1"}]}}, "waba_id", "does not own", id="another business account"),
        pytest.param(
            {"token": {"data": TOKEN_INFO | {"scopes": ["whatsapp_business_messaging"]}}},
            "access_token",
            "whatsapp_business_management",
            id="half the permissions",
        ),
        pytest.param({"token": {"data": TOKEN_INFO | {"app_id": "9"}}}, "app_id", "another app", id="another app"),
        pytest.param({"number": httpx.ConnectError("x")}, None, "could not be reached", id="Meta away"),
        pytest.param({"token": httpx.ReadTimeout("x")}, None, "did not answer", id="Meta silent"),
    ],
)
async def test_the_wrong_value_is_named(answers: dict[str, Any], field: str | None, words: str) -> None:
    async with graph() as meta:
        answer(meta, **answers)
        with pytest.raises(AccountError, match=words) as caught:
            await ADAPTER.check(meta.io, ACCOUNT)
    assert caught.value.field == field
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("name", ["phone_number_id", "waba_id"])
@pytest.mark.parametrize("value", ["", "+12025550100", "1/../2", None])
async def test_an_id_is_digits_before_meta_is_asked(name: str, value: Any) -> None:
    account = replace(ACCOUNT, config={**ACCOUNT.config, name: value})
    async with graph() as meta:
        with pytest.raises(AccountError) as caught:
            await ADAPTER.check(meta.io, account)
        assert not meta.asked
    assert caught.value.field == name


async def test_without_an_app_id_any_app_will_do() -> None:
    account = replace(ACCOUNT, config={"phone_number_id": NUMBER_ID, "waba_id": WABA_ID})
    async with graph() as meta:
        answer(meta, token={"data": TOKEN_INFO | {"app_id": "9"}})
        assert (await ADAPTER.check(meta.io, account)).address == "+12025550100"


async def test_connecting_points_the_webhook_at_us() -> None:
    async with graph() as meta:
        meta.answers("POST", f"{WABA_ID}/subscribed_apps", {"success": True})
        await ADAPTER.connect(meta.io, ACCOUNT, "https://parley.test/webhooks/whatsapp/acc_1")
        assert meta.body == {
            "override_callback_uri": "https://parley.test/webhooks/whatsapp/acc_1",
            "verify_token": "ve_EXAMPLE",
        }


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (refusal(2200, "Callback verification failed", "HTTP Status Code = 403"), "HTTP Status Code = 403"),
        ({"success": False}, "App Dashboard"),
        (httpx.ConnectError("x"), "could not be reached"),
    ],
)
async def test_connecting_fails_in_words(answer: Any, words: str) -> None:
    async with graph() as meta:
        meta.answers("POST", f"{WABA_ID}/subscribed_apps", answer)
        with pytest.raises(AccountError, match=words):
            await ADAPTER.connect(meta.io, ACCOUNT, "https://parley.test/webhooks/whatsapp/acc_1")


async def test_disconnecting_takes_it_back() -> None:
    async with graph() as meta:
        meta.answers("DELETE", f"{WABA_ID}/subscribed_apps", {"success": True})
        await ADAPTER.disconnect(meta.io, ACCOUNT)
        assert meta.asked[0].method == "DELETE"
    async with graph() as meta:
        meta.answers("DELETE", f"{WABA_ID}/subscribed_apps", refusal(190))
        with pytest.raises(AccountError):
            await ADAPTER.disconnect(meta.io, ACCOUNT)


def test_every_value_is_explained_and_secrets_are_secret() -> None:
    fields = {field.name: field for field in ADAPTER.form}
    assert {name for name, field in fields.items() if field.secret} == set(ACCOUNT.secrets)
    optional = {"messages_per_second"}
    assert {name for name, field in fields.items() if not field.secret} == {*ACCOUNT.config, *optional}
    assert {name for name, field in fields.items() if not field.required and field.asked} >= optional
    assert [name for name, field in fields.items() if not field.asked] == ["verify_token"]
    assert all(len(field.help) > 20 for field in fields.values())


def test_an_account_shows_no_secret() -> None:
    shown = repr(ChannelAccount(**{name: getattr(ACCOUNT, name) for name in ACCOUNT.__slots__}))
    assert TOKEN not in shown
    assert SECRET not in shown


@pytest.mark.parametrize("said", ["many", "0", "-5", "1.5", "5000", "٨٠"])
async def test_a_throughput_that_meta_never_gives(said: str) -> None:
    account = replace(ACCOUNT, config={**ACCOUNT.config, "messages_per_second": said})
    async with graph() as meta:
        with pytest.raises(AccountError) as caught:
            await ADAPTER.check(meta.io, account)
        assert (caught.value.field, meta.asked) == ("messages_per_second", [])
