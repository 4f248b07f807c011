"""Reports: every number is the same wherever it is shown, and is made of the rows behind it."""

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from statistics import fmean, median
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import days, ids
from app.core.addresses import Address
from app.core.calendars import Calendar, Span
from app.core.permissions import SYSTEM, Role
from app.core.runtime import Workspace
from crm import contacts
from crm.contacts import Profile
from inbox import conversations
from inbox.closing.surveys import Survey
from inbox.episodes import Episode, Facts, Stretch, in_hours_of
from inbox.store import report_days
from inbox.store import surveys as survey_rows
from inbox.supervising import figures, metrics, reports, rollups
from inbox.ticketing import outcomes, sla_policies, tickets
from inbox.ticketing.outcomes import Outcome
from inbox.ticketing.sla import Policy, Promise, Target
from inbox.ticketing.tickets import NewTicket
from tests.support.people import People, Person

DAY = datetime(2026, 3, 2, tzinfo=UTC)
SPAN = {"first": "2026-03-02", "last": "2026-03-08", "zone": "UTC"}
MINUTE = 60_000


def closed(
    number: int,
    *,
    minutes: int | None,
    member: str | None,
    channel: str,
    again: bool = False,
    policy: str | None = None,
    missed: Sequence[str] = (),
) -> Episode:
    """An episode closed on the `number`th hour of the week; `minutes` to the first answer, None if there was none."""
    opened_at = DAY + timedelta(hours=number)
    answered_at = None if minutes is None else opened_at + timedelta(minutes=minutes)
    waits = ["resolve", *(["first", "next", "next"] if minutes is not None else [])]
    promises = [Promise(f"{metric}@{at}", policy, metric not in missed) for at, metric in enumerate(waits) if policy]
    facts = Facts(
        number=2 if again else 1,
        opened_at=opened_at,
        channel=channel,
        first_inbound_at=opened_at,
        first_reply_at=answered_at,
        first_response_ms=None if minutes is None else minutes * MINUTE,
        inbound=3,
        replies=0 if minutes is None else 2,
        waiting_since=opened_at if minutes is None else None,
        responses=0 if minutes is None else 1,
        response_ms=0 if minutes is None else minutes * MINUTE,
        waits=() if answered_at is None else (Stretch(opened_at, answered_at),),
        closed_at=opened_at + timedelta(hours=1),
        assignee_id=member,
        promises=tuple(promises),
    )
    business = in_hours_of(MORNINGS, facts)
    return Episode(conversation_id=ids.new("cnv"), contact_id=ids.new("con"), facts=facts, business=business)


# Open from 6:00 to 12:00 every day.
MORNINGS = Calendar(id="cal_1", name="Mornings", zone="UTC", week=((Span(360, 720),),) * 7)


@pytest.fixture
async def kept(ws: Workspace, owner: Person) -> Sequence[Episode]:
    me = owner.member.id
    promised = Policy(id="", name="Gold", subject="conversations", targets={"": Target(first=5)})
    policy = (await sla_policies.create(ws, SYSTEM, promised)).id
    made = [
        closed(0, minutes=1, member=me, channel="sms", policy=policy),
        closed(30, minutes=3, member=me, channel="whatsapp", policy=policy, missed=["next"]),
        closed(31, minutes=11, member=None, channel="whatsapp", again=True, policy=policy, missed=["first", "resolve"]),
        closed(100, minutes=None, member=None, channel="telegram"),
    ]
    for episode in [*made, *made]:
        # Told twice it counts once.
        await rollups.add(ws, episode)
    for outcome in await solved(ws, me):
        for _ in range(2):
            await rollups.add_outcome(ws, outcome)
    for number, (kind, score) in enumerate([("csat", 5), ("csat", 4), ("nps", 10), ("nps", 3), ("nps", 9)]):
        await answer(ws, number, kind, score, me)
    return made


async def solved(ws: Workspace, member: str) -> list[Outcome]:
    """One ticket that was solved twice, too late at first, and somebody's that was solved in time."""
    promised = Policy(id="", name="Tickets", subject="tickets", targets={"": Target(first=5, resolve=60)})
    policy = (await sla_policies.create(ws, SYSTEM, promised)).id
    contact_id = (await contacts.resolve(ws, Address("sms", "+12025550177"), profile=Profile(name="Tia"))).contact_id
    found = []
    for number, (title, owner, late) in enumerate([("T", None, True), ("T", member, False), ("U", member, False)]):
        ticket = next((t for t, _ in found if t.title == title), None) or await tickets.create(
            ws, SYSTEM, NewTicket(contact_id=contact_id, title=title)
        )
        solved_at = DAY + timedelta(hours=20 * number)
        promises = (Promise("first@1", policy, True), Promise("resolve@1", policy, not late))
        outcome = Outcome(
            id=outcomes.id_of(ticket.id, solved_at), ticket_id=ticket.id, solved_at=solved_at, owner_id=owner,
            promises=promises,
        )  # fmt: skip
        found.append((ticket, outcome))
    return [outcome for _, outcome in found]


async def answer(ws: Workspace, number: int, kind: Any, score: int, member: str) -> None:
    survey = Survey(
        id=ids.new("srv"), kind=kind, contact_id=ids.new("con"), conversation_id=ids.new("cnv"), episode=1,
        status="answered", created_at=DAY, answered_at=DAY + timedelta(hours=number), score=score,
        channel="sms", assignee_id=member, comment="Well",
    )  # fmt: skip
    await survey_rows.insert(ws, survey)
    for _ in range(2):
        await rollups.add_answer(ws, survey)


async def got(person: Person, path: str = "", **query: Any) -> Any:
    answer = await person.client.get(f"/api/v1/reports{path}", params={**SPAN, **query})
    assert answer.status_code == 200, answer.text
    return answer


async def test_figures_are_those_of_the_episodes(owner: Person, kept: Sequence[Episode]) -> None:
    total = (await got(owner)).json()["total"]
    assert total["closed"] == 4
    assert total["first_response_average"] == 5 * MINUTE
    assert total["reopened_percent"] == 25
    assert total["unanswered"] == 1
    assert (total["inbound"], total["replies"]) == (12, 6)
    assert total["resolution_average"] == 60 * MINUTE
    assert (total["csat_average"], total["csat_answers"]) == (4.5, 2)
    assert (total["nps"], total["nps_answers"]) == (33, 3)
    promised = {key: total[f"sla_{key}"] for key in ("first_percent", "first_kept", "first_missed")}
    # Two conversations and two tickets in time; the ticket that was solved twice was taken up once.
    assert promised == {"first_percent": 80, "first_kept": 4, "first_missed": 1}
    assert (total["sla_next_percent"], total["sla_next_missed"]) == (66.7, 2)
    assert (total["sla_resolve_kept"], total["sla_resolve_missed"]) == (4, 2)


async def test_times_are_also_told_in_business_hours(owner: Person, kept: Sequence[Episode]) -> None:
    wall, business = [(await got(owner, hours=hours)).json() for hours in ("wall", "business")]
    assert wall["total"]["first_response_average"] == 5 * MINUTE
    # Opened at midnight: no business minute went by. At 6:00 and at 7:00 the whole time counts.
    assert business["total"]["first_response_average"] == round((0 + 3 + 11) / 3 * MINUTE)
    assert business["total"]["resolution_average"] == 30 * MINUTE
    heading = (await got(owner, "/csv", hours="business")).text.splitlines()[0]
    assert heading.startswith("day (UTC),Closed,")
    assert '"First response, average (ms, business hours)"' in heading
    (late,) = (await got(owner, "/episodes", metric="sla_first_missed")).json()["items"]
    assert late["first_response_ms"] == late["business_first_response_ms"] == 11 * MINUTE


async def test_days_rows_csv_and_what_lies_behind_agree_with_the_total(owner: Person, kept: Sequence[Episode]) -> None:
    sums = ("closed", "unanswered", "inbound", "replies", "csat_answers", "nps_answers")
    promised = tuple(metric.key for metric in metrics.METRICS if metric.group == "promises" and metric.unit == "count")
    for by, hours in product(reports.DIMENSIONS, ("wall", "business")):
        found = (await got(owner, by=by, hours=hours)).json()
        assert found["hours"] == hours
        assert adds_up([day["values"] for day in found["days"]], found["total"], (*sums, *promised))
        # Tags and policies overlap and may be missing; nobody is asked about reasons.
        if by in ("member", "team", "channel"):
            assert adds_up([row["values"] for row in found["rows"]], found["total"], (*sums, *promised))
        if by in ("policy", "reason"):
            assert adds_up([row["values"] for row in found["rows"]], found["total"], promised)
        table = list(csv.reader(io.StringIO((await got(owner, "/csv", by=by, hours=hours)).text)))
        assert len(table) == len(found["rows"]) + 2
        keys = [metric.key for metric in metrics.METRICS]
        shown = {line[0]: dict(zip(keys, line[1:], strict=True)) for line in table[1:]}
        for row in [*found["rows"], {"label": "Total", "values": found["total"]}]:
            for key in keys:
                told, value = shown[row["label"]][key], row["values"][key]
                assert (float(told) if told else None) == value, (row["label"], key)
        if hours == "wall":
            for row in found["rows"]:
                await is_made_of_its_rows(owner, f"{by}:{row['id']}", row["values"])
    await is_made_of_its_rows(owner, None, (await got(owner)).json()["total"])


def adds_up(parts: list[dict[str, Any]], total: dict[str, Any], keys: Sequence[str]) -> bool:
    return {key: sum(part[key] for part in parts) for key in keys} == {key: total[key] for key in keys}


async def is_made_of_its_rows(person: Person, only: str | None, values: dict[str, Any]) -> None:
    """Every number that can be counted, against the rows that the drawer shows."""
    narrowed = {"only": only} if only else {}

    async def behind(key: str) -> list[dict[str, Any]]:
        kind = metrics.BY_KEY[key].behind
        items: list[dict[str, Any]] = (await got(person, f"/{kind}", metric=key, **narrowed)).json()["items"]
        return items

    async def tickets_behind(key: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (await got(person, "/tickets", metric=key, **narrowed)).json()["items"]
        return items

    for key in ("closed", "unanswered", "csat_answers", "nps_answers"):
        assert len(await behind(key)) == values[key], (only, key)
    rows = await behind("closed")
    assert sum(row["replies"] for row in rows) == values["replies"]
    policy = only.removeprefix("policy:") if only and only.startswith("policy:") else None
    for metric, kept in product(("first", "next", "resolve"), (True, False)):
        key = f"sla_{metric}_{'kept' if kept else 'missed'}"
        promises = [
            promise
            for row in (*await behind(key), *await tickets_behind(key))
            for promise in row["promises"]
            if (promise["metric"], promise["kept"]) == (metric, kept) and policy in (None, promise["policy_id"])
        ]
        assert len(promises) == values[key], (only, key)
    answers = await behind("csat_average")
    assert values["csat_average"] == (fmean(row["score"] for row in answers) if answers else None)


async def test_days_are_those_of_the_readers_zone(owner: Person, ws: Workspace, kept: Sequence[Episode]) -> None:
    # By the clocks of Kathmandu midnight is 18:15 in UTC; by those of New York the first hours are still Sunday.
    for zone in ("Asia/Kathmandu", "America/New_York", "UTC"):
        span = {"first": "2026-03-01", "last": "2026-03-08", "zone": zone}
        found = (await got(owner, **span)).json()
        wanted: dict[str, int] = {}
        hours: dict[int, int] = {}
        for episode in kept:
            local = (episode.facts.closed_at or DAY).astimezone(ZoneInfo(zone))
            wanted[str(local.date())] = wanted.get(str(local.date()), 0) + 1
            begun = episode.facts.opened_at.astimezone(ZoneInfo(zone))
            hours[begun.weekday() * 24 + begun.hour] = 1
        assert {each["day"]: each["values"]["closed"] for each in found["days"] if each["values"]["closed"]} == wanted
        assert {hour: count for hour, count in enumerate(found["started_in"]) if count} == hours
        for day, count in wanted.items():
            rows = (await got(owner, "/episodes", first=day, last=day, zone=zone)).json()["items"]
            assert len(rows) == count
    assert (await owner.client.get("/api/v1/reports", params={**SPAN, "zone": "Mars/Olympus"})).status_code == 422
    # What closes later is counted in every zone that is read.
    await rollups.add(ws, closed(40, minutes=2, member=None, channel="sms"))
    for zone in ("Asia/Kathmandu", "UTC"):
        assert (await got(owner, zone=zone)).json()["total"]["closed"] == 5


async def test_a_workspace_has_a_zone_of_its_own(people: People, owner: Person) -> None:
    path = "/api/v1/reports/settings"
    assert (await owner.client.get(path)).json() == {"zone": "UTC"}
    answer = await owner.client.put(path, json={"zone": "Africa/Accra"})
    assert answer.json() == {"zone": "Africa/Accra"}
    found = (await owner.client.get("/api/v1/reports", params={"first": "2026-03-02", "last": "2026-03-02"})).json()
    assert found["zone"] == "Africa/Accra"
    agent = await people.join(owner.ws, Role.AGENT)
    assert (await agent.client.put(path, json={"zone": "UTC"})).status_code == 403


async def test_many_are_counted_by_a_job(
    owner: Person, ws: Workspace, kept: Sequence[Episode], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollups, "COUNTED_AT_ONCE", 3)
    answer = await owner.client.get("/api/v1/reports", params=SPAN)
    assert (answer.status_code, answer.json()["code"]) == (409, "being_counted")
    await rollups.count(ws, "UTC")
    assert (await got(owner)).json()["total"]["closed"] == 4


async def test_a_zone_that_nobody_reads_in_makes_room(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollups, "MOST_ZONES", 2)
    for zone in ("UTC", "Asia/Tokyo", "Europe/Paris", "Africa/Accra"):
        await rollups.require(ws, zone)
    assert {kept.zone for kept in await report_days.zones(ws)} == {"UTC", "Africa/Accra"}


ZONES = st.sampled_from(
    [
        "Europe/Paris",
        "America/St_Johns",
        "Australia/Lord_Howe",
        "America/Sao_Paulo",
        "Asia/Beirut",
        "Pacific/Apia",
        "UTC",
    ]
)


@given(zone=ZONES, at=st.datetimes(datetime(2005, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)))
def test_days_tile_time_in_every_zone(zone: str, at: datetime) -> None:
    day = days.of(zone, at)
    begins, ends = days.begins(zone, day), days.begins(zone, day + timedelta(days=1))
    assert begins <= at < ends
    assert timedelta(hours=22) < ends - begins < timedelta(hours=26)


async def test_the_rows_behind_a_number_come_in_pages_the_newest_first(owner: Person, kept: Sequence[Episode]) -> None:
    items: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = (await got(owner, "/episodes", limit=1, **({"cursor": cursor} if cursor else {}))).json()
        items += page["items"]
        if (cursor := page["next_cursor"]) is None:
            break
    assert [item["conversation_id"] for item in items] == [episode.conversation_id for episode in reversed(kept)]
    assert len((await got(owner, "/episodes", metric="unanswered")).json()["items"]) == 1
    assert len((await got(owner, "/episodes", metric="reopened_percent")).json()["items"]) == 1
    assert len((await got(owner, "/episodes", metric="first_response_median")).json()["items"]) == 3


async def test_an_agent_sees_their_own_figures_only(people: People, owner: Person, kept: Sequence[Episode]) -> None:
    agent = await people.join(owner.ws, Role.AGENT)
    mine = (await got(agent)).json()
    assert mine["only"] == f"member:{agent.member.id}"
    assert mine["total"]["closed"] == 0
    for refused in ({"by": "member"}, {"only": f"member:{owner.member.id}"}):
        answer = await agent.client.get("/api/v1/reports", params={**SPAN, **refused})
        assert answer.status_code == 403
    assert (await agent.client.get("/api/v1/reports/now")).status_code == 403


@pytest.mark.parametrize(("first", "last"), [("2026-03-08", "2026-03-02"), ("2020-01-01", "2026-01-01")])
async def test_odd_spans_are_refused_in_words(owner: Person, first: str, last: str) -> None:
    answer = await owner.client.get("/api/v1/reports", params={"first": first, "last": last})
    assert answer.status_code == 422
    assert "days" in answer.json()["detail"]


async def test_the_backlog_by_age_is_made_of_what_is_open(owner: Person, ws: Workspace) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    contact_id = (await contacts.resolve(ws, Address("sms", "+12025550171"), profile=Profile(name="Ana"))).contact_id
    made: dict[str, int] = {}
    for hours in (1, 30, 31, 24 * 5, 24 * 40, 24 * 41):
        made[await opened(ws, now - timedelta(hours=hours))] = hours
    closed_one = await opened(ws, now - timedelta(hours=2))
    await conversations.close(ws, await conversations.get(ws, closed_one))
    ticket = await tickets.create(ws, SYSTEM, NewTicket(contact_id=contact_id, title="T"))
    found = (await owner.client.get("/api/v1/reports/backlog")).json()
    parts = {part["key"]: part["count"] for part in found["conversations"]["parts"]}
    assert parts == {"day": 1, "3d": 2, "7d": 1, "14d": 0, "30d": 0, "older": 2}
    table = list(csv.reader(io.StringIO((await owner.client.get("/api/v1/reports/backlog/csv")).text)))
    assert [int(line[1]) for line in table[1:]] == list(parts.values())
    listed: list[str] = []
    for key, count in parts.items():
        rows: list[dict[str, Any]] = []
        query: dict[str, Any] = {"subject": "conversations", "range": key, "at": found["at"], "limit": 1}
        while True:
            page = (await owner.client.get("/api/v1/reports/backlog/rows", params=query)).json()
            rows += page["items"]
            if page["next_cursor"] is None:
                break
            query["cursor"] = page["next_cursor"]
        assert len(rows) == count
        # The oldest first.
        assert [made[row["id"]] for row in rows] == sorted((made[row["id"]] for row in rows), reverse=True)
        listed += [row["id"] for row in rows]
    assert set(listed) == set(made)
    query = {"subject": "tickets", "range": "day", "at": found["at"]}
    (row,) = (await owner.client.get("/api/v1/reports/backlog/rows", params=query)).json()["items"]
    assert (row["id"], row["label"]) == (ticket.id, "#1 T")
    refused = await owner.client.get("/api/v1/reports/backlog/rows", params={**query, "range": "century"})
    assert refused.status_code == 422


async def opened(ws: Workspace, at: datetime) -> str:
    """A conversation that has been open since then."""
    new = replace(conversations.new_for(ws, ids.new("con"), name="Ana"), opened_at=at)
    return (await conversations.change(ws, new, lambda one: replace(one, unread=1)))[0].id


async def test_the_wallboard_counts_what_the_lists_hold(owner: Person) -> None:
    board = (await owner.client.get("/api/v1/reports/now")).json()
    assert (board["open"], board["waiting"], board["oldest_wait_seconds"]) == (0, 0, None)
    assert [agent["name"] for agent in board["agents"]] == [owner.member.name]


@given(st.lists(st.integers(0, 7 * 24 * 3600 * 1000), min_size=1, max_size=60))
def test_the_estimated_median_lies_in_the_range_of_the_true_one(times: list[int]) -> None:
    ranges: dict[str, int] = {}
    for time in times:
        key = str(figures.range_of(time))
        ranges[key] = ranges.get(key, 0) + 1
    estimate = metrics.values({"first_response_in": ranges})["first_response_median"]
    assert estimate is not None
    bounds = (0, *figures.BOUNDS_MS, 2 * figures.BOUNDS_MS[-1])
    lower = bounds[figures.range_of(sorted(times)[(len(times) - 1) // 2])]
    upper = bounds[figures.range_of(int(median(times))) + 1]
    assert lower <= estimate <= upper
