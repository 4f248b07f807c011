"""Broadcasts in tests: people who agreed, drafts, and how far one is."""

import csv
import io
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from app.core.addresses import Address
from app.core.clock import Clock
from crm import consent, contacts
from crm.consent import ConsentFact
from crm.contacts import Profile
from tests.support.people import Person
from tests.support.shop import Shop, eventually

BROADCASTS = "/api/v1/broadcasts"
_next = itertools.count(3000)


async def any_hour_will_do(shop: Shop) -> None:
    """Whatever time and day it is where the tests run; nobody has had enough, and text messages need not queue."""
    settled = (await shop.owner.client.get("/api/v1/pacing")).json()["settings"]
    settled |= {"quiet": {**settled["quiet"], "enabled": False}, "caps": []}
    assert (await shop.owner.client.put("/api/v1/pacing", json=settled)).status_code == 200
    faster = {"config": {"messages_per_second": "100"}}
    answer = await shop.owner.client.patch(f"/api/v1/accounts/{shop.accounts['sms']}", json=faster)
    assert answer.status_code == 200, answer.text


async def customer(shop: Shop, name: str, *, agrees: bool = True, **values: Any) -> str:
    """Somebody with a phone that takes text messages, who has agreed to marketing; their id."""
    ws = shop.owner.ws
    address = Address("sms", f"+1202555{next(_next)}")
    await shop.customer(name=name, phone=address.value)
    made = await contacts.resolve(ws, address, profile=Profile(name=name, language=values.pop("language", None)))
    if agrees:
        await agree(shop, made.contact_id, address)
    return made.contact_id


async def agree(shop: Shop, contact_id: str, address: Address) -> None:
    fact = ConsentFact(
        contact_id=contact_id,
        address=address,
        purposes=("marketing",),
        state="granted",
        source="form",
        evidence=f"form-{address}",
        at=shop.runtime.clock.now(),
    )
    await consent.record(shop.owner.ws, fact)


async def listed(person: Person, name: str, contact_ids: list[str]) -> str:
    made = (await person.client.post("/api/v1/contact-lists", json={"name": name})).json()["id"]
    for contact_id in contact_ids:
        answer = await person.client.post(f"/api/v1/contacts/{contact_id}/lists", json={"add": [made]})
        assert answer.status_code == 200, answer.text
    return str(made)


def text(words: str, language: str | None = None) -> dict[str, Any]:
    return {"language": language, "content": {"type": "text", "text": words}}


async def draft(person: Person, **plan: Any) -> dict[str, Any]:
    answer = await person.client.post(BROADCASTS, json={"name": "Spring sale", **plan})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def checked(person: Person, broadcast_id: str) -> dict[str, Any]:
    begun = await person.client.post(f"{BROADCASTS}/{broadcast_id}/check")
    assert begun.status_code == 202, begun.text

    async def look() -> dict[str, Any] | None:
        now: dict[str, Any] = (await person.client.get(f"{BROADCASTS}/{broadcast_id}/check")).json()
        return now if now["state"] != "counting" else None

    return await eventually(look)


async def counted(person: Person, broadcast_id: str, state: str) -> dict[str, Any]:
    """How far it is, once it is in this state."""

    async def look() -> dict[str, Any] | None:
        now: dict[str, Any] = (await person.client.get(f"{BROADCASTS}/{broadcast_id}/progress")).json()
        return now if now["state"] == state else None

    return await eventually(look)


async def begun(person: Person, name: str = "Spring sale", **plan: Any) -> str:
    """A broadcast that was written, checked and started; its id."""
    made = await draft(person, name=name, **plan)
    found = await checked(person, made["id"])
    assert found["state"] == "ready", found["why"]
    started = await person.client.post(f"{BROADCASTS}/{made['id']}/start", json={"people": found["willing"]})
    assert started.status_code == 200, started.text
    return str(made["id"])


async def state_of(person: Person, broadcast_id: str, state: str) -> dict[str, Any]:
    """The broadcast, once it is in this state."""

    async def look() -> dict[str, Any] | None:
        now: dict[str, Any] = (await person.client.get(f"{BROADCASTS}/{broadcast_id}")).json()
        return now if now["state"] == state else None

    return await eventually(look)


async def progress(person: Person, broadcast_id: str) -> dict[str, Any]:
    answer = await person.client.get(f"{BROADCASTS}/{broadcast_id}/progress")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def why(person: Person, broadcast_id: str, contact_id: str) -> tuple[str, str]:
    """What became of them, and the sentence."""
    answer = await person.client.get(f"{BROADCASTS}/{broadcast_id}/why", params={"contact_id": contact_id})
    assert answer.status_code == 200, answer.text
    return answer.json()["outcome"], answer.json()["sentence"]


async def rows(person: Person, broadcast_id: str) -> list[dict[str, str]]:
    """Its table."""
    answer = await person.client.get(f"{BROADCASTS}/{broadcast_id}/table")
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text)))


async def got(shop: Shop, words: str, channel: str = "sms") -> list[str]:
    """What follows these words in their line of messages that went out, such as a name; sorted."""
    sent = await shop.ledger(channel=channel, direction="out")
    said = [each["body"].get("text") or each["body"].get("body") or "" for each in sent]
    return sorted(text.partition(words)[2].partition("\n")[0].strip() for text in said if words in text)


def reasons(steps: list[dict[str, Any]]) -> dict[str, int]:
    return {each["reason"]: each["count"] for each in steps}


class _Ahead(Clock):
    def __init__(self, by: timedelta) -> None:
        self._by = by

    def now(self) -> datetime:
        return super().now() + self._by


@contextmanager
def later(shop: Shop, by: timedelta) -> Iterator[None]:
    """The worker's clock is ahead of everybody's, as if that time had passed."""
    before = shop.runtime.clock
    shop.runtime.clock = _Ahead(by)
    try:
        yield
    finally:
        shop.runtime.clock = before
