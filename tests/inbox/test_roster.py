"""The roster: dated shifts overrule weekly schedules, whatever the clocks do; supervisors plan, agents read theirs."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from app.core import presence
from app.core.calendars import WHOLE_DAY, Calendar, Span, SpecialDay, open_at
from app.core.permissions import Role
from app.core.presence import Presence
from inbox.routing.shifts import Shift, on_duty
from tests.support.people import People, Person

PARIS = "Europe/Paris"
OFFICE = Calendar(id="cal_1", name="Office", zone=PARIS, week=((Span(9 * 60, 17 * 60),),) * 5 + ((), ()))
NIGHT = (Span(22 * 60, 30 * 60),)


def local(text: str, zone: str = PARIS) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def shift(day: str, *hours: Span, absence: str | None = None, zone: str = PARIS) -> Shift:
    return Shift(member_id="mem_1", day=date.fromisoformat(day), zone=zone, hours=hours, absence=absence)


def test_a_planned_day_overrules_the_schedule_and_no_other_day() -> None:
    late = shift("2026-11-24", Span(12 * 60, 20 * 60))
    sick = shift("2026-11-25", absence="Sick")
    for at, there in [
        ("2026-11-23T10:00", True),
        ("2026-11-24T10:00", False),
        ("2026-11-24T12:00", True),
        ("2026-11-24T19:59", True),
        ("2026-11-24T20:00", False),
        ("2026-11-25T10:00", False),
        ("2026-11-26T10:00", True),
        ("2026-11-28T10:00", False),
    ]:
        assert on_duty([late, sick], OFFICE, local(at)) is there, at
    # Without a schedule there are no bounds on other days.
    assert on_duty([late], None, local("2026-11-23T03:00"))
    assert not on_duty([late], None, local("2026-11-24T03:00"))


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    planned = [shift("2026-11-23", *NIGHT), shift("2026-11-24", absence="Holiday")]
    assert on_duty(planned, OFFICE, local("2026-11-24T05:59"))
    assert not on_duty(planned, OFFICE, local("2026-11-24T06:00"))
    # So does a night of the weekly schedule.
    nights = replace(OFFICE, week=(NIGHT,) * 7)
    assert on_duty(planned[1:], nights, local("2026-11-24T05:59"))
    assert not on_duty(planned[1:], nights, local("2026-11-24T23:00"))
    assert not on_duty(planned[1:], nights, local("2026-11-25T05:59"))


def test_clock_changes_make_a_night_an_hour_shorter_or_longer() -> None:
    never = replace(OFFICE, week=((),) * 7)
    for day, hours in [("2026-03-28", 7), ("2026-10-24", 9)]:
        night = shift(day, *NIGHT)
        begins = local(f"{day}T22:00")
        for hour in range(-1, 12):
            assert on_duty([night], never, begins + timedelta(hours=hour)) is (0 <= hour < hours), (day, hour)
    # Half past two is skipped in spring and comes twice in autumn: the shift begins at the jump, or at the first.
    early = Span(2 * 60 + 30, 8 * 60)
    assert on_duty([shift("2026-03-29", early)], None, datetime(2026, 3, 29, 1, 0, tzinfo=UTC))
    assert on_duty([shift("2026-10-25", early)], None, datetime(2026, 10, 25, 0, 30, tzinfo=UTC))


def test_a_shift_keeps_the_zone_it_was_written_in() -> None:
    accra = shift("2026-11-24", Span(8 * 60, 12 * 60), zone="Africa/Accra")
    assert not on_duty([accra], OFFICE, local("2026-11-24T08:30"))
    assert on_duty([accra], OFFICE, local("2026-11-24T12:30"))


SPANS = st.integers(0, 23).flatmap(
    lambda start: st.integers(1, 24).map(lambda length: Span(start * 60, (start + length) * 60))
)
DAYS = st.sampled_from([date(2026, 3, 26), date(2026, 10, 22), date(2026, 11, 20)])


@given(
    first=DAYS,
    zone=st.sampled_from([PARIS, "America/New_York", "Africa/Accra", "Australia/Lord_Howe"]),
    planned=st.dictionaries(st.integers(0, 6), st.one_of(st.just(()), st.tuples(SPANS)), max_size=5),
    week=st.one_of(st.none(), st.lists(st.one_of(st.just(()), st.tuples(SPANS)), min_size=7, max_size=7)),
    hours=st.integers(0, 7 * 24),
)
def test_a_roster_is_special_days_of_the_schedule(
    first: date, zone: str, planned: dict[int, tuple[Span, ...]], week: list[tuple[Span, ...]] | None, hours: int
) -> None:
    """In one zone, the rows of the roster mean what special days of a calendar mean: the arithmetic is the same."""
    days = {first + timedelta(days=n): spans for n, spans in planned.items()}
    rows = [
        Shift(member_id="mem_1", day=day, zone=zone, hours=spans, absence=None if spans else "Away")
        for day, spans in days.items()
    ]
    schedule = Calendar(id="cal_1", name="Week", zone=zone, week=tuple(week) if week else (WHOLE_DAY,) * 7)
    special = tuple(SpecialDay(day, "Planned", spans) for day, spans in sorted(days.items()))
    at = local(f"{first}T00:00", zone) + timedelta(hours=hours)
    assert on_duty(rows, schedule if week else None, at) == open_at(replace(schedule, special=special), at)


# --- through the API ----------------------------------------------------------------------------------------------

MONDAY = "2026-11-23"


async def row(person: Person, member_id: str, day: str, path: str = "/api/v1/roster") -> dict[str, Any]:
    answer = await person.client.get(path, params={"day": day})
    assert answer.status_code == 200, answer.text
    (found,) = [item for item in answer.json()["items"] if item["member_id"] == member_id]
    return {each["day"]: each for each in found["days"]}[day]


async def test_a_week_is_planned_moved_and_copied(people: People, owner: Person) -> None:
    boss, agent, other = owner, await people.join(owner.ws, Role.AGENT), await people.join(owner.ws, Role.AGENT)
    mine = agent.member.id
    office = {
        "name": "Office",
        "zone": PARIS,
        "week": [[{"start": "09:00", "end": "17:00"}]] * 5 + [[], []],
    }
    calendar = (await boss.client.post("/api/v1/calendars", json=office)).json()
    await boss.client.patch(f"/api/v1/agents/{mine}", json={"calendar_id": calendar["id"]})
    week = (await boss.client.get("/api/v1/roster", params={"day": "2026-11-26"})).json()
    assert (week["zone"], week["first"]) == (PARIS, MONDAY)
    by_schedule = await row(boss, mine, MONDAY)
    assert (by_schedule["source"], by_schedule["hours"]) == ("schedule", office["week"][0])
    assert (await row(boss, mine, "2026-11-28"))["hours"] == []
    assert (await row(boss, other.member.id, MONDAY))["source"] == "free"

    url = f"/api/v1/roster/{mine}"
    late = {"hours": [{"start": "22:00", "end": "06:00"}]}
    planned = await boss.client.put(f"{url}/{MONDAY}", json=late | {"revision": 0})
    assert planned.status_code == 200, planned.text
    assert (await row(agent, mine, MONDAY, "/api/v1/me/roster"))["hours"] == late["hours"]
    # Two plan the same day: the second is told of the first.
    stale = await boss.client.put(f"{url}/{MONDAY}", json={"absence": "Sick", "revision": 0})
    assert (stale.status_code, stale.json()["code"]) == (409, "changed_meanwhile")
    assert boss.member.name in stale.json()["detail"]
    for wrong in ({}, {"absence": " "}, late | {"absence": "Sick"}):
        assert (await boss.client.put(f"{url}/{MONDAY}", json=wrong)).status_code == 422
    assert (await boss.client.put(f"{url}/2026-02-30", json=late)).status_code == 422
    assert (await boss.client.put(f"/api/v1/roster/mem_nobody/{MONDAY}", json=late)).status_code == 404

    # Moved to the colleague; and copied back to the day after.
    there = {"from_member_id": mine, "from_day": MONDAY, "to_member_id": other.member.id, "to_day": MONDAY}
    moved = await boss.client.post("/api/v1/roster/move", json=there)
    assert moved.status_code == 200, moved.text
    assert (await row(boss, mine, MONDAY))["source"] == "schedule"
    back = {"from_member_id": other.member.id, "from_day": MONDAY, "to_member_id": mine, "to_day": "2026-11-24"}
    assert (await boss.client.post("/api/v1/roster/move", json=back | {"leave": True})).status_code == 200
    taken = await boss.client.post("/api/v1/roster/move", json=back)
    assert (taken.status_code, taken.json()["code"]) == (409, "conflict")
    assert (await row(boss, other.member.id, MONDAY))["source"] == "shift"

    # Away for three days, and the week after like this one but for who is away and what is planned there.
    away = {"member_id": mine, "first": "2026-11-24", "last": "2026-11-26", "reason": "Holiday"}
    assert (await boss.client.post("/api/v1/roster/absences", json=away)).json() == {"days": 3}
    gone = await row(boss, mine, "2026-11-24")
    assert (gone["source"], gone["absence"], gone["hours"]) == ("absence", "Holiday", [])
    await boss.client.put(f"{url}/2026-11-27", json=late)
    await boss.client.put(f"{url}/2026-12-04", json={"absence": "Training"})
    copied = await boss.client.post("/api/v1/roster/copy-week", json={"from_day": MONDAY, "to_day": "2026-12-02"})
    assert copied.json() == {"copied": 1, "kept": 1}
    assert (await row(boss, other.member.id, "2026-11-30"))["hours"] == late["hours"]
    assert (await row(boss, mine, "2026-12-04"))["absence"] == "Training"

    assert (await boss.client.delete(f"{url}/2026-11-24?revision=9")).status_code == 409
    assert (await boss.client.delete(f"{url}/2026-11-24")).status_code == 204
    assert (await boss.client.delete(f"{url}/2026-11-24")).status_code == 404
    said = [item["action"] for item in (await boss.client.get("/api/v1/audit")).json()["items"]]
    assert {"roster.shift_planned", "roster.shift_moved", "roster.week_copied", "roster.cleared"} <= set(said)


async def test_agents_read_their_own_and_plan_nobody(people: People, owner: Person) -> None:
    agent = await people.join(owner.ws, Role.AGENT)
    answer = await agent.client.get("/api/v1/me/roster")
    assert [item["member_id"] for item in answer.json()["items"]] == [agent.member.id]
    assert (await agent.client.get("/api/v1/roster")).status_code == 403
    plan = {"hours": [{"start": "09:00", "end": "10:00"}]}
    refused = await agent.client.put(f"/api/v1/roster/{agent.member.id}/{MONDAY}", json=plan)
    assert refused.status_code == 403


async def test_who_is_off_shift_counts_as_away(people: People, owner: Person) -> None:
    agent = await people.join(owner.ws, Role.AGENT)
    today = (await owner.client.get("/api/v1/roster")).json()["today"]
    await presence.set_presence(owner.ws, agent.member.id, Presence.ONLINE)

    async def available() -> str:
        items = (await owner.client.get("/api/v1/agents")).json()["items"]
        return next(item["availability"] for item in items if item["member_id"] == agent.member.id)

    assert await available() == "online"
    url = f"/api/v1/roster/{agent.member.id}/{today}"
    assert (await owner.client.put(url, json={"absence": "Sick"})).status_code == 200
    assert await available() == "away"
    assert (await owner.client.put(url, json={"hours": [{"start": "00:00", "end": "24:00"}]})).status_code == 200
    assert await available() == "online"
