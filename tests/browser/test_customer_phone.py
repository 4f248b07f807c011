"""The sandbox's phone page: a person plays the customer there by clicking, and sees what the business answers."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Axe, Shot, Stage
from tests.browser.desk import Customer, Desks, complaints


@pytest.fixture
def phone(page: Page, stage: Stage) -> Iterator[Page]:
    with complaints(page, ""):
        page.goto(str(stage.shop.sandbox.base_url))
        yield page


def test_a_customer_writes_by_clicking(phone: Page, desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    desk = desks()
    phone.get_by_role("button", name="New customer").click()
    form = phone.get_by_role("dialog")
    form.get_by_role("textbox", name="Name").fill("Pam Phone")
    axe(phone)
    form.get_by_role("button", name="Add").click()
    expect(phone.get_by_role("button", name=re.compile("^Pam Phone"))).to_have_attribute("aria-current", "true")
    # The shop's own numbers; the sandbox brings some of its own.
    phone.get_by_role("combobox", name="Business account").select_option(stage.shop.providers["whatsapp"])
    phone.get_by_role("textbox", name="Message as Pam Phone").fill("Do you have the lamp in green?")
    phone.get_by_role("button", name="Send", exact=True).click()
    expect(desk.row("Pam Phone")).to_contain_text("Do you have the lamp in green?")
    phone.get_by_role("button", name="Attach").click()
    axe(phone)
    shot(phone, "sandbox-attach")
    phone.get_by_role("menuitem", name="Photo").click()
    desk.open("Pam Phone")
    expect(desk.log.get_by_role("button", name=re.compile("^Open photo"))).to_be_visible()
    desk.writes("Yes, *in stock*.")
    expect(phone.get_by_role("log", name="Conversation")).to_contain_text("Yes, in stock.")
    # The customer looks at the chat, so the ticks turn to read.
    desk.ticks(desk.bubble("in stock"), "Read")
    axe(phone)
    shot(phone, "sandbox-phone")
    phone.emulate_media(color_scheme="dark")
    axe(phone)
    shot(phone, "sandbox-phone-dark")

    phone.get_by_role("tab", name="Telegram").click()
    phone.get_by_role("combobox", name="Business account").select_option(stage.shop.providers["telegram"])
    phone.get_by_role("button", name="Start", exact=True).click()
    phone.get_by_role("textbox", name="Message as Pam Phone").fill("Now on Telegram")
    phone.keyboard.press("Enter")
    expect(desk.row("Pam Phone").filter(has_text="Now on Telegram")).to_be_visible()
    axe(phone)
    phone.get_by_role("tab", name="SMS").click()
    axe(phone)
    shot(phone, "sandbox-sms-dark")


def test_the_phone_page_on_a_phone(phone: Page, stage: Stage, axe: Axe, shot: Shot) -> None:
    Customer(stage, "whatsapp", "Quinn Small").writes("Hello from a small screen")
    phone.set_viewport_size({"width": 390, "height": 844})
    expect(phone.get_by_role("tablist", name="Channels")).to_be_visible()
    axe(phone)
    shot(phone, "sandbox-390")
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
