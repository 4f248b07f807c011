"""The roster: a supervisor plans by mouse and keys, the agent sees it at once, and nobody off shift counts as there."""

import re

from playwright.sync_api import Locator, Page, expect

from app.core.permissions import Role
from tests.browser.conftest import Axe, Shot, Stage
from tests.browser.desk import PHONE, Desks


def cell(page: Page, name: str, day: int) -> Locator:
    """Of a person, counted from Monday."""
    return (
        page.get_by_role("grid", name="Roster")
        .get_by_role("row", name=re.compile(f"^{name}"))
        .get_by_role("gridcell")
        .nth(day)
    )


def test_a_week_is_planned_and_the_agent_sees_their_own(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    shop = stage.shop
    ben = stage.joins(Role.AGENT)
    stage.run(ben.client.patch("/api/v1/me", json={"name": "Ben Late"}))
    hours = {"name": "Office", "zone": "Europe/Paris", "week": [[{"start": "09:00", "end": "17:00"}]] * 5 + [[], []]}
    calendar = stage.run(shop.agent.post("/api/v1/calendars", json=hours)).json()
    stage.run(shop.agent.patch(f"/api/v1/agents/{ben.member.id}", json={"calendar_id": calendar["id"]}))
    own = desks(ben, "/settings/roster", **PHONE)
    boss = desks(path="/settings/roster")
    page = boss.page
    expect(cell(page, "Ben Late", 0)).to_have_text("09:00 – 17:00")

    # A late shift on Monday by the keys, copied to Tuesday, dragged to Thursday.
    cell(page, "Ben Late", 0).get_by_role("button").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name=re.compile("^Ben Late"))
    dialog.get_by_label(re.compile("from$")).fill("14:00")
    dialog.get_by_label(re.compile("until$")).fill("22:00")
    axe(page)
    shot(page, "roster-shift")
    dialog.get_by_role("button", name="Save").click()
    expect(cell(page, "Ben Late", 0)).to_have_text("14:00 – 22:00")
    expect(own.page.get_by_role("gridcell").nth(0)).to_have_text("14:00 – 22:00")
    expect(cell(page, "Ben Late", 0).get_by_role("button")).to_be_focused()
    page.keyboard.press("ControlOrMeta+c")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ControlOrMeta+v")
    expect(cell(page, "Ben Late", 1)).to_have_text("14:00 – 22:00")
    cell(page, "Ben Late", 1).get_by_role("button").drag_to(cell(page, "Ben Late", 3))
    expect(cell(page, "Ben Late", 3)).to_have_text("14:00 – 22:00")
    expect(cell(page, "Ben Late", 1)).to_have_text("09:00 – 17:00")

    # Away on Friday and the weekend; taken off the roster by a key, and put back.
    page.get_by_role("button", name="Plan an absence").click()
    dialog = page.get_by_role("dialog", name="Plan an absence")
    dialog.get_by_label("Who", exact=True).first.click()
    page.get_by_role("option", name="Ben Late").click()
    dialog.get_by_label("Reason").fill("Training")
    axe(page)
    dialog.get_by_role("button", name="Save").click()
    today = page.locator("td[data-today]").filter(has_text="Training")
    expect(today).to_have_count(1)
    today.get_by_role("button").focus()
    page.keyboard.press("Delete")
    expect(today).to_have_count(0)
    page.get_by_role("button", name="Undo").last.click()
    expect(today).to_have_count(1)
    axe(page)
    shot(page, "roster")

    # Next week like this one, without the absence.
    page.get_by_role("button", name="The week after").click()
    expect(page.get_by_role("button", name="This week")).to_be_visible()
    page.get_by_role("button", name="Copy last week").click()
    expect(cell(page, "Ben Late", 3)).to_have_text(re.compile("14:00 – 22:00|09:00 – 17:00|Off"))
    expect(page.get_by_text(re.compile(r"shifts? copied\."))).to_be_visible()
    boss.goes_dark()
    page.set_viewport_size({"width": 1024, "height": 800})
    axe(page)
    shot(page, "roster-1024-dark")
    page.set_viewport_size({"width": 390, "height": 844})
    axe(page)
    shot(page, "roster-390-dark")
    axe(own.page)
    expect(own.page.get_by_role("button", name="Plan an absence")).to_have_count(0)
    shot(own.page, "roster-own-390")
