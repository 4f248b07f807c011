"""What people may ask for and choose, on screens: a form from making to agreeing, topics, and erasing."""

from playwright.sync_api import expect

from tests.browser.conftest import Axe, Shot, Stage
from tests.browser.desk import PHONE, Customer, Desks


def test_a_form_a_choice_and_an_end(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    nia = Customer(stage, "whatsapp", "Nia Forms")
    nia.writes("Do you have it in green?")
    olu = desks(path="/settings/signups/new")
    page = olu.page
    page.get_by_role("textbox", name="Name", exact=True).fill("At the till")
    page.get_by_role("checkbox", name="whatsapp").check()
    page.get_by_role("checkbox", name="sms").check()
    page.get_by_role("textbox", name="Word", exact=True).fill("TILL-26")
    axe(page)
    shot(page, "signup-new")
    page.get_by_role("button", name="Save").click()
    preview = page.frame_locator("iframe[title='The page as people see it']")
    expect(preview.get_by_role("heading", name="Offers first")).to_be_visible()
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    axe(page)
    shot(page, "signup-form")
    page.mouse.move(5, 5)
    olu.goes_dark()
    axe(page)
    shot(page, "signup-form-dark")
    path = page.get_by_role("group", name="Link").inner_text().split("/join/")[1].split()[0]
    page.goto("/settings/signups")
    expect(page.get_by_role("link", name="At the till")).to_be_visible()
    axe(page)
    shot(page, "signup-list")

    # As people see it, on a phone, without signing in.
    page.goto(f"/join/{path}")
    page.set_viewport_size(PHONE["viewport"])
    axe(page)
    shot(page, "join-dark-phone")
    page.emulate_media(color_scheme="light")
    page.get_by_role("textbox", name="Phone number").fill("+12025550147")
    page.get_by_role("checkbox").check()
    shot(page, "join-phone")
    page.get_by_role("button", name="Yes, sign me up").click()
    expect(page.get_by_role("status")).to_be_visible()
    axe(page)
    shot(page, "joined-phone")

    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto("/settings/pacing")
    page.get_by_role("textbox", name="New topic").fill("New shoes")
    page.get_by_role("button", name="Add the topic").click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    axe(page)
    shot(page, "topics")
    contact_id = stage.run(stage.shop.conversation_with("Nia Forms"))["contact_id"]
    known = stage.run(stage.shop.get(f"/contacts/{contact_id}/consents"))
    page.goto(known["preferences_url"])
    page.get_by_role("radio", name="At most one a week").check()
    axe(page)
    shot(page, "preferences")
    page.get_by_role("button", name="No offers for 30 days").click()
    expect(page.get_by_role("button", name="Go on now")).to_be_visible()

    # Her copy, a hold, and the end.
    page.goto(f"/contacts/{contact_id}")
    data = page.get_by_role("region", name="Personal data")
    with page.expect_download() as file:
        data.get_by_role("link", name="Copy of everything").click()
    assert file.value.suggested_filename.endswith(".zip")
    data.get_by_role("button", name="Legal hold…").click()
    page.get_by_role("dialog").get_by_role("textbox", name="Why").fill("Case 7")
    page.get_by_role("button", name="Put on hold").click()
    expect(data.get_by_text("Case 7")).to_be_visible()
    data.get_by_role("button", name="Lift the hold").click()
    data.get_by_role("button", name="Erase…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Goes for ever")).to_be_visible()
    axe(page)
    shot(page, "erase")
    expect(dialog.get_by_role("button", name="Erase for ever")).to_be_disabled()
    dialog.get_by_role("textbox", name="Type Nia Forms to confirm").fill("Nia Forms")
    dialog.get_by_role("button", name="Erase for ever").click()
    expect(dialog).to_be_hidden()
    page.goto("/settings/privacy")
    expect(page.get_by_role("link", name="PDF").first).to_be_visible()
    axe(page)
    shot(page, "privacy")
    page.get_by_role("textbox", name="Files that customers sent").fill("180")
    page.get_by_role("button", name="What would go?").click()
    expect(page.get_by_text("0 files would go now.")).to_be_visible()
    shot(page, "retention")


def test_a_company_and_its_people(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    Customer(stage, "whatsapp", "Kojo Works").writes("Hello")
    olu = desks()
    olu.open("Kojo Works")
    made = stage.run(stage.shop.post("/companies", 201, name="Adinkra Textiles", domain="adinkra.example.com"))
    contact_id = stage.run(stage.shop.conversation_with("Kojo Works"))["contact_id"]
    stage.run(stage.shop.agent.patch(f"/api/v1/contacts/{contact_id}", json={"company_id": made["id"]}))
    page = olu.page
    page.goto("/contacts")
    page.get_by_role("link", name="Companies", exact=True).click()
    page.get_by_role("searchbox", name="Search companies").fill("adin")
    page.get_by_role("link", name="Adinkra Textiles").click()
    expect(page.get_by_role("region", name="People").get_by_text("Kojo Works")).to_be_visible()
    page.get_by_role("textbox", name="Notes").fill("Pays in thirty days")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    axe(page)
    shot(page, "company")
