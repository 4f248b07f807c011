"""The inbox on a phone and on a small laptop."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Axe, Shot, Stage
from tests.browser.desk import PHONE, Customer, Desks


def test_a_phone_shows_one_pane_at_a_time(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    gus, ivy = Customer(stage, "whatsapp", "Gus Phone"), Customer(stage, "telegram", "Ivy Phone")
    gus.does("image", media="photo", text="Look at this")
    ivy.writes("And this: https://example.com/a/very/long/address/that/does/not/fit/on/a/phone/at/all?really=not")
    desk = desks(**PHONE)
    expect(desk.row("Gus Phone")).to_be_visible()
    axe(desk.page)
    shot(desk.page, "phone-list")
    desk.row("Gus Phone").tap()
    expect(desk.thread("Gus Phone")).to_be_visible()
    expect(desk.list).to_be_hidden()
    expect(desk.bubble("Look at this").get_by_role("img")).to_be_visible()
    axe(desk.page)
    shot(desk.page, "phone-thread")
    desk.composer.fill("Lovely!")
    desk.button("Send").tap()
    desk.ticks(desk.bubble("Lovely!"), "Delivered")
    desk.button("More").tap()
    desk.page.get_by_role("menuitem", name="Contact details").tap()
    panel = desk.page.get_by_role("dialog")
    expect(panel).to_contain_text("Gus Phone")
    axe(desk.page)
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

    desk.goes_dark()
    shot(desk.page, "phone-list-dark")
    axe(desk.page)
    desk.page.get_by_role("navigation", name="Main").get_by_role("link", name="Contacts").tap()
    expect(desk.page.get_by_role("heading", name="Contacts")).to_be_visible()
    axe(desk.page)
    shot(desk.page, "phone-contacts-dark")


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
