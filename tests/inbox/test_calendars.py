"""Calendars through the API: kept, changed by two people at once, filled from a file, and live on every screen."""

from app.core.permissions import Role
from tests.core.test_calendars import ICS
from tests.support.people import People, Person

OFFICE = [[{"start": "09:00", "end": "17:00"}]] * 5 + [[], []]
BODY = {"name": "Office", "zone": "Africa/Accra", "week": OFFICE, "country": "GH"}


async def make(owner: Person, **values: object) -> dict[str, object]:
    answer = await owner.client.post("/api/v1/calendars", json=BODY | values)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_calendar_is_kept_and_says_whether_it_is_open(owner: Person) -> None:
    nights = [[{"start": "22:00", "end": "06:00"}, {"start": "08:00", "end": "12:00"}]] * 7
    made = await make(owner, week=nights, special=[{"day": "2026-12-24", "name": "Eve", "hours": []}])
    (listed,) = (await owner.client.get("/api/v1/calendars")).json()["items"]
    assert listed["id"] == made["id"]
    assert listed["week"][0] == [{"start": "08:00", "end": "12:00"}, {"start": "22:00", "end": "06:00"}]
    assert listed["special"] == [{"day": "2026-12-24", "name": "Eve", "hours": []}]
    always = await make(owner, name="Always", country=None, week=[[{"start": "00:00", "end": "24:00"}]] * 7)
    assert (always["open_now"], always["changes_at"]) == (True, None)


async def test_nonsense_is_refused_with_the_field(owner: Person) -> None:
    wrong = [
        ("zone", {"zone": "Mars/Olympus"}),
        ("zone", {"zone": "../etc/passwd"}),
        ("country", {"country": "XX"}),
        ("region", {"region": "Atlantis"}),
        ("week.0", {"week": [[{"start": "09:00", "end": "12:00"}, {"start": "11:00", "end": "13:00"}], *OFFICE[1:]]}),
        ("special", {"special": [{"day": "2026-02-30", "name": "No day"}]}),
    ]
    for field, values in wrong:
        answer = await owner.client.post("/api/v1/calendars", json=BODY | values)
        assert answer.status_code == 422, values
        assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_the_second_of_two_changes_is_told_of_the_first(owner: Person, people: People) -> None:
    made = await make(owner)
    url, seen = f"/api/v1/calendars/{made['id']}", {"revision": made["revision"]}
    colleague = await people.join(owner.ws, Role.SUPERVISOR)
    assert (await colleague.client.put(url, json=BODY | seen | {"name": "Ours"})).status_code == 200
    refused = await owner.client.put(url, json=BODY | seen | {"name": "Mine"})
    assert (refused.status_code, refused.json()["code"]) == (409, "changed_meanwhile")
    assert colleague.member.name in refused.json()["detail"]
    assert (await owner.client.get(url)).json()["name"] == "Ours"


async def test_a_file_adds_days_and_keeps_those_that_are_there(owner: Person) -> None:
    made = await make(
        owner, special=[{"day": "2026-12-24", "name": "Eve", "hours": [{"start": "09:00", "end": "12:00"}]}]
    )
    answer = await owner.client.post(f"/api/v1/calendars/{made['id']}/import", json={"ics": ICS})
    imported = answer.json()
    assert imported["passed_over"] == 1
    days = {day["day"]: day for day in imported["calendar"]["special"]}
    assert days["2026-12-24"]["name"] == "Eve"
    assert days["2026-12-25"]["name"] == "Between the years"
    again = await owner.client.post(f"/api/v1/calendars/{made['id']}/import", json={"ics": ICS})
    assert again.json()["added"] == 0
    refused = await owner.client.post(f"/api/v1/calendars/{made['id']}/import", json={"ics": "hello"})
    assert refused.status_code == 422


async def test_holidays_of_a_country_can_be_looked_at(owner: Person) -> None:
    codes = [item["code"] for item in (await owner.client.get("/api/v1/calendars/countries")).json()["items"]]
    assert {"GH", "NG", "FR"} <= set(codes)
    url = "/api/v1/calendars/holidays?country=GH&year=2026"
    days = {item["day"]: item["name"] for item in (await owner.client.get(url)).json()["items"]}
    assert days["2026-03-06"] == "Independence Day"


async def test_a_calendar_that_nothing_uses_can_be_deleted(owner: Person) -> None:
    made = await make(owner)
    assert (await owner.client.delete(f"/api/v1/calendars/{made['id']}")).status_code == 204
    assert (await owner.client.get(f"/api/v1/calendars/{made['id']}")).status_code == 404
    trail = (await owner.client.get("/api/v1/audit")).json()["items"]
    assert [entry["action"] for entry in trail[:2]] == ["calendar.deleted", "calendar.created"]
