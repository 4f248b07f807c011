"""
What a message costs in round trips: counted, not timed, so that a slow machine fails nothing.

Counted is everything that happens meanwhile, also what the sweeper and its like do; only the queue's own commands are
left out.
"""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from functools import partial
from statistics import median
from typing import Any
from uuid import uuid4

import httpx
import pytest
from redis.asyncio.connection import AbstractConnection

from app.core.addresses import Address
from app.core.errors import AppError
from app.core.settings import Settings
from crm import contacts, gate
from crm.standing import Standing
from crm.store import contacts as contact_store
from inbox.store import tickets
from tests.support import servers
from tests.support.shop import Shop, open_shop

TEXTS = 100
REPLIES = 30
PER_SECOND = 20
DATABASE_COMMANDS = 8
REDIS_ROUND_TRIPS = 4

_QUEUE = re.compile(rb"parley:(lane|queue|health):|arq:")


@pytest.fixture(scope="module")
async def counted(
    databases: servers.Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Shop, list[str]]]:
    """A shop whose every database command is noted, with rounds as far apart as in real life."""
    rounds = Settings.model_fields["round_seconds"].default
    with servers.commands() as seen:
        async with open_shop(databases, tmp_path_factory.mktemp("budget"), round_seconds=rounds) as shop:
            yield shop, seen


@pytest.fixture
def round_trips(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What is sent to Redis, a pipeline as one, the queue's own commands left out."""
    seen: list[bytes] = []
    send = AbstractConnection.send_packed_command

    async def noting(self: AbstractConnection, command: Any, check_health: bool = True) -> None:
        data = b"".join(command) if isinstance(command, list | tuple) else command
        if not _QUEUE.search(data):
            seen.append(data)
        await send(self, command, check_health)

    monkeypatch.setattr(AbstractConnection, "send_packed_command", noting)
    return seen


async def stored(shop: Shop, messages: int) -> None:
    """Returns when so many messages are on the timelines."""
    async with asyncio.timeout(60):
        while True:
            if await shop.runtime.mongo.entries.count_documents({"kind": "message"}) >= messages:
                return
            await asyncio.sleep(0.1)


async def looked_for_duplicates(seen: list[str]) -> None:
    """Returns when nobody looks for new contacts' doubles any more: that is not what sweepers ask at any time."""
    async with asyncio.timeout(60):
        while True:
            del seen[:]
            await asyncio.sleep(1.2)
            if not any("duplicates" in command for command in seen):
                return


async def test_a_text_of_a_known_contact(counted: tuple[Shop, list[str]], round_trips: list[bytes]) -> None:
    shop, seen = counted
    customers = [await shop.customer() for _ in range(20)]

    for customer in customers:
        await shop.writes("whatsapp", customer["id"], type="text", text="Hello")
    await stored(shop, len(customers))
    await looked_for_duplicates(seen)

    # What sweepers ask in that time is asked without any text, too.
    del seen[:], round_trips[:]
    await asyncio.sleep(TEXTS / PER_SECOND + 1.2)
    idle, idle_trips = len(seen), len(round_trips)
    # Where no broadcast is near, one look a round.
    assert seen.count("find broadcast_runs") <= 3, _most(seen)

    del seen[:], round_trips[:]
    for number in range(TEXTS):
        await shop.writes("whatsapp", customers[number % len(customers)]["id"], type="text", text=f"Text {number}")
        await asyncio.sleep(1 / PER_SECOND)
    await stored(shop, len(customers) + TEXTS)
    # What is noted down a moment later belongs to them as well.
    await asyncio.sleep(1.2)
    seen[:] = [command for command in seen if command != "aggregate entries"]
    assert (len(seen) - idle) / TEXTS <= DATABASE_COMMANDS, _most(seen)
    # Who writes, and their conversation, is read with the event itself.
    assert seen.count("find addresses") + seen.count("find conversations") <= TEXTS // 10, _most(seen)
    # And they and what they make of it are written by one command.
    assert seen.count("insert entries") + seen.count("update conversations") <= TEXTS // 10, _most(seen)
    assert (len(round_trips) - idle_trips) / TEXTS <= REDIS_ROUND_TRIPS, _most([_name(data) for data in round_trips])


async def test_an_answer_up_to_the_call_of_the_provider(counted: tuple[Shop, list[str]]) -> None:
    shop, seen = counted
    customer = await shop.customer(name="Rosa Budget")
    await shop.writes("whatsapp", customer["id"], type="text", text="Hello")
    conversation = await shop.conversation_with("Rosa Budget")
    # Reports on one answer must not be counted with the next.
    await shop.knobs(status_delay_ms=dict.fromkeys(("sent", "delivered", "read"), 600_000))
    called = asyncio.Event()
    commands: list[Counter[str]] = []

    async def on_call(request: httpx.Request) -> None:
        if request.url.path.endswith("/messages"):
            commands.append(Counter(seen))
            called.set()

    shop.runtime.http.event_hooks = {"request": [on_call]}
    for number in range(REPLIES):
        called.clear()
        del seen[:]
        content = {"type": "text", "text": f"Answer {number}"}
        path = f"/conversations/{conversation['id']}/messages"
        answer = await shop.agent.post(f"/api/v1{path}", json={"client_id": str(uuid4()), "content": content})
        assert answer.status_code == 202, answer.text
        async with asyncio.timeout(20):
            await called.wait()
        # The next one meets no work that is left of this one.
        await asyncio.sleep(0.1)
    shop.runtime.http.event_hooks = {}
    await shop.knobs(status_delay_ms=None)
    # Of each command the median: what sweepers ask in between belongs to no answer, however long it takes.
    asked = {name for each in commands for name in each}
    spent = {name: median(each[name] for each in commands) for name in asked}
    assert spent["insert entries"] == 1
    assert sum(spent.values()) <= DATABASE_COMMANDS, spent


async def test_a_list_of_hundreds_is_one_command(counted: tuple[Shop, list[str]]) -> None:
    shop, seen = counted
    happenings = shop.owner.ws.db.happenings
    at = shop.runtime.clock.now()
    rows = [{"_id": f"hap_{number}", "contact_id": "con_long", "kind": "x", "at": at} for number in range(300)]
    await happenings.insert_new(rows)
    del seen[:]
    assert len(await happenings.find({"contact_id": "con_long"}, limit=1_000)) == 300
    assert len(await happenings.find_exactly({"contact_id": "con_long"}, limit=1_000)) == 300
    assert seen.count("find happenings") == 2
    assert not [command for command in seen if command.startswith("getMore")]


def _name(data: bytes) -> str:
    words = re.findall(rb"\$\d+\r\n([^\r]*)", data)
    return b" ".join(words[:4]).decode("utf-8", "replace")[:80]


def _most(seen: list[str]) -> dict[str, int]:
    return {name: seen.count(name) for name in sorted(set(seen), key=seen.count, reverse=True)[:25]}


async def test_many_are_asked_about_with_a_handful_of_commands(counted: tuple[Shop, list[str]]) -> None:
    """A window of a mailing; and what is known of all of them at once holds for the one whom it concerns."""
    shop, seen = counted
    ws, now = shop.owner.ws, shop.owner.ws.clock.now()
    addresses = [Address("sms", f"+{12_025_560_000 + at}") for at in range(200)]
    people = [
        contacts.Contact(
            id=contacts.id_for(ws, address),
            name=f"Person {at}",
            name_source="member",
            avatar_hue=0,
            created_at=now,
        )
        for at, address in enumerate(addresses)
    ]
    await contact_store.insert_many(ws, [contact_store.new_row(each, (), ()) for each in people])
    agreed = {"marketing": Standing(now, "import", granted_at=now)}
    handles = [
        contacts.ContactAddress(
            address=address, contact_id=each.id, verified=True, created_at=now, username=None, consent=agreed
        )
        for address, each in zip(addresses, people, strict=True)
    ]
    await contact_store.insert_addresses(ws, [(each, 0) for each in handles])
    await shop.post("/tickets", 201, contact_id=people[7].id, title="The parcel is wet")
    asked = [
        gate.Asked(address=each.address, purpose="marketing", sender=shop.accounts["sms"], contact_id=each.contact_id)
        for each in handles
    ]

    del seen[:]
    verdicts = await gate.ask_many(
        ws, asked, complaints=partial(tickets.with_open, ws), probably=[each.id for each in people]
    )
    assert seen.count("find pacing") <= 2, _most(seen)
    assert seen.count("find tickets") <= 1, _most(seen)
    refused = {at: each.code for at, each in enumerate(verdicts) if isinstance(each, AppError)}
    assert refused == {7: "open_ticket"}
