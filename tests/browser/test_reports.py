"""Reports as a supervisor and an agent see them."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from app.core.permissions import Role
from inbox.episodes import Episode, Facts
from inbox.store import episodes as store
from tests.browser.conftest import Axe, Shot, Stage
from tests.browser.desk import Customer, Desks

MINUTE = 60_000
WIDTHS = [(1440, "light"), (1440, "dark"), (1024, "light"), (390, "light"), (390, "dark")]


@pytest.fixture(scope="module")
def history(stage: Stage) -> None:
    """Two weeks of closed conversations of two channels."""
    ws, me = stage.shop.owner.ws, stage.shop.owner.member.id
    today = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0)
    row = stage.run(stage.shop.someone("sms"))[1]

    async def keep() -> None:
        for number in range(40):
            opened_at = today - timedelta(days=number % 12, hours=number % 5)
            took = (2 + number * 7 % 31) * MINUTE
            facts = Facts(
                number=100 + number,
                opened_at=opened_at,
                channel="whatsapp" if number % 3 else "sms",
                first_inbound_at=opened_at,
                first_response_ms=took,
                inbound=3,
                replies=2,
                responses=2,
                response_ms=2 * took,
                closed_at=opened_at + timedelta(minutes=90 + number),
                assignee_id=me if number % 4 else None,
            )
            await store.keep(ws, Episode(conversation_id=row["id"], contact_id=row["contact_id"], facts=facts))

    stage.run(keep(), seconds=60)


def test_figures_say_what_they_mean_and_show_what_lies_behind(
    desks: Desks, stage: Stage, axe: Axe, shot: Shot, history: None
) -> None:
    page = desks().page
    page.get_by_role("link", name="Reports").click()
    figures = page.get_by_role("region", name="Figures")
    expect(figures.get_by_role("button", name="Closed").first).to_be_visible()
    page.get_by_role("button", name="30 days").click()
    expect(figures.get_by_role("button", name="Closed 40")).to_be_visible()
    answered = figures.get_by_role("button", name="First response, median").first
    expect(answered).to_have_attribute("title", re.compile("^Half of the first answers"))
    answered.click()
    expect(page.get_by_role("heading", name="First response, median by day")).to_be_visible()
    for width, scheme in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        axe(page)
        shot(page, f"reports-{width}-{scheme}")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.emulate_media(color_scheme="light")
    figures.get_by_role("button", name="Show conversations behind Closed", exact=True).click()
    behind = page.get_by_role("dialog", name="Closed: everything")
    expect(behind.get_by_role("listitem").first).to_be_visible()
    axe(page)
    page.keyboard.press("Escape")

    page.get_by_role("navigation", name="Reports").get_by_role("button", name="Agents").click()
    table = page.get_by_role("table", name="Figures")
    expect(table.get_by_role("rowheader", name="Olu Owner")).to_be_visible()
    shot(page, "reports-agents")
    axe(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as CSV").click()
    lines = download.value.path().read_text().splitlines()
    assert lines[0].startswith("member,Closed")
    assert lines[-1].startswith("Total,40")
    table.get_by_role("button", name="Olu Owner, Closed: 30").click()
    expect(page.get_by_role("dialog", name="Closed: Olu Owner")).to_be_visible()


def test_the_wallboard_keeps_itself_up_to_date(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    page = desks().page
    page.goto("/reports?tab=live")
    wall = page.get_by_role("region", name="Now")
    before = int(wall.get_by_text("Waiting for an answer").locator("xpath=../b").inner_text())
    Customer(stage, "whatsapp", "Wanda Wall").writes("Is anybody there?")
    expect(wall.get_by_text("Waiting for an answer").locator("xpath=../b")).to_have_text(str(before + 1))
    expect(page.get_by_role("region", name="Agents").get_by_text("Olu Owner")).to_be_visible()
    axe(page)
    shot(page, "wallboard")


def test_an_agent_sees_their_own_figures(desks: Desks, stage: Stage, history: None) -> None:
    page = desks(stage.joins(Role.AGENT)).page
    page.goto("/reports")
    expect(page.get_by_text("Your own figures")).to_be_visible()
    expect(page.get_by_text("Nothing was closed in these days")).to_be_visible()
    expect(page.get_by_role("navigation", name="Reports")).to_have_count(0)
