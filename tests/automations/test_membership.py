"""The clerk: whatever the rule, asking one contact and asking all of them agree; what a dead clerk left is finished."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core import ids, leases, migrations, rules
from app.core.addresses import Address
from app.core.clock import Clock
from app.core.permissions import SYSTEM
from app.core.runtime import Runtime, Workspace
from automations import portraits, segments
from automations.membership import Clerk
from automations.segments import Judge, SegmentEntered
from automations.store import segments as store
from crm import changes, consent, contacts, happenings, profiles
from crm.consent import ConsentFact
from crm.contacts import Profile
from crm.happenings import Happening

PEOPLE = 8
DURATIONS = st.fixed_dictionaries({"amount": st.integers(1, 4), "unit": st.sampled_from(["hours", "days"])})
LEAVES = st.one_of(
    st.sampled_from(
        [
            {"field": "stage", "op": "is", "value": "lead"},
            {"field": "stage", "op": "not_set"},
            {"field": "tags", "op": "has_any", "value": ["tag_1"]},
            {"field": "tags", "op": "has_none", "value": ["tag_1", "tag_2"]},
            {"field": "language", "op": "in", "value": ["pt", "en"]},
            {"field": "country", "op": "is", "value": "GH"},
            {"field": "channels", "op": "has_all", "value": ["sms"]},
            {"field": "consent.sms.marketing", "op": "is", "value": "granted"},
            {"field": "consent.sms.marketing", "op": "in", "value": ["withdrawn", "unknown"]},
            {"field": "consent.email.service", "op": "is_set"},
            {"field": "agreed.sms", "op": "is_set"},
            {"field": "name", "op": "contains", "value": "1"},
        ]
    ),
    st.builds(lambda value: {"field": "agreed.sms", "op": "within_last", "value": value}, DURATIONS),
    st.builds(
        lambda value, op, within: {"count": "order", "op": op, "value": value} | ({"within": within} if within else {}),
        st.integers(0, 3),
        st.sampled_from(["is", "gt", "lt"]),
        st.none() | DURATIONS,
    ),
    st.builds(
        lambda value, op: {"count": "order", "op": op, "value": value},
        DURATIONS,
        st.sampled_from(["older_than", "within_last"]),
    ),
)
RULES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=5,
)


async def crowd(ws: Workspace, traits: list[dict[str, Any]]) -> list[str]:
    """People with these traits."""
    now, found = ws.clock.now(), []
    for number, trait in enumerate(traits):
        region = "+23324" if trait["ghana"] else "+120255"
        address = Address("sms", f"{region}{7_000_000 + number if trait['ghana'] else 50_000 + number}")
        profile = Profile(name=f"Person {number}", language=trait["language"])
        contact_id = (await contacts.resolve(ws, address, profile=profile)).contact_id
        found.append(contact_id)
        if trait["lead"]:
            await profiles.edit(ws, SYSTEM, contact_id, {"stage": "lead"})
        await profiles.mark(ws, contact_id, "tags", add=trait["tags"])
        for state, ago in trait["said"]:
            at = now - timedelta(hours=ago)
            fact = ConsentFact(
                contact_id=contact_id,
                address=address,
                purposes=("marketing",),
                state=state,
                source="form",
                evidence=f"{state}/{ago}",
                at=at,
            )
            await consent.record(ws, fact)
        told = [
            Happening(contact_id=contact_id, kind="order", at=now - timedelta(hours=ago), id=str(at))
            for at, ago in enumerate(trait["orders"])
        ]
        await happenings.append(ws, told)
    return found


HOURS = st.integers(0, 120)
TRAITS = st.fixed_dictionaries(
    {
        "ghana": st.booleans(),
        "language": st.sampled_from([None, "pt-BR", "en", "fr"]),
        "lead": st.booleans(),
        "tags": st.lists(st.sampled_from(["tag_1", "tag_2"]), max_size=2, unique=True),
        "said": st.lists(st.tuples(st.sampled_from(["granted", "withdrawn", "lifted"]), HOURS), max_size=2),
        "orders": st.lists(HOURS, max_size=4),
    }
)


@settings(max_examples=3, suppress_health_check=list(HealthCheck))
@given(traits=st.lists(TRAITS, min_size=3, max_size=PEOPLE), wanted=st.lists(RULES, min_size=8, max_size=12))
async def test_one_contact_and_all_of_them_get_the_same_answer(
    runtime: Runtime, traits: list[dict[str, Any]], wanted: list[dict[str, Any]]
) -> None:
    """By the ids of some, by a stretch of all, by the filter over all, and by what the clerk has stored."""
    ws = runtime.workspace(ids.new("wsp"))
    people = await crowd(ws, traits)
    made = []
    for number, rule in enumerate(wanted):
        # The newest asks for the one before it, too.
        if number and number % 4 == 0:
            rule = {"any": [rule, {"not": {"field": "segments", "op": "has_any", "value": [made[-1].id]}}]}
        made.append(await segments.create(ws, SYSTEM, name=f"Rule {number}", rule=rule))
    async with clerk_of(runtime) as clerk:
        await until_built(ws, clerk)
    known = await segments.catalogue(ws)
    judge = Judge(known, await segments.every(ws))
    by_id = await portraits.of(ws, people, judge.needs)
    by_stretch = (await portraits.stretch(ws, "", judge.needs, limit=100)).portraits
    assert set(by_id) == set(by_stretch) == set(people)
    now = ws.clock.now()
    one = {each: judge.of(by_id[each], now) for each in people}
    assert {each: judge.of(by_stretch[each], now) for each in people} == one
    for segment in await segments.every(ws):
        right = {each for each in people if segment.id in one[each]}
        assert set(await segments.members(ws, segment.id, limit=100)) == right, segment.rule
        assert segment.count == len(right)
        query = rules.query(known, segment.rule, now)
        found = {row["_id"] for row in await runtime.mongo.contacts.find({"workspace_id": ws.id, **query}).to_list()}
        assert found == right if rules.is_stored(known, segment.rule) else found >= right, segment.rule
        tried = await segments.preview(ws, segment.rule)
        assert (tried.number, tried.exact) == (len(right), True)


async def test_segments_that_count_are_worked_out_again_by_the_upgrade(runtime: Runtime) -> None:
    ws, db = runtime.workspace(ids.new("wsp")), runtime.mongo
    buyer = {"ghana": True, "language": "en", "lead": True, "tags": [], "said": [], "orders": [1]}
    first, second = await crowd(ws, [buyer, buyer])
    lead = await segments.create(ws, SYSTEM, name="Leads", rule={"field": "stage", "op": "is", "value": "lead"})
    ordered = {"all": [{"count": "order", "op": "gt", "value": 0}]}
    buyers = await segments.create(ws, SYSTEM, name="Buyers", rule=ordered)
    of_them = {"not": {"field": "segments", "op": "has_none", "value": [buyers.id]}}
    asking = await segments.create(ws, SYSTEM, name="Asks for them", rule=of_them)
    async with clerk_of(runtime) as clerk:
        await until_built(ws, clerk)
    # As the version before left it.
    for each in (buyers, asking):
        await store.leave(ws, each.id, [second])
        await ws.db.segments.update({"_id": each.id}, {"$set": {"count": 1}})
    await db.migrations.delete_one({"_id": "0012"})
    await migrations.run(db, Clock())
    begun = {each.id for each in await segments.every(ws) if each.building}
    assert (begun, lead.id in begun) == ({buyers.id, asking.id}, False)
    async with clerk_of(runtime) as clerk:
        await until_built(ws, clerk)
    for each in (buyers, asking):
        assert set(await segments.members(ws, each.id)) == {first, second}
        assert (await segments.count(ws, each.id)).number == 2
    # It is done once.
    await migrations.run(db, Clock())
    assert not any(each.building for each in await segments.every(ws))


@asynccontextmanager
async def clerk_of(runtime: Runtime, listeners: Any = ()) -> AsyncIterator[Clerk]:
    """A clerk of a database of its own, whom nobody else does the work of."""
    async with leases.hold(runtime.redis, f"test/{ids.new('x')}") as lease:
        assert lease is not None
        yield Clerk(runtime, lease, listeners)


async def until_built(ws: Workspace, clerk: Clerk) -> None:
    while any(each.building for each in await segments.every(ws)):
        await clerk.round()


async def work_until_killed(runtime: Runtime, listen: Any) -> None:
    async with clerk_of(runtime, [listen]) as clerk:
        while True:
            await clerk.round()


class Killed(Exception):
    """The process is gone."""


async def test_a_contact_of_whom_nothing_can_be_asked_stops_nobody_else(runtime: Runtime) -> None:
    ws = runtime.workspace(ids.new("wsp"))
    nobody = {"ghana": True, "language": "en", "lead": False, "tags": [], "said": [], "orders": []}
    people = await crowd(ws, [nobody] * 3)
    new = {"field": "created_at", "op": "within_last", "value": {"amount": 2, "unit": "days"}}
    made = await segments.create(ws, SYSTEM, name="New", rule=new)
    async with clerk_of(runtime) as clerk:
        await until_built(ws, clerk)
        # A row that no version of ours has written.
        await runtime.mongo.contacts.update_one({"_id": people[1]}, {"$set": {"created_at": "long ago"}})
        await changes.hint(ws, people)
        other = await segments.create(ws, SYSTEM, name="New again", rule=new)
        await until_built(ws, clerk)
        assert set(await segments.members(ws, other.id)) == {people[0], people[2]}
        # Who was in one stays there.
        assert set(await segments.members(ws, made.id)) == {*people}


STEPS = ("enter", "counted", "close_move")


@pytest.mark.parametrize("dies_at", STEPS)
async def test_what_a_dead_clerk_left_is_finished_once(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, dies_at: str
) -> None:
    ws = runtime.workspace(ids.new("wsp"))
    nobody = {"ghana": True, "language": "en", "lead": False, "tags": [], "said": [], "orders": []}
    first, second, third = await crowd(ws, [{**nobody, "lead": True}, nobody, nobody])
    lead = {"field": "stage", "op": "is", "value": "lead"}
    made = await segments.create(ws, SYSTEM, name="Leads", rule=lead)
    others = await segments.create(ws, SYSTEM, name="Others", rule={"not": lead})
    async with clerk_of(runtime) as clerk:
        await until_built(ws, clerk)
    await profiles.edit(ws, SYSTEM, second, {"stage": "lead"})
    await profiles.edit(ws, SYSTEM, first, {"stage": None})
    real = getattr(store, dies_at)

    async def dies(*args: Any, **kwargs: Any) -> None:
        await real(*args, **kwargs)
        raise Killed

    monkeypatch.setattr(store, dies_at, dies)
    moved: list[SegmentEntered] = []

    async def listen(_: Workspace, news: Any) -> None:
        moved.extend(each for each in news if isinstance(each, SegmentEntered))

    with pytest.raises(Killed):
        await work_until_killed(runtime, listen)
    monkeypatch.undo()
    # What it took from Redis is gone with it; what is stored is found by its age.
    monkeypatch.setattr(changes, "PATIENCE", timedelta(seconds=-1))
    async with clerk_of(runtime, [listen]) as clerk:
        while await runtime.mongo.contact_changes.find_one({"workspace_id": ws.id}):
            await clerk.round()
    assert set(await segments.members(ws, made.id)) == {second}
    assert set(await segments.members(ws, others.id)) == {first, third}
    assert [(await segments.count(ws, each.id)).number for each in (made, others)] == [1, 2]
    steps = await store.moves(ws, 0, limit=100)
    entered = [contact_id for row in steps for contact_id in row["entered"].get(made.id, ())]
    assert entered == [first, second]
    assert (made.id, second) in {(each.segment_id, each.contact_id) for each in moved}
