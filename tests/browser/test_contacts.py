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
    page.get_by_role("option", name="Opportunity").click()
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


def test_a_table_from_its_columns_to_its_results(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    olu = desks(path="/imports", allowed="422")
    page = olu.page
    table = "Name,Mobile,Language\nSelma Import,+12025550181,de\nTariq Import,+12025550182,fr\nNobody,none,en\n"
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Import a table").click()
    chooser.value.set_files({"name": "fair.csv", "mimeType": "text/csv", "buffer": table.encode()})
    expect(page.get_by_label("Mobile is")).to_have_value("phone")
    page.get_by_role("checkbox", name="They agreed to marketing").check()
    page.get_by_role("button", name="Try it out").click()
    expect(page.get_by_text("Say where they agreed, and to which words. Say when they agreed")).to_be_visible()
    page.get_by_role("textbox", name="Where they agreed").fill("Spring fair")
    page.get_by_role("textbox", name="The words that they saw").fill("Yes, send me offers")
    page.get_by_label("When").fill("2026-03-01")
    axe(page)
    shot(page, "import-settings")
    page.get_by_role("button", name="Try it out").click()
    expect(page.get_by_text("1 row is refused")).to_be_visible()
    expect(page.get_by_text("“none” is no phone number")).to_be_visible()
    axe(page)
    shot(page, "import-tried")
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_role("heading", name="Done")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Result of each row").click()
    assert "refused" in download.value.path().read_text()
    shot(page, "import-done")
    page.get_by_role("link", name="Import and export").click()
    page.get_by_role("button", name="Export all contacts").click()
    expect(page.get_by_role("link", name="All contacts")).to_be_visible()
    axe(page)
    olu.goes_dark()
    axe(page)
    shot(page, "tables-dark")
    page.get_by_role("link", name="Contacts", exact=True).last.click()
    expect(page.get_by_role("link", name="Selma Import")).to_be_visible()


def test_what_is_missing_is_seen_and_put_right(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    for name in ("Mona Missing", "Milo Missing"):
        Customer(stage, "whatsapp", name).writes("Hello?")
    desk = desks(path="/contacts")
    page = desk.page
    page.get_by_role("link", name="Data health").click()
    expect(page.get_by_role("region", name="Health score")).to_be_visible(timeout=30_000)
    shot(page, "data-health")
    axe(page)
    found = page.get_by_role("list", name="What was found")
    alone = found.get_by_role("listitem").filter(has=page.get_by_role("heading", name="No owner"))
    alone.get_by_role("button", name="See who: No owner").click()
    people = page.get_by_role("navigation", name="Contacts", exact=True)
    expect(people.get_by_role("link", name="Mona Missing")).to_be_visible()
    axe(page)
    shot(page, "data-health-names")
    page.get_by_role("link", name="Data health").last.click()
    alone.get_by_role("button", name="Put right: No owner").click()
    shot(page, "data-health-fix")
    page.get_by_role("menuitem", name=desk.person.member.name).click()
    # Everybody has an owner: it stands among what nobody has.
    expect(page.get_by_role("region", name="Nothing found").get_by_text("No owner")).to_be_visible(timeout=30_000)
    desk.goes_dark()
    axe(page)
    shot(page, "data-health-dark")
    for width in (1024, 390):
        page.set_viewport_size({"width": width, "height": 844})
        shot(page, f"data-health-{width}")
    assert page.evaluate("document.documentElement.scrollWidth <= 390")
    axe(page)


def test_a_shared_location_is_kept_in_the_address_book(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    lena = Customer(stage, "whatsapp", "Lena Parcel")
    lena.does("location", latitude=5.60371, longitude=-0.18696, name="Lena's shop")
    desk = desks(path="/inbox")
    page = desk.page
    desk.open("Lena Parcel")
    page.get_by_role("button", name="Keep in the address book").click()
    expect(page.get_by_role("button", name="In the address book")).to_be_disabled()
    page.get_by_role("link", name="Open contact page").click()
    book = page.get_by_role("region", name="Address book")
    expect(book.get_by_text("Lena's shop")).to_be_visible()
    book.get_by_role("button", name="Add an address").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Label").fill("Home")
    dialog.get_by_role("textbox", name="Address").fill("12 Ring Road\nAccra")
    dialog.get_by_role("textbox", name="How to get there").fill("Blue gate behind the pharmacy")
    dialog.get_by_role("checkbox", name="Deliver here if nothing else is said").check()
    axe(page)
    shot(page, "address-dialog")
    dialog.get_by_role("button", name="Add it").click()
    expect(book.get_by_role("listitem").first).to_contain_text("Home")
    expect(book.get_by_role("listitem").first).to_contain_text("Default")
    # What somebody is in their company, beside it.
    _add(page, "Company")
    page.get_by_role("combobox", name="Company").fill("Parcel House")
    page.get_by_role("option", name="Make “Parcel House”").click()
    _add(page, "Role there")
    page.get_by_role("option", name="Billing").click()
    expect(page.get_by_role("button", name="Change Role there: Billing")).to_be_visible()
    axe(page)
    shot(page, "address-book")
    page.set_viewport_size({"width": 390, "height": 844})
    book.scroll_into_view_if_needed()
    desk.goes_dark()
    axe(page)
    shot(page, "address-book-390-dark")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto("/companies")
    page.get_by_role("link", name="Parcel House").click()
    expect(page.get_by_role("region", name="People").get_by_text("Billing")).to_be_visible()
    axe(page)
    shot(page, "company-roles")
