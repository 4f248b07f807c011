"""What somebody agreed to on their card: written down, held, settled, proven; and the page where pacing is settled."""

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from tests.browser.conftest import Axe, Shot, Stage
from tests.browser.desk import Customer, Desks

WORDS = "Yes, send me offers by text message, at most 4 a month."


def test_consent_and_pacing(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    efe = Customer(stage, "sms", "Efe Consent")
    efe.writes("Do you have it in green?")
    olu, ama = desks(), desks()
    olu.open(efe.known_as)
    ama.open(efe.known_as)
    card = olu.page.get_by_role("region", name="Consent")
    expect(card).to_contain_text("marketing may not")
    # Written down by keyboard, and there on a colleague's screen.
    card.get_by_role("button", name="Record…").focus()
    olu.page.keyboard.press("Enter")
    dialog = olu.page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="The words they were shown").fill(WORDS)
    dialog.get_by_role("textbox", name="Where the proof is").fill("Form 214")
    axe(olu.page)
    shot(olu.page, "consent-record")
    dialog.get_by_role("button", name="Record").click()
    expect(dialog).to_be_hidden()
    theirs = ama.page.get_by_role("region", name="Consent")
    expect(theirs).to_contain_text(WORDS)
    # In words of their own: on hold at once, and a colleague is asked.
    efe.writes("please stop texting me")
    hold = theirs.get_by_role("status")
    expect(hold).to_contain_text("Marketing is on hold")
    axe(ama.page)
    shot(ama.page, "consent-hold")
    ama.goes_dark()
    axe(ama.page)
    shot(ama.page, "consent-hold-dark")
    hold.get_by_role("button", name="Yes, stop").click()
    expect(hold).to_be_hidden()
    expect(card).to_contain_text("withdrawn")
    with ama.page.expect_download() as file:
        theirs.get_by_role("link", name="PDF").click()
    assert file.value.suggested_filename.endswith(".pdf")

    # Their own page, by the link that colleagues can copy or write into a text.
    contact_id = stage.run(stage.shop.get("/conversations", view="all"))["items"][0]["contact_id"]
    known = stage.run(stage.shop.get(f"/contacts/{contact_id}/consents"))
    ama.page.goto(known["preferences_url"])
    expect(ama.page.get_by_role("checkbox")).not_to_be_checked()
    axe(ama.page)
    shot(ama.page, "preferences-dark")
    ama.page.get_by_role("checkbox").check()
    ama.page.get_by_role("button", name="Save").click()
    expect(ama.page.get_by_role("status")).to_be_visible()
    expect(ama.page.get_by_role("checkbox")).to_be_checked()

    olu.page.goto("/settings/pacing")
    expect(olu.page.get_by_role("heading", name="Consent & pacing")).to_be_visible()
    axe(olu.page)
    shot(olu.page, "pacing")
    olu.page.get_by_role("combobox", name="Saturday to").select_option(label="13:00")
    olu.page.get_by_role("button", name="Add a cap").click()
    olu.page.get_by_role("textbox", name="Handle").fill("+12025550123")
    olu.page.get_by_role("textbox", name="Why").fill("Press")
    olu.page.get_by_role("button", name="Add", exact=True).click()
    expect(olu.page.get_by_text("sms:+12025550123")).to_be_visible()
    olu.page.get_by_role("button", name="Save").click()
    expect(olu.page.get_by_role("combobox", name="Saturday to")).to_have_value("780")
    # One press, on everybody's screen.
    ama.page.goto("/settings/pacing")
    olu.page.get_by_role("button", name="Stop now").click()
    expect(ama.page.get_by_text(re.compile("^Stopped by "))).to_be_visible()
    axe(ama.page)
    shot(ama.page, "pacing-stopped-dark")
    ama.page.set_viewport_size({"width": 390, "height": 844})
    shot(ama.page, "pacing-phone")
    ama.page.get_by_role("button", name="Let it go on…").click()
    ama.page.get_by_role("dialog").get_by_role("button", name="Let it go on").click()
    expect(olu.page.get_by_role("button", name="Stop now")).to_be_visible()


def test_what_consent_came_and_went_and_asking_again(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    rio = Customer(stage, "telegram", "Rio Renews")
    rio.writes("Hello")
    ama = desks()
    ama.open(rio.known_as)
    page = ama.page
    talk = stage.run(stage.shop.conversation_with("Rio Renews"))
    contact_id, said = talk["contact_id"], {"address": talk["reach"][0]["address"]}
    said |= {"purposes": ["marketing"], "state": "granted", "way": "paper", "wording": WORDS}
    soon = (datetime.now(UTC) + timedelta(days=9)).isoformat()
    stage.run(stage.shop.post(f"/contacts/{contact_id}/consents", 201, **said, expires_at=soon))
    page.goto("/campaigns/consent")
    growth = page.get_by_role("region", name="Came and went")
    expect(growth.get_by_role("row", name=re.compile("Paper.*Telegram.*1"))).to_be_visible()
    soon_region = page.get_by_role("region", name="Ends soon")
    expect(soon_region.get_by_role("link", name="Rio Renews")).to_be_visible()
    axe(page)
    shot(page, "consent-growth")
    page.set_viewport_size({"width": 390, "height": 844})
    shot(page, "consent-growth-phone")
    page.set_viewport_size({"width": 1440, "height": 900})
    ama.goes_dark()
    axe(page)
    shot(page, "consent-growth-dark")
    soon_region.get_by_role("button", name="Ask them again").click()
    page.get_by_role("textbox", name=re.compile("^Name")).first.wait_for()
    shot(page, "ask-again")
    page.goto("/settings/pacing")
    ends = page.get_by_role("region", name="How it ends")
    ends.get_by_label("Words of your own").first.click()
    page.get_by_role("option", name="French").click()
    expect(ends.get_by_role("textbox", name="French")).to_have_value(re.compile("STOP"))
    ends.scroll_into_view_if_needed()
    axe(page)
    shot(page, "footer-dark")
