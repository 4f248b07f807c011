"""Two agents and a team: who is there gets the conversation, and hands it over with a note; the supervisor's queue."""

from typing import Any

from playwright.sync_api import Page, expect

from app.core.permissions import Role
from tests.browser.conftest import Axe, Shot, Stage
from tests.browser.desk import Customer, Desk, Desks
from tests.support.shop import eventually


def says(desk: Desk, availability: str) -> None:
    """Choose how available one is."""
    desk.page.get_by_role("button", name="Your profile").click()
    desk.page.get_by_role("menuitem", name=availability, exact=True).click()
    expect(desk.page.get_by_role("button", name="Your profile")).to_have_accessible_name(
        f"Your profile: {desk.person.member.name}, {availability.lower()}"
    )


def visit(page: Page, path: str) -> None:
    page.goto(f"/settings/{path}")


def test_a_team_gives_its_conversations_to_who_is_there(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    shop = stage.shop
    ben, cleo = stage.joins(Role.AGENT), stage.joins(Role.AGENT)

    def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = stage.run(shop.agent.post(f"/api/v1{path}", json=body))
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def patch(path: str, body: dict[str, Any]) -> None:
        assert stage.run(shop.agent.patch(f"/api/v1{path}", json=body)).status_code == 200

    patch(f"/agents/{ben.member.id}", {"capacity": 1})
    owner = desks()
    visit(owner.page, "teams/new")
    page = owner.page
    page.get_by_label("Name").fill("Front desk")
    page.get_by_label("Members", exact=True).first.click(force=True)
    for person in (ben, cleo):
        # Both are called alike; their places in the list tell them apart.
        option = page.get_by_role("option", name=person.member.name).nth(0 if person is ben else 1)
        option.click()
    page.get_by_label("Members", exact=True).first.press("Escape")
    page.get_by_label("Channels", exact=True).first.click(force=True)
    page.get_by_role("option", name="whatsapp").click()
    page.keyboard.press("Escape")
    axe(page)
    shot(page, "team-form")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="Front desk")).to_be_visible()
    shot(page, "teams")

    # Ben is there with room for one, Cleo is away: the second customer waits.
    first, second = desks(ben), desks(cleo)
    says(second, "Away")

    async def at_desks() -> bool:
        told = {each["member_id"]: each["availability"] for each in (await shop.get("/agents"))["items"]}
        return (told[ben.member.id], told[cleo.member.id]) == ("online", "away")

    # What the screens say the server has heard, too.
    stage.run(eventually(at_desks))
    Customer(stage, "whatsapp", "Rita One").writes("Where is my parcel?")
    first.tab("Mine")
    expect(first.row("Rita One")).to_be_visible()
    Customer(stage, "whatsapp", "Sam Two").writes("And mine?")
    page.get_by_role("button", name="Queue").click()
    waiting = page.get_by_role("list", name="Waiting")
    expect(waiting).to_contain_text("Sam Two")
    expect(page.get_by_role("table", name="At work")).to_contain_text("1 of 1")
    axe(page)
    shot(page, "queue")

    # She comes back: it is hers, and the supervisor's queue is empty.
    says(second, "Online")
    second.tab("Mine")
    expect(second.row("Sam Two")).to_be_visible()
    expect(page.get_by_text("Nobody is waiting.")).to_be_visible()

    # Handed over with a note, which stands there when it arrives.
    second.open("Sam Two")
    expect(second.log).to_contain_text("of Front desk")
    second.page.keyboard.press("Escape")
    second.page.keyboard.press("h")
    dialog = second.page.get_by_role("dialog", name="Hand over")
    dialog.get_by_role("textbox", name="Note").fill("Parcel 12 was sent back, promised a call")
    dialog.get_by_label("Colleague", exact=True).first.click(force=True)
    second.page.get_by_role("option", name="Ama Agent").first.click()
    axe(second.page)
    shot(second.page, "hand-over")
    dialog.get_by_role("button", name="Hand over").click()
    expect(dialog).to_have_count(0)
    first.open("Sam Two")
    expect(first.bubble("Parcel 12 was sent back")).to_contain_text("Private note")
    expect(first.log).to_contain_text("handed it over to")
    expect(first.button("Assigned to you")).to_be_visible()
    shot(first.page, "handed-over")
    stage.run(shop.agent.get("/api/v1/teams"))


def test_business_hours_have_a_week_and_holidays(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    page = desks().page
    visit(page, "calendars/new")
    page.get_by_label("Name", exact=True).first.fill("Office")
    page.get_by_role("button", name="Add hours to Monday").click()
    page.get_by_label("Country", exact=True).first.click(force=True)
    page.get_by_label("Country", exact=True).first.fill("Ghana")
    page.get_by_role("option", name="Ghana").click()
    holidays = page.get_by_role("list", name="Public holidays")
    expect(holidays).to_contain_text("Independence Day")
    holidays.get_by_role("checkbox").first.uncheck()
    axe(page)
    shot(page, "calendar")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("table", name="Business hours")).to_contain_text("Tue – Fri 09:00 – 17:00")
    shot(page, "calendars")
