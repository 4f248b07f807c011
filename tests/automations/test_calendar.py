"""What goes when, and who gets several of it in one week."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.broadcasts import (
    BROADCASTS,
    checked,
    customer,
    draft,
    text,
)
from tests.support.shop import Shop

pytestmark = pytest.mark.usefixtures("any_hour")


async def test_the_calendar_tells_who_gets_several_in_a_week_and_the_check_warns(shop: Shop) -> None:
    owner = shop.owner
    people = [await customer(shop, f"Often {at}") for at in range(4)]
    # A Monday far enough ahead, so that nothing of it is of this week.
    today = datetime.now(UTC).date()
    monday = today + timedelta(days=21 - today.weekday())

    async def scheduled(name: str, day: int, who: list[str], **schedule: Any) -> str:
        made = await draft(
            owner,
            account_id=shop.accounts["sms"],
            audience={"contacts": who},
            variants=[{"wordings": [text(name)]}],
            schedule={"kind": "at", "wall": f"{monday + timedelta(days=day)}T09:00", "zone": "UTC", **schedule},
        )
        path = f"{BROADCASTS}/{made['id']}"
        assert (await owner.client.patch(path, json={"name": name})).status_code == 200
        found = await checked(owner, made["id"])
        warned[name] = {each["code"]: each["message"] for each in found["warnings"]}.get("overlap")
        started = await owner.client.post(f"{path}/start", json={"people": len(who)})
        assert started.json()["state"] == "scheduled", started.text
        return str(made["id"])

    warned: dict[str, str | None] = {}
    first = await scheduled("Lamps", 1, people[:3])
    second = await scheduled("Chairs", 3, people[1:])
    daily = await scheduled("Tips", 8, people[:1], repeat="FREQ=DAILY;COUNT=3")
    assert warned["Lamps"] is None
    assert warned["Chairs"] == "2 of them get another broadcast within a week of it: Lamps."

    shown = await shop.get("/broadcasts/calendar", first=str(monday), last=str(monday + timedelta(days=13)))
    days = {day["day"]: [send["broadcast_id"] for send in day["sends"]] for day in shown["days"]}
    assert len(days) == 14
    assert (days[str(monday + timedelta(days=1))], days[str(monday + timedelta(days=3))]) == ([first], [second])
    assert [day for day, sends in days.items() if daily in sends] == [
        str(monday + timedelta(days=at)) for at in (8, 9, 10)
    ]
    one, two = shown["weeks"]
    assert (one["several"], one["most"], one["exact"]) == (2, 2, True)
    assert one["pairs"] in (
        [{"one": a, "other": b, "people": 2}] for a, b in (("Lamps", "Chairs"), ("Chairs", "Lamps"))
    )
    # The same one again and again is several, too.
    assert (two["first"], two["several"], two["most"], two["pairs"]) == (str(monday + timedelta(days=7)), 1, 3, [])
    long = await owner.client.get(f"{BROADCASTS}/calendar", params={"first": "2026-01-01", "last": "2026-12-31"})
    assert long.status_code == 422
