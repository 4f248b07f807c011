"""Fetching what people sent: a fresh address each time, the right bytes, and the token only where it belongs."""

import base64
import hashlib
from typing import Any

import httpx
import pytest

from channels.contract import FetchedMedia
from channels.errors import MediaError
from channels.whatsapp import ADAPTER
from tests.channels.whatsapp.support import ACCOUNT, NUMBER_ID, TOKEN, Graph, graph, refusal

DATA = b"\xff\xd8 a photograph"
HEX = hashlib.sha256(DATA).hexdigest()
BASE64 = base64.b64encode(hashlib.sha256(DATA).digest()).decode()
CDN = "https://cdn.test/a"
ABOUT = {"url": CDN, "mime_type": "image/jpeg", "sha256": HEX, "file_size": str(len(DATA)), "id": "3000001"}
SOURCE = {"id": "3000001", "sha256": BASE64}


async def fetch(meta: Graph, source: dict[str, Any] = SOURCE, max_bytes: int = 1000) -> FetchedMedia:
    return await ADAPTER.fetch_media(meta.io, ACCOUNT, source, max_bytes)


async def test_a_file_is_fetched_with_the_token() -> None:
    async with graph() as meta:
        meta.answers("GET", "3000001", ABOUT)
        meta.answers("GET", CDN, DATA)
        assert await fetch(meta) == FetchedMedia(data=DATA, mime="image/jpeg")
    assert meta.asked[0].url.params["phone_number_id"] == NUMBER_ID
    assert meta.asked[1].headers["authorization"] == f"Bearer {TOKEN}"


async def test_an_address_that_ran_out_is_asked_for_again() -> None:
    async with graph() as meta:
        meta.answers("GET", "3000001", ABOUT, ABOUT | {"url": "https://cdn.test/b"})
        meta.answers("GET", CDN, httpx.Response(404))
        meta.answers("GET", "https://cdn.test/b", DATA)
        assert (await fetch(meta)).data == DATA


async def test_but_only_once() -> None:
    async with graph() as meta:
        meta.answers("GET", "3000001", ABOUT)
        meta.answers("GET", CDN, httpx.Response(404))
        with pytest.raises(MediaError, match="404") as caught:
            await fetch(meta)
    assert caught.value.retryable
    assert len(meta.asked) == 4


@pytest.mark.parametrize(
    ("told", "about"),
    [("EXAMPLEHASH=", "EXAMPLE"), ("", HEX), (HEX, "wrong but second"), ("", ""), ("=" * 64, BASE64)],
)
async def test_a_hash_that_is_none_proves_nothing(told: str, about: str) -> None:
    async with graph() as meta:
        meta.answers("GET", "3000001", ABOUT | {"sha256": about})
        meta.answers("GET", CDN, DATA)
        assert (await fetch(meta, {"id": "3000001", "sha256": told})).data == DATA


@pytest.mark.parametrize(
    ("about", "file", "retryable", "words"),
    [
        pytest.param(ABOUT, DATA + b"!", True, "damaged", id="damaged"),
        pytest.param(ABOUT | {"file_size": 1001}, DATA, False, "larger than 1000", id="announced as too large"),
        pytest.param(ABOUT | {"file_size": "?"}, b"x" * 1001, False, "larger than 1000", id="too large after all"),
        pytest.param(ABOUT, httpx.Response(500), True, "HTTP 500", id="CDN down"),
        pytest.param(ABOUT, httpx.Response(302), True, "HTTP 302", id="CDN elsewhere"),
        pytest.param(ABOUT, httpx.ReadTimeout("x"), True, "could not be read", id="CDN silent"),
        pytest.param(refusal(100), DATA, False, "The details", id="id unknown or too old"),
        pytest.param(refusal(131000), DATA, True, "The details", id="Meta's trouble"),
        pytest.param(refusal(190), DATA, True, "The details", id="token ended: a person can mend it in time"),
        pytest.param(httpx.ConnectError("x"), DATA, True, "could not be reached", id="Meta away"),
        pytest.param(ABOUT | {"url": "http://cdn.test/a"}, DATA, False, "cannot be trusted", id="no TLS"),
        pytest.param(ABOUT | {"url": "file:///etc/passwd"}, DATA, False, "cannot be trusted", id="no HTTP"),
        pytest.param(ABOUT | {"url": "https://[::1"}, DATA, False, "cannot be trusted", id="no address"),
        pytest.param(ABOUT | {"url": None}, DATA, False, "cannot be trusted", id="none"),
    ],
)
async def test_a_file_that_cannot_be_fetched(about: Any, file: Any, retryable: bool, words: str) -> None:
    async with graph() as meta:
        meta.answers("GET", "3000001", about)
        meta.answers("GET", CDN, file)
        with pytest.raises(MediaError, match=words) as caught:
            await fetch(meta)
    assert caught.value.retryable is retryable
    assert TOKEN not in str(caught.value)


async def test_without_an_id_nobody_is_asked() -> None:
    async with graph() as meta:
        with pytest.raises(MediaError) as caught:
            await fetch(meta, {"sha256": BASE64})
        assert not meta.asked
    assert not caught.value.retryable


async def test_an_id_stays_one_part_of_the_address() -> None:
    async with graph() as meta:
        meta.answers("GET", "..%2Fdebug_token", ABOUT)
        meta.answers("GET", CDN, DATA)
        await fetch(meta, {"id": "../debug_token"})
    assert meta.asked[0].url.raw_path.startswith(b"/v26.0/..%2Fdebug_token?")
