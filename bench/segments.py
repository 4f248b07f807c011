"""
A segment of five conditions over few contacts and over many: how long it takes to work out, its count and its pages
through the API, a guess for who edits its rule, and how soon a contact that changes is in it.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from time import perf_counter
from typing import Any

import httpx

from app.core import ids
from app.core.addresses import Address
from app.core.mongo import Document
from app.core.runtime import open_runtime
from automations.store import segments as segment_rows
from bench import compare, filling
from bench.report import Report, quantile
from bench.shop import Shop, browser_headers, open_shop
from bench.stage import stage
from crm import consent, contacts, happenings, likeness, profiles
from crm.consent import ConsentFact
from crm.contacts import Contact, ContactAddress, search_tokens
from crm.happenings import Happening
from crm.store import contacts as store

_QUICK, _SIZES = (3_000, 12_000), (10_000, 100_000, 1_000_000)
_BATCH = 150
_MOST_SECONDS = 2.0
_CHANGES = 20
_TAG = "tag_bench"
_RULE: dict[str, Any] = {
    "all": [
        {"field": "stage", "op": "in", "value": ["lead", "customer"]},
        {"field": "tags", "op": "has_any", "value": [_TAG]},
        {"field": "created_at", "op": "within_last", "value": {"amount": 30, "unit": "days"}},
        {"field": "consent.sms.marketing", "op": "is", "value": "granted"},
        {"not": {"count": "order", "op": "gt", "value": 3}},
    ]
}
_STAGES = ("lead", "customer", "subscriber", "mql")


@dataclass(frozen=True, slots=True)
class Place:
    """A workspace with so many contacts, and its segment."""

    shop: Shop
    size: int
    client: httpx.AsyncClient
    segment_id: str = ""


async def run(quick: bool, rows: int | None = None) -> Report:
    sizes = [size for size in (_QUICK if quick else _SIZES) if size <= (rows or size)]
    shown = ", ".join(f"{size:,}" for size in sizes[:-1])
    report = Report(f"A segment of five conditions over {shown} and {sizes[-1]:,} contacts", compare.COLUMNS)
    async with stage() as opened, open_runtime(opened.settings()) as runtime:
        url = await opened.web()
        places: list[Place] = []
        for size in sizes:
            shop = await open_shop(runtime)
            await fill(shop, size)
            client = httpx.AsyncClient(base_url=f"{url}/api/v1", timeout=60, trust_env=False)
            client.headers.update(browser_headers(shop.cookies[0], url))
            client.headers["x-parley-csrf"] = (await client.get("/me")).json()["csrf"]
            places.append(Place(shop, size, client))
        await opened.worker()
        built = [await _build(report, place) for place in places]
        for long in built[1:]:
            pair = (built[0], long)
            suffix = f", {long.size:,}"
            requests: dict[str, list[compare.Request]] = {
                f"count{suffix}": [partial(_count, place) for place in pair],
                f"first page{suffix}": [partial(_page, place) for place in pair],
                f"second page{suffix}": [partial(_page, place, await _second(place)) for place in pair],
            }
            await compare.pages(report, requests, 10 if quick else 30)
        slowest = max([await _seconds(partial(_count, place)) for place in built])
        report.at_most("count, seconds at worst", slowest, _MOST_SECONDS)
        guesses = {place.size: await _seconds(partial(_preview, place)) for place in built}
        report.notes.append(
            "A guess for who edits the rule: " + ", ".join(f"{size:,}: {s:.2f} s" for size, s in guesses.items()) + "."
        )
        report.at_most("guess, seconds at worst", max(guesses.values()), _MOST_SECONDS)
        for place in built:
            took = [await _change(place, number) for number in range(_CHANGES)]
            name = f"a change is in its segment, seconds (p95), {place.size:,}"
            report.at_most(name, quantile(took, 0.95), _MOST_SECONDS)
            await place.client.aclose()
    return report


# --- people -------------------------------------------------------------------------------------------------------


async def fill(shop: Shop, size: int, *, orders: bool = True) -> None:
    """So many contacts, put into the database directly: a fiftieth of them is in the segment, or near it."""
    await filling.batches(partial(_put, shop, orders), range(size), size=_BATCH)


async def _put(shop: Shop, orders: bool, numbers: range) -> None:
    ws = shop.ws
    rows: list[Document] = []
    handles: list[tuple[ContactAddress, int]] = []
    told: list[Happening] = []
    for number in numbers:
        chance = random.Random(number)
        address = Address("sms", phone(number))
        contact_id = ids.derived("con", ws.id, str(address))
        at = ws.clock.now() - timedelta(minutes=chance.randrange(60 * 24 * 60))
        contact = Contact(
            id=contact_id,
            name=f"Customer {number}",
            name_source="member",
            avatar_hue=contacts.hue(contact_id),
            created_at=at,
            stage=chance.choice(_STAGES),
            tags=(_TAG,) if chance.random() < 0.2 else (),
        )
        rows.append(
            store.new_row(
                contact, search_tokens(contact.name, address.value), likeness.keys(contact.name, [(address, None)])
            )
        )
        agreed = chance.random() < 0.5
        said = consent.standings_of([fact_of(contact_id, address, ws.clock.now())]) if agreed else {}
        handle = ContactAddress(address=address, contact_id=contact_id, verified=True, created_at=at, consent=said)
        handles.append((handle, 1 if agreed else 0))
        many = chance.randrange(3) if orders else 0
        told += [Happening(contact_id=contact_id, kind="order", at=at, id=f"o{each}") for each in range(many)]
    await store.insert_many(ws, rows)
    await store.insert_addresses(ws, handles)
    await happenings.append(ws, told)


def phone(number: int) -> str:
    return f"+1{2_000_000_000 + number}"


def fact_of(contact_id: str, address: Address, at: datetime) -> ConsentFact:
    return ConsentFact(
        contact_id=contact_id,
        address=address,
        purposes=("marketing",),
        state="granted",
        source="form",
        evidence="bench",
        at=at,
    )


# --- what is measured ---------------------------------------------------------------------------------------------


async def _build(report: Report, place: Place) -> Place:
    """The place with its segment, and a note of how long that took."""
    made = await place.client.post("/segments", json={"name": "Five", "rule": _RULE})
    assert made.status_code == 201, made.text
    began = perf_counter()
    path = f"/segments/{made.json()['id']}"
    while True:
        answer = await place.client.get(path)
        shown = answer.json()
        if answer.status_code == httpx.codes.OK and shown["state"] == "ready":
            break
        # While a million are looked through, somebody else may be told to come again.
        assert answer.status_code in (httpx.codes.OK, httpx.codes.SERVICE_UNAVAILABLE), answer.text
        await asyncio.sleep(0.2)
    seconds = perf_counter() - began
    rate = place.size / seconds
    report.notes.append(
        f"{place.size:,} contacts: {shown['count']:,} are in it, worked out in {seconds:.1f} s ({rate:,.0f} a second)."
    )
    return Place(place.shop, place.size, place.client, shown["id"])


async def _count(place: Place) -> None:
    shown = await place.client.get(f"/segments/{place.segment_id}")
    assert shown.json()["exact"], shown.text


async def _page(place: Place, cursor: str | None = None) -> None:
    query = {"limit": "20"} | ({"cursor": cursor} if cursor else {})
    page = await place.client.get(f"/segments/{place.segment_id}/members", params=query)
    assert page.json()["items"], page.text


async def _second(place: Place) -> str:
    page = (await place.client.get(f"/segments/{place.segment_id}/members", params={"limit": "20"})).json()
    cursor: str = page["next_cursor"]
    return cursor


async def _preview(place: Place) -> None:
    tried = await place.client.post("/segments/preview", json={"rule": {"all": [_RULE]}})
    assert tried.status_code == 200, tried.text


async def _seconds(ask: Callable[[], Awaitable[None]]) -> float:
    began = perf_counter()
    await ask()
    return perf_counter() - began


async def _change(place: Place, number: int) -> float:
    """Somebody new writes down what makes a contact one of the segment; seconds until it is in it."""
    ws = place.shop.ws
    address = Address("sms", phone(5_000_000 + place.size + number))
    known = await contacts.resolve(ws, address, profile=contacts.Profile(name=f"Late {number}"))
    path = f"/contacts/{known.contact_id}"
    await consent.record(ws, fact_of(known.contact_id, address, ws.clock.now()))
    await profiles.mark(ws, known.contact_id, "tags", add=[_TAG])
    answer = await place.client.patch(path, json={"stage": "lead"})
    assert answer.status_code == 200, answer.text
    began = perf_counter()
    while True:
        if await _is_in(place, known.contact_id):
            return perf_counter() - began
        await asyncio.sleep(0.02)


async def _is_in(place: Place, contact_id: str) -> bool:
    return bool(await segment_rows.among(place.shop.ws, place.segment_id, [contact_id]))
