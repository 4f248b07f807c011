"""Members and invitations, through HTTP."""

import asyncio
from datetime import timedelta

import httpx
import orjson
import pytest

from app.core.clock import Clock
from app.core.permissions import Role
from app.core.runtime import Runtime
from app.core.security import hash_token
from tests.support.people import PASSWORD, People, Person, email

MEMBERS = "/api/v1/members"
INVITATIONS = "/api/v1/invitations"


async def test_lists_members_page_by_page(people: People, owner: Person) -> None:
    for role in (Role.AGENT, Role.MARKETER, Role.READONLY):
        await people.join(owner.ws, role)
    seen: list[str] = []
    cursor: str | None = None
    while True:
        query = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = (await owner.client.get(MEMBERS, params=query)).json()
        assert len(page["items"]) <= 2
        seen += [member["email"] for member in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert len(seen) == 4
    assert seen == sorted(set(seen))
    everyone = (await owner.client.get(MEMBERS)).json()["items"]
    assert all(member["presence"] == "offline" and "preferences" in member for member in everyone)
    assert all(member["preferences"] is None for member in everyone)


@pytest.mark.parametrize("cursor", ["x", "W10", "WzFd", "bnVsbA", "%00", "é" * 10])
async def test_refuses_a_made_up_cursor(owner: Person, cursor: str) -> None:
    answer = await owner.client.get(MEMBERS, params={"cursor": cursor})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "cursor"


async def test_changes_a_role(people: People, owner: Person) -> None:
    agent = await people.join(owner.ws, Role.AGENT)
    answer = await owner.client.patch(f"{MEMBERS}/{agent.member.id}", json={"role": "supervisor"})
    assert answer.json()["role"] == "supervisor"
    assert "inbox.manage" in (await agent.client.get("/api/v1/me")).json()["permissions"]


async def test_screens_are_told_of_a_changed_member(people: People, owner: Person) -> None:
    agent = await people.join(owner.ws, Role.AGENT)
    stream = owner.ws.stream
    before = await stream.position(owner.ws.id)
    await owner.client.patch(f"{MEMBERS}/{agent.member.id}", json={"role": "supervisor"})
    await agent.client.patch("/api/v1/me", json={"name": "Ama A."})
    events = await stream.since(owner.ws.id, before, limit=10)
    assert events is not None
    told = [orjson.loads(event) for _, event in events]
    assert [event["type"] for event in told] == ["member", "member"]
    assert told[0]["data"]["role"] == "supervisor"
    assert told[1]["data"]["name"] == "Ama A."
    assert told[1]["data"]["preferences"] is None


@pytest.mark.parametrize("change", [{"role": "agent"}, {"status": "disabled"}])
async def test_the_last_owner_stays(owner: Person, change: dict[str, str]) -> None:
    answer = await owner.client.patch(f"{MEMBERS}/{owner.member.id}", json=change)
    assert answer.status_code == 409
    assert answer.json()["code"] == "last_owner"
    assert (await owner.client.get("/api/v1/me")).json()["member"]["role"] == "owner"


async def test_two_owners_who_step_down_at_once_leave_one(people: People, owner: Person) -> None:
    second = await people.join(owner.ws, Role.OWNER)
    answers = await asyncio.gather(
        owner.client.patch(f"{MEMBERS}/{owner.member.id}", json={"role": "agent"}),
        second.client.patch(f"{MEMBERS}/{second.member.id}", json={"role": "agent"}),
    )
    assert [answer.status_code for answer in answers].count(200) <= 1
    me = [(await person.client.get("/api/v1/me")).json()["member"]["role"] for person in (owner, second)]
    assert "owner" in me


async def test_an_admin_does_not_touch_owners(people: People, owner: Person) -> None:
    admin = await people.join(owner.ws, Role.ADMIN)
    agent = await people.join(owner.ws, Role.AGENT)
    for path, body in [
        (f"{MEMBERS}/{owner.member.id}", {"role": "agent"}),
        (f"{MEMBERS}/{owner.member.id}", {"status": "disabled"}),
        (f"{MEMBERS}/{agent.member.id}", {"role": "owner"}),
        (f"{MEMBERS}/{admin.member.id}", {"role": "owner"}),
    ]:
        assert (await admin.client.patch(path, json=body)).status_code == 403
    assert (await admin.client.post(f"{MEMBERS}/{owner.member.id}/sign-out")).status_code == 403
    invited = await admin.client.post(INVITATIONS, json={"email": email(), "role": "owner"})
    assert invited.status_code == 403


async def test_changes_own_name_and_preferences(owner: Person) -> None:
    preferences = {"theme": "dark", "enter_sends": False, "nested": {"a": [1, None, "x"]}}
    answer = await owner.client.patch("/api/v1/me", json={"name": "  Olu   Ade ", "preferences": preferences})
    assert answer.json()["name"] == "Olu Ade"
    assert (await owner.client.get("/api/v1/me")).json()["member"]["preferences"] == preferences


@pytest.mark.parametrize(
    "preferences",
    [{"$set": 1}, {"a\x00": 1}, {"a": 2**70}, {"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": {"i": 1}}}}}}}}}],
)
async def test_refuses_preferences_that_cannot_be_kept(owner: Person, preferences: dict[str, object]) -> None:
    answer = await owner.client.patch("/api/v1/me", json={"preferences": preferences})
    assert answer.status_code in (400, 422)


# --- invitations ---


async def invite(owner: Person, **changes: str) -> dict[str, str]:
    answer = await owner.client.post(INVITATIONS, json={"email": email(), "role": "agent", **changes})
    assert answer.status_code == 201, answer.text
    made: dict[str, str] = answer.json()
    return made


def token_of(invitation: dict[str, str]) -> str:
    return invitation["link"].rpartition("/")[2]


async def test_an_invited_person_comes_in_once(owner: Person, anonymous: httpx.AsyncClient, server: str) -> None:
    invitation = await invite(owner)
    assert invitation["link"].startswith(f"{server}/invite/inv_")
    path = f"{INVITATIONS}/{token_of(invitation)}"
    offer = (await anonymous.get(path)).json()
    assert offer == {"email": invitation["email"], "role": "agent", "role_name": "Agent", "workspace_name": "Shop"}
    short = await anonymous.post(f"{path}/accept", json={"name": "Ama", "password": "short"})
    assert short.status_code == 422
    accepted = await anonymous.post(f"{path}/accept", json={"name": "Ama", "password": PASSWORD})
    assert accepted.status_code == 200
    assert accepted.json()["member"]["email"] == invitation["email"]
    assert (await anonymous.get("/api/v1/me")).json()["member"]["name"] == "Ama"
    again = await anonymous.post(f"{path}/accept", json={"name": "Eve", "password": PASSWORD})
    assert again.status_code == 404
    assert again.json()["code"] == "invitation_not_valid"
    assert (await owner.client.get(INVITATIONS)).json()["items"] == []


async def test_one_invitation_accepted_many_times_at_once_makes_one_member(
    owner: Person, anonymous: httpx.AsyncClient
) -> None:
    path = f"{INVITATIONS}/{token_of(await invite(owner))}/accept"
    body = {"name": "Ama", "password": PASSWORD}
    answers = await asyncio.gather(*(anonymous.post(path, json=body) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 404, 404, 404, 404]


async def test_a_newer_invitation_ends_the_earlier_one(owner: Person, anonymous: httpx.AsyncClient) -> None:
    first = await invite(owner)
    second = await invite(owner, email=first["email"].upper())
    assert (await anonymous.get(f"{INVITATIONS}/{token_of(first)}")).status_code == 404
    assert [item["id"] for item in (await owner.client.get(INVITATIONS)).json()["items"]] == [second["id"]]


async def test_withdraws_an_invitation(owner: Person, anonymous: httpx.AsyncClient) -> None:
    invitation = await invite(owner)
    assert "link" not in (await owner.client.get(INVITATIONS)).json()["items"][0]
    assert (await owner.client.delete(f"{INVITATIONS}/{invitation['id']}")).status_code == 204
    assert (await owner.client.delete(f"{INVITATIONS}/{invitation['id']}")).status_code == 404
    assert (await anonymous.get(f"{INVITATIONS}/{token_of(invitation)}")).status_code == 404


async def test_an_invitation_ends_after_a_week(owner: Person, anonymous: httpx.AsyncClient, runtime: Runtime) -> None:
    token = token_of(await invite(owner))
    key = {"_id": hash_token(token)}
    row = await runtime.mongo.invitations.find_one(key)
    assert row is not None
    assert timedelta(days=6) < row["expires_at"] - Clock().now() <= timedelta(days=7)
    await runtime.mongo.invitations.update_one(key, {"$set": {"expires_at": Clock().now()}})
    assert (await anonymous.get(f"{INVITATIONS}/{token}")).status_code == 404


@pytest.mark.parametrize("address", ["", "no", "a@b", "a b@example.com", "a@example.com\x00", "@example.com"])
async def test_refuses_what_is_no_email(owner: Person, address: str) -> None:
    answer = await owner.client.post(INVITATIONS, json={"email": address, "role": "agent"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "email"


async def test_a_member_is_not_invited_again(people: People, owner: Person) -> None:
    agent = await people.join(owner.ws, Role.AGENT)
    answer = await owner.client.post(INVITATIONS, json={"email": agent.member.email, "role": "agent"})
    assert answer.status_code == 409
