"""The inbox on a phone and on a small laptop."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Axe, Shot, Stage
from tests.browser.desk import PHONE, Customer, Desk, Desks

# What is on the screen and cannot be hit by a finger: less than 44 pixels wide or high, its label counted in.
TOO_SMALL = """() => [...document.querySelectorAll('button, a[href], input, select, [role=option], [role=menuitem]')]
  .map((each) => [each, (each.closest('label, .mantine-Checkbox-body') ?? each).getBoundingClientRect()])
  .filter(([each, box]) => box.width > 0 && box.bottom > 0 && box.top < innerHeight)
  .filter(([each]) => getComputedStyle(each).visibility === 'visible')
  .filter(([, box]) => box.width < 43.5 || box.height < 43.5)
  .map(([each, box]) => `${each.ariaLabel ?? each.textContent} ${Math.round(box.width)}x${Math.round(box.height)}`)"""
FITS = "document.documentElement.scrollWidth <= 390 && innerWidth === 390"
# An iPhone's keyboard lies over the page, and only the visual viewport tells.
KEYBOARD = """(height) => {
  Object.defineProperty(visualViewport, 'height', { value: height, configurable: true })
  visualViewport.dispatchEvent(new Event('resize'))
}"""


def fits_fingers(desk: Desk) -> None:
    assert desk.page.evaluate(TOO_SMALL) == []
    assert desk.page.evaluate(FITS)


def test_a_phone_shows_one_pane_at_a_time(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    gus, ivy = Customer(stage, "whatsapp", "Gus Phone"), Customer(stage, "telegram", "Ivy Phone")
    gus.does("image", media="photo", text="Look at this")
    ivy.writes("And this: https://example.com/a/very/long/address/that/does/not/fit/on/a/phone/at/all?really=not")
    desk = desks(**PHONE)
    expect(desk.row("Gus Phone")).to_be_visible()
    axe(desk.page)
    fits_fingers(desk)
    shot(desk.page, "phone-list")
    desk.row("Gus Phone").tap()
    expect(desk.thread("Gus Phone")).to_be_visible()
    expect(desk.list).to_be_hidden()
    expect(desk.bubble("Look at this").get_by_role("img")).to_be_visible()
    axe(desk.page)
    fits_fingers(desk)
    shot(desk.page, "phone-thread")
    desk.composer.fill("Lovely! " * 30)
    desk.page.evaluate(KEYBOARD, 480)
    expect(desk.button("Send")).to_be_in_viewport(ratio=1)
    box = desk.button("Send").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 480
    fits_fingers(desk)
    desk.page.evaluate(KEYBOARD, 844)
    desk.composer.fill("Lovely!")
    desk.button("Send").tap()
    desk.ticks(desk.bubble("Lovely!"), "Delivered")
    desk.button("More").tap()
    desk.page.get_by_role("menuitem", name="Contact details").tap()
    panel = desk.page.get_by_role("dialog")
    expect(panel).to_contain_text("Gus Phone")
    axe(desk.page)
    fits_fingers(desk)
    shot(desk.page, "phone-contact")
    panel.get_by_role("button", name="Close").tap()
    expect(panel).to_have_count(0)
    desk.button("Back to the list").tap()
    expect(desk.list).to_be_visible()
    expect(desk.row("Gus Phone")).to_contain_text("You: Lovely!")

    # The system's back gesture leads the same way.
    desk.row("Ivy Phone").tap()
    expect(desk.thread("Ivy Phone")).to_be_visible()
    shot(desk.page, "phone-long-link")
    assert desk.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    desk.page.go_back()
    expect(desk.list).to_be_visible()
    expect(desk.thread("Ivy Phone")).to_have_count(0)

    # Opened by a notification: the first page that the window ever showed, and yet there is a way back to the list.
    talk = stage.run(stage.shop.conversation_with("Ivy Phone"))
    with desk.context.expect_page() as opened:
        desk.page.evaluate("() => { open('about:blank') }")
    straight = Desk(opened.value, desk.person)
    straight.page.set_viewport_size(PHONE["viewport"])
    straight.page.evaluate("(address) => location.replace(address)", f"{stage.shop.url}/inbox/{talk['id']}")
    expect(straight.thread("Ivy Phone")).to_be_visible()
    straight.page.go_back()
    expect(straight.list).to_be_visible()
    straight.page.close()

    desk.goes_dark()
    shot(desk.page, "phone-list-dark")
    axe(desk.page)
    desk.page.get_by_role("navigation", name="Main").get_by_role("link", name="Contacts").tap()
    expect(desk.page.get_by_role("heading", name="Contacts")).to_be_visible()
    axe(desk.page)
    shot(desk.page, "phone-contacts-dark")
    desk.page.get_by_role("navigation", name="Contacts").get_by_role("link").filter(has_text="Ivy Phone").tap()
    expect(desk.page.get_by_role("heading", level=1)).to_contain_text("Ivy Phone")
    axe(desk.page)
    shot(desk.page, "phone-contact-page-dark")


def test_what_a_setting_says_has_the_width_of_a_phone(desks: Desks) -> None:
    page = desks(**PHONE).page
    page.goto("/settings/profile")
    says = page.get_by_text("So long a message waits").bounding_box()
    assert says is not None
    assert says["width"] > 250


def test_where_one_is_stands_in_the_row_of_places(desks: Desks) -> None:
    page = desks(**PHONE).page
    page.goto("/templates")
    expect(page.get_by_role("navigation", name="Campaigns").get_by_role("link", name="Templates")).to_be_in_viewport(
        ratio=1
    )


def test_a_small_laptop_keeps_the_contact_in_a_drawer(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    Customer(stage, "whatsapp", "Lou Laptop").writes("Hello")
    desk = desks(viewport={"width": 1024, "height": 768})
    desk.open("Lou Laptop")
    expect(desk.page.get_by_role("complementary", name="Contact")).to_have_count(0)
    shot(desk.page, "laptop")
    axe(desk.page)
    desk.button("Contact details").click()
    drawer = desk.page.get_by_role("dialog")
    expect(drawer).to_contain_text("Lou Laptop")
    axe(desk.page)
    shot(desk.page, "laptop-drawer")
    desk.page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    desk.goes_dark()
    shot(desk.page, "laptop-dark")
    assert re.search("/inbox/cnv_", desk.page.url)
