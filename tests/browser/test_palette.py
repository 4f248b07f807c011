"""The command palette: by keys alone to any command, page or person."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Axe, Shot, Stage
from tests.browser.desk import Customer, Desks


def test_by_keys_alone(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    for name in ("Pala Palette", "Quim Quickly"):
        Customer(stage, "whatsapp", name).writes("Find me")
    desk = desks()
    page = desk.page
    desk.open("Quim Quickly")
    palette = page.get_by_role("dialog", name="Command palette")
    words = palette.get_by_role("textbox", name="Command or name")

    page.keyboard.press("ControlOrMeta+k")
    expect(words).to_be_focused()
    shot(page, "palette")
    axe(page)
    page.keyboard.type("pala")
    expect(palette.get_by_role("button", name="Pala Palette")).to_be_visible()
    page.keyboard.press("Enter")
    expect(palette).to_have_count(0)
    expect(desk.thread("Pala Palette")).to_be_visible()

    page.keyboard.press("ControlOrMeta+k")
    expect(words).to_be_focused()
    page.keyboard.type("settings prof")
    desk.goes_dark()
    axe(page)
    shot(page, "palette-dark")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/settings/profile$"))
