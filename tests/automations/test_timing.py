"""When broadcasts go: where each person is, at each one's own hour, on birthdays, again and again, not too late."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.core import ids
from tests.support.broadcasts import (
    BROADCASTS,
    begun,
    checked,
    counted,
    customer,
    draft,
    got,
    later,
    progress,
    state_of,
    text,
    why,
)
from tests.support.shop import Shop, eventually

pytestmark = pytest.mark.usefixtures("any_hour")


def plan(shop: Shop, who: list[str], words: str, schedule: dict[str, Any]) -> dict[str, Any]:
    return {
        "account_id": shop.accounts["sms"],
        "audience": {"contacts": who},
        "variants": [{"wordings": [text(f"{words} {{{{ contact.first_name }}}}")]}],
        "schedule": schedule,
    }


async def known(shop: Shop, contact_id: str, **values: Any) -> None:
    answer = await shop.agent.patch(f"/api/v1/contacts/{contact_id}", json=values)
    assert answer.status_code == 200, answer.text


def wall(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M")


async def test_at_the_time_where_each_person_is(shop: Shop) -> None:
    owner = shop.owner
    zones = {"Ava": "Pacific/Auckland", "Bo": "America/New_York", "Cy": "Europe/Berlin"}
    who = {name: await customer(shop, name) for name in zones}
    for name, zone in zones.items():
        await known(shop, who[name], zone=zone)
    now = datetime.now(UTC)
    # An hour ago in Auckland: she gets it at once, the others when their clocks show it.
    at = now.astimezone(ZoneInfo("Pacific/Auckland")).replace(tzinfo=None) - timedelta(hours=1)
    made = await begun(owner, **plan(shop, list(who.values()), "Local", {"kind": "local", "wall": wall(at)}))

    async def one_has_it() -> bool:
        return await got(shop, "Local") == ["Ava"]

    await eventually(one_has_it)
    instants = {}
    for name in ("Bo", "Cy"):
        local = at.replace(second=0, microsecond=0, tzinfo=ZoneInfo(zones[name]))
        instants[name] = local.astimezone(UTC)
        outcome, sentence = await why(owner, made, who[name])
        assert outcome == "waiting"
        assert f"{instants[name]:%Y-%m-%d %H:%M}" in sentence
    assert (await progress(owner, made))["state"] == "running"
    with later(shop, instants["Cy"] - now + timedelta(minutes=1)):

        async def two_have_it() -> bool:
            return await got(shop, "Local") == ["Ava", "Cy"]

        await eventually(two_have_it)
    # His hour was long over when something ran here again: he gets it, as only the beginning of a broadcast asks.
    with later(shop, instants["Bo"] - now + timedelta(hours=6)):
        done = await counted(owner, made, "done")
    assert (await got(shop, "Local"), done["unexplained"]) == (["Ava", "Bo", "Cy"], 0)
    # When it is over on everybody's clock it is refused: nobody has chosen this hour.
    past = {"kind": "local", "wall": wall(now - timedelta(hours=13))}
    late = await draft(owner, **plan(shop, list(who.values()), "Past", past))
    await checked(owner, late["id"])
    refused = await owner.client.post(f"{BROADCASTS}/{late['id']}/start", json={"people": 3})
    assert (refused.status_code, refused.json()["code"]) == (409, "time_passed")


async def test_a_rule_that_never_comes_on_ends_its_broadcast(shop: Shop) -> None:
    owner, begin = shop.owner, datetime.now(UTC)
    dot = await customer(shop, "Dot")
    # A rule from before rules were looked at, which would be reckoned for ever: it ends, and says why.
    never = {"kind": "at", "wall": wall(begin + timedelta(days=2)), "zone": "UTC", "repeat": "FREQ=DAILY;INTERVAL=2"}
    stuck = await begun(owner, **plan(shop, [dot], "Never", never))
    row = await owner.ws.db.broadcasts.get(stuck)
    assert row is not None
    old = {"plan": row["plan"].replace("INTERVAL=2", "INTERVAL=0")}
    await owner.ws.db.broadcasts.update({"_id": stuck}, {"$set": old})
    days = {"first": f"{begin:%Y-%m-%d}", "last": f"{begin + timedelta(days=7):%Y-%m-%d}"}
    shown = await owner.client.get(f"{BROADCASTS}/calendar", params=days)
    assert shown.status_code == 200, shown.text
    with later(shop, timedelta(days=2, minutes=3)):
        ended = await state_of(owner, stuck, "cancelled")
    assert "INTERVAL=0 never comes on" in ended["reason"]["message"]
    assert await got(shop, "Never") == []


async def test_at_ones_own_hour_and_again_and_again(shop: Shop) -> None:
    owner = shop.owner
    who = {name: await customer(shop, name) for name in ("Dot", "Ed")}
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    # He looks at pages three hours later in the day than it goes.
    begin = now + timedelta(minutes=2)
    there = begin + timedelta(hours=3)
    for day in range(1, 5):
        seen = {
            "id": f"v{day}",
            "kind": "page_view",
            "contact_id": who["Ed"],
            "attributes": {"url": "https://example.com"},
        }
        await shop.post("/events", 200, events=[{**seen, "at": (there - timedelta(days=day)).isoformat()}])
    for contact_id in who.values():
        await known(shop, contact_id, zone="UTC")
    best = {"kind": "best", "wall": wall(begin), "zone": "UTC"}
    made = await begun(owner, **plan(shop, list(who.values()), "Best", best))
    assert (await state_of(owner, made, "scheduled"))["scheduled_at"] == begin.strftime("%Y-%m-%dT%H:%M:00.000Z")
    with later(shop, timedelta(minutes=3)):

        async def one_has_it() -> bool:
            return await got(shop, "Best") == ["Dot"]

        await eventually(one_has_it)
        outcome, sentence = await why(owner, made, who["Ed"])
        assert (outcome, f"{there:%Y-%m-%d %H:}" in sentence) == ("waiting", True), sentence
    with later(shop, timedelta(hours=4)):
        await counted(owner, made, "done")
    assert await got(shop, "Best") == ["Dot", "Ed"]

    # Every day at this time; of days on which nothing ran here only the last asks.
    first = timedelta(hours=5)
    daily = {"kind": "at", "wall": wall(begin + first), "zone": "UTC", "repeat": "FREQ=DAILY;COUNT=5"}
    series = await begun(owner, **plan(shop, [who["Dot"]], "Daily", daily))

    async def send(day: int, state: str) -> dict[str, Any]:
        """That of this day, once it is in this state."""
        found = ids.derived("bro", series, wall(begin + first + timedelta(days=day)))

        async def made() -> bool:
            return (await owner.client.get(f"{BROADCASTS}/{found}")).status_code == 200

        await eventually(made)
        return await state_of(owner, found, state)

    for day in (0, 1):
        with later(shop, first + timedelta(days=day, minutes=3)):
            assert (await send(day, "done"))["series_id"] == series
    with later(shop, first + timedelta(days=3, hours=2)):
        missed = await send(2, "paused")
        assert missed["reason"]["code"] == "stale"
        assert len(await got(shop, "Daily")) == 2
        resumed = await owner.client.post(f"{BROADCASTS}/{missed['id']}/resume", json={})
        assert resumed.json()["state"] == "running"
        await send(2, "done")
    # Of the days on which nothing ran one has asked, and the other is gone.
    with later(shop, first + timedelta(days=4, minutes=3)):
        await send(4, "done")
        # That was the last of them.
        assert (await state_of(owner, series, "done"))["scheduled_at"] is None
    assert await got(shop, "Daily") == ["Dot"] * 4


async def test_on_the_birthday_of_each_person(shop: Shop) -> None:
    owner = shop.owner
    current = await shop.get("/contact-fields")
    field = {"key": "birthday", "label": "Birthday", "kind": "date"}
    answer = await shop.agent.put("/api/v1/contact-fields", json={**current, "fields": [*current["fields"], field]})
    assert answer.status_code == 200, answer.text
    born = {"Leap": "2000-02-29", "March": "1990-03-01", "Feb": "1985-02-28", "None": None}
    who = {}
    for name, day in born.items():
        who[name] = await customer(shop, name)
        if day:
            await known(shop, who[name], fields={"birthday": day})
    now = datetime.now(UTC)
    year = next(year for year in range(now.year + 1, now.year + 9) if year % 4)
    schedule = {
        "kind": "at",
        "wall": f"{year}-02-28T09:00",
        "zone": "UTC",
        "relative": {"field": "birthday", "days": 0, "yearly": True},
    }
    made = await begun(owner, **plan(shop, list(who.values()), "Happy birthday", schedule))
    assert (await state_of(owner, made, "scheduled"))["scheduled_at"] == f"{year}-02-28T09:00:00.000Z"

    async def sent(*names: str) -> bool:
        return await got(shop, "Happy birthday") == sorted(names)

    first = datetime(year, 2, 28, 9, 1, tzinfo=UTC) - now
    with later(shop, first):
        await eventually(lambda: sent("Feb"))
    # No leap year: she has hers on the 1st of March.
    with later(shop, first + timedelta(days=1)):
        await eventually(lambda: sent("Feb", "Leap", "March"))
    assert (await owner.client.post(f"{BROADCASTS}/{made}/cancel")).json()["state"] == "cancelled"
