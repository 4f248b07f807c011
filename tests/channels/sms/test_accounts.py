"""Checking and connecting an account: what Twilio is asked, and which value of the form is to blame."""

from urllib.parse import parse_qsl

import httpx
import pytest
import respx

from channels.contract import (
    AccountFacts,
    ChannelAccount,
    ChannelAdapter,
    ChannelIO,
    Connects,
    FetchesMedia,
    LooksUp,
    RateLimits,
    ReceivesWebhooks,
    Reconciles,
)
from channels.errors import AccountError
from channels.sms import ADAPTER
from tests.channels.sms.build import NUMBERS, OURS, ROOT, SERVICE, SERVICE_SID, TOKEN, WEBHOOK, account, payload

ACCOUNT_URL = f"{ROOT}.json"
NUMBER_URL = f"{ROOT}/IncomingPhoneNumbers/PN{'0' * 31}1.json"
HOOK = f"{WEBHOOK}#rc=3&rp=all"


def numbers(*found: dict[str, object]) -> httpx.Response:
    return httpx.Response(200, json={"incoming_phone_numbers": list(found), "next_page_uri": None, "page_size": 50})


def number(**changes: object) -> dict[str, object]:
    return {**payload("api_number"), **changes}


def owner(**changes: object) -> httpx.Response:
    return httpx.Response(200, json={**payload("api_account"), **changes})


def service(**changes: object) -> httpx.Response:
    return httpx.Response(200, json={**payload("api_service"), **changes})


def refusal(status: int, code: int) -> httpx.Response:
    return httpx.Response(status, json={"code": code, "message": "In Twilio's words", "status": status})


def test_the_abilities() -> None:
    for ability in (ChannelAdapter, ReceivesWebhooks, Connects, FetchesMedia, Reconciles, LooksUp):
        assert isinstance(ADAPTER, ability)


def test_the_form_says_where_each_value_is() -> None:
    assert all(len(field.help) > 40 and field.asked for field in ADAPTER.form)
    assert {field.name for field in ADAPTER.form if field.secret} == {"auth_token", "secondary_auth_token"}


async def test_check_of_a_number(io: ChannelIO, respx_mock: respx.MockRouter) -> None:
    respx_mock.get(ACCOUNT_URL).mock(return_value=owner())
    listed = respx_mock.get(NUMBERS).mock(return_value=numbers(number(sms_url=HOOK)))
    assert await ADAPTER.check(io, account()) == AccountFacts(OURS, "(202) 555-0100")
    assert listed.calls.last.request.url.params["PhoneNumber"] == OURS


async def test_check_of_a_service(io: ChannelIO, respx_mock: respx.MockRouter) -> None:
    respx_mock.get(ACCOUNT_URL).mock(return_value=owner())
    respx_mock.get(SERVICE).mock(return_value=service())
    assert await ADAPTER.check(io, account(sender=SERVICE_SID)) == AccountFacts(SERVICE_SID, "Linden campaigns")


async def test_check_warns(io: ChannelIO, respx_mock: respx.MockRouter) -> None:
    respx_mock.get(ACCOUNT_URL).mock(return_value=owner(type="Trial"))
    respx_mock.get(NUMBERS).mock(return_value=numbers(number(sms_url="https://elsewhere.example.test/")))
    trial, elsewhere = (await ADAPTER.check(io, account())).warnings
    assert "trial" in trial
    assert "another address" in elsewhere


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (account(account_sid="SK" + "0" * 32), "account_sid"),
        (account(account_sid=""), "account_sid"),
        (account(secrets={}), "auth_token"),
        (account(sender="202 555 0100"), "sender"),
        (account(sender="+1 202 555 0100"), "sender"),
        (account(sender="LINDEN & SONS"), "sender"),
        (account(sender="MG123"), "sender"),
        (account(sender=""), "sender"),
        (account(messages_per_second="fast"), "messages_per_second"),
        (account(messages_per_second="0"), "messages_per_second"),
        (account(messages_per_second="nan"), "messages_per_second"),
    ],
)
async def test_a_wrong_shape_is_told_without_asking(
    given: ChannelAccount, field: str, io: ChannelIO, respx_mock: respx.MockRouter
) -> None:
    with pytest.raises(AccountError) as caught:
        await ADAPTER.check(io, given)
    assert caught.value.field == field
    assert not respx_mock.calls


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        (refusal(401, 20003), "auth_token"),
        (refusal(404, 20404), "account_sid"),
        (owner(status="suspended"), "account_sid"),
        (refusal(500, 20500), None),
        (httpx.Response(200, text="<html>"), None),
        (httpx.ConnectError("refused"), None),
        (httpx.ReadTimeout("slow"), None),
    ],
)
async def test_a_refused_account(
    answer: httpx.Response | Exception, field: str | None, io: ChannelIO, respx_mock: respx.MockRouter
) -> None:
    route = respx_mock.get(ACCOUNT_URL)
    route.mock(side_effect=answer) if isinstance(answer, Exception) else route.mock(return_value=answer)
    with pytest.raises(AccountError) as caught:
        await ADAPTER.check(io, account())
    assert caught.value.field == field
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    "found",
    [
        numbers(),
        # Twilio's filter matches parts of numbers.
        numbers(number(phone_number="+12025550100000")),
        numbers(number(capabilities={"voice": True, "sms": False})),
        numbers(number(capabilities=None)),
    ],
)
async def test_a_number_that_is_not_ours_or_cannot_text(
    found: httpx.Response, io: ChannelIO, respx_mock: respx.MockRouter
) -> None:
    respx_mock.get(ACCOUNT_URL).mock(return_value=owner())
    respx_mock.get(NUMBERS).mock(return_value=found)
    with pytest.raises(AccountError) as caught:
        await ADAPTER.check(io, account())
    assert caught.value.field == "sender"


async def test_a_service_that_is_not_there(io: ChannelIO, respx_mock: respx.MockRouter) -> None:
    respx_mock.get(ACCOUNT_URL).mock(return_value=owner())
    respx_mock.get(SERVICE).mock(return_value=refusal(404, 20404))
    with pytest.raises(AccountError) as caught:
        await ADAPTER.check(io, account(sender=SERVICE_SID))
    assert caught.value.field == "sender"


# --- the webhook --------------------------------------------------------------------------------------------------


def form_of(route: respx.Route) -> dict[str, str]:
    return dict(parse_qsl(route.calls.last.request.content.decode(), keep_blank_values=True))


async def test_connect_a_number(io: ChannelIO, respx_mock: respx.MockRouter) -> None:
    respx_mock.get(NUMBERS).mock(return_value=numbers(number()))
    change = respx_mock.post(NUMBER_URL).mock(return_value=httpx.Response(200, json=number()))
    await ADAPTER.connect(io, account(), WEBHOOK)
    assert form_of(change) == {"SmsUrl": HOOK, "SmsMethod": "POST"}


async def test_connect_a_service(io: ChannelIO, respx_mock: respx.MockRouter) -> None:
    change = respx_mock.post(SERVICE).mock(return_value=service())
    await ADAPTER.connect(io, account(sender=SERVICE_SID), WEBHOOK)
    assert form_of(change) == {
        "InboundRequestUrl": HOOK,
        "InboundMethod": "POST",
        "UseInboundWebhookOnNumber": "false",
    }


async def test_disconnect(io: ChannelIO, respx_mock: respx.MockRouter) -> None:
    respx_mock.get(NUMBERS).mock(return_value=numbers(number(sms_url=HOOK)))
    change = respx_mock.post(NUMBER_URL).mock(return_value=httpx.Response(200, json=number()))
    await ADAPTER.disconnect(io, account())
    assert form_of(change) == {"SmsUrl": "", "SmsMethod": "POST"}


async def test_disconnect_a_service(io: ChannelIO, respx_mock: respx.MockRouter) -> None:
    respx_mock.get(SERVICE).mock(return_value=service(inbound_request_url=HOOK))
    change = respx_mock.post(SERVICE).mock(return_value=service())
    await ADAPTER.disconnect(io, account(sender=SERVICE_SID))
    assert form_of(change)["InboundRequestUrl"] == ""


@pytest.mark.parametrize("url", ["https://elsewhere.example.test/sms", "", None, WEBHOOK + "2"])
async def test_disconnect_leaves_the_address_of_others(
    url: str | None, io: ChannelIO, respx_mock: respx.MockRouter
) -> None:
    respx_mock.get(NUMBERS).mock(return_value=numbers(number(sms_url=url)))
    await ADAPTER.disconnect(io, account())
    assert len(respx_mock.calls) == 1


async def test_connect_says_what_failed(io: ChannelIO, respx_mock: respx.MockRouter) -> None:
    respx_mock.get(NUMBERS).mock(return_value=numbers(number()))
    respx_mock.post(NUMBER_URL).mock(return_value=refusal(400, 21502))
    with pytest.raises(AccountError, match="In Twilio's words"):
        await ADAPTER.connect(io, account(), WEBHOOK)


# --- capabilities -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "per_second", "burst", "media"),
    [
        (None, 1, 5, True),
        (account(), 1, 5, True),
        (account(sender="+18335550100"), 3, 5, True),
        (account(sender=SERVICE_SID), 10, 10, True),
        (account(sender="+442079460100"), 1, 5, False),
        (account(messages_per_second="80"), 80, 80, True),
        (account(messages_per_second="0.5"), 0.5, 5, True),
        (account(messages_per_second="inf"), 1, 5, True),
    ],
)
def test_rates_and_media_follow_the_sender(
    given: ChannelAccount | None, per_second: float, burst: float, media: bool
) -> None:
    caps = ADAPTER.capabilities(given)
    assert caps.rate == RateLimits(sender_per_second=per_second, sender_burst=burst)
    assert bool(caps.media) is media
    assert (caps.max_text_chars, caps.buttons, caps.receipts, caps.segments) == (1600, "menu", "delivered", True)
    assert caps.stop_ends == "all"
