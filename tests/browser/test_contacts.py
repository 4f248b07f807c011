"""Contacts in a browser: their fields, the list with its filters, and a file of people from mapping to result."""

from playwright.sync_api import Page, expect

from app.core.permissions import Role
from tests.browser.conftest import Axe, Shot, Stage
from tests.browser.desk import Customer, Desks


def _add(page: Page, name: str) -> None:
    page.get_by_role("button", name=f"Add {name}", exact=True).click()


def test_fields_from_the_settings_to_the_panel(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    rosa = Customer(stage, "whatsapp", "Rosa Fields")
    rosa.writes("Do you have it in green?")
    olu = desks(path="/settings/fields")
    page = olu.page
    page.get_by_role("button", name="Add a field").click()
    page.get_by_role("textbox", name="Label").fill("Size")
    page.get_by_role("textbox", name="Key").fill("size")
    page.get_by_label("Kind").select_option("Choice")
    for option in ("Small", "Large"):
        page.get_by_role("combobox", name="Options").fill(option)
        page.keyboard.press("Enter")
    axe(page)
    shot(page, "contact-fields")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()

    ama = desks(stage.joins(Role.AGENT))
    for desk in (olu, ama):
        desk.page.goto("/inbox")
        desk.open("Rosa Fields")
    panel = page.get_by_role("complementary", name="Contact")
    expect(panel.get_by_text("By their number")).to_be_visible()
    _add(page, "Size")
    page.get_by_role("option", name="Large").click()
    _add(page, "Company")
    page.get_by_role("combobox", name="Company").fill("Adinkra Textiles")
    page.get_by_role("option", name="Make “Adinkra Textiles”").click()
    _add(page, "Stage")
    page.get_by_role("combobox", name="Stage").fill("Oppo")
    page.keyboard.press("Enter")
    # The colleague sees it without a reload.
    theirs = ama.page.get_by_role("complementary", name="Contact")
    for text in ("Large", "Adinkra Textiles", "Opportunity"):
        expect(theirs.get_by_text(text, exact=True)).to_be_visible()
    shot(page, "contact-panel")
    axe(page)
    page.get_by_role("link", name="Open contact page").click()
    page.get_by_role("button", name="What was changed, and by whom").click()
    expect(page.get_by_text("Stage: “Opportunity”")).to_be_visible()
    axe(page)
    shot(page, "contact-page")
    olu.goes_dark()
    axe(page)
    shot(page, "contact-page-dark")


def test_many_are_chosen_and_put_on_a_list(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    for name in ("Lina List", "Luca List", "Mara List"):
        Customer(stage, "whatsapp", name).writes("Hello")
    olu = desks(path="/contacts")
    page = olu.page
    people = page.get_by_role("region", name="Contacts", exact=True)
    page.get_by_label("Sort by").select_option("Name")
    for name in ("Lina List", "Luca List"):
        people.get_by_role("checkbox", name=f"Choose {name}").check()
    bar = page.get_by_role("region", name="Chosen contacts")
    bar.get_by_role("button", name="List").click()
    page.get_by_role("menuitem", name="New list").click()
    page.get_by_role("textbox", name="Name").fill("Autumn fair")
    axe(page)
    shot(page, "contacts-chosen")
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 contacts put on Autumn fair")).to_be_visible()
    page.get_by_role("button", name="Filter contacts").click()
    page.get_by_role("menuitem", name="List").click()
    page.get_by_role("menuitemcheckbox", name="Autumn fair").click()
    expect(people.get_by_text("2 people")).to_be_visible()
    expect(people.get_by_role("link", name="Mara List")).not_to_be_visible()
    page.keyboard.press("Escape")
    axe(page)
    shot(page, "contacts-list")
    page.get_by_role("button", name="Undo").click()
    expect(people.get_by_text("Nobody matches")).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    people.get_by_role("button", name="Show everybody").click()
    expect(people.get_by_role("link", name="Mara List")).to_be_visible()
    axe(page)
    shot(page, "contacts-narrow")
