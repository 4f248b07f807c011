"""
What somebody sees: for random assignments the same in lists, counts, search, threads, contacts and on the socket, as
worked out here from the words of docs/access.md; and nothing of the rest through any door.
"""

import random
import re
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from app.core import ids
from app.core.permissions import Role
from app.core.runtime import Workspace
from crm.contacts import Contact
from crm.store import contacts as contact_store
from inbox import conversations, files, live, timeline
from inbox.conversations import Conversation
from inbox.finding import search
from inbox.store import conversations as store
from inbox.timeline import Author, Entry
from tests.support.people import People, Person
from tests.support.screens import Screen, headers_of, screen
from web.routes import API

PREFIX = "/api/v1"
NOW = datetime.now(UTC).replace(microsecond=0)
MAY = ["inbox.read", "inbox.reply", "contacts.read", "contacts.write", "members.read"]
VIEWS = ("open", "mine", "unassigned", "mentions", "unread", "snoozed", "waiting", "breached", "closed")


async def role_of(owner: Person, **more: Any) -> str:
    body = {"name": ids.new("x"), "permissions": MAY, **more}
    answer = await owner.client.post(f"{PREFIX}/roles", json=body)
    assert answer.status_code == 201, answer.text
    role: str = answer.json()["id"]
    return role


async def team_of(owner: Person, *members: Person) -> str:
    body = {"name": ids.new("x"), "strategy": "manual", "members": [member.member.id for member in members]}
    answer = await owner.client.post(f"{PREFIX}/teams", json=body)
    assert answer.status_code == 201, answer.text
    team: str = answer.json()["id"]
    return team


async def put(ws: Workspace, number: int, **more: Any) -> Conversation:
    """A conversation with one message of a customer."""
    contact = Contact(id=ids.new("con"), name=f"Nana {number}", name_source="profile", avatar_hue=1, created_at=NOW)
    await contact_store.insert_contact(ws, contact, ["nana", str(number)], [])
    made = conversations.new_for(ws, contact.id, name=contact.name)
    at = NOW - timedelta(minutes=number)
    entry = Entry(
        id=ids.new("ent"), contact_id=contact.id, conversation_id=made.id, at=at, created_at=at, kind="message",
        direction="in", author=Author("contact"), content={"type": "text", "text": f"kente {number}"},
    )  # fmt: skip
    entry, _ = await timeline.append(ws, entry, after=0)
    await search.index(ws, [entry])
    saved, _ = await conversations.change(
        ws, made, lambda now: replace(now, last_activity_at=at, last_number=1, **more)
    )
    return saved


async def everything(person: Person, path: str, key: str, **query: Any) -> set[str]:
    """All pages of a list."""
    seen: list[str] = []
    cursor: str | None = None
    while True:
        params = {"limit": 7, **query, **({"cursor": cursor} if cursor else {})}
        answer = await person.client.get(f"{PREFIX}{path}", params=params)
        assert answer.status_code == 200, answer.text
        seen += [item[key] for item in answer.json()["items"]]
        if (cursor := answer.json()["next_cursor"]) is None:
            assert len(seen) == len(set(seen))
            return set(seen)


@dataclass(frozen=True)
class Watcher:
    """Somebody with a narrower scope, their screen, and what it shows."""

    person: Person
    scope: str
    teams: Sequence[str]
    unclaimed: bool
    opened: Screen
    shown: set[str]

    def allowed(self, made: Sequence[Conversation]) -> set[str]:
        """By the words of the docs."""
        me = self.person.member.id
        return {
            each.id
            for each in made
            if each.assignee_id == me
            or me in (*each.followers, *each.mentioned)
            or (self.scope == "teams" and each.team_id in self.teams)
            or (self.unclaimed and each.assignee_id is None and each.team_id is None)
        }


async def test_every_door_shows_the_same(people: People, owner: Person, server: str) -> None:
    ws, dice = owner.ws, random.Random(20)
    ada = await people.join(ws, await role_of(owner, scope="own"))
    ben = await people.join(ws, await role_of(owner, scope="teams", unclaimed=True))
    cleo = await people.join(ws, await role_of(owner, scope="teams"))
    east, west = await team_of(owner, ben), await team_of(owner, cleo, ben)
    members = [None, owner.member.id, *(person.member.id for person in (ada, ben, cleo))]

    def dealt() -> dict[str, Any]:
        return {
            "assignee_id": dice.choice(members),
            "team_id": dice.choice([None, east, west]),
            "state": dice.choice(["open", "open", "pending", "snoozed", "closed"]),
            "unread": dice.choice([0, 2]),
            "followers": tuple(m for m in members if m and dice.random() < 0.1),
            "mentioned": tuple(m for m in members if m and dice.random() < 0.05),
        }

    made = [await put(ws, number, **dealt()) for number in range(28)]
    async with AsyncExitStack() as stack:
        watchers = []
        for person, scope, teams, unclaimed in (
            (ada, "own", (), False),
            (ben, "teams", (east, west), True),
            (cleo, "teams", (west,), False),
        ):
            opened = await stack.enter_async_context(screen(server, headers_of(person)))
            await opened.until(lambda frame: frame["type"] == "welcome")
            shown = await everything(person, "/conversations", "id", view="all")
            watchers.append(Watcher(person, scope, teams, unclaimed, opened, shown))
        for each in watchers:
            await same_everywhere(each.person, each.allowed(made), made)
        for at in dice.sample(range(len(made)), 16):
            changes = dealt()
            made[at], _ = await conversations.change(ws, made[at], lambda now, to=changes: replace(now, **to))
            await live.tell_conversations(ws, made[at])
            tick = (await timeline.page_after(ws, made[at].contact_id, 0, limit=1))[0]
            await live.tell_entry(ws, tick)
        await live.publish(ws, live.event("tag", {"id": "last"}))
        for each in watchers:
            await same_everywhere(each.person, each.allowed(made), made)
            await told(each.opened, each.shown, each.allowed(made))


async def told(opened: Screen, shown: set[str], wanted: set[str]) -> None:
    """What the screen has, had it only gone by the events since its list."""
    await opened.until(lambda frame: frame["type"] == "tag")
    for frame in opened.frames:
        if frame["type"] == "conversation":
            shown.add(frame["data"]["id"])
        elif frame["type"] == "gone":
            shown.discard(frame["data"]["conversation_id"])
        elif frame["type"] == "entry":
            assert frame["data"]["entry"]["conversation_id"] in shown
    assert shown == wanted
    numbers = opened.numbers
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), "a number is missing"


async def same_everywhere(person: Person, wanted: set[str], made: Sequence[Conversation]) -> None:
    rows = [each for each in made if each.id in wanted]
    assert await everything(person, "/conversations", "id", view="all") == wanted
    counts = (await person.client.get(f"{PREFIX}/conversations/counts")).json()
    for view in VIEWS:
        listed = await everything(person, "/conversations", "id", view=view)
        assert listed <= wanted
        assert counts[view] == len(listed), view
    assert await everything(person, "/search/messages", "conversation_id", q="kente") == wanted
    contacts = {each.contact_id for each in rows}
    assert await everything(person, "/contacts", "id") == contacts
    for each in made[::5]:
        status = 200 if each.id in wanted else 404
        for path in (
            f"/conversations/{each.id}",
            f"/conversations/{each.id}/entries",
            f"/conversations/{each.id}/transcript/text",
            f"/contacts/{each.contact_id}",
            f"/contacts/{each.contact_id}/entries",
        ):
            answer = await person.client.get(f"{PREFIX}{path}")
            assert answer.status_code == status, (path, answer.text)


DOORS = [
    endpoint
    for endpoint in API
    if re.search(r"\{(conversation|contact|entry|ticket|deferred|draft)_id\}", endpoint.path)
]


async def test_no_door_opens_to_what_is_not_seen(people: People, owner: Person) -> None:
    """Every route that names a conversation, contact, entry or ticket; those that need a body get to the door first."""
    ws = owner.ws
    person = await people.join(ws, await role_of(owner, scope="own"))
    hidden = await put(ws, 1, assignee_id=owner.member.id)
    entry = (await timeline.page_after(ws, hidden.contact_id, 0, limit=1))[0]
    body = {"conversation_id": hidden.id, "title": "Kente torn", "owner_id": owner.member.id}
    ticket = (await owner.client.post(f"{PREFIX}/tickets", json=body)).json()
    named = {"conversation": hidden.id, "contact": hidden.contact_id, "entry": entry.id, "ticket": ticket["id"]}
    wrong = []
    for endpoint in DOORS:
        path = re.sub(r"\{(\w+)_id\}", lambda found: named.get(found[1], "xxx_none"), endpoint.path)
        answer = await person.client.request(endpoint.method, path, json={} if endpoint.body_model else None)
        if answer.status_code not in (
            (404, 403) if not (endpoint.needs_body or endpoint.query_model) else (404, 403, 422)
        ):
            wrong.append(f"{endpoint.method} {endpoint.path}: {answer.status_code}")
    assert not wrong
    client_id = str(uuid4())
    incident = (await person.client.post(f"{PREFIX}/incidents", json={"title": "Down"})).json()
    for path, body in [
        (f"/conversations/{hidden.id}/notes", {"client_id": client_id, "text": "Hi"}),
        (f"/conversations/{hidden.id}/assign", {"member_id": person.member.id}),
        (f"/conversations/{hidden.id}/read", {"up_to": 1}),
        ("/tickets", {"conversation_id": hidden.id, "title": "Mine"}),
        ("/tickets", {"contact_id": hidden.contact_id, "title": "Mine"}),
        ("/tickets", {"entry_id": entry.id, "title": "Mine"}),
        (f"/tickets/{ticket['id']}/comments", {"client_id": client_id, "text": "Hi"}),
        (f"/tickets/{ticket['id']}/parent", {"parent_id": None}),
        ("/incidents", {"title": "Down", "conversation_ids": [hidden.id]}),
        (f"/incidents/{incident['id']}/links", {"conversation_ids": [hidden.id]}),
        (f"/incidents/{incident['id']}/links", {"ticket_ids": [ticket["id"]]}),
    ]:
        assert (await person.client.post(f"{PREFIX}{path}", json=body)).status_code == 404, path
    assert (await person.client.patch(f"{PREFIX}/contacts/{hidden.contact_id}", json={"name": "X"})).status_code == 404
    assert (await person.client.patch(f"{PREFIX}/tickets/{ticket['id']}", json={"title": "X"})).status_code == 404
    assert await everything(person, "/tickets", "id", view="all") == set()
    found = (await person.client.get(f"{PREFIX}/search", params={"q": "kente"})).json()
    assert (found["messages"]["items"], found["contacts"], found["tickets"]) == ([], [], [])
    kept = await files.keep(
        ws, b"a receipt", name="receipt.txt", claimed_mime="text/plain", owner=None, conversation_id=hidden.id
    )
    assert (await person.client.get(f"/files/{kept.id}")).status_code == 404
    assert (await owner.client.get(f"/files/{kept.id}")).status_code == 200
    reread = await store.get(ws, hidden.id)
    assert reread is not None
    assert reread.revision == hidden.revision or reread.assignee_id == owner.member.id


async def test_a_bulk_action_reaches_only_what_its_author_sees(people: People, owner: Person) -> None:
    ws = owner.ws
    person = await people.join(ws, await role_of(owner, scope="own"))
    mine, other = await put(ws, 1, assignee_id=person.member.id), await put(ws, 2, assignee_id=owner.member.id)
    body = {"action": {"type": "priority", "priority": "high"}, "ids": [mine.id, other.id]}
    done = (await person.client.post(f"{PREFIX}/bulk", json=body)).json()
    assert (done["state"], done["done"], done["failed"]) == ("done", 1, 1)
    found = {each.id: each.priority for each in await store.get_many(ws, [mine.id, other.id])}
    assert found == {mine.id: "high", other.id: "normal"}


async def test_a_mention_opens_the_door_and_a_handover_closes_it(people: People, owner: Person, server: str) -> None:
    ws = owner.ws
    person = await people.join(ws, await role_of(owner, scope="teams"))
    agent = await people.join(ws, Role.AGENT)
    team = await team_of(owner, agent)
    row = await put(ws, 1, assignee_id=owner.member.id)
    path = f"{PREFIX}/conversations/{row.id}"
    async with screen(server, headers_of(person)) as opened:
        await opened.until(lambda frame: frame["type"] == "welcome")
        assert (await person.client.get(path)).status_code == 404
        note = {"client_id": str(uuid4()), "text": "Please look", "mentions": [person.member.id]}
        assert (await owner.client.post(f"{path}/notes", json=note)).status_code == 201
        bell = await opened.until(lambda frame: frame["type"] == "bell")
        assert bell["data"]["member_id"] == person.member.id
        assert (await person.client.get(path)).status_code == 200
        assert (await person.client.post(f"{path}/seen")).status_code == 204
        assert (await person.client.get(path)).status_code == 200, "who is mentioned follows"
        assert (await person.client.get(f"{PREFIX}/notifications")).json()["items"]
        # Letting go is one's own doing.
        await person.client.post(f"{path}/follow", json={"following": False})
        await opened.until(lambda frame: frame["type"] == "gone")
        assert (await person.client.get(path)).status_code == 404
        assert (await person.client.get(f"{PREFIX}/notifications")).json()["items"] == []
        # In with the team, out with it.
        handed = {"client_id": str(uuid4()), "team_id": team, "member_id": None}
        await owner.client.post(f"{path}/hand-over", json=handed)
        teams = (await owner.client.get(f"{PREFIX}/teams")).json()["items"]
        given = next(each for each in teams if each["id"] == team)
        del given["id"]
        joined = await owner.client.put(f"{PREFIX}/teams/{team}", json={**given, "members": [person.member.id]})
        assert joined.status_code == 200, joined.text
        await opened.until(lambda frame: frame["type"] == "reload")
        assert (await person.client.get(path)).status_code == 200
        # What the role sees counts at once, too.
        roles = (await owner.client.get(f"{PREFIX}/roles")).json()["items"]
        role = next(each for each in roles if each["id"] == person.member.role)
        change = {"revision": role["revision"], "scope": "own"}
        assert (await owner.client.patch(f"{PREFIX}/roles/{role['id']}", json=change)).status_code == 200
        await opened.until(lambda frame: frame["type"] == "rights")
        assert (await person.client.get(path)).status_code == 404


@pytest.mark.parametrize("scope", ["everything", "own"])
async def test_what_colleagues_look_at_is_told_where_it_is_seen(
    people: People, owner: Person, server: str, scope: str
) -> None:
    ws = owner.ws
    person = await people.join(ws, await role_of(owner, scope=scope))
    row = await put(ws, 1, assignee_id=owner.member.id)
    async with screen(server, headers_of(person)) as theirs, screen(server, headers_of(owner)) as ours:
        for opened in (theirs, ours):
            await opened.until(lambda frame: frame["type"] == "welcome")
        await ours.say(type="viewing", conversation_id=row.id)
        sign = await theirs.until(
            lambda frame: frame["type"] == "viewing" and frame["data"]["member_id"] == owner.member.id
        )
        assert sign["data"]["conversation_id"] == (row.id if scope == "everything" else None)
        # Nor can they claim to look at, or write in, what they do not see.
        await theirs.say(type="viewing", conversation_id=row.id)
        await theirs.say(type="typing", conversation_id=row.id, on=True)
        await theirs.say(type="presence", presence="away")
        await ours.until(lambda frame: frame["type"] == "presence" and frame["data"]["presence"] == "away")
        signs = [frame["type"] for frame in ours.frames if frame["type"] in ("typing", "viewing")]
        assert ("typing" in signs) is (scope == "everything")
