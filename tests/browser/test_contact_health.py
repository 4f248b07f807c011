"""Contact health on screens: the score with its reasons beside a thread, lists by it, and what it is made of."""

from playwright.sync_api import expect

from tests.browser.conftest import Axe, Shot, Stage
from tests.browser.desk import PHONE, Customer, Desks
from tests.support.shop import eventually


def test_the_score_its_reasons_and_its_settings(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    Customer(stage, "whatsapp", "Hana Health").writes("It is broken again")
    olu = desks(path="/inbox")
    page = olu.page
    olu.open("Hana Health")
    panel = page.get_by_role("complementary", name="Contact")
    card = panel.get_by_role("region", name="Health")
    expect(card).to_contain_text("100 of 100")
    expect(card).to_contain_text("Low risk")
    contact_id = stage.run(stage.shop.conversation_with("Hana Health"))["contact_id"]
    for number in range(4):
        stage.run(stage.shop.post("/tickets", 201, contact_id=contact_id, title=f"Broken {number}"))
    # It follows without a reload.
    expect(card).to_contain_text("4 open tickets")
    axe(page)
    shot(page, "health-panel")
    olu.goes_dark()
    axe(page)
    page.goto("/settings/contact-health")
    weight = page.get_by_role("textbox", name="Tickets")
    weight.fill("90")
    page.get_by_label("High below").fill("50")
    axe(page)
    shot(page, "health-settings-dark")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    page.set_viewport_size(PHONE["viewport"])
    shot(page, "health-settings-phone")
    page.set_viewport_size({"width": 1440, "height": 900})

    async def weighed() -> bool:
        health = (await stage.shop.get(f"/contacts/{contact_id}/health"))["health"]
        return bool(health and health["score"] == 37)

    # The list shows what stands when it is opened.
    stage.run(eventually(weighed), seconds=70)
    page.goto("/contacts")
    page.get_by_label("Sort by").select_option("Health, lowest first")
    people = page.get_by_role("region", name="Contacts", exact=True)
    expect(people.get_by_role("link", name="Hana Health")).to_contain_text("37")
    page.get_by_role("button", name="Filter contacts").click()
    page.get_by_role("menuitem", name="Risk of leaving").hover()
    page.get_by_role("menuitemcheckbox", name="High risk").click()
    expect(page.get_by_role("button", name="Risk of leaving: High risk")).to_be_visible()
    axe(page)
    shot(page, "health-list-dark")
