"""How well things stand with people: the reckoning, its causes as they come, lists, and the rule language."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.core import ids
from crm import contact_health
from crm.contact_health import Answer, Facts, HealthSettings, Weights
from crm.standing import Standing
from inbox import contact_health as keeping
from inbox.closing.surveys import Survey
from inbox.store import surveys as survey_rows
from tests.automations.test_segments import becomes, make
from tests.support.shop import Shop, eventually

NOW = datetime(2026, 6, 1, tzinfo=UTC)
days_ago = st.integers(0, 800).map(lambda days: NOW - timedelta(days=days))
FACTS = st.builds(
    Facts,
    wrote_at=st.none() | days_ago,
    written_to=st.booleans(),
    answers=st.lists(st.builds(Answer, st.integers(1, 5), st.just(1), st.just(5), days_ago), max_size=5),
    open_tickets=st.integers(0, 9),
    late_tickets=st.integers(0, 9),
    solved_late=st.integers(0, 9),
    had_tickets=st.booleans(),
    sent=st.integers(0, 30),
    engaged=st.integers(0, 30),
)


@given(facts=FACTS, weights=st.lists(st.integers(0, 100), min_size=5, max_size=5).filter(any))
def test_it_is_between_its_parts_and_worse_things_never_raise_it(facts: Facts, weights: list[int]) -> None:
    names = list(Weights.model_fields)
    settled = HealthSettings(weights=Weights(**dict(zip(names, weights, strict=True))))
    health = contact_health.judge(facts, settled, NOW)
    if health is None:
        return
    values = [part.value for part in health.parts]
    assert all(0 <= value <= 100 for value in values)
    assert min(values) <= health.score <= max(values)
    assert {part.name for part in health.parts} <= {name for name, weight in zip(names, weights, strict=True) if weight}
    for worse in (
        replace(facts, late_tickets=facts.late_tickets + 1),
        replace(facts, wrote_at=facts.wrote_at and facts.wrote_at - timedelta(days=100)),
    ):
        then = contact_health.judge(worse, settled, NOW)
        assert then is not None
        assert then.score <= health.score


def test_of_nobody_known_nothing_is_said_and_reasons_are_told() -> None:
    settled = HealthSettings()
    assert contact_health.judge(Facts(), settled, NOW) is None
    stopped = {"marketing": Standing(NOW, "keyword", withdrawn_at=NOW)}
    health = contact_health.judge(
        Facts(wrote_at=NOW - timedelta(days=700), sent=6, engaged=0, consents=(stopped,)), settled, NOW
    )
    assert health is not None
    assert (health.score, health.risk) == (16, "high")
    assert [part.words for part in health.parts] == [
        "Wrote 700 days ago",
        "Clicked in or answered 0 of 6 broadcasts in 90 days",
        "Has asked us to stop offers",
    ]


async def health_of(shop: Shop, contact_id: str) -> dict[str, Any]:
    shown: dict[str, Any] = (await shop.get(f"/contacts/{contact_id}/health"))["health"]
    return shown


async def on_row(shop: Shop, contact_id: str) -> int | None:
    row = await shop.owner.ws.db.contacts.get(contact_id)
    return row["health"]["score"] if row and row.get("health") else None


async def test_causes_move_it_and_lists_and_segments_follow(shop: Shop) -> None:
    ws = shop.owner.ws
    ann, thread = await shop.someone("sms")
    _, other = await shop.someone("sms")
    ann_id, bea_id = thread["contact_id"], other["contact_id"]
    assert await on_row(shop, bea_id) is None
    # The first look at anybody's begins looking through all.
    first = await health_of(shop, ann_id)
    assert (first["score"], first["risk"]) == (100, "low")
    assert [part["words"] for part in first["parts"]] == ["Wrote today"]

    async def everybody() -> bool:
        return await on_row(shop, bea_id) == 100

    await eventually(everybody)
    low = await make(shop.owner, "Unwell", {"field": "health", "op": "lt", "value": 40})
    risky = await make(shop.owner, "May leave", {"field": "churn_risk", "op": "is", "value": "high"})
    await becomes(shop.owner, low, set())

    # An unhappy answer, a complaint, a stop: nobody looks, and it follows.
    answered = Survey(
        id=ids.new("srv"),
        kind="csat",
        contact_id=ann_id,
        conversation_id=thread["id"],
        episode=1,
        status="answered",
        created_at=datetime.now(UTC),
        score=1,
        answered_at=datetime.now(UTC),
    )
    await survey_rows.insert(ws, answered)
    for title in ("Broken", "Still broken", "Nobody answers", "Money back"):
        await shop.post("/tickets", 201, contact_id=ann_id, title=title)
    await shop.writes("sms", ann["id"], type="text", text="STOP")
    await becomes(shop.owner, low, {ann_id})
    await becomes(shop.owner, risky, {ann_id})
    now = await health_of(shop, ann_id)
    assert {part["name"]: part["value"] for part in now["parts"]} == {
        "contact": 100,
        "satisfaction": 0,
        "tickets": 20,
        "consent": 10,
    }
    words = [part["words"] for part in now["parts"]]
    assert words[1:] == ["Last answers to surveys: 1 of 5", "4 open tickets", "Has asked us to stop all messages"]

    # The lowest first, page by page; and only those at risk.
    order: list[str] = []
    cursor = None
    while True:
        query = {"sort": "health", "limit": 1} | ({"cursor": cursor} if cursor else {})
        page = await shop.get("/contacts", **query)
        order += [each["id"] for each in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert order[0] == ann_id
    assert sorted(order[1:]) == [bea_id]
    risk = await shop.get("/contacts", risk="high")
    assert [(each["id"], each["churn_risk"]) for each in risk["items"]] == [(ann_id, "high")]
    assert (await shop.get("/contacts/count", risk="high"))["count"] == 1

    # A colleague's change at the same time loses nothing, and keeps it.
    renamed = await shop.agent.patch(f"/api/v1/contacts/{ann_id}", json={"name": "Ann Unwell"})
    assert renamed.status_code == 200, renamed.text
    assert await on_row(shop, ann_id) == now["score"]

    # Other weights: everybody is looked at anew, and the risk goes by the new limits.
    settled = {"weights": {"contact": 100, "satisfaction": 0, "tickets": 0, "broadcasts": 0, "consent": 0}}
    wrong = await shop.owner.client.put("/api/v1/contact-health", json={"high_below": 60, "medium_below": 40})
    assert wrong.status_code == 422
    saved = await shop.owner.client.put("/api/v1/contact-health", json=settled)
    assert (saved.status_code, saved.json()["running"]) == (200, True)
    await becomes(shop.owner, low, set())
    assert await on_row(shop, ann_id) == 100

    # Time alone: a day later everybody is looked at again, and silence shows.
    row = await ws.db.conversations.get(other["id"])
    assert row is not None
    past = [{**way, "last_inbound_at": datetime.now(UTC) - timedelta(days=360)} for way in row["reach"]]
    await ws.db.conversations.update({"_id": other["id"]}, {"$set": {"reach": past}})
    yesterday = datetime.now(UTC) - timedelta(days=1, minutes=5)
    await ws.db.contact_health.update({"_id": ws.id}, {"$set": {"started_at": yesterday}})
    await becomes(shop.owner, low, {bea_id})
    off = await shop.owner.client.put("/api/v1/contact-health", json={"enabled": False})
    assert off.status_code == 200
    assert await shop.get(f"/contacts/{bea_id}/health") == {"state": "off", "health": None}
    assert (await keeping.looking(ws)).active is False
