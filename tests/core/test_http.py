"""The outbound clients against real sockets: what surely never arrived, and where outside addresses may not lead."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.core import http
from app.core.http import BodyTooLarge, ForbiddenAddress
from tests.support import breaking
from tests.support.breaking import Behaviour

FOUND = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


async def answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await breaking.read_request(reader)
    writer.write(FOUND)
    await writer.drain()


@pytest.mark.parametrize("behaviour", breaking.BROKEN, ids=lambda behaviour: behaviour.__name__)
async def test_what_breaks_after_the_request_may_have_arrived(behaviour: Behaviour) -> None:
    async with breaking.serving(behaviour) as url, http.provider_client() as client:
        client.timeout = httpx.Timeout(0.5)
        with pytest.raises(httpx.HTTPError) as caught:
            await client.post(f"{url}/bot123:token/send", content=b"x")
    assert not http.never_connected(caught.value)
    assert "token" not in str(caught.value)


async def test_a_refused_connection_surely_carried_nothing() -> None:
    async with breaking.serving(answers) as url:
        pass
    async with http.provider_client() as client:
        with pytest.raises(httpx.HTTPError) as caught:
            await client.post(url, content=b"x")
    assert http.never_connected(caught.value)


INSIDE = [
    *("127.0.0.1", "10.0.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1"),
    *("[::1]", "[::]", "[fe80::1]", "[fd00::1]", "[fec0::1]", "[ff02::1]"),
    # The same again, written into an IPv6 address.
    *("[::ffff:127.0.0.1]", "[::7f00:1]", "[::ffff:0:127.0.0.1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::a00:1]"),
    *("[2002:7f00:1::]", "[2002:a9fe:a9fe::1]"),
]


@pytest.mark.parametrize("host", INSIDE)
async def test_outside_addresses_may_not_name_a_private_network(host: str) -> None:
    async with http.untrusted_client() as client:
        with pytest.raises(ForbiddenAddress):
            await client.get(f"http://{host}:9/file")


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "2002:808:808::1"])
def test_the_rest_of_the_world_is_outside(address: str) -> None:
    assert http.is_public(address)


@pytest.mark.parametrize("host", ["2130706433", "127.1", "0177.0.0.1", "localhost"])
async def test_a_number_or_a_name_may_not_lead_inside(host: str) -> None:
    async with http.untrusted_client() as client:
        with pytest.raises((ForbiddenAddress, httpx.HTTPError, httpx.InvalidURL)):
            await client.get(f"http://{host}:9/file")


async def test_a_name_may_not_lead_inside() -> None:
    async with breaking.serving(answers) as url, http.untrusted_client() as client:
        with pytest.raises((ForbiddenAddress, httpx.HTTPError)):
            await client.get(url)


async def test_a_body_is_read_up_to_its_limit() -> None:
    async with breaking.serving(answers) as url, http.provider_client() as client:
        whole = await http.read_limited(client, "GET", url, max_bytes=5)
        assert whole.content == b"hello"
    async with breaking.serving(answers) as url, http.provider_client() as client:
        with pytest.raises(BodyTooLarge):
            await http.read_limited(client, "GET", url, max_bytes=4)


def vouched_for_by_itself(folder: Path) -> ssl.SSLContext:
    """A server's certificate for localhost that no authority has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    begun = datetime.now(UTC) - timedelta(days=1)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, begun, begun + timedelta(days=9))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "server.pem"
    path.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    async with breaking.serving(answers, vouched_for_by_itself(tmp_path)) as url, http.provider_client() as client:
        with pytest.raises(httpx.TransportError, match="CERTIFICATE_VERIFY_FAILED"):
            await client.get(url)
