"""
Short links on our own domain: `/l/{code}` leads on to the address in a mailing and notes who opened it.

A code says which mailing, which of its recipients and which of its links, and is signed: making a million of them
writes nothing. The addresses are stored once for each mailing. What opens a link without a person behind it (previews,
scanners, prefetching) is led on all the same and counted apart.

    shortener = await links.register(ws, mailing.id, mailing.code, compiled.links, tags={"utm_source": "whatsapp"})
    filled = compiled.fill(facts, shortener.of(recipient))
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from redis.exceptions import RedisError

from app.core import ids
from app.core.errors import Invalid
from app.core.mongo import DatabaseError
from app.core.platform import short_links
from app.core.platform.short_links import ShortLinks
from app.core.runtime import Runtime, Workspace
from app.core.scripts import Script
from app.core.security import Keyring
from crm import contacts
from inbox import personalising
from inbox.mailings.mailing import MOST_IN_BATCH, Ref
from inbox.store import clicks as store
from inbox.store import mailings as mailing_rows

PATH: Final = "/l/"
MOST_LINKS: Final = 256
KEPT: Final = timedelta(days=400)
_CODE = re.compile(r"[0-9a-zA-Z]{1,16}")
_WHOLE = re.compile(r"([0-9a-zA-Z]{1,16})-([0-9a-zA-Z]{1,12})([\w-]{8})", re.ASCII)
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Click:
    """
    A link was opened. `recipient` is the person's place in the mailing, `number` the link's. `machine` says what showed
    that nobody looked at it; None: a person.
    """

    id: str
    mailing_id: str
    recipient: int
    number: int
    at: datetime
    machine: str | None = None


@dataclass(frozen=True, slots=True)
class Shortener:
    """Makes the short addresses of a mailing; `prefix` is what all of them begin with."""

    code: str
    prefix: str
    numbers: Mapping[str, int]
    _keyring: Keyring

    def of(self, recipient: int) -> Callable[[str], str]:
        """For one recipient, by their place in the mailing (0, 1, 2 …): an address → its short one."""

        def short(url: str) -> str:
            number = self.numbers.get(url)
            if number is None:
                return url
            who = _written(recipient * MOST_LINKS + number)
            return f"{self.prefix}{self.code}-{who}{self._keyring.brief(f'link|{self.code}|{who}')}"

        return short


@dataclass(frozen=True, slots=True)
class Opened:
    """What a request for `/l/{code}` says of itself; header names are lower case."""

    method: str
    headers: Mapping[str, str]
    ip: str


def prefix(ws: Workspace) -> str:
    return ws.settings.public_url.rstrip("/") + PATH


async def register(
    ws: Workspace, mailing_id: str, code: str, urls: Sequence[str], *, tags: Mapping[str, str] | None = None
) -> Shortener:
    """
    The addresses of a mailing, of all its variants; done again it adds those that are new. `code` is letters and digits
    and belongs to this mailing alone, over all workspaces. `tags` hold from the first time on.

    Raises Invalid: too many addresses, or the code is another mailing's.
    """
    if not _CODE.fullmatch(code):
        raise Invalid("A mailing's code is up to 16 letters and digits.")
    db = ws.runtime.mongo
    while True:
        wanted = tuple(dict.fromkeys(urls))
        found = await short_links.get(db, code)
        if found is None:
            if len(wanted) > MOST_LINKS:
                raise Invalid(f"There are {len(wanted)} links; at most {MOST_LINKS} can be followed.")
            found = ShortLinks(code, ws.id, mailing_id, wanted, dict(tags or {}))
            if not await short_links.insert(db, found):
                continue
        elif (found.workspace_id, found.mailing_id) != (ws.id, mailing_id):
            raise Invalid("This code belongs to another mailing.")
        new = [url for url in wanted if url not in found.urls]
        if len(found.urls) + len(new) > MOST_LINKS:
            raise Invalid(f"There are {len(found.urls) + len(new)} links; at most {MOST_LINKS} can be followed.")
        if new and not await short_links.add(db, found, new):
            continue
        known = replace(found, urls=(*found.urls, *new))
        return Shortener(code, prefix(ws), {url: at for at, url in enumerate(known.urls)}, ws.runtime.keyring)


async def opened(runtime: Runtime, code: str, request: Opened) -> tuple[str, Workspace, Click] | None:
    """
    Where a code leads, and what was noted in whose name; None if it is none of ours. A click that cannot be stored now
    is lost: the person comes first. Raises DatabaseError where the address cannot be read.
    """
    match = _WHOLE.fullmatch(code)
    if match is None:
        return None
    mailing_code, who, signature = match.groups()
    if not runtime.keyring.verify_brief(f"link|{mailing_code}|{who}", signature):
        return None
    found = await short_links.get(runtime.mongo, mailing_code)
    recipient, number = divmod(_read(who), MOST_LINKS)
    if found is None or number >= len(found.urls):
        return None
    ws = runtime.workspace(found.workspace_id)
    now = ws.clock.now()
    machine = _machine(request) or await _sweep(ws, found.mailing_id, recipient, request.ip)
    click = Click(
        id=ids.new("clk"),
        mailing_id=found.mailing_id,
        recipient=recipient,
        number=number,
        at=now,
        machine=machine or await _too_soon(ws, mailing_code, recipient, now),
    )
    try:
        await store.insert(ws, click, expires_at=click.at + KEPT)
    except DatabaseError as error:
        ws.log.warning("click_not_stored", error=type(error).__name__)
    url = found.urls[number]
    if "{{" in url:
        url = await _own(ws, url, mailing_code, recipient)
    return tagged(url, found.tags), ws, click


async def _own(ws: Workspace, url: str, code: str, number: int) -> str:
    """An address that differs from person to person: with what is known of this one today."""
    seq, place = divmod(number, MOST_IN_BATCH)
    batch_id = Ref(code, seq, place).batch_id
    group = (await mailing_rows.groups(ws, [batch_id])).get(batch_id)
    if group is None or place >= len(group.recipients):
        return await personalising.address(ws, url, None, {})
    recipient = group.recipients[place]
    people = await contacts.get_many(ws, [recipient.contact_id])
    return await personalising.address(ws, url, people.get(recipient.contact_id), recipient.facts)


async def clicks(ws: Workspace, mailing_id: str, *, after: str | None = None, limit: int = 1_000) -> list[Click]:
    """Those of a mailing in the order in which they came, after the one with this id; machines' among them."""
    return await store.page(ws, mailing_id, after=after, limit=limit)


def tagged(url: str, tags: Mapping[str, str]) -> str:
    """The address with these added, except what it says itself."""
    parts = urlsplit(url)
    said = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    new = urlencode({name: value for name, value in tags.items() if value and name not in said}, quote_via=quote)
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, new)))))


def _written(number: int) -> str:
    digits = ""
    while True:
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
        if not number:
            return digits


def _read(written: str) -> int:
    number = 0
    for digit in written:
        number = number * len(_DIGITS) + _DIGITS.index(digit)
    return number


# --- who opens it -------------------------------------------------------------------------------------------------

# Programs that fetch what is in a message: previews, security gateways, archivers, command lines.
_PROGRAMS = re.compile(
    r"bot\b|bot/|crawl|spider|slurp|preview|scan|fetch|monitor|validator|archiv|headless|phantom|puppeteer|playwright"
    r"|facebookexternalua|facebookexternalhit|facebookcatalog|meta-external|whatsapp/|telegram|skypeuri|slack|discord"
    r"|twitter|linkedin|pinterest|viber|snapchat|googleimageproxy|google-safety|google-read-aloud|apis-google|yandex"
    r"|barracuda|proofpoint|mimecast|symantec|messagelabs|trendmicro|trend micro|fireeye|forcepoint|zscaler|safelinks"
    r"|sophos|avast|kaspersky|virustotal|urlscan|cloudmark|ironport|checkpoint|palo ?alto|bitdefender|norton"
    r"|curl/|wget|libwww|python|aiohttp|httpx|okhttp|go-http|java/|apache-http|node-fetch|axios|undici|ruby|perl|php/"
    r"|postman|insomnia|http[_-]?client|dataprovider|nutch|bytespider|ahrefs|semrush",
    re.IGNORECASE,
)
# So many recipients' links from one network address within so many seconds: a gateway that reads everybody's messages.
SWEEP_RECIPIENTS: Final = 30
SWEEP_SECONDS: Final = 10

# Nobody reads and presses this soon after it has reached their phone; gateways that look into messages do.
SOON: Final = timedelta(seconds=1)

_SEEN = Script("""
redis.call('PFADD', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2], 'NX')
return redis.call('PFCOUNT', KEYS[1])
""")


def _machine(request: Opened) -> str | None:
    """What in the request shows that no person opens it; None if nothing does."""
    headers = request.headers
    if request.method != "GET":
        return "look_only"
    purposes = (headers.get(name, "") for name in ("purpose", "sec-purpose", "x-purpose", "x-moz"))
    if any("pre" in purpose.lower() for purpose in purposes):
        return "prefetch"
    agent = headers.get("user-agent", "")
    if not agent or _PROGRAMS.search(agent):
        return "program"
    # Browsers say since 2020 whether somebody goes there, or a page asks for something.
    if headers.get("sec-fetch-mode", "navigate") != "navigate":
        return "part_of_page"
    return None


async def _sweep(ws: Workspace, mailing_id: str, recipient: int, ip: str) -> str | None:
    try:
        key = f"parley:clicks:{mailing_id}:{ip}"
        seen = int(await _SEEN.run(ws.redis, [key], [recipient, SWEEP_SECONDS]))
    except (RedisError, OSError, TimeoutError):
        return None
    return "sweep" if seen > SWEEP_RECIPIENTS else None


async def _too_soon(ws: Workspace, code: str, recipient: int, now: datetime) -> str | None:
    """
    Whether the message has only just reached its person: by the report that it was delivered, else since it was handed
    over. A point read; a mailing that is not known any more says nothing.
    """
    seq, place = divmod(recipient, MOST_IN_BATCH)
    ref = Ref(code, seq, place)
    work = (await mailing_rows.works(ws, [ref.batch_id])).get(ref.batch_id)
    if work is None:
        return None
    told, own = work.d.get(str(place), {}), work.o.get(str(place))
    at = told.get("delivered") or (own[1] if own else None)
    if at is None:
        # It is being handed over at this moment.
        return "too_soon" if place in work.sending else None
    return "too_soon" if now - mailing_rows.moment(at) < SOON else None
