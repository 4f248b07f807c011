"""Short links: made without a write, led on with tags, opened by people and by machines."""

import asyncio
import re
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx
import orjson
import pytest

from app.core import ids
from app.core.errors import Invalid
from channels.content import Text
from crm import contacts
from inbox import links
from inbox.mailings import mailings
from inbox.mailings.mailing import Batch
from inbox.store.mailings import milliseconds
from tests.inbox.test_mailings import ended, opened, people
from tests.support import network
from tests.support.shop import Shop, eventually

PHONE = (
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36"
)


@pytest.fixture
async def browser(shop: Shop) -> Any:
    async with network.client(shop.url, headers={"user-agent": PHONE}) as client:
        yield client


def new_code() -> str:
    return ids.new("m").partition("_")[2][-10:]


async def test_a_person_and_machines_open_a_link(shop: Shop, browser: httpx.AsyncClient) -> None:
    ws, code = shop.owner.ws, new_code()
    urls = ["https://shop.example/a?utm_source=own#top", "https://shop.example/b"]
    shortener = await links.register(
        ws, "mlg_1", code, urls[:1], tags={"utm_source": "parley", "utm_campaign": "May 1"}
    )
    # Another variant of the same mailing brings one more; the first keeps its number.
    shortener = await links.register(ws, "mlg_1", code, [urls[1], urls[0]])
    assert shortener.numbers == {urls[0]: 0, urls[1]: 1}
    short = shortener.of(1_234_567)(urls[0])
    assert short.startswith(links.prefix(ws))
    assert len(short) - len(links.prefix(ws)) <= 25
    assert shortener.of(0)("https://elsewhere.example") == "https://elsewhere.example"
    path = short.removeprefix(shop.runtime.settings.public_url.rstrip("/"))
    answer = await browser.get(path)
    assert answer.status_code == 302
    assert answer.headers["location"] == "https://shop.example/a?utm_source=own&utm_campaign=May%201#top"
    assert answer.headers["cache-control"] == "no-store"
    machines: list[tuple[str, dict[str, str], str]] = [
        ("HEAD", {}, "look_only"),
        ("GET", {"sec-purpose": "prefetch;prerender"}, "prefetch"),
        ("GET", {"user-agent": "WhatsApp/2.24.1 A"}, "program"),
        ("GET", {"user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}, "program"),
        ("GET", {"user-agent": ""}, "program"),
        ("GET", {"sec-fetch-mode": "no-cors"}, "part_of_page"),
    ]
    for method, headers, _ in machines:
        led = await browser.request(method, path, headers=headers)
        assert led.status_code == 302
    found = await links.clicks(ws, "mlg_1")
    assert [(c.recipient, c.number) for c in found] == [(1_234_567, 0)] * (1 + len(machines))
    assert [c.machine for c in found] == [None, *(why for _, _, why in machines)]
    assert [c.id for c in await links.clicks(ws, "mlg_1", after=found[-2].id)] == [found[-1].id]


async def test_what_is_opened_as_it_arrives_is_opened_by_a_machine(shop: Shop, browser: httpx.AsyncClient) -> None:
    ws, url = shop.owner.ws, "https://shop.example/lamps?for="
    # Of one mailing clicks are not counted; the other leads each person to an address of their own.
    plain = await opened(shop, Text(text=f"Old lamps: {url}"), tracks=False)
    mailing = await opened(shop, Text(text=f"New lamps: {url}{{{{ contact.name }}}}&x=1"))
    batch = Batch(seq=0, recipients=tuple(await people(shop, 1)), account_id=shop.accounts["sms"])
    for each in (plain, mailing):
        await mailings.add(ws, each.id, [batch])
        await mailings.completed(ws, each.id, 1)
        await mailings.start(ws, each.id)
        await ended(shop, each)

    async def delivered() -> bool:
        return (await mailings.progress(ws, mailing.id)).delivered == 1

    await eventually(delivered)
    told = [str(each["body"]) for each in await shop.ledger(channel="sms", direction="out")]
    assert len([each for each in told if f"Old lamps: {url}" in each]) == 1
    (sent,) = [each for each in told if "New lamps" in each]
    name = (await contacts.get(ws, batch.recipients[0].contact_id)).name
    (path,) = re.findall(r"/l/[\w-]+", sent)
    # A clock of the provider's that is ahead says "just now", too.
    for since, machine in ((timedelta(seconds=-20), "too_soon"), (timedelta(seconds=30), None)):
        at = milliseconds(ws.clock.now() - since)
        await ws.db.mailing_work.update(
            {"_id": f"{mailing.code}.0"}, {"$set": {"d": orjson.dumps({"0": {"delivered": at}})}}
        )
        assert (await browser.get(path)).headers["location"].startswith(f"{url}{quote(name)}&x=1")
        assert [each.machine for each in await links.clicks(ws, mailing.id)][-1] == machine
    assert (await mailings.progress(ws, mailing.id)).clicked == 1


async def test_a_gateway_that_reads_everybodys_messages(shop: Shop, browser: httpx.AsyncClient) -> None:
    ws = shop.owner.ws
    shortener = await links.register(ws, "mlg_2", new_code(), ["https://shop.example/a"])
    base = shop.runtime.settings.public_url.rstrip("/")
    for recipient in range(links.SWEEP_RECIPIENTS + 2):
        path = shortener.of(recipient)("https://shop.example/a").removeprefix(base)
        assert (await browser.get(path)).status_code == 302
    found = await links.clicks(ws, "mlg_2")
    # Counting many is approximate.
    assert "sweep" in {c.machine for c in found[-4:]}
    assert {c.machine for c in found[: links.SWEEP_RECIPIENTS - 4]} == {None}


async def test_a_link_that_is_not_ours_leads_nowhere(shop: Shop, browser: httpx.AsyncClient) -> None:
    ws, code = shop.owner.ws, new_code()
    shortener = await links.register(ws, "mlg_3", code, ["https://shop.example/a"])
    short = shortener.of(7)("https://shop.example/a")
    path = short.removeprefix(shop.runtime.settings.public_url.rstrip("/"))
    other = shortener.of(8)("https://shop.example/a").removeprefix(shop.runtime.settings.public_url.rstrip("/"))
    for wrong in (
        path[:-1],
        path[:-1] + ("A" if path[-1] != "A" else "B"),
        other[:-8] + path[-8:],
        "/l/x",
        "/l/é-1aaaaaaaa",
    ):
        assert (await browser.get(wrong)).status_code == 404
    assert await links.clicks(ws, "mlg_3") == []
    with pytest.raises(Invalid):
        await links.register(ws, "mlg_4", code, [])
    many = [f"https://shop.example/{n}" for n in range(links.MOST_LINKS)]
    with pytest.raises(Invalid):
        await links.register(ws, "mlg_3", code, many)
    await asyncio.gather(*(links.register(ws, "mlg_3", code, [url]) for url in many[:5]))
    known = await links.register(ws, "mlg_3", code, [])
    assert sorted(known.numbers.values()) == list(range(6))
