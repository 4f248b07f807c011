"""Roles that a workspace makes: what they allow, who may make and give them, and that a change counts at once."""

from collections.abc import Sequence
from typing import Any

from app.core.permissions import PERMISSIONS, Permission, Role
from tests.support import surface
from tests.support.people import People, Person, email
from tests.support.screens import screen

ROLES = "/api/v1/roles"
MEMBERS = "/api/v1/members"
SOME = ("inbox.read", "inbox.reply", "members.read", "reports.read")


async def make(person: Person, permissions: Sequence[str] = SOME, **more: Any) -> dict[str, Any]:
    body = {"name": f"Role {email()[:40]}", "permissions": list(permissions), **more}
    answer = await person.client.post(ROLES, json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_a_custom_role_reaches_what_its_permissions_say(people: People, owner: Person) -> None:
    role = await make(owner)
    person = await people.join(owner.ws, role["id"])
    wrong: list[str] = []
    for endpoint, permission in surface.guarded():
        answer = await person.client.request(endpoint.method, surface.url(endpoint), **surface.body_of(endpoint))
        if answer.status_code >= 500 or (answer.status_code == 403) == (permission in SOME):
            wrong.append(f"{surface.label(endpoint)}: {answer.status_code}")
    assert not wrong
    me = (await person.client.get("/api/v1/me")).json()
    assert (me["permissions"], me["role_name"]) == (sorted(SOME), role["name"])


async def test_the_list_has_the_built_in_roles_unchanged_and_ones_own(people: People, owner: Person) -> None:
    made = await make(owner, description="Evenings", scope="teams", unclaimed=True, masks=["phones"])
    await people.join(owner.ws, made["id"])
    items = (await owner.client.get(ROLES)).json()["items"]
    built_in = [item for item in items if item["built_in"]]
    assert {item["id"]: item["permissions"] for item in built_in} == {
        role.value: sorted(PERMISSIONS[role]) for role in Role
    }
    assert all((item["scope"], item["masks"]) == ("everything", []) for item in built_in)
    own = next(item for item in items if item["id"] == made["id"])
    assert own == {**made, "members": 1}
    assert (own["scope"], own["unclaimed"], own["masks"], own["description"]) == ("teams", True, ["phones"], "Evenings")


async def test_what_is_wrong_with_a_role_is_said_at_its_field(owner: Person) -> None:
    made = await make(owner)
    for body, field in [
        ({"name": " ", "permissions": ["inbox.read"]}, "name"),
        ({"name": "x" * 61, "permissions": ["inbox.read"]}, "name"),
        ({"name": "read-ONLY", "permissions": ["inbox.read"]}, "name"),
        ({"name": made["name"].upper(), "permissions": ["inbox.read"]}, "name"),
        ({"name": "Empty", "permissions": []}, "permissions"),
        ({"name": "Odd", "permissions": ["inbox.fly"]}, "permissions.0"),
        ({"name": "Odd", "permissions": ["inbox.read"], "scope": "galaxy"}, "scope"),
    ]:
        answer = await owner.client.post(ROLES, json=body)
        assert answer.status_code == 422, body
        assert answer.json()["errors"][0]["field"] == field
    unknown = await owner.client.patch(f"{MEMBERS}/{owner.member.id}", json={"role": "rol_nobody"})
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (422, "role")
    assert (await owner.client.patch(f"{ROLES}/agent", json={"revision": 1, "name": "Mine"})).status_code == 404


async def test_nobody_gives_what_they_do_not_have(people: People, owner: Person) -> None:
    people_office = await make(owner, ("members.read", "members.manage", "inbox.read"), scope="own", masks=["emails"])
    clerk = await people.join(owner.ws, people_office["id"])
    allowed = await make(clerk, ("inbox.read",), scope="own", masks=["emails", "phones"])
    for body in (
        {"permissions": ["inbox.reply"], "scope": "own", "masks": ["emails"]},
        {"permissions": ["inbox.read"], "scope": "teams", "masks": ["emails"]},
        {"permissions": ["inbox.read"], "scope": "own", "unclaimed": True, "masks": ["emails"]},
        {"permissions": ["inbox.read"], "scope": "own", "masks": []},
    ):
        made = await clerk.client.post(ROLES, json={"name": "More", **body})
        assert (made.status_code, made.json()["code"]) == (403, "beyond_own_rights"), body
        changed = await clerk.client.patch(f"{ROLES}/{allowed['id']}", json={"revision": 1, **body})
        assert changed.status_code == 403, body
    wider = await make(owner)
    agent = await people.join(owner.ws, Role.AGENT)
    for method, path, body in [
        ("POST", "/api/v1/invitations", {"email": email(), "role": "agent"}),
        ("POST", "/api/v1/invitations", {"email": email(), "role": wider["id"]}),
        ("PATCH", f"{MEMBERS}/{clerk.member.id}", {"role": wider["id"]}),
        ("PATCH", f"{MEMBERS}/{clerk.member.id}", {"role": "owner"}),
        ("PATCH", f"{MEMBERS}/{agent.member.id}", {"role": allowed["id"]}),
        ("PATCH", f"{MEMBERS}/{agent.member.id}", {"status": "disabled"}),
        ("PATCH", f"{ROLES}/{wider['id']}", {"revision": 1, "permissions": ["inbox.read"]}),
        ("DELETE", f"{ROLES}/{wider['id']}", None),
    ]:
        answer = await clerk.client.request(method, path, json=body)
        assert answer.status_code == 403, (method, path, body, answer.text)
    shown = {item["id"]: item["may_give"] for item in (await clerk.client.get(ROLES)).json()["items"]}
    assert shown[allowed["id"]]
    assert not any(shown[role] for role in (*Role, wider["id"]))
    invited = await clerk.client.post("/api/v1/invitations", json={"email": email(), "role": allowed["id"]})
    assert invited.status_code == 201


async def test_a_role_in_use_says_who_has_it_and_then_goes(people: People, owner: Person) -> None:
    role = await make(owner)
    person = await people.join(owner.ws, role["id"])
    address = email()
    invited = (await owner.client.post("/api/v1/invitations", json={"email": address, "role": role["id"]})).json()
    refused = await owner.client.delete(f"{ROLES}/{role['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "in_use")
    assert refused.json()["members"] == [{"id": person.member.id, "name": person.member.name}]
    assert refused.json()["invitations"] == [{"id": invited["id"], "email": address}]
    await owner.client.patch(f"{MEMBERS}/{person.member.id}", json={"role": "agent"})
    await owner.client.delete(f"/api/v1/invitations/{invited['id']}")
    assert (await owner.client.delete(f"{ROLES}/{role['id']}")).status_code == 204
    assert (await owner.client.delete(f"{ROLES}/{role['id']}")).status_code == 404
    trail = (await owner.client.get("/api/v1/audit", params={"about": "role"})).json()["items"]
    assert [item["action"] for item in trail if item["target"]["id"] == role["id"]] == ["role.deleted", "role.created"]
    given = (await owner.client.get("/api/v1/audit", params={"about": "invitation"})).json()["items"]
    named = next(item for item in given if item["target"]["id"] == invited["id"] and "role" in item["detail"])
    assert named["detail"]["role_name"] == role["name"]


async def test_a_change_counts_at_once_for_tokens_and_open_sockets(people: People, owner: Person, server: str) -> None:
    role = await make(owner, ("inbox.read", "inbox.reply", "tokens.manage"))
    person = await people.join(owner.ws, role["id"])
    made = await person.client.post("/api/v1/tokens", json={"name": "Bot", "scopes": ["inbox.read", "inbox.reply"]})
    token = {"authorization": f"Bearer {made.json()['token']}"}
    async with screen(server, token) as opened:
        await opened.until(lambda frame: frame["type"] == "welcome")
        body = {"revision": 1, "permissions": ["inbox.read", "audit.read"]}
        changed = (await owner.client.patch(f"{ROLES}/{role['id']}", json=body)).json()
        assert (await person.client.get("/api/v1/me")).json()["permissions"] == ["audit.read", "inbox.read"]
        assert (await owner.client.get("/api/v1/me", headers=token)).json()["permissions"] == ["inbox.read"]
        await opened.until(lambda frame: frame["type"] == "rights")
        late = await owner.client.patch(f"{ROLES}/{role['id']}", json={**body, "name": "Late"})
        assert (late.status_code, late.json()["code"]) == (409, "changed_meanwhile")
        assert [(each["what"], each["name"]) for each in late.json()["changed"]] == [("role", "Olu Owner")]
        body = {"revision": changed["revision"], "permissions": ["audit.read"]}
        assert (await owner.client.patch(f"{ROLES}/{role['id']}", json=body)).status_code == 200
        await opened.until(lambda frame: frame["type"] == "signed_out")
    assert (await person.client.get("/api/v1/conversations")).status_code == 403


async def test_the_last_owner_is_safe_from_a_custom_role_of_everything(owner: Person) -> None:
    role = await make(owner, sorted(Permission))
    answer = await owner.client.patch(f"{MEMBERS}/{owner.member.id}", json={"role": role["id"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "last_owner")
