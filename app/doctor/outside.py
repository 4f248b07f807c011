"""Checks of what others reach and what we reach: web process, sockets, public address, clock, channel accounts."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidHandshake, WebSocketException

from app.core import mongo
from app.core.errors import AppError
from app.core.http import is_public
from app.core.platform import probes
from app.core.platform.accounts import AccountRow
from app.core.runtime import Runtime
from app.core.settings import Settings
from app.doctor.findings import Finding, failed, ok, skipped, warning
from channels import accounts, registry
from channels.errors import AccountError

_SECONDS = 8.0
_MOST_DRIFT_SECONDS = 5.0


async def web(http: httpx.AsyncClient, url: str) -> Finding:
    """The web process, and whether it reaches its databases."""
    try:
        answer = await http.get(f"{url}/readyz", timeout=_SECONDS)
    except httpx.HTTPError as error:
        advice = "Start one: python -m app serve. With make run, look at data/logs/web.log."
        return failed("web", f"{url} does not answer: {type(error).__name__}", advice)
    if answer.status_code != 200:
        advice = "Its databases are named above; the web process needs the same MONGODB_URI and REDIS_URL."
        return failed("web", f"{url} is not ready: {answer.text[:120]}", advice)
    return ok("web", f"{url} is ready")


async def websocket(url: str) -> Finding:
    """A real upgrade. Whoever is not signed in is let in and then told so, which is all that is asked here."""
    address = url.replace("http", "ws", 1) + "/ws/agent"
    try:
        async with connect(address, origin=url, proxy=None, open_timeout=_SECONDS, close_timeout=1):  # type: ignore[arg-type]
            return ok("websocket", f"{address} can be opened")
    except (InvalidHandshake, TimeoutError) as error:
        advice = (
            "If a proxy stands in front of Parley, let it pass websockets on: in nginx, `proxy_http_version 1.1` and "
            "the headers Upgrade, Connection and Host. See docs/install.md."
        )
        return failed("websocket", f"{address} cannot be opened: {error or 'no answer'}", advice)
    except (OSError, WebSocketException) as error:
        return failed("websocket", f"{address} cannot be reached: {type(error).__name__}", "See the web process above.")


async def public_address(http: httpx.AsyncClient, settings: Settings) -> list[Finding]:
    """Where providers and browsers are told to come."""
    name, url = "public address", settings.public_url
    advice = "Set PARLEY_PUBLIC_URL to the https address under which the internet reaches this server."
    if settings.demo:
        return [ok(name, f"{url} (a demo: only this machine has to reach it)")]
    if not url:
        return [failed(name, "is not set, so no provider can deliver messages", advice)]
    parts = urlsplit(url)
    if parts.hostname in ("localhost", None) or (_is_ip(parts.hostname) and not is_public(parts.hostname or "")):
        return [warning(name, f"{url} is not on the internet: providers cannot deliver there", advice)]
    found = []
    if parts.scheme != "https":
        found.append(failed(name, f"{url} is not https, which providers ask for", advice))
    try:
        answer = await http.get(f"{url}/healthz", timeout=_SECONDS)
        reached = answer.status_code == 200
    except httpx.HTTPError:
        reached = False
    if not reached:
        more = "Check DNS, firewall, certificate and proxy. Some networks cannot reach their own public address."
        return [*found, warning(name, f"{url} could not be reached from here", more)]
    return found or [await _public_socket(url)]


async def _public_socket(url: str) -> Finding:
    found = await websocket(url)
    return ok("public address", f"{url} answers, websockets too") if found.state == "ok" else found


async def clock(http: httpx.AsyncClient, db: mongo.Database | None, settings: Settings) -> Finding:
    """Signatures, tokens and reply windows depend on the time."""
    there = await probes.server_time(db) if db is not None else None
    others = [("the database", there)] if there else []
    provider = await _date_of(http, settings.graph_url)
    if provider:
        others.append(("the provider", provider))
    if not others:
        return skipped("clock", "nobody to compare with could be reached")
    for who, time in others:
        drift = abs((datetime.now(UTC) - time).total_seconds())
        if drift > _MOST_DRIFT_SECONDS:
            advice = "Let the system keep its clock (timedatectl set-ntp true)."
            return failed("clock", f"differs from {who} by {drift:.0f} s", advice)
    return ok("clock", f"agrees with {' and '.join(who for who, _ in others)}")


async def _date_of(http: httpx.AsyncClient, url: str) -> datetime | None:
    try:
        answer = await http.head(url, timeout=_SECONDS)
        return parsedate_to_datetime(answer.headers["date"]).astimezone(UTC)
    except (httpx.HTTPError, KeyError, ValueError, TypeError):
        return None


async def channel_accounts(runtime: Runtime) -> list[Finding]:
    """Each account, by asking its provider."""
    rows = await runtime.accounts.all()
    if not rows:
        return [ok("channels", "no account is connected yet")]
    return [await _account(runtime, row) for row in sorted(rows, key=lambda row: row.created_at)]


async def _account(runtime: Runtime, row: AccountRow) -> Finding:
    name = f"channel {row.name}"
    again = "Open Settings → Channels, look at this account and enter its values again."
    if not row.enabled:
        return warning(name, "is switched off", "Switch it on under Settings → Channels.")
    if row.locked:
        advice = (
            "Put the key from before behind the new one in PARLEY_SECRET_KEYS and restart, or enter the values again."
        )
        return failed(name, "its credentials were stored with a secret key that is not among those set", advice)
    try:
        facts = await registry.adapter(row.kind).check(accounts.io(runtime), accounts.channel_account(row))
    except (AccountError, AppError) as error:
        return failed(name, str(error), again)
    except (httpx.HTTPError, TimeoutError) as error:
        advice = "Can this server reach the internet (or, in a demo, the sandbox)?"
        return failed(name, f"its provider cannot be reached: {type(error).__name__}", advice)
    if facts.warnings:
        return warning(name, facts.warnings[0], again)
    return ok(name, f"{facts.address} works")


async def sandbox(http: httpx.AsyncClient, url: str) -> Finding:
    try:
        answer = await http.get(f"{url}/_sandbox/clock", timeout=_SECONDS)
        answer.raise_for_status()
    except httpx.HTTPError as error:
        advice = "It is started by make run; look at data/logs/sandbox.log."
        return failed("sandbox", f"{url} does not answer: {type(error).__name__}", advice)
    return ok("sandbox", f"{url} stands in for the providers")


def _is_ip(host: str | None) -> bool:
    return bool(host) and (":" in str(host) or str(host).replace(".", "").isdigit())
