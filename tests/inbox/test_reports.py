"""Reports: every number is the same wherever it is shown, and is made of the rows behind it."""

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import ids
from app.core.permissions import Role
from app.core.runtime import Workspace
from inbox.episodes import Episode, Facts
from inbox.store import episodes as store
from inbox.supervising import reports, rollups
from tests.support.people import People, Person

DAY = datetime(2026, 3, 2, tzinfo=UTC)
SPAN = {"first": "2026-03-02", "last": "2026-03-08"}
MINUTE = 60_000


def closed(number: int, *, minutes: int | None, member: str | None, channel: str, again: bool = False) -> Episode:
    """An episode closed on the `number`th hour of the week; `minutes` to the first answer, None if there was none."""
    opened_at = DAY + timedelta(hours=number)
    facts = Facts(
        number=2 if again else 1,
        opened_at=opened_at,
        channel=channel,
        first_inbound_at=opened_at,
        first_response_ms=None if minutes is None else minutes * MINUTE,
        inbound=3,
        replies=0 if minutes is None else 2,
        waiting_since=opened_at if minutes is None else None,
        responses=0 if minutes is None else 1,
        response_ms=0 if minutes is None else minutes * MINUTE,
        closed_at=opened_at + timedelta(hours=1),
        assignee_id=member,
    )
    return Episode(conversation_id=ids.new("cnv"), contact_id=ids.new("con"), facts=facts)


@pytest.fixture
async def kept(ws: Workspace, owner: Person) -> Sequence[Episode]:
    me = owner.member.id
    made = [
        closed(0, minutes=1, member=me, channel="sms"),
        closed(30, minutes=3, member=me, channel="whatsapp"),
        closed(31, minutes=11, member=None, channel="whatsapp", again=True),
        closed(100, minutes=None, member=None, channel="telegram"),
    ]
    for episode in [*made, *made]:
        # Told twice it counts once.
        await rollups.add(ws, episode)
    return made


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
    assert total["csat_average"] is None


async def test_days_rows_csv_and_what_lies_behind_agree_with_the_total(owner: Person, kept: Sequence[Episode]) -> None:
    for by in reports.DIMENSIONS:
        found = (await got(owner, by=by)).json()
        sums = ("closed", "unanswered", "inbound", "replies")
        for parts in ([day["values"] for day in found["days"]], [row["values"] for row in found["rows"]]):
            if by != "tag":
                # Tags overlap and may be missing.
                assert {key: sum(part[key] for part in parts) for key in sums} == {
                    key: found["total"][key] for key in sums
                }
        table = list(csv.reader(io.StringIO((await got(owner, "/csv", by=by)).text)))
        assert len(table) == len(found["rows"]) + 2
        shown = {line[0]: dict(zip(reports_labels(), line[1:], strict=True)) for line in table[1:]}
        for row in [*found["rows"], {"label": "Total", "values": found["total"]}]:
            for metric in reports.METRICS:
                told, value = shown[row["label"]][metric.key], row["values"][metric.key]
                assert (float(told) if told else None) == value, (row["label"], metric.key)
        for row in found["rows"]:
            behind = (await got(owner, "/episodes", metric="closed", only=f"{by}:{row['id']}")).json()["items"]
            assert len(behind) == row["values"]["closed"]


def reports_labels() -> list[str]:
    return [metric.key for metric in reports.METRICS]


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


async def test_the_week_shows_when_customers_begin(owner: Person, kept: Sequence[Episode]) -> None:
    started = (await got(owner)).json()["started_in"]
    assert {hour: count for hour, count in enumerate(started) if count} == {0: 1, 30: 1, 31: 1, 100: 1}


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


async def test_the_wallboard_counts_what_the_lists_hold(owner: Person) -> None:
    board = (await owner.client.get("/api/v1/reports/now")).json()
    assert (board["open"], board["waiting"], board["oldest_wait_seconds"]) == (0, 0, None)
    assert [agent["name"] for agent in board["agents"]] == [owner.member.name]


@given(st.lists(st.integers(0, 7 * 24 * 3600 * 1000), min_size=1, max_size=60))
def test_the_estimated_median_lies_in_the_range_of_the_true_one(times: list[int]) -> None:
    ranges: dict[str, int] = {}
    for time in times:
        key = str(store.range_of(time))
        ranges[key] = ranges.get(key, 0) + 1
    estimate = reports.values({"first_response_in": ranges})["first_response_median"]
    assert estimate is not None
    bounds = (0, *store.BOUNDS_MS, 2 * store.BOUNDS_MS[-1])
    lower = bounds[store.range_of(sorted(times)[(len(times) - 1) // 2])]
    upper = bounds[store.range_of(int(median(times))) + 1]
    assert lower <= estimate <= upper
