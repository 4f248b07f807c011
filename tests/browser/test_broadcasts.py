"""Campaigns in a browser: from a table of people to a finished report, by an author and an approver."""

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from app.core.permissions import Role
from tests.browser.conftest import Axe, Shot, Stage
from tests.browser.desk import Customer, Desk, Desks

# Ana and Bea agreed and speak French, Cem agreed and does not, Dora is stopped by the suppression list.
NAMES = {"Ana Winter": "fr", "Bea Winter": "fr", "Cem Winter": "de", "Dora Winter": "fr"}
GERMAN = {"all": [{"field": "language", "op": "is", "value": "de"}]}
WORDS = "Yes, send me offers"
PHONE = {"width": 390, "height": 844}
LAPTOP = {"width": 1024, "height": 768}
WIDE = {"width": 1440, "height": 900}


def table(page: Page, people: dict[str, str]) -> None:
    """Brings them in as a table, with what they agreed to."""
    page.goto("/imports")
    rows = "".join(f"{name},{phone},{NAMES[name]}\n" for name, phone in people.items())
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Import a table").click()
    file = f"Name,Mobile,Language\n{rows}".encode()
    chooser.value.set_files({"name": "winter.csv", "mimeType": "text/csv", "buffer": file})
    page.get_by_role("checkbox", name="They agreed to marketing").check()
    page.get_by_role("textbox", name="Where they agreed").fill("Winter fair")
    page.get_by_role("textbox", name="The words that they saw").fill(WORDS)
    page.get_by_label("When").fill("2026-03-01")
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_role("heading", name="Done")).to_be_visible()


def place(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Campaigns").get_by_role("link", name=name).click()


def step(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Steps").get_by_role("link", name=re.compile(f"{name}")).click()


def choose(page: Page, box: Locator, option: str) -> None:
    box.click()
    page.get_by_role("option", name=option).click()


def looked_at(desk: Desk, name: str, axe: Axe, shot: Shot) -> None:
    """In light and dark, on a screen, a small laptop and a phone."""
    axe(desk.page)
    shot(desk.page, name)
    desk.page.emulate_media(color_scheme="dark")
    expect(desk.page.locator("html[data-mantine-color-scheme=dark]")).to_have_count(1)
    axe(desk.page)
    shot(desk.page, f"{name}-dark")
    desk.page.set_viewport_size(LAPTOP)
    shot(desk.page, f"{name}-laptop-dark")
    desk.page.emulate_media(color_scheme="light")
    expect(desk.page.locator("html[data-mantine-color-scheme=light]")).to_have_count(1)
    desk.page.set_viewport_size(PHONE)
    shot(desk.page, f"{name}-phone")
    assert desk.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    desk.page.set_viewport_size(WIDE)


async def settled(stage: Stage, path: str, **change: Any) -> None:
    """Settings that are stored as a whole."""
    client = stage.shop.owner.client
    now = (await client.get(f"/api/v1{path}")).json()
    answer = await client.put(f"/api/v1{path}", json={**now.get("settings", now), **change})
    assert answer.status_code == 200, answer.text


def test_from_a_table_of_people_to_a_finished_report(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    phones = {name: Customer(stage, "sms", name) for name in NAMES}
    people = {name: re.sub(r"[^\d+]", "", phone.known_as) for name, phone in phones.items()}
    # At any hour of the day on which this is tried; from one person on a second one has to look at it.
    stage.run(settled(stage, "/pacing", quiet={"enabled": False}, caps=[]))
    stage.run(settled(stage, "/broadcasts/settings", people_above=1))
    stage.run(stage.shop.post("/suppressions", 201, address=f"sms:{people['Dora Winter']}", reason="Press"))
    author, approver = desks(stage.joins(Role.MARKETER), "/campaigns"), desks(stage.shop.owner, "/campaigns")
    page = author.page
    expect(page.get_by_role("heading", name="No broadcasts yet")).to_be_visible()
    looked_at(author, "broadcasts-none", axe, shot)
    table(page, people)

    # Whom it is for: who fits is counted while the rule is written.
    page.goto("/campaigns/segments")
    page.get_by_role("button", name="New segment").click()
    page.get_by_role("textbox", name="Name").fill("French speakers")
    page.get_by_role("button", name="Condition").click()
    choose(page, page.get_by_role("combobox", name="What is asked"), "Language")
    page.get_by_role("textbox", name="Value for Language").fill("fr")
    now = page.get_by_role("complementary", name="Who fits now")
    expect(now).to_contain_text("3 people fit")
    expect(now.get_by_role("link", name=re.compile("Ana Winter"))).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="French speakers")).to_be_visible()
    members = page.get_by_role("region", name="Who is in it")
    expect(members.get_by_role("link")).to_have_count(3)
    stage.run(stage.shop.post("/segments", 201, name="Germans", rule=GERMAN))
    overlap = page.get_by_role("region", name="Overlap")
    choose(page, overlap.get_by_role("combobox"), "Germans")
    expect(overlap).to_contain_text("Nobody of “French speakers” is in “Germans”.")
    looked_at(author, "segment", axe, shot)
    page.get_by_role("button", name="More about this segment").click()
    page.get_by_role("menuitem", name="Keep who is in it now as a list…").click()
    page.get_by_role("textbox", name="Name of the list").fill("French in winter")
    page.get_by_role("button", name="Keep as a list").click()
    expect(page.get_by_text("3 people kept as the list “French in winter”")).to_be_visible()
    place(page, "Segments")
    expect(page.get_by_role("link", name=re.compile("French speakers"))).to_contain_text("3")
    looked_at(author, "segments", axe, shot)

    # Five steps; what is written stays, whoever leaves.
    place(page, "Broadcasts")
    page.get_by_role("button", name="New broadcast").click()
    page.get_by_role("textbox", name="Name", exact=True).fill("Winter preview")
    meant = page.get_by_role("region", name="Who gets it")
    choose(page, meant.get_by_role("combobox", name="Segments"), "French speakers")
    page.keyboard.press("Escape")
    count = page.get_by_role("complementary", name="How many")
    expect(count).to_contain_text("3 people are meant")
    looked_at(author, "broadcast-who", axe, shot)
    page.get_by_role("button", name="Next: what").click()
    choose(page, page.get_by_role("combobox", name="Number, sender or bot"), "SMS: sms")
    message = page.get_by_role("textbox", name="Message")
    message.fill("Hello , winter is here.")
    message.press("Home")
    for _ in range(6):
        message.press("ArrowRight")
    page.get_by_role("button", name="Insert what is known of the person into Message").click()
    known = page.get_by_role("dialog", name="What is known of the person")
    known.get_by_role("combobox").select_option(label="Customer's first name")
    known.get_by_role("textbox", name="Where nothing is known").fill("friend")
    known.get_by_role("button", name="Insert").click()
    expect(message).to_have_value('Hello {{ contact.first_name | default: "friend" }}, winter is here.')
    phone = page.get_by_role("complementary", name="On the phone")
    expect(phone.get_by_role("group")).to_contain_text(re.compile("Hello (Ana|Bea|Dora), winter is here."))
    looked_at(author, "broadcast-what", axe, shot)
    choose(page, phone.get_by_role("combobox", name="Send a test to"), "Cem Winter")
    phone.get_by_role("button", name="Send").click()
    expect(page.get_by_text("A test goes to Cem Winter")).to_be_visible()
    page.reload()
    expect(message).to_have_value(re.compile("winter is here"))
    step(page, "When")
    expect(page.get_by_role("radio", name="When somebody presses the last button")).to_be_checked()
    looked_at(author, "broadcast-when", axe, shot)
    page.get_by_role("button", name="Check who gets it").click()

    # Who gets it and who does not, with names.
    stream = page.get_by_role("list", name="Who does not get it, and why")
    expect(stream.get_by_role("listitem")).to_have_count(1)
    expect(stream).to_contain_text("1 On the suppression list")
    expect(page.get_by_text("2 will get it")).to_be_visible()
    looked_at(author, "broadcast-check", axe, shot)
    stream.get_by_role("button", name="Names: On the suppression list").click()
    names = page.get_by_role("dialog")
    expect(names.get_by_role("link", name=re.compile("Dora Winter"))).to_be_visible()
    axe(page)
    shot(page, "broadcast-names")
    page.keyboard.press("Escape")

    # The author hands it in; somebody else says yes; then it can go.
    step(page, "Send")
    page.get_by_role("button", name="Hand it in for approval").click()
    expect(page.get_by_text("It waits for somebody else to approve it.")).to_be_visible()
    theirs = approver.page
    theirs.get_by_role("link", name=re.compile("Winter preview")).click()
    expect(theirs.get_by_role("heading", name="2 people get it now")).to_be_visible()
    looked_at(approver, "broadcast-review", axe, shot)
    theirs.get_by_role("button", name="Approve").click()
    looked_at(author, "broadcast-send", axe, shot)
    page.get_by_role("button", name="Send to 2").click()

    # Watched by both until it is over.
    expect(page.get_by_text("Done", exact=True)).to_be_visible()
    funnel = page.get_by_role("list", name="Funnel")
    expect(funnel.get_by_role("button", name="Delivered: 2. Show who")).to_be_visible()
    expect(theirs.get_by_text("Done", exact=True)).to_be_visible()
    # Whose language is French is told in French how it ends.
    [got] = phones["Ana Winter"].received()
    assert got["body"]["text"] == "Hello Ana, winter is here.\nRépondez STOP pour ne plus en recevoir"
    assert not phones["Dora Winter"].received()
    phones["Bea Winter"].writes("Is it warm?")
    expect(funnel.get_by_role("button", name="Answered: 1. Show who")).to_be_visible()
    looked_at(author, "broadcast-report", axe, shot)
    funnel.get_by_role("button", name="Answered: 1. Show who").click()
    expect(page.get_by_role("dialog").get_by_role("link", name=re.compile("Bea Winter"))).to_be_visible()
    page.keyboard.press("Escape")
    why = page.get_by_role("region", name="Why did, or didn’t, somebody get it?")
    why.get_by_role("combobox").fill("Dora")
    page.get_by_role("option", name="Dora Winter").click()
    expect(why.get_by_role("status")).to_contain_text("suppression list")
    with page.expect_download() as file:
        page.get_by_role("link", name="CSV").click()
    assert "Ana Winter" in file.value.path().read_text()

    # A copy, at another time; one press stops it, on every page.
    stage.run(settled(stage, "/broadcasts/settings", people_above=None))
    page.get_by_role("button", name="More about this broadcast").click()
    page.get_by_role("menuitem", name="Make a copy").click()
    expect(page.get_by_role("heading", name="Winter preview (copy)")).to_be_visible()
    step(page, "When")
    page.get_by_role("radio", name="At a time", exact=True).click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    step(page, "Check")
    expect(page.get_by_text("2 will get it")).to_be_visible()
    step(page, "Send")
    page.get_by_role("button", name="It is finished").click()
    page.get_by_role("button", name="Schedule to 2").click()
    expect(page.get_by_text(re.compile("^It goes on "))).to_be_visible()
    # Slower, or less strict, can be settled now and on the way.
    page.get_by_role("button", name="More about this broadcast").click()
    page.get_by_role("menuitem", name="Pace, budget and guards…").click()
    limits = page.get_by_role("dialog", name="Pace, budget and guards")
    limits.get_by_role("textbox", name="Messages a second, at most").fill("5")
    looked_at(author, "broadcast-limits", axe, shot)
    limits.get_by_role("button", name="Change").click()
    expect(page.get_by_text("In force within two seconds")).to_be_visible()
    expect(limits).not_to_be_visible()
    page.get_by_role("button", name="STOP", exact=True).click()
    # Nothing has gone yet: it is approved as before, and can be scheduled again.
    expect(page.get_by_role("button", name="Schedule to 2")).to_be_visible()

    # The answer is in the inbox, with what it answers.
    theirs.goto("/inbox")
    approver.open("Bea Winter")
    expect(approver.bubble("Hello Bea")).to_contain_text("Winter preview")
    expect(approver.thread("Bea Winter").locator("header")).to_contain_text("Winter preview")
    theirs.get_by_role("link", name="Open contact page").click()
    expect(theirs.get_by_role("region", name="Broadcasts")).to_contain_text("Winter preview")
    axe(theirs)
    shot(theirs, "broadcast-contact")
