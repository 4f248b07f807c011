"""
A table of people through the API and a worker, against bare bulk inserts of the same rows in the same run; then the
same table once more, which must change nothing.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx

from app.core import ids
from app.core.addresses import Address
from app.core.mongo import Document
from app.core.runtime import Runtime, Workspace, open_runtime
from bench.report import Report
from bench.shop import browser_headers, open_shop
from bench.stage import Stage, stage
from crm import contacts, data_health, likeness
from crm.contacts import Contact, ContactAddress, search_tokens
from crm.store import contacts as store

BATCH = 200
_SHARE = 0.6
# Beside what a worker has at rest.
_MOST_GROWTH_MB = 40
_GIVEN = ("Ama", "Kofi", "Ana", "Léa", "Noor", "Yaw", "Ines", "Tariq", "Mei", "Jonas", "Zola", "Ravi", "Elif", "Marek")
_FAMILY = ("Mensah", "Kovacs", "Okafor", "Silva", "Haddad", "Novak", "Sato", "Dubois", "Osei", "Rahman", "Lindqvist")
_MAPPING = ["name", "phone", "email", "language"]


def person(number: int) -> tuple[str, str, str, str]:
    """Name, number, e-mail address, language; the same for the same number."""
    chance = random.Random(number)
    name = f"{chance.choice(_GIVEN)} {chance.choice(_FAMILY)}"
    mail = f"{name.split()[0].lower()}.{number}@example.com"
    return name, f"+1{2_000_000_000 + number}", mail, chance.choice(("en", "fr", "pt-BR"))


async def run(quick: bool, rows: int | None = None) -> Report:
    size = rows or (4_000 if quick else 1_000_000)
    bare_size = min(size, 50_000)
    report = Report(f"A table of {size:,} people", ("what", "seconds", "rows a second", "worker MB"))
    async with stage() as opened, open_runtime(opened.settings()) as runtime:
        shop = await open_shop(runtime)
        url = await opened.web()
        await opened.worker()
        table = opened.folder / "people.csv"
        _write(table, size)
        bare = await _bare(runtime, bare_size)
        report.row(f"bare bulk inserts ({bare_size:,})", bare_size / bare, bare, 0.0)
        at_rest = opened.programs["worker"].memory_bytes() / 1e6
        async with _client(shop.cookies[0], url) as client:
            client.headers["x-parley-csrf"] = (await client.get("/api/v1/me")).json()["csrf"]
            first, rate, most = await _import(opened, client, table, size)
            report.row("import", size / rate, rate, most)
            again, rate_again, most_again = await _import(opened, client, table, size)
            report.row("the same once more", size / rate_again, rate_again, most_again)
        report.at_least("rows a second, of those of bare bulk inserts", rate / bare, _SHARE)
        report.at_least("rows that made a contact", first["created"] / size, 1)
        report.at_least("rows that changed nothing the second time", again["unchanged"] / size, 1)
        report.at_most("growth of the worker's memory, MB", max(most, most_again) - at_rest, _MOST_GROWTH_MB)
        await _look_through(report, _client(shop.cookies[0], url), size)
        await _pages(report, shop.ws)
    return report


def _write(table: Path, size: int) -> None:
    with table.open("w", encoding="utf-8", newline="") as out:
        out.write("Name,Phone,E-mail,Language\r\n")
        for number in range(size):
            out.write(",".join(person(number)) + "\r\n")


async def _bare(runtime: Runtime, size: int) -> float:
    """Rows a second of bulk inserts of rows like those of an import, in another workspace, without making them."""
    ws = runtime.workspace(ids.new("wsp"))
    spent = 0.0
    for start in range(0, size, BATCH):
        made: list[Document] = []
        handles: list[Document] = []
        for number in range(start, start + BATCH):
            contact, rows = _rows(ws, number)
            made.append(contact)
            handles += rows
        began = perf_counter()
        await runtime.mongo.contacts.insert_many(made, ordered=False)
        await runtime.mongo.addresses.insert_many(handles, ordered=False)
        spent += perf_counter() - began
    return size / spent


def _rows(ws: Workspace, number: int) -> tuple[Document, list[Document]]:
    name, phone, mail, language = person(number)
    handles = [Address("sms", phone), Address("email", mail)]
    contact_id = ids.derived("con", ws.id, phone)
    at = datetime.now(UTC)
    contact = Contact(
        id=contact_id,
        name=name,
        name_source="member",
        avatar_hue=contacts.hue(contact_id),
        created_at=at,
        language=language,
        origin="bench/1",
    )
    keys = likeness.keys(name, [(handle, None) for handle in handles])
    row = store.new_row(contact, search_tokens(name, phone, mail), keys)
    linked = [ContactAddress(address=h, contact_id=contact_id, verified=False, created_at=at) for h in handles]
    rows = [store.address_row(ws, each) | {"workspace_id": ws.id} for each in linked]
    return {**row, "workspace_id": ws.id}, rows


async def _import(
    opened: Stage, client: httpx.AsyncClient, table: Path, size: int
) -> tuple[dict[str, Any], float, float]:
    """The import when it is done, rows a second, and the most memory that the worker had, in MB."""

    async def pieces() -> AsyncIterator[bytes]:
        with table.open("rb") as file:
            while piece := file.read(1_000_000):
                yield piece

    made = await client.post("/api/v1/import-files?name=people.csv", content=pieces())
    assert made.status_code == 201, made.text
    path = f"/api/v1/imports/{made.json()['id']}"
    began = perf_counter()
    started = await client.post(f"{path}/start", json={"mapping": _MAPPING, "channels": ["sms"]})
    assert started.status_code == 202, started.text
    most = 0.0
    while True:
        await asyncio.sleep(0.25)
        most = max(most, opened.programs["worker"].memory_bytes() / 1e6)
        now: dict[str, Any] = (await client.get(path)).json()
        if now["state"] in ("done", "failed"):
            assert now["state"] == "done", now["why"]
            return now, size / (perf_counter() - began), most


def _client(cookie: str, url: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, timeout=300, trust_env=False, headers=browser_headers(cookie, url))


async def _look_through(report: Report, client: httpx.AsyncClient, size: int) -> None:
    """What is missing of all of them (data health), found by the worker; and what a look at the page costs then."""
    began = perf_counter()
    async with client:
        while True:
            found = (await client.get("/api/v1/data-health")).json()
            if not found["running"] and found["counted_at"]:
                break
            await asyncio.sleep(0.5)
        spent = perf_counter() - began
        times = []
        for _ in range(3):
            asked = perf_counter()
            await client.get("/api/v1/data-health")
            times.append(perf_counter() - asked)
    assert found["total"] == size, found["total"]
    report.row("looking through all for what is missing", spent, size / spent, 0.0)
    report.at_most("the page of data health, ms", min(times) * 1000, 200)


async def _pages(report: Report, ws: Workspace) -> None:
    """First pages of what has been imported, each the best of three."""
    pages: Mapping[str, Callable[[], Awaitable[Sequence[Contact]]]] = {
        "newest, first 50": lambda: store.newest(ws, "all", before=None, limit=50),
        "by name, first 50": lambda: store.by_name(ws, after=None, limit=50),
        "by name, 50 in the middle": lambda: store.by_name(ws, after="m", limit=50),
        "search: one word": lambda: store.contacts_named(ws, ["mensah"], limit=50),
        "who has no owner, first 50": lambda: _without_owner(ws),
    }
    for name, read in pages.items():
        times = []
        for _ in range(3):
            began = perf_counter()
            found = await read()
            times.append(perf_counter() - began)
            assert found, name
        report.row(name, min(times), 0.0, 0.0)
        report.at_most(f"{name}, ms", min(times) * 1000, 200)


async def _without_owner(ws: Workspace) -> Sequence[Contact]:
    found, _ = await data_health.page(ws, "no_owner", after=None, limit=50)
    return found
