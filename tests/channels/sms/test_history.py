"""What Twilio has kept: lost inbound messages, and sends whose answer never came."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import respx

from channels.content import MediaMessage, Text
from channels.contract import ChannelIO, DeliveryStatus, InboundMessage, SendResult
from channels.errors import AccountError, NotSent
from channels.sms import ADAPTER
from tests.channels.sms.build import (
    ACCOUNT_SID,
    API,
    MESSAGES,
    OURS,
    ROOT,
    SERVICE_SID,
    account,
    file,
    form,
    outbound,
    payload,
    sid,
)

SINCE = datetime(2026, 11, 21, 12, 0, 0, 250_000, tzinfo=UTC)
HELLO = outbound(Text(text="Hello"))


def message(number: int, **changes: Any) -> dict[str, Any]:
    return {**payload("api_created"), "sid": sid(number), **changes}


def inbound(number: int, **changes: Any) -> dict[str, Any]:
    swap = {"from": "+12025550112", "to": OURS, "direction": "inbound", "status": "received"}
    return message(number, **swap, date_sent="Sat, 21 Nov 2026 12:00:05 +0000", **changes)


def page(*messages: dict[str, Any], then: str | None = None) -> httpx.Response:
    return httpx.Response(200, json={"messages": list(messages), "next_page_uri": then, "page_size": 100})


# --- inbound ------------------------------------------------------------------------------------------------------


async def test_what_came_since_over_pages_oldest_first(io: ChannelIO, respx_mock: respx.MockRouter) -> None:
    second = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json?Page=1&PageToken=PASM2"
    listed = respx_mock.get(MESSAGES, params__contains={"To": OURS}).mock(
        return_value=page(inbound(3, body="third"), message(9), inbound(2, body="second"), then=second)
    )
    respx_mock.get(API + second).mock(return_value=page(inbound(1, body="first")))
    bodies = await ADAPTER.list_since(io, account(), SINCE)
    events = [event for body in bodies for event in ADAPTER.parse(account(), body, {})]
    assert [(event.key, event.content) for event in events if isinstance(event, InboundMessage)] == [
        (sid(1), Text(text="first")),
        (sid(2), Text(text="second")),
        (sid(3), Text(text="third")),
    ]
    assert all(event.timed and event.at == datetime(2026, 11, 21, 12, 0, 5, tzinfo=UTC) for event in events)
    assert all(ADAPTER.parse(account(), event.raw, {}) == [event] for event in events)
    asked = listed.calls.last.request.url.params
    assert asked["DateSent>"] == "2026-11-21T12:00:00Z"
    assert asked["PageSize"] == "100"


async def test_an_mms_has_the_keys_and_files_of_its_webhook(io: ChannelIO, respx_mock: respx.MockRouter) -> None:
    given = payload("mms_many")
    listed = inbound(9, sid=given["MessageSid"], body="", num_media="4")
    media = f"{ROOT}/Messages/{given['MessageSid']}/Media.json"
    files = [
        {
            "sid": given[f"MediaUrl{i}"].rpartition("/")[2],
            "content_type": given[f"MediaContentType{i}"],
            "uri": given[f"MediaUrl{i}"].removeprefix(API) + ".json",
        }
        for i in range(4)
    ]
    respx_mock.get(media).mock(return_value=httpx.Response(200, json={"media_list": files, "next_page_uri": None}))
    respx_mock.get(MESSAGES).mock(return_value=page(listed))
    (body,) = await ADAPTER.list_since(io, account(), SINCE)
    lost = ADAPTER.parse(account(), body, {})
    webhook = ADAPTER.parse(account(), form("mms_many"), {})
    for one, other in zip(lost, webhook, strict=True):
        assert isinstance(one, InboundMessage)
        assert isinstance(other, InboundMessage)
        assert (one.key, one.content, one.sender, one.group_id) == (
            other.key,
            other.content,
            other.sender,
            other.group_id,
        )


async def test_a_service_takes_in_its_own_only(io: ChannelIO, respx_mock: respx.MockRouter) -> None:
    listed = respx_mock.get(MESSAGES).mock(
        return_value=page(
            inbound(2, messaging_service_sid=SERVICE_SID), inbound(1, messaging_service_sid="MG" + "9" * 32)
        )
    )
    bodies = await ADAPTER.list_since(io, account(sender=SERVICE_SID), SINCE)
    assert len(bodies) == 1
    assert "To" not in listed.calls.last.request.url.params


async def test_one_still_coming_in_is_left_for_later(io: ChannelIO, respx_mock: respx.MockRouter) -> None:
    respx_mock.get(MESSAGES).mock(return_value=page(inbound(2) | {"status": "receiving"}))
    assert await ADAPTER.list_since(io, account(), SINCE) == []


@pytest.mark.parametrize("answer", [httpx.Response(401, json={"code": 20003}), httpx.ConnectError("refused")])
async def test_listing_fails_in_words(
    answer: httpx.Response | Exception, io: ChannelIO, respx_mock: respx.MockRouter
) -> None:
    route = respx_mock.get(MESSAGES)
    route.mock(side_effect=answer) if isinstance(answer, Exception) else route.mock(return_value=answer)
    with pytest.raises(AccountError):
        await ADAPTER.list_since(io, account(), SINCE)


# --- outbound -----------------------------------------------------------------------------------------------------

BEFORE, AFTER = "Sat, 21 Nov 2026 11:59:50 +0000", "Sat, 21 Nov 2026 12:00:20 +0000"
FOUND = SendResult((sid(30),), DeliveryStatus.SENT)

LOOKED_UP: list[tuple[str, list[dict[str, Any]], SendResult | None]] = [
    ("still in the queue, without date_sent", [message(30)], FOUND),
    ("Twilio's clock is behind ours", [message(30, date_created="Sat, 21 Nov 2026 11:59:58 +0000")], FOUND),
    ("an older one with the same text", [message(30, date_created=BEFORE)], None),
    ("another text", [message(30, body="Hello again")], None),
    (
        "among others",
        [message(31, body="Bye", date_created=AFTER), message(30), message(29, date_created=BEFORE)],
        FOUND,
    ),
    ("theirs", [message(30, direction="inbound")], None),
    ("a reply by TwiML counts as ours", [message(30, direction="outbound-reply")], FOUND),
    ("with a file, which ours has not", [message(30, num_media="1")], None),
    ("nothing", [], None),
    ("already delivered", [message(30, status="delivered")], SendResult((sid(30),), DeliveryStatus.DELIVERED)),
    (
        "failed since",
        [message(30, status="undelivered", error_code=30005, error_message="Unknown destination handset")],
        SendResult((sid(30),), DeliveryStatus.FAILED, note="Unknown destination handset"),
    ),
    ("a status we do not know", [message(30, status="evaporated")], FOUND),
    ("a trial account's words in front", [message(30, body="Sent from your Twilio trial account - Hello")], FOUND),
]


@pytest.mark.parametrize(("label", "listed", "expected"), LOOKED_UP, ids=[case[0] for case in LOOKED_UP])
async def test_look_up(
    label: str, listed: list[dict[str, Any]], expected: SendResult | None, io: ChannelIO, respx_mock: respx.MockRouter
) -> None:
    route = respx_mock.get(MESSAGES).mock(return_value=page(*listed))
    assert await ADAPTER.look_up(io, account(), HELLO, SINCE) == expected
    asked = dict(route.calls.last.request.url.params)
    assert asked == {"To": "+12025550112", "PageSize": "100"}


async def test_smart_encoding_changed_the_punctuation(io: ChannelIO, respx_mock: respx.MockRouter) -> None:
    respx_mock.get(MESSAGES).mock(return_value=page(message(30, body='It\'s "here" - now...')))
    assert await ADAPTER.look_up(io, account(), outbound(Text(text="It’s “here” – now…")), SINCE) == FOUND


async def test_an_emoji_is_compared_as_it_is(io: ChannelIO, respx_mock: respx.MockRouter) -> None:
    respx_mock.get(MESSAGES).mock(return_value=page(message(31, body="Bye"), message(30, body="👍")))
    assert await ADAPTER.look_up(io, account(), outbound(Text(text="👍")), SINCE) == FOUND


async def test_a_file_without_words(io: ChannelIO, respx_mock: respx.MockRouter) -> None:
    respx_mock.get(MESSAGES).mock(return_value=page(message(31, body=""), message(30, body="", num_media="1")))
    sent = file()
    assert await ADAPTER.look_up(io, account(), outbound(MediaMessage(media=sent.media), file=sent), SINCE) == FOUND


async def test_no_more_pages_than_needed(io: ChannelIO, respx_mock: respx.MockRouter) -> None:
    more = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json?Page=1"
    respx_mock.get(MESSAGES).mock(return_value=page(message(29, date_created=BEFORE), then=more))
    assert await ADAPTER.look_up(io, account(), HELLO, SINCE) is None
    assert len(respx_mock.calls) == 1


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(503),
        httpx.Response(401, json={"code": 20003}),
        httpx.Response(200, text="x"),
        httpx.ReadTimeout(""),
    ],
)
async def test_when_it_cannot_be_asked(
    answer: httpx.Response | Exception, io: ChannelIO, respx_mock: respx.MockRouter
) -> None:
    route = respx_mock.get(MESSAGES)
    route.mock(side_effect=answer) if isinstance(answer, Exception) else route.mock(return_value=answer)
    with pytest.raises(NotSent):
        await ADAPTER.look_up(io, account(), HELLO, SINCE)
