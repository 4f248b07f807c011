"""Files of an inbound MMS: our credentials go to Twilio and nowhere else."""

import httpx
import pytest
import respx

from channels.contract import ChannelIO, FetchedMedia
from channels.errors import MediaError
from channels.sms import ADAPTER
from tests.channels.sms import build
from tests.channels.sms.build import ACCOUNT_SID, TOKEN, account, payload

URL = payload("mms_photo")["MediaUrl0"]
STORAGE = "https://mms.twiliocdn.example.test/part.jpg?Signature=x"


async def fetch(io: ChannelIO, url: object = URL, max_bytes: int = 1000) -> FetchedMedia:
    return await ADAPTER.fetch_media(io, account(), {"url": url}, max_bytes)


async def test_through_the_redirect_without_our_credentials(io: ChannelIO, respx_mock: respx.MockRouter) -> None:
    twilio = respx_mock.get(URL).mock(return_value=httpx.Response(307, headers={"location": STORAGE}))
    storage = respx_mock.get(STORAGE).mock(
        return_value=httpx.Response(200, content=b"\xff\xd8jpeg", headers={"content-type": "image/jpeg; x=y"})
    )
    assert await fetch(io) == FetchedMedia(b"\xff\xd8jpeg", "image/jpeg")
    assert twilio.calls.last.request.headers["authorization"] == httpx.BasicAuth(ACCOUNT_SID, TOKEN)._auth_header
    assert "authorization" not in storage.calls.last.request.headers


async def test_a_relative_redirect(io: ChannelIO, respx_mock: respx.MockRouter) -> None:
    respx_mock.get(URL).mock(return_value=httpx.Response(302, headers={"location": "/store/1"}))
    second = respx_mock.get("https://api.twilio.com/store/1").mock(return_value=httpx.Response(200, content=b"x"))
    assert await fetch(io) == FetchedMedia(b"x", None)
    assert "authorization" not in second.calls.last.request.headers


async def test_without_redirect(io: ChannelIO, respx_mock: respx.MockRouter) -> None:
    respx_mock.get(URL).mock(return_value=httpx.Response(200, content=b"x" * 1000))
    assert len((await fetch(io)).data) == 1000


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example.test/2010-04-01/x",
        "http://api.twilio.com/2010-04-01/x",
        "https://api.twilio.com.evil.example.test/x",
        "https://eviltwilio.com/x",
        "https://me:secret@api.twilio.com/x",
        "https://api.twilio.com@evil.example.test/x",
        "https://[broken/x",
        "ftp://api.twilio.com/x",
        "",
        None,
        7,
    ],
)
async def test_no_credentials_for_others(url: object, io: ChannelIO, respx_mock: respx.MockRouter) -> None:
    with pytest.raises(MediaError) as caught:
        await fetch(io, url)
    assert not caught.value.retryable
    assert not respx_mock.calls


@pytest.mark.parametrize(
    ("answer", "retryable"),
    [
        (httpx.Response(404), True),
        (httpx.Response(429), True),
        (httpx.Response(500), True),
        (httpx.Response(503), True),
        (httpx.Response(401), False),
        (httpx.Response(403), False),
        (httpx.Response(410), False),
        (httpx.Response(204), False),
        (httpx.Response(200, content=b"x" * 1001), False),
        (httpx.ReadTimeout("slow"), True),
        (httpx.ConnectError("refused"), True),
        (httpx.Response(307, headers={"location": URL}), False),
        (httpx.Response(307, headers={"location": "http://storage.example.test/x"}), False),
        (httpx.Response(307, headers={"location": "file:///etc/passwd"}), False),
        (httpx.Response(307, headers={"location": "https://[broken/"}), False),
        (httpx.Response(307), False),
    ],
)
async def test_failures(
    answer: httpx.Response | Exception, retryable: bool, io: ChannelIO, respx_mock: respx.MockRouter
) -> None:
    route = respx_mock.get(URL)
    if isinstance(answer, Exception):
        route.mock(side_effect=answer)
    else:
        route.mock(return_value=answer)
    with pytest.raises(MediaError) as caught:
        await fetch(io)
    assert caught.value.retryable is retryable
    assert TOKEN not in str(caught.value)


async def test_a_sandbox_on_http_may_redirect_to_http(respx_mock: respx.MockRouter) -> None:
    respx_mock.get("http://127.0.0.1:9100/twilio/m").mock(
        return_value=httpx.Response(307, headers={"location": "http://127.0.0.1:9100/storage/m"})
    )
    respx_mock.get("http://127.0.0.1:9100/storage/m").mock(return_value=httpx.Response(200, content=b"x"))
    async with httpx.AsyncClient() as http:
        sandbox = build.io(http, twilio_url="http://127.0.0.1:9100/twilio")
        assert (await fetch(sandbox, "http://127.0.0.1:9100/twilio/m")).data == b"x"
