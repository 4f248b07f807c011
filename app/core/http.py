"""
The outbound HTTP clients: the only place that opens connections to the outside.

`provider_client` talks to the configured providers and is fast (aiohttp underneath, httpx on top, so that
python-telegram-bot, twilio and respx all fit). `untrusted_client` fetches addresses that somebody else chose, and
refuses private networks at the moment of connecting, so that no redirect or DNS answer can lead inside.
"""

import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from httpx_aiohttp import AiohttpTransport

USER_AGENT = "Parley/0.1 (+https://github.com/parley-inbox/parley)"

# Connecting is quick or fails; an answer may take as long as Meta needs on a bad day.
TIMEOUT = httpx.Timeout(20.0, connect=5.0, pool=10.0)


# Addresses in which an IPv4 address is written: what is behind the translator is that one.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Out of use or for one's own network, and not known as such to every Python: IPv4-compatible, IPv4-translated, local
# NAT64 and site-local addresses.
_INSIDE = tuple(
    ipaddress.IPv6Network(network) for network in ("::/96", "::ffff:0:0:0/96", "64:ff9b:1::/48", "fec0::/10")
)


class ForbiddenAddress(Exception):
    """An outside address led to a private network."""


class BodyTooLarge(httpx.TransportError):
    """The answer is larger than the caller is ready to read."""


class _PublicResolver(AbstractResolver):
    """Resolves names and drops every address that is not public; with none left the connection is refused."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await aiohttp.ThreadedResolver().resolve(host, port, family)
        public = [result for result in found if is_public(result["host"])]
        if not public:
            raise ForbiddenAddress(f"{host} is not a public address")
        return public

    async def close(self) -> None:
        """Nothing is held open."""


def is_public(host: str) -> bool:
    """Whether an IP address is on the public internet; names are not resolved here."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        if any(address in network for network in _INSIDE):
            return False
        address = _within(address) or address
    return address.is_global and not address.is_multicast


def _within(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that packets to this one would be passed on to."""
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour


def never_connected(error: Exception) -> bool:
    """Whether the request surely never reached the other side, so that sending it again cannot double anything."""
    return isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.UnsupportedProtocol)


@contextmanager
def _truthful(request: httpx.Request) -> Iterator[None]:
    """
    Errors that tell the truth about one question: can the request have arrived?

    httpx-aiohttp calls every lost connection a ConnectTimeout, also one that broke after the request was written, which
    would invite a second send; and some errors of aiohttp come through as they are, with the URL in their words.
    """
    try:
        yield
    except httpx.ConnectTimeout as error:
        if isinstance(error.__cause__, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
            raise
        raise httpx.ReadError("the connection was lost", request=request) from error.__cause__
    except (aiohttp.ClientError, OSError) as error:
        raise httpx.RemoteProtocolError(type(error).__name__, request=request) from error


class _Stream(httpx.AsyncByteStream):
    """An answer's body; it may break as well."""

    def __init__(self, inner: httpx.AsyncByteStream, request: httpx.Request) -> None:
        self._inner = inner
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _truthful(self._request):
            async for part in self._inner:
                yield part

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Transport(AiohttpTransport):
    """httpx over aiohttp, with truthful errors."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        with _truthful(request):
            response = await super().handle_async_request(request)
        if isinstance(response.stream, httpx.AsyncByteStream):
            response.stream = _Stream(response.stream, request)
        return response


class _NoCookies(httpx.Cookies):
    """Cookies that are never kept: no provider wants one back, and looking for them takes a tenth of an exchange."""

    def extract_cookies(self, response: httpx.Response) -> None:
        pass


# Certificates are checked by aiohttp's connector, with those that it reads once. The transport reads them again for a
# connector of its own, which it never makes here: 25 ms for each client.
_TRUSTS_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class _Client(httpx.AsyncClient):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # Where httpx keeps them.
        self._cookies = _NoCookies()


def _client(connector_options: dict[str, Any], **options: Any) -> httpx.AsyncClient:
    # Idle connections are dropped before servers drop them (5 s is common): a request on a connection that is just
    # being closed has an unknown outcome.
    def session() -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=200, keepalive_timeout=4, **connector_options),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        )

    return _Client(
        transport=_Transport(client=session, verify=_TRUSTS_NOBODY),
        timeout=TIMEOUT,
        headers={"User-Agent": USER_AGENT},
        trust_env=False,
        **options,
    )


def provider_client() -> httpx.AsyncClient:
    """For the providers named in the settings. No redirects: a provider that moves is a changed setting."""
    return _client({}, follow_redirects=False)


def untrusted_client() -> httpx.AsyncClient:
    """For addresses from outside. Private networks are refused, also behind redirects and names."""
    return _client(
        {"resolver": _PublicResolver()},
        follow_redirects=True,
        max_redirects=3,
        event_hooks={"request": [_refuse_private_literal]},
    )


async def _refuse_private_literal(request: httpx.Request) -> None:
    """aiohttp asks no resolver about literal IP addresses; this hook runs before every hop, redirects included."""
    try:
        ipaddress.ip_address(request.url.host)
    except ValueError:
        return
    if not is_public(request.url.host):
        raise ForbiddenAddress(f"{request.url.host} is not a public address")


async def read_limited(
    client: httpx.AsyncClient, method: str, url: str, *, max_bytes: int, **options: Any
) -> httpx.Response:
    """The answer with its body read, up to `max_bytes`. Raises BodyTooLarge before more is taken in."""
    async with client.stream(method, url, **options) as response:
        announced = response.headers.get("content-length", "")
        if announced.isdigit() and int(announced) > max_bytes:
            raise BodyTooLarge(f"the file is larger than {max_bytes} bytes")
        parts: list[bytes] = []
        size = 0
        async for part in response.aiter_bytes():
            size += len(part)
            if size > max_bytes:
                raise BodyTooLarge(f"the file is larger than {max_bytes} bytes")
            parts.append(part)
        return httpx.Response(
            response.status_code,
            headers={
                k: v for k, v in response.headers.items() if k.lower() not in ("content-encoding", "content-length")
            },
            content=b"".join(parts),
            request=response.request,
        )
