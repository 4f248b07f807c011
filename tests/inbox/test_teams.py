"""Teams through the API: what they name must be there, and what names them keeps them."""

from typing import Any

from app.core.addresses import Address
from app.core.permissions import Role
from crm import contacts
from crm.contacts import Profile
from inbox.routing import routing
from inbox.store import teams as team_rows
from tests.support.people import People, Person


async def make(owner: Person, **values: Any) -> dict[str, Any]:
    answer = await owner.client.post("/api/v1/teams", json={"name": "Support", **values})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_a_team_has_members_a_lead_and_a_calendar(owner: Person, people: People) -> None:
    agent = await people.join(owner.ws, Role.AGENT)
    team = await make(owner, members=[agent.member.id], lead_id=agent.member.id, strategy="least_busy")
    (listed,) = (await agent.client.get("/api/v1/teams")).json()["items"]
    assert listed == team
    assert (await agent.client.post("/api/v1/teams", json={"name": "Mine"})).status_code == 403


async def test_what_a_team_names_must_be_there(owner: Person, people: People) -> None:
    _, stranger = await people.workspace()
    wrong = [
        ("members", {"members": [stranger.member.id]}),
        ("lead_id", {"lead_id": owner.member.id}),
        ("calendar_id", {"calendar_id": "cal_unknown"}),
        ("account_ids", {"account_ids": ["acc_unknown"]}),
        ("overflow_team_id", {"overflow_team_id": "tea_unknown", "overflow_minutes": 5}),
    ]
    for field, values in wrong:
        answer = await owner.client.post("/api/v1/teams", json={"name": "Support", **values})
        assert (answer.status_code, [e["field"] for e in answer.json()["errors"]]) == (422, [field])
    await make(owner)
    twice = await owner.client.post("/api/v1/teams", json={"name": "support"})
    assert twice.status_code == 422


async def test_a_used_calendar_or_team_says_where_it_is_used(owner: Person) -> None:
    week = [[{"start": "09:00", "end": "17:00"}]] * 7
    body = {"name": "Office", "zone": "UTC", "week": week}
    calendar = (await owner.client.post("/api/v1/calendars", json=body)).json()
    night = await make(owner, name="Night")
    day = await make(
        owner, name="Day", calendar_id=calendar["id"], overflow_team_id=night["id"], overflow_when_closed=True
    )
    refused = await owner.client.delete(f"/api/v1/calendars/{calendar['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "in_use")
    assert refused.json()["used_in"] == [{"type": "team", "id": day["id"], "name": "Day"}]
    refused = await owner.client.delete(f"/api/v1/teams/{night['id']}")
    assert refused.json()["used_in"] == [{"type": "team", "id": day["id"], "name": "Day"}]
    assert (await owner.client.delete(f"/api/v1/teams/{night['id']}?move_to=none")).status_code == 204
    assert (await owner.client.get(f"/api/v1/teams/{day['id']}")).json()["overflow_team_id"] is None
    assert [t["name"] for t in (await owner.client.get("/api/v1/teams")).json()["items"]] == ["Day"]


async def test_tickets_and_their_categories_keep_a_team_or_go_on_with_another(owner: Person) -> None:
    ws, client = owner.ws, owner.client
    old, heir = (await make(owner))["id"], (await make(owner, name="Returns"))["id"]
    contact = await contacts.resolve(ws, Address("sms", "+12025550141"), profile=Profile(name="Ana"))
    body = {"contact_id": contact.contact_id, "title": "Parcel came damaged", "team_id": old}
    ticket = (await client.post("/api/v1/tickets", json=body)).json()
    for wrong in ({"team_id": "tea_unknown"}, {"tags": ["tag_unknown"]}):
        (field,) = wrong
        for answer in (
            await client.post("/api/v1/tickets", json=body | wrong),
            await client.patch(f"/api/v1/tickets/{ticket['id']}", json=wrong),
        ):
            assert (answer.status_code, [e["field"] for e in answer.json()["errors"]]) == (422, [field])
    forms: dict[str, Any] = {"categories": [{"id": "damage", "name": "Damage", "team_id": old}], "revision": 0}
    assert (await client.put("/api/v1/ticket-forms", json=forms)).status_code == 200

    async def gone(**query: str) -> set[str]:
        answer = await client.delete(f"/api/v1/teams/{old}", params=query)
        return {use["type"] for use in answer.json()["used_in"]} if answer.content else set()

    assert await gone() == {"tickets", "ticket_category"}
    assert await gone(move_to=heir) == {"ticket_category"}
    forms = {"categories": [{"id": "damage", "name": "Damage", "team_id": heir}], "revision": 1}
    assert (await client.put("/api/v1/ticket-forms", json=forms)).status_code == 200
    assert await gone(move_to=heir) == set()
    for _ in range(2):
        await routing.go_round(ws.runtime)
    assert (await client.get(f"/api/v1/tickets/{ticket['id']}")).json()["team_id"] == heir
    assert await team_rows.get(ws, old) is None

    policy = {
        "name": "Damage",
        "subject": "tickets",
        "targets": [{"resolve": 60}],
        "rule": {"field": "category", "op": "is", "value": "damage"},
    }
    assert (await client.post("/api/v1/sla-policies", json=policy)).status_code == 201
    refused = await client.put("/api/v1/ticket-forms", json={"categories": [], "revision": 2})
    assert [use["type"] for use in refused.json()["used_in"]] == ["sla_policy"]


async def test_the_second_of_two_changes_is_told_of_the_first(owner: Person, people: People) -> None:
    team = await make(owner)
    url, seen = f"/api/v1/teams/{team['id']}", {"revision": team["revision"]}
    colleague = await people.join(owner.ws, Role.SUPERVISOR)
    assert (await colleague.client.put(url, json={"name": "Sales", **seen})).status_code == 200
    refused = await owner.client.put(url, json={"name": "Service", **seen})
    assert (refused.status_code, refused.json()["code"]) == (409, "changed_meanwhile")


async def test_agents_say_how_available_they_are(owner: Person, people: People) -> None:
    agent = await people.join(owner.ws, Role.AGENT)
    said = await agent.client.put("/api/v1/me/availability", json={"status": "away", "reason": "Lunch"})
    assert said.json()["chosen"] == "away"
    # No screen is open.
    assert said.json()["availability"] == "offline"
    url = f"/api/v1/agents/{agent.member.id}"
    changed = await owner.client.patch(url, json={"skills": ["refunds"], "languages": ["fr"], "capacity": 3})
    assert changed.status_code == 200, changed.text
    listed = (await owner.client.get("/api/v1/agents")).json()["items"]
    mine = next(each for each in listed if each["member_id"] == agent.member.id)
    assert (mine["skills"], mine["languages"], mine["capacity"]) == (["refunds"], ["fr"], 3)
    assert (mine["chosen"], mine["reason"]) == ("away", "Lunch")
    assert (await agent.client.patch(url, json={"capacity": 99})).status_code == 403


async def test_the_rules_of_routing_can_be_changed(owner: Person) -> None:
    changed = await owner.client.patch("/api/v1/routing", json={"weights": {"livechat": 2.5, "sms": 1}, "capacity": 6})
    assert changed.json()["weights"] == {"livechat": 2.5}
    assert (await owner.client.get("/api/v1/routing")).json() == changed.json()
