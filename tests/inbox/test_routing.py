"""
Routing on real stores: rounds over whatever happens in a workspace, and what must hold after each of them.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core import ids, presence
from app.core.calendars import MINUTES_A_DAY, Span
from app.core.clock import FixedClock
from app.core.errors import NotFound
from app.core.permissions import SYSTEM, Role
from app.core.platform import members as member_rows
from app.core.platform.members import Member
from app.core.presence import Presence
from app.core.runtime import Runtime, Workspace
from channels.content import Text
from inbox import conversations, timeline
from inbox.closing import snooze
from inbox.conversations import Conversation
from inbox.routing import agents, duties, roster, routing, teams
from inbox.routing.agents import Availability
from inbox.routing.teams import Need, Team
from inbox.routing.waiting import Feed
from inbox.store import agents as agent_store
from inbox.store import conversations as store
from inbox.timeline import Author, Entry
from tests.support.people import People, Person
from tests.support.shop import Shop, eventually


async def writes(
    ws: Workspace, feed: Feed, name: str = "Ana", conversation: Conversation | None = None
) -> Conversation:
    """A customer's message, as far as their conversation goes."""
    contact_id = conversation.contact_id if conversation else ids.new("con")
    now = conversation or conversations.new_for(ws, contact_id, name=name)
    number = now.last_number + 1
    entry = Entry(
        id=ids.new("ent"),
        contact_id=contact_id,
        conversation_id=now.id,
        number=number,
        at=ws.clock.now(),
        created_at=ws.clock.now(),
        kind="message",
        direction="in",
        channel="sms",
        account_id="acc_1",
        address="sms:+12025550123",
        author=Author("contact", contact_id, name),
        content=Text(text="Hello").model_dump(),
    )
    await timeline.append(ws, replace(entry, number=0), after=now.last_number)
    summary = conversations.summary_of(entry, "Hello")
    saved, _ = await conversations.change(ws, now, conversations.received(entry, summary, feed=feed))
    return saved


async def colleague(ws: Workspace) -> Member:
    """A member who needs no browser."""
    name = ids.new("mem")
    member = Member(name, ws.id, f"{name}@example.com", "Ama Agent", Role.AGENT, "", ws.clock.now())
    await member_rows.insert(ws.runtime.mongo, member)
    return member


async def team_of(ws: Workspace, *members: Member, **options: Any) -> Team:
    wanted = Team(id="", name=ids.new("team"), members=tuple(member.id for member in members), **options)
    return await teams.create(ws, SYSTEM, wanted)


async def is_there(ws: Workspace, member: Member, there: Presence = Presence.ONLINE) -> None:
    await presence.set_presence(ws, member.id, there)


async def now_of(conversation: Conversation, ws: Workspace) -> Conversation:
    return await conversations.get(ws, conversation.id)


def feed(team: Team) -> Feed:
    return Feed(team.id, team.routed)


async def events_of(ws: Workspace, conversation: Conversation) -> list[str]:
    found = await timeline.page_after(ws, conversation.contact_id, 0, limit=50)
    return [str(entry.event["name"]) for entry in found if entry.event]


async def test_an_agent_who_is_there_gets_the_oldest_and_most_urgent_first(people: People, ws: Workspace) -> None:
    agent = await colleague(ws)
    team = await team_of(ws, agent, strategy="least_busy")
    await agents.change(ws, SYSTEM, agent.id, {"capacity": 2})
    first, second, third = [await writes(ws, feed(team), name) for name in ("Ana", "Ben", "Cleo")]
    await conversations.prioritise(ws, third, "urgent")
    await routing.go_round(ws.runtime)
    assert [(await now_of(each, ws)).assignee_id for each in (first, second, third)] == [None, None, None]

    await is_there(ws, agent)
    await routing.go_round(ws.runtime)
    assert [(await now_of(each, ws)).assignee_id for each in (first, second, third)] == [
        agent.id,
        None,
        agent.id,
    ]
    assert await events_of(ws, first) == ["conversation_routed"]
    # Capacity frees: the one who waits is next.
    await conversations.close(ws, await now_of(first, ws))
    await routing.go_round(ws.runtime)
    assert (await now_of(second, ws)).assignee_id == agent.id


async def test_busy_and_away_and_off_shift_agents_get_nothing(people: People, ws: Workspace, owner: Person) -> None:
    person = await people.join(ws, Role.AGENT)
    agent = person.member
    team = await team_of(ws, agent, strategy="round_robin")
    closed = {"name": "Never", "zone": "UTC", "week": [[]] * 7}
    calendar = (await owner.client.post("/api/v1/calendars", json=closed)).json()
    waits = await writes(ws, feed(team))
    for there, said in [
        (Presence.OFFLINE, "online"),
        (Presence.AWAY, "online"),
        (Presence.ONLINE, "busy"),
        (Presence.ONLINE, "away"),
        (Presence.ONLINE, "offline"),
    ]:
        await is_there(ws, agent, there)
        await person.client.put("/api/v1/me/availability", json={"status": said})
        await routing.go_round(ws.runtime)
        assert (await now_of(waits, ws)).assignee_id is None, (there, said)
    await person.client.put("/api/v1/me/availability", json={"status": "online"})
    await agents.change(ws, SYSTEM, agent.id, {"calendar_id": calendar["id"]})
    await routing.go_round(ws.runtime)
    assert (await now_of(waits, ws)).assignee_id is None
    await agents.change(ws, SYSTEM, agent.id, {"calendar_id": None})
    await routing.go_round(ws.runtime)
    assert (await now_of(waits, ws)).assignee_id == agent.id


async def test_who_goes_away_loses_what_they_have_not_answered(people: People, ws: Workspace) -> None:
    gone, there = await colleague(ws), await colleague(ws)
    team = await team_of(ws, gone, there, strategy="round_robin")
    await agents.change_settings(ws, SYSTEM, {"return_after_seconds": 60})
    await is_there(ws, gone)
    asked = await writes(ws, feed(team))
    answered = await writes(ws, feed(team))
    await routing.go_round(ws.runtime)
    assert {(await now_of(each, ws)).assignee_id for each in (asked, answered)} == {gone.id}
    await _answer(ws, await now_of(answered, ws), gone)

    await is_there(ws, gone, Presence.OFFLINE)
    await is_there(ws, there)
    await routing.go_round(ws.runtime)
    assert (await now_of(asked, ws)).assignee_id == gone.id, "within the grace"
    await agents.note_gone(ws, gone.id, ws.clock.now() - timedelta(seconds=61))
    await routing.go_round(ws.runtime)
    await routing.go_round(ws.runtime)
    assert (await now_of(asked, ws)).assignee_id == there.id
    assert await events_of(ws, asked) == ["conversation_routed", "conversation_returned", "conversation_routed"]
    # What waits for the customer stays, until they write.
    assert (await now_of(answered, ws)).assignee_id == gone.id
    await writes(ws, feed(team), conversation=await now_of(answered, ws))
    await routing.go_round(ws.runtime)
    await routing.go_round(ws.runtime)
    assert (await now_of(answered, ws)).assignee_id == there.id


async def test_who_has_left_holds_nothing(people: People, ws: Workspace, owner: Person) -> None:
    """Whatever the grace: they cannot come back. What sleeps goes on to somebody else when it wakes."""
    left, there = await people.join(ws, Role.AGENT), await colleague(ws)
    team = await team_of(ws, left.member, there, strategy="round_robin")
    await agents.change_settings(ws, SYSTEM, {"return_after_seconds": 0})
    await is_there(ws, left.member)
    asked, asleep = await writes(ws, feed(team)), await writes(ws, feed(team))
    await routing.go_round(ws.runtime)
    assert {(await now_of(each, ws)).assignee_id for each in (asked, asleep)} == {left.member.id}
    until = ws.clock.now() + timedelta(hours=1)
    await _answer(ws, await now_of(asleep, ws), left.member)
    await snooze.snooze(ws, await now_of(asleep, ws), until, by=left.member.id)
    path = f"/api/v1/members/{left.member.id}"
    assert (await owner.client.patch(path, json={"status": "disabled"})).status_code == 200
    await is_there(ws, left.member, Presence.OFFLINE)
    await is_there(ws, there)
    moving = replace(ws.runtime, clock=FixedClock(until))
    await duties.attend(moving.workspace(ws.id), asleep.id)
    for _ in range(2):
        await routing.go_round(ws.runtime)
    assert {(await now_of(each, ws)).assignee_id for each in (asked, asleep)} == {there.id}


async def _answer(ws: Workspace, conversation: Conversation, person: Member) -> None:
    entry = Entry(
        id=ids.new("ent"),
        contact_id=conversation.contact_id,
        conversation_id=conversation.id,
        at=ws.clock.now(),
        created_at=ws.clock.now(),
        kind="message",
        direction="out",
        author=Author("member", person.id, person.name),
        content=Text(text="Hi").model_dump(),
    )
    entry, _ = await timeline.append(ws, entry, after=conversation.last_number)
    await conversations.change(ws, conversation, conversations.sent(entry, conversations.summary_of(entry, "Hi")))


async def test_a_customer_comes_back_to_their_agent_if_that_one_is_there(people: People, ws: Workspace) -> None:
    known, other = await colleague(ws), await colleague(ws)
    team = await team_of(ws, known, other, strategy="least_busy")
    await is_there(ws, known)
    conversation = await writes(ws, feed(team))
    await routing.go_round(ws.runtime)
    await is_there(ws, other)
    for present, expected in [(Presence.ONLINE, known), (Presence.OFFLINE, other)]:
        await conversations.close(ws, await now_of(conversation, ws))
        await is_there(ws, known, present)
        back = await writes(ws, feed(team), conversation=await now_of(conversation, ws))
        assert back.assignee_id is None
        await routing.go_round(ws.runtime)
        assert (await now_of(conversation, ws)).assignee_id == expected.id


async def test_what_is_urgent_goes_to_who_knows(ws: Workspace) -> None:
    novice, expert = await colleague(ws), await colleague(ws)
    urgent = {"field": "priority", "op": "is", "value": "urgent"}
    team = await team_of(ws, novice, expert, strategy="least_busy", needs=(Need(skills=("senior",), rule=urgent),))
    await agents.change(ws, SYSTEM, expert.id, {"skills": ("senior",)})
    await is_there(ws, novice)
    first = await writes(ws, feed(team))
    await conversations.prioritise(ws, first, "urgent")
    second = await writes(ws, feed(team))
    await routing.go_round(ws.runtime)
    # Who waits for a skill holds nobody else back.
    assert [(await now_of(each, ws)).assignee_id for each in (first, second)] == [None, novice.id]
    await is_there(ws, expert)
    await routing.go_round(ws.runtime)
    assert (await now_of(first, ws)).assignee_id == expert.id


async def test_who_waits_too_long_overflows_once_and_keeps_their_place(people: People, ws: Workspace) -> None:
    helper = await colleague(ws)
    second = await team_of(ws, helper, strategy="least_busy")
    first = await team_of(ws, strategy="least_busy", overflow_team_id=second.id, overflow_minutes=5)
    await is_there(ws, helper)
    conversation = await writes(ws, feed(first))
    await routing.go_round(ws.runtime)
    assert (await now_of(conversation, ws)).team_id == first.id
    queued = conversation.routing
    assert queued is not None
    late = replace(queued, at=queued.at - timedelta(minutes=6), since=queued.since - timedelta(minutes=6))
    await conversations.change(ws, conversation, lambda now: replace(now, routing=late))
    await routing.go_round(ws.runtime)
    await routing.go_round(ws.runtime)
    moved = await now_of(conversation, ws)
    assert (moved.team_id, moved.assignee_id) == (second.id, helper.id)
    assert await events_of(ws, conversation) == ["conversation_overflowed", "conversation_routed"]


async def test_a_deleted_team_hands_its_conversations_on(people: People, ws: Workspace, owner: Person) -> None:
    old, heir = await team_of(ws), await team_of(ws)
    conversation = await writes(ws, feed(old))
    refused = await owner.client.delete(f"/api/v1/teams/{old.id}")
    assert refused.status_code == 409
    assert refused.json()["used_in"] == [{"type": "conversations", "id": "", "name": "1 open"}]
    assert (await owner.client.delete(f"/api/v1/teams/{old.id}?move_to={heir.id}")).status_code == 204
    await routing.go_round(ws.runtime)
    await routing.go_round(ws.runtime)
    assert (await now_of(conversation, ws)).team_id == heir.id
    assert (await owner.client.get(f"/api/v1/teams/{old.id}")).status_code == 404


async def test_a_handover_leaves_a_note_and_is_refused_when_a_colleague_was_faster(
    people: People, ws: Workspace, owner: Person
) -> None:
    person = await people.join(ws, Role.AGENT)
    agent = person.member
    team = await team_of(ws, agent)
    conversation = await writes(ws, feed(team))
    url, seen = f"/api/v1/conversations/{conversation.id}/hand-over", {"revision": conversation.revision}
    body = {
        "client_id": "5b1c9a8e-0000-4000-8000-000000000001",
        "team_id": team.id,
        "member_id": agent.id,
        **seen,
    }
    for _ in range(2):
        answer = await owner.client.post(url, json=body | {"note": "Wants a refund"})
        assert answer.status_code == 200, answer.text
    assert answer.json()["assignee_id"] == agent.id
    found = await timeline.page_after(ws, conversation.contact_id, 0, limit=50)
    assert [e.content["text"] for e in found if e.kind == "note" and e.content] == ["Wants a refund"]
    assert await events_of(ws, conversation) == ["conversation_moved"]
    other = {"client_id": "5b1c9a8e-0000-4000-8000-000000000002", "team_id": team.id, "member_id": None, **seen}
    refused = await person.client.post(url, json=other | {"note": "Not mine"})
    assert (refused.status_code, refused.json()["code"]) == (409, "changed_meanwhile")
    assert await events_of(ws, conversation) == ["conversation_moved"]


async def test_who_writes_to_a_closed_team_is_told_once(shop: Shop) -> None:
    ws, client = shop.owner.ws, shop.agent
    closed = {"name": "Closed today", "zone": "UTC", "week": [[]] * 7}
    calendar = (await client.post("/api/v1/calendars", json=closed)).json()
    body = {
        "name": "Night",
        "calendar_id": calendar["id"],
        "closed_reply": "{% if channel.name != 'Telegram' %}Hello {{ contact.first_name }}, nobody of {{ team.name }} "
        "is here now.{% endif %}",
        "account_ids": list(shop.accounts.values()),
    }
    team = (await client.post("/api/v1/teams", json=body)).json()
    try:
        # Workers read the accounts again every few seconds.
        for kind in shop.accounts:
            await eventually(lambda kind=kind: _feeds(shop, team["id"], kind))
        customer = await shop.customer(name="Nia Night")
        await shop.writes("whatsapp", customer["id"], type="text", text="Hello?")

        async def texts() -> list[str]:
            listed = await shop.get("/conversations", view="all", limit=50)
            mine = next((c for c in listed["items"] if c["contact"]["name"] == "Nia Night"), None)
            found = await timeline.page_after(ws, mine["contact_id"], 0, limit=50) if mine else []
            return [entry.content["text"] for entry in found if entry.content]

        async def told() -> bool:
            return len(await texts()) > 1

        await eventually(told)
        assert await texts() == ["Hello?", "Hello Nia, nobody of Night is here now."]
        await shop.writes("whatsapp", customer["id"], type="text", text="Nobody?")

        async def heard() -> bool:
            return "Nobody?" in await texts()

        await eventually(heard)
        await routing.go_round(ws.runtime)
        assert len(await texts()) == 3
        # To whom it has no words, it says nothing; of whom no name is known reads no variable in its place.
        await shop.someone("telegram")
        nobody = await shop.customer()
        await shop.writes("sms", nobody["id"], type="text", text="Me, too")
        await shop.in_ledger("sms", nobody["id"], "Hello, nobody of Night is here now.")
    finally:
        await client.delete(f"/api/v1/teams/{team['id']}?move_to=none")


async def _feeds(shop: Shop, team_id: str, kind: str) -> bool:
    return (await shop.runtime.accounts.get(shop.accounts[kind])).team_id == team_id


async def test_who_only_looks_on_is_given_nothing(people: People, ws: Workspace, owner: Person) -> None:
    reader, agent = await people.join(ws, Role.READONLY), await colleague(ws)
    team = await team_of(ws, reader.member, agent, strategy="round_robin")
    await is_there(ws, reader.member)
    waiting = [await writes(ws, feed(team), name) for name in ("Ana", "Ben")]
    await routing.go_round(ws.runtime)
    assert [(await now_of(each, ws)).assignee_id for each in waiting] == [None, None]
    await is_there(ws, agent)
    await routing.go_round(ws.runtime)
    assert [(await now_of(each, ws)).assignee_id for each in waiting] == [agent.id] * 2
    by_hand = {"member_id": reader.member.id}
    refused = await owner.client.post(f"/api/v1/conversations/{waiting[0].id}/assign", json=by_hand)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "member_id")


async def test_who_waits_is_told_their_place_when_it_is_news(ws: Workspace) -> None:
    team = await team_of(ws, strategy="least_busy", position_reply="You are number {{ queue.position }}.")
    queue = [await writes(ws, feed(team), name) for name in ("Ana", "Ben", "Cleo", "Dan")]

    async def told() -> list[int | None]:
        found = [await now_of(each, ws) for each in queue]
        return [each.routing.told if each.routing else None for each in found]

    await routing.go_round(ws.runtime)
    assert await told() == [None] * 4, "nobody has waited for long"
    for conversation in queue:
        queued = conversation.routing
        assert queued is not None
        earlier = replace(queued, at=queued.at - timedelta(minutes=1))
        await conversations.change(ws, conversation, lambda now, earlier=earlier: replace(now, routing=earlier))  # type: ignore[misc]
    await routing.go_round(ws.runtime)
    assert await told() == [1, 2, 3, 4]
    for served in queue[:2]:
        await conversations.close(ws, await now_of(served, ws))
    await routing.go_round(ws.runtime)
    # From third to first is news, from fourth to second too.
    assert await told() == [None, None, 1, 2]


# --- whatever happens ---------------------------------------------------------------------------------------------


@dataclass
class World:
    """A team, its people, and what has happened to it."""

    ws: Workspace
    team: Team
    agents: list[str]
    capacity: dict[str, int]
    there: dict[str, bool]
    # What the roster says of this hour.
    on_duty: dict[str, bool]
    arrived: list[Conversation] = field(default_factory=list)

    async def conversations(self) -> list[Conversation]:
        return await store.get_many(self.ws, [each.id for each in self.arrived])

    def online(self) -> set[str]:
        return {agent for agent in self.agents if self.there[agent] and self.on_duty[agent]}


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["arrives", "comes", "goes", "busy", "answers", "closes", "planned", "round", "round"]),
        st.integers(0, 2**16),
    ),
    min_size=4,
    max_size=14,
)


@given(
    steps=STEPS,
    capacity=st.lists(st.integers(0, 3), min_size=3, max_size=3),
    strategy=st.sampled_from(["round_robin", "least_busy"]),
)
@settings(max_examples=12, database=None, suppress_health_check=list(HealthCheck))
async def test_nobody_is_assigned_who_is_not_there(
    runtime: Runtime, steps: list[tuple[str, int]], capacity: list[int], strategy: Any
) -> None:
    """
    After every round: nobody got one who is not there or has no room; who waits is younger than who was given; and
    somebody waits only if nobody is free.
    """
    ws = runtime.workspace(ids.new("wsp"))
    members = [await colleague(ws) for _ in range(3)]
    ids_ = [member.id for member in members]
    team = await team_of(ws, *members, strategy=strategy, sticky=False)
    for agent, points in zip(ids_, capacity, strict=True):
        await agents.change(ws, SYSTEM, agent, {"capacity": points})
    room = dict(zip(ids_, capacity, strict=True))
    world = World(ws, team, ids_, room, dict.fromkeys(ids_, False), dict.fromkeys(ids_, True))
    for what, pick in [*steps, ("round", 0)]:
        await DO[what](world, random.Random(pick))


async def _arrives(world: World, rng: random.Random) -> None:
    world.arrived.append(await writes(world.ws, feed(world.team)))


async def _comes(world: World, rng: random.Random) -> None:
    await _shows(world, rng.choice(world.agents), Availability.ONLINE)


async def _goes(world: World, rng: random.Random) -> None:
    await _shows(world, rng.choice(world.agents), Availability.OFFLINE)


async def _busy(world: World, rng: random.Random) -> None:
    await _shows(world, rng.choice(world.agents), Availability.BUSY)


async def _shows(world: World, agent: str, how: Availability) -> None:
    """Gone is what their screen says; busy is what they say."""
    world.there[agent] = how is Availability.ONLINE
    there = Presence.OFFLINE if how is Availability.OFFLINE else Presence.ONLINE
    await presence.set_presence(world.ws, agent, there)
    before = (await agents.of(world.ws, [agent]))[agent]
    chosen = Availability.BUSY if how is Availability.BUSY else Availability.ONLINE
    if before.chosen is not chosen:
        await agent_store.change(world.ws, before, replace(before, chosen=chosen))


async def _planned(world: World, rng: random.Random) -> None:
    """A supervisor plans somebody's day: now, far from now, absent, or nothing any more."""
    agent, now = rng.choice(world.agents), world.ws.clock.now()
    shift, elsewhere = Span(0, MINUTES_A_DAY), (now.hour + 12) % 24 * 60
    what = rng.choice(["now", "elsewhere", "absent", "nothing"])
    world.on_duty[agent] = what in ("now", "nothing")
    if what == "nothing":
        with suppress(NotFound):
            await roster.clear(world.ws, SYSTEM, agent, now.date())
    elif what == "absent":
        await roster.plan(world.ws, SYSTEM, agent, now.date(), absence="Holiday")
    else:
        hours = (shift if what == "now" else Span(elsewhere, elsewhere + 60),)
        await roster.plan(world.ws, SYSTEM, agent, now.date(), hours=hours)


async def _closes(world: World, rng: random.Random) -> None:
    held = [each for each in await world.conversations() if each.state == "open" and each.assignee_id]
    if held:
        await conversations.close(world.ws, rng.choice(sorted(held, key=lambda each: each.id)))


async def _answers(world: World, rng: random.Random) -> None:
    """A person takes one by hand, whoever they are: routing must live with it."""
    waits = [each for each in await world.conversations() if each.routing is not None]
    if waits:
        await conversations.assign(
            world.ws, rng.choice(sorted(waits, key=lambda each: each.id)), rng.choice(world.agents)
        )


async def _round(world: World, rng: random.Random) -> None:
    before = {each.id: each for each in await world.conversations()}
    # Two workers at once.
    await asyncio.gather(routing.go_round(world.ws.runtime), routing.go_round(world.ws.runtime))
    after = await world.conversations()
    load = dict.fromkeys(world.agents, 0)
    for each in after:
        if each.state == "open" and each.assignee_id:
            load[each.assignee_id] += 1
    given_ = [each for each in after if each.assignee_id and before[each.id].assignee_id is None]
    for each in given_:
        assert each.assignee_id in world.online()
        assert load[each.assignee_id] <= world.capacity[each.assignee_id]
    waits = [each for each in after if each.routing is not None]
    queued = [before[each.id].routing for each in given_]
    if waits and given_:
        youngest = max(q.since for q in queued if q)
        assert all(each.routing and each.routing.since >= youngest for each in waits)
    if waits:
        assert all(load[agent] >= world.capacity[agent] for agent in world.online())


DO: dict[str, Callable[[World, random.Random], Awaitable[None]]] = {
    "arrives": _arrives,
    "comes": _comes,
    "goes": _goes,
    "busy": _busy,
    "closes": _closes,
    "planned": _planned,
    "answers": _answers,
    "round": _round,
}
