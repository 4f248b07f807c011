"""Nothing that a client sends makes a fault of ours, and no fault of ours tells a client anything."""

import asyncio
import json
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.routing import Route

from app.core.settings import Settings
from tests.support import servers, surface
from tests.support.people import Person
from web import routes
from web.api.endpoint import Endpoint
from web.app import create_app

TOKENS = "/api/v1/tokens"


def assert_problem(answer: httpx.Response, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["code"] == code
    assert {"type", "title", "detail"} <= problem.keys()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 422, "invalid"),
        (b"{", 400, "bad_request"),
        (b"\xff\xfe", 400, "bad_request"),
        (b'{"name": NaN, "scopes": []}', 400, "bad_request"),
        (b'{"name": "\\ud800", "scopes": []}', 400, "bad_request"),
        (b'{"name": "x\\u0000", "scopes": ["inbox.read"]}', 422, "invalid"),
        (b'{"name": "\\\\\\u0000", "scopes": ["inbox.read"]}', 422, "invalid"),
        (b"[" * 1_000 + b'"\\u0000"' + b"]" * 1_000, 422, "invalid"),
        (b"[" * 5_000 + b"]" * 5_000, 400, "bad_request"),
        (b"null", 422, "invalid"),
        (b"[]", 422, "invalid"),
        (b'"text"', 422, "invalid"),
        (b"{}", 422, "invalid"),
        (b'{"name": 1, "scopes": ["inbox.read"]}', 422, "invalid"),
        (b'{"name": "x", "scopes": ["no.such"]}', 422, "invalid"),
        (b'{"name": "x", "scopes": "inbox.read"}', 422, "invalid"),
        (b'{"name": "x", "scopes": ["inbox.read"], "extra": 1}', 422, "invalid"),
        (b'{"name": 1' + b"0" * 5_000 + b', "scopes": []}', 400, "bad_request"),
        (b'{"name": 1' + b"0" * 50 + b', "scopes": []}', 422, "invalid"),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_a_wrong_body_is_refused(owner: Person, body: bytes, status: int, code: str) -> None:
    assert_problem(await owner.client.post(TOKENS, content=body), status, code)


async def test_what_only_looks_like_the_character_nul_is_text(owner: Person) -> None:
    answer = await owner.client.post(TOKENS, content=rb'{"name": "\\u0000", "scopes": ["inbox.read"]}')
    assert (answer.status_code, answer.json()["name"]) == (201, r"\u0000")


async def test_every_wrong_field_is_named(owner: Person) -> None:
    answer = await owner.client.post(TOKENS, json={"name": 5, "scopes": ["no.such"]})
    assert {error["field"] for error in answer.json()["errors"]} == {"name", "scopes.0"}


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "limit=1e3", "limit=" + "9" * 5_000])
async def test_a_wrong_query_is_refused(owner: Person, query: str) -> None:
    assert_problem(await owner.client.get(f"/api/v1/members?{query}"), 422, "invalid")


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
async def test_a_moment_that_no_zone_can_tell_is_refused(owner: Person, at: str) -> None:
    snooze = {"action": {"type": "snooze", "until": at}, "ids": ["cnv_1"]}
    for answer in (
        await owner.client.post("/api/v1/bulk", json=snooze),
        await owner.client.get("/api/v1/conversations", params={"since": at}),
        await owner.client.get("/api/v1/audit", params={"until": at}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


async def test_unknown_parameters_are_ignored(owner: Person) -> None:
    assert (await owner.client.get("/api/v1/members?utm=1&%ff=%fe&limit=&x")).status_code == 200
    many = "&".join(f"p{n}=1" for n in range(101))
    assert_problem(await owner.client.get(f"/api/v1/members?{many}"), 400, "bad_request")


async def test_what_is_not_there(owner: Person, anonymous: httpx.AsyncClient) -> None:
    assert_problem(await anonymous.get("/api/v1/no-such"), 404, "not_found")
    assert_problem(await anonymous.get("/api/v1/me/"), 404, "not_found")
    assert_problem(await anonymous.post("/api/v1/no-such"), 404, "not_found")
    refused = await anonymous.put("/api/v1/members")
    assert_problem(refused, 405, "method_not_allowed")
    assert set(refused.headers["allow"].split(", ")) == {"GET", "HEAD"}
    for row_id in ("x" * 201, "%00", "%ff", "..%2f..", "𝕏"):
        assert_problem(await owner.client.delete(f"{TOKENS}/{row_id}"), 404, "not_found")


async def test_a_large_body_is_refused_announced_or_not(owner: Person) -> None:
    large = b"x" * 1_000_001
    assert_problem(await owner.client.post(TOKENS, content=large), 413, "too_large")

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100_000

    assert_problem(await owner.client.post(TOKENS, content=chunks()), 413, "too_large")


async def test_another_kind_of_body_is_refused(owner: Person) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        answer = await owner.client.post(TOKENS, content=b"{}", headers={"content-type": kind})
        assert_problem(answer, 415, "unsupported_media")


@pytest.fixture
async def broken(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """A server with a route that fails."""

    async def fail(request: Request) -> None:
        raise RuntimeError("the secret is hunter2")

    table = routes.table()
    monkeypatch.setattr(routes, "table", lambda: [Route("/broken", fail), *table])
    async with servers.live(create_app(settings)) as base_url:
        yield base_url


async def test_a_fault_tells_nothing_and_is_logged_once(broken: str, capfd: pytest.CaptureFixture[str]) -> None:
    async with httpx.AsyncClient(base_url=broken) as client:
        answer = await client.get("/broken")
    assert_problem(answer, 500, "internal")
    assert "hunter2" not in answer.text
    assert "RuntimeError" not in answer.text
    assert answer.headers["x-request-id"] in answer.json()["detail"]
    assert "".join(capfd.readouterr()).count("request_failed") == 1


async def test_every_answer_carries_the_security_headers(anonymous: httpx.AsyncClient) -> None:
    for path in ("/api/v1/me", "/healthz", "/no-such", "/api/v1/no-such", "/widget.js"):
        headers = (await anonymous.get(path)).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "script-src" not in policy
        assert "unsafe-eval" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-request-id"]
    assert "no-store" in (await anonymous.get("/api/v1/openapi.json")).headers.get("cache-control", "no-store")


async def test_health_and_figures(anonymous: httpx.AsyncClient) -> None:
    assert (await anonymous.get("/healthz")).json() == {"ok": True}
    assert (await anonymous.get("/readyz")).json() == {"ready": True, "mongo": True, "redis": True}
    await anonymous.delete("/api/v1/tokens/tok_secret")
    figures = (await anonymous.get("/metrics")).text
    assert 'parley_http_requests_total{method="DELETE",route="/api/v1/tokens/{token_id}",status="401"}' in figures
    assert "tok_secret" not in figures


RAW = [
    b"GET /api/v1/me HTTP/1.1\r\nHost: x\r\nCookie: parley_session=\xff\xfe\r\n\r\n",
    b"GET /api/v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: \xff\r\n\r\n",
    b"GET /api/v1/members?limit=%zz&cursor=%ff HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /%ff%00%c3 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET //evil.example/%2e%2e HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /assets/../../app/__init__.py HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /assets/%2e%2e/%2e%2e/pyproject.toml HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"POST /api/v1/login HTTP/1.1\r\nHost: x\r\nOrigin: \xff\r\nContent-Length: 2\r\n\r\n{}",
    b"POST /api/v1/login HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}",
    b"GET /api/v1/me HTTP/1.1\r\nHost: \xff\r\n\r\n",
    b"GET /files/fil_1?sig=x HTTP/1.1\r\nHost: [\r\n\r\n",
    b"GET /help/x HTTP/1.1\r\nHost: [::\r\n\r\n",
    b"GET /join/x HTTP/1.1\r\nHost: a:b:c/d@[\r\n\r\n",
    b"POST /w/uploads?key=x HTTP/1.1\r\nHost: [\r\nOrigin: http://[\r\nContent-Length: 0\r\n\r\n",
    b"GET /w/site?key=x HTTP/1.1\r\nHost: x\r\nOrigin: http://[\r\n\r\n",
    b"\x00\xff\xfe",
]


SIGNED = [
    "/files/fil_1?w=wsp_1&until=99999999999&sig={}",
    "/p/wsp_1/con_1/{}",
    "/t/wsp_1/tkt_1/{}",
    "/l/abcdefgh{}",
]


@pytest.mark.parametrize("path", SIGNED)
@pytest.mark.parametrize("signature", ["%C3%A9", "%ED%A0%80", "%00", "%FF", "A" * 32])
async def test_any_signature_is_only_wrong(anonymous: httpx.AsyncClient, path: str, signature: str) -> None:
    assert (await anonymous.get(path.format(signature))).status_code == 404


@pytest.mark.parametrize("request_bytes", RAW, ids=lambda raw: repr(raw[:50]))
async def test_raw_bytes_never_make_a_fault(server: str, request_bytes: bytes) -> None:
    status = await status_of(server, request_bytes)
    # 200 is the page for an address that may be a screen, 503 the one that says how to build it.
    assert 400 <= status < 500 or (status in (200, 503) and b"/api/" not in request_bytes)


async def status_of(server: str, request_bytes: bytes) -> int:
    address = urlsplit(server)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        writer.write(request_bytes + b"\r\n\r\n")
        writer.write_eof()
        async with asyncio.timeout(5):
            line = await reader.readline()
        # A connection that is closed without a word has refused, too.
        return int(line.split()[1]) if line else 400
    finally:
        writer.close()
        await writer.wait_closed()


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(endpoint=st.sampled_from(surface.with_body()), body=ANY_JSON.map(json.dumps).map(str.encode) | st.binary())
async def test_any_body_on_any_endpoint_is_answered_below_500(owner: Person, endpoint: Endpoint, body: bytes) -> None:
    answer = await owner.client.request(endpoint.method, surface.url(endpoint), content=body)
    assert answer.status_code < 500
