"""Reports as a supervisor and an agent see them."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from app.core.calendars import Calendar, Span
from app.core.permissions import SYSTEM, Role
from inbox.episodes import Episode, Facts, Stretch, in_hours_of
from inbox.supervising import rollups
from inbox.ticketing import sla_policies
from inbox.ticketing.sla import Policy, Promise, Target
from tests.browser.conftest import Axe, Shot, Stage
from tests.browser.desk import Customer, Desks

MINUTE = 60_000
# Colours change once: that costs more than another width.
WIDTHS = [(1440, "light"), (1024, "light"), (390, "light"), (390, "dark"), (1440, "dark")]


@pytest.fixture(scope="module")
def history(stage: Stage) -> None:
    """Two weeks of closed conversations of two channels."""
    ws, me = stage.shop.owner.ws, stage.shop.owner.member.id
    today = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0)
    row = stage.run(stage.shop.someone("sms"))[1]

    async def keep() -> None:
        wanted = Policy(
            id="", name="Gold", subject="conversations", targets={"": Target(first=20, next=30, resolve=600)}
        )
        policy = await sla_policies.create(ws, SYSTEM, wanted)
        for number in range(40):
            opened_at = today - timedelta(days=number % 12 + 1, hours=number % 5)
            took = 2 + number * 7 % 31
            answered_at = opened_at + timedelta(minutes=took)
            facts = Facts(
                number=100 + number,
                opened_at=opened_at,
                channel="whatsapp" if number % 3 else "sms",
                first_inbound_at=opened_at,
                first_reply_at=answered_at,
                first_response_ms=took * MINUTE,
                inbound=3,
                replies=2,
                responses=2,
                response_ms=2 * took * MINUTE,
                waits=(Stretch(opened_at, answered_at),),
                closed_at=opened_at + timedelta(minutes=90 + number),
                assignee_id=me if number % 4 else None,
                promises=(
                    Promise("first@1", policy.id, took <= 20),
                    Promise("next@2", policy.id, number % 9 > 0),
                    Promise("resolve@1", policy.id, True),
                ),
            )
            business = in_hours_of(OFFICE, facts)
            await rollups.add(
                ws,
                Episode(conversation_id=row["id"], contact_id=row["contact_id"], facts=facts, business=business),
            )

    stage.run(keep(), seconds=60)


# From 8:30 to 17:00, so that what came before counts for less.
OFFICE = Calendar(id="cal_1", name="Office", zone="UTC", week=((Span(510, 1020),),) * 7)


def test_figures_say_what_they_mean_and_show_what_lies_behind(
    desks: Desks, stage: Stage, axe: Axe, shot: Shot, history: None
) -> None:
    page = desks().page
    page.get_by_role("link", name="Reports").click()
    figures = page.get_by_role("region", name="Figures")
    page.get_by_role("button", name="30 days").click()
    expect(figures.get_by_role("button", name="Closed 40")).to_be_visible()
    answered = figures.get_by_role("button", name="First response, median").first
    answered.hover()
    expect(page.get_by_role("tooltip")).to_contain_text("Half of the first answers")
    answered.click()
    by_day = page.get_by_role("region", name="First response, median by day")
    expect(by_day.locator(".recharts-surface").first).to_be_visible()
    for width, scheme in WIDTHS:
        page.set_viewport_size({"width": width, "height": 1100})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        axe(page)
        shot(page, f"reports-{width}-{scheme}")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.emulate_media(color_scheme="light")
    by_day.get_by_text("Table", exact=True).click()
    expect(by_day.get_by_role("row")).to_have_count(31)
    figures.get_by_role("button", name="Show conversations behind Closed", exact=True).click()
    behind = page.get_by_role("dialog", name="Closed: everything")
    expect(behind.get_by_role("listitem").first).to_be_visible()
    axe(page)
    page.keyboard.press("Escape")

    # The same figures by other clocks: only times differ, and the file says which they are.
    wall = answered.inner_text()
    page.get_by_text("Business hours", exact=True).click()
    expect(answered).not_to_have_text(wall)
    page.get_by_role("button", name="Days of").click()
    page.get_by_role("combobox", name="Days as in").fill("Tokyo")
    page.get_by_role("option", name="Asia/Tokyo").click()
    expect(page.get_by_role("button", name="Days of Tokyo")).to_be_visible()
    page.keyboard.press("Escape")
    expect(figures.get_by_role("button", name="Closed 40")).to_be_visible()

    page.get_by_role("navigation", name="Reports").get_by_role("button", name="Service levels").click()
    levels = page.get_by_role("region", name="Service levels")
    expect(levels.get_by_role("button", name="First answer in time 62.5 %")).to_be_visible()
    expect(page.get_by_role("region", name="First answer by day").locator(".recharts-surface").first).to_be_visible()
    for width, scheme in WIDTHS:
        page.set_viewport_size({"width": width, "height": 1100})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        axe(page)
        shot(page, f"reports-sla-{width}-{scheme}")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.emulate_media(color_scheme="light")
    levels.get_by_role("button", name="Show what was missed: First answer").click()
    behind = page.get_by_role("dialog", name="First answer, missed: everything")
    expect(behind.get_by_role("listitem")).to_have_count(15)
    expect(behind.get_by_text("late: first answer").first).to_be_visible()
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
    assert "First response, median (ms, business hours)" in lines[0]
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


def test_the_backlog_is_told_by_age(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    Customer(stage, "whatsapp", "Bea Backlog").writes("Hello?")
    desk = desks()
    desk.open("Bea Backlog")
    page = desk.page
    page.goto("/reports?tab=backlog")
    ages = page.get_by_role("table", name="Open conversations by age")
    young = ages.get_by_role("button", name="Less than a day")
    expect(young).to_be_enabled()
    expect(page.get_by_role("region", name="Open tickets by age")).to_be_visible()
    for width, scheme in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        axe(page)
        shot(page, f"reports-backlog-{width}-{scheme}")
    young.click()
    listed = page.get_by_role("dialog", name="Open conversations by age: less than a day")
    expect(listed.get_by_role("link").filter(has_text="Bea Backlog")).to_be_visible()
    axe(page)


def test_an_agent_sees_their_own_figures(desks: Desks, stage: Stage, history: None) -> None:
    page = desks(stage.joins(Role.AGENT)).page
    page.goto("/reports")
    expect(page.get_by_text("Your own figures")).to_be_visible()
    expect(page.get_by_text("Nothing was closed in these days")).to_be_visible()
    expect(page.get_by_role("navigation", name="Reports")).to_have_count(0)


def test_a_policy_is_tried_before_it_is_in_force(
    desks: Desks, stage: Stage, axe: Axe, shot: Shot, history: None
) -> None:
    desk = desks()
    page = desk.page
    Customer(stage, "whatsapp", "Tara Tried").writes("How long will it take?")
    desk.open("Tara Tried")
    desk.writes("A day")
    page.goto("/settings/sla")
    page.get_by_role("link", name="Gold").click()
    page.get_by_role("textbox", name="First answer").fill("")
    page.get_by_role("button", name="Try it").click()
    outcome = page.get_by_role("table", name="What would have been kept")
    expect(outcome.get_by_role("row", name="First answer")).to_contain_text("nothing promised")
    outcome.scroll_into_view_if_needed()
    axe(page)
    for width, scheme in WIDTHS:
        page.set_viewport_size({"width": width, "height": 1100})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        shot(page, f"sla-trial-{width}-{scheme}")
    page.get_by_role("button", name=re.compile("^Show the")).click()
    listed = page.get_by_role("dialog", name="What would have been different")
    expect(listed.get_by_role("listitem").filter(has_text="Tara Tried")).to_contain_text(
        "First answer: kept → not promised"
    )
    axe(page)
