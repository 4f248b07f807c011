"""A number that may be somebody else's, on screens: the warning, what is folded away, and making sure."""

from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from tests.browser.conftest import Axe, Shot, Stage
from tests.browser.desk import PHONE, Customer, Desks


def test_after_a_long_silence_the_agent_is_warned(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    vera = Customer(stage, "whatsapp", "Vera Silence")
    vera.writes("My new boots are great")
    olu = desks(path="/inbox")
    page = olu.page
    olu.open("Vera Silence")
    thread = stage.run(stage.shop.conversation_with("Vera Silence"))
    contact_id = thread["contact_id"]
    stage.run(stage.shop.post(f"/contacts/{contact_id}/destinations", 201, label="Home", text="12 Ring Road"))
    rows = stage.shop.owner.ws.db.conversations
    reach = stage.run(rows.get(thread["id"]))["reach"]
    past = [{**way, "last_inbound_at": datetime.now(UTC) - timedelta(days=500)} for way in reach]
    stage.run(rows.update({"_id": thread["id"]}, {"$set": {"reach": past}}))
    vera.writes("Hello, what do you sell?")
    for name in ("Who writes here", "May be somebody else"):
        expect(page.get_by_role("region", name=name)).to_contain_text("16 months of silence")
    expect(page.get_by_role("complementary", name="Contact").get_by_text("folded away")).to_be_visible()
    axe(page)
    shot(page, "doubt-thread")
    page.get_by_role("link", name="Open contact page").click()
    expect(page.get_by_text("Folded away until somebody has made sure")).to_be_visible()
    shot(page, "doubt-contact")
    page.get_by_role("button", name="Show all the same").click()
    expect(page.get_by_text("12 Ring Road")).to_be_visible()
    page.get_by_role("button", name="Verify…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    axe(page)
    shot(page, "doubt-dialog")
    olu.goes_dark()
    axe(page)
    page.set_viewport_size(PHONE["viewport"])
    shot(page, "doubt-dialog-dark-phone")
    dialog.get_by_role("radio", name="They answered a question").check()
    dialog.get_by_role("textbox", name="Note").fill("Knew the boots")
    dialog.get_by_role("button", name="It is them").click()
    expect(page.get_by_role("region", name="May be somebody else")).to_have_count(0)
