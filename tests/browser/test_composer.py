"""Around the text box: the phone it is read on, what it costs, the customer's clock; and two hands at one thread."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from playwright.sync_api import Route, expect

from app.core.permissions import Role
from tests.browser.conftest import Axe, Shot, Stage
from tests.browser.desk import Customer, Desk, Desks

SHEET = "Country\tSMS\tMMS\tCurrency\nUS\t0.0079\t0.02\tUSD\n*\t0.05\t\tUSD"
REFUSED = "the server responded with a status of 409"


def _open(desks: Desks, customer: Customer, **how: object) -> Desk:
    desk = desks(allowed=REFUSED, **how)
    desk.open(customer.known_as)
    return desk


def test_what_the_customer_will_see_and_what_it_costs(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    pia = Customer(stage, "sms", "Pia Preview")
    pia.writes("Is it still open?")
    shop = stage.shop
    olu = _open(desks, pia)
    page = olu.page
    page.goto(f"/settings/channels/{shop.accounts['sms']}")
    prices = page.get_by_role("region", name="Prices")
    prices.get_by_role("button", name="Paste a table").click()
    prices.get_by_label("Lines of a spreadsheet").fill(SHEET)
    prices.get_by_role("button", name="Take these").click()
    expect(prices.get_by_label("SMS, US")).to_have_value("0.0079")
    axe(page)
    shot(page, "prices")
    prices.get_by_role("button", name="Save prices").click()
    expect(prices.get_by_role("button", name="Save prices")).to_be_disabled()

    page.goto("/inbox")
    olu.open(pia.known_as)
    olu.composer.fill("Yes, until six. " * 12)
    expect(page.get_by_label("Price")).to_have_text("US$0.0158")
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+P")
    card = page.get_by_role("region", name="Preview", exact=True)
    expect(card).to_contain_text("GSM-7, 2 segments")
    expect(card.get_by_role("group")).to_contain_text("Yes, until six.")
    # On this channel marks are only characters.
    olu.composer.fill("*Yes*")
    expect(card.get_by_role("group")).to_contain_text("*Yes*")
    axe(page)
    shot(page, "preview-sms")

    wes = Customer(stage, "whatsapp", "Wes Preview")
    wes.writes("And on Sunday?")
    olu.open(wes.known_as)
    olu.composer.fill("*Closed* on _Sundays_:\n- but not ~this~ next one\n> see you")
    expect(card.get_by_role("group")).to_contain_text("Closed on Sundays")
    expect(page.get_by_label("Price")).to_contain_text("Free up to 1,000 a month, then no price set")
    shot(page, "preview-whatsapp")
    olu.goes_dark()
    axe(page)
    shot(page, "preview-dark")
    olu.composer.press("Enter")
    olu.ticks(olu.bubble("Closed"), "Delivered")
    (sent,) = wes.received()
    assert sent["body"]["text"].startswith("*Closed* on _Sundays_")


def test_the_customers_clock(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    rosa = Customer(stage, "sms", "Rosa Night")
    rosa.writes("Is my parcel there?")
    olu = desks(allowed=REFUSED)
    # Early in the morning where the number is from, and nowhere near here.
    there = (datetime.now(UTC) + timedelta(days=1)).replace(hour=8, minute=0).astimezone(ZoneInfo("America/New_York"))
    olu.page.clock.set_fixed_time(there)
    olu.page.reload()
    olu.open(rosa.known_as)
    olu.composer.fill("It has just come in")
    expect(olu.page.get_by_text(re.compile(rf"It is {there:%H:%M} for"))).to_be_visible()
    shot(olu.page, "night")
    axe(olu.page)
    olu.button("Send at 09:00 their time").click()
    waiting = olu.page.get_by_role("list", name="Messages for later")
    expect(waiting).to_contain_text("It has just come in")
    (later,) = stage.run(stage.shop.get(f"/conversations/{olu.page.url.rpartition('/')[2]}/deferred"))["items"]
    assert datetime.fromisoformat(later["at"]).astimezone(there.tzinfo).replace(tzinfo=None) == datetime(
        there.year, there.month, there.day, 9
    )


def test_a_colleague_was_faster(desks: Desks, stage: Stage, shot: Shot) -> None:
    hana = Customer(stage, "whatsapp", "Hana Hands")
    hana.writes("Thank you")
    olu, ama = _open(desks, hana), _open(desks, hana, person=stage.joins(Role.AGENT))
    held: list[Route] = []
    olu.page.route("**/close", lambda route: held.append(route))
    olu.button("Close").click()
    while not held:
        olu.page.wait_for_timeout(20)
    ama.button("Snooze").click()
    ama.page.get_by_role("menuitem").first.click()
    expect(ama.thread(hana.known_as)).to_have_count(0)
    held[0].continue_()
    expect(olu.page.get_by_text(re.compile("has snoozed it meanwhile"))).to_be_visible()
    shot(olu.page, "faster")


def test_the_part_of_a_thread_that_one_asks_for(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    fay = Customer(stage, "whatsapp", "Fay Filter")
    fay.writes("Do you repair tents?")
    shop = stage.shop
    one = stage.run(shop.conversation_with("Fay Filter"))
    path = f"/conversations/{one['id']}"
    note = {"client_id": str(uuid4()), "text": "Ask the workshop"}
    stage.run(shop.post(f"{path}/notes", 201, **note))
    for number in range(12):
        fay.writes(f"And this one, number {number}?")
    olu = _open(desks, fay)
    page = olu.page
    page.keyboard.press("Shift+F")
    part = page.get_by_role("region", name="Filtered thread")
    rows = part.get_by_role("listitem")
    expect(part).to_contain_text("number 11?")
    axe(page)
    part.get_by_role("button", name="Notes").click()
    expect(part).not_to_contain_text("number 11?")
    expect(part).to_contain_text("Ask the workshop")
    shot(page, "filtered")
    part.get_by_role("button", name="Notes").click()
    part.get_by_label("Up to").fill("2020-01-01")
    expect(part).to_contain_text("Nothing like this has happened")
    part.get_by_role("button", name="Show everything").click()
    part.get_by_label("Channel").select_option("whatsapp")
    expect(rows.filter(has_text="Do you repair tents?")).to_be_visible()
    rows.filter(has_text="Do you repair tents?").get_by_role("button").click()
    expect(part).to_have_count(0)
    expect(olu.bubble("Do you repair tents?")).to_be_in_viewport()
    page.goto(f"/contacts/{one['contact_id']}")
    page.get_by_role("button", name="Notes").click()
    expect(page.get_by_role("group", name="Timeline", exact=True)).to_contain_text("Ask the workshop")
    axe(page)
    page.set_viewport_size({"width": 390, "height": 844})
    shot(page, "filtered-contact-390")


def test_going_on_on_another_channel(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    gus = Customer(stage, "whatsapp", "Gus Goes")
    gus.writes("Can we go on over Telegram?")
    olu = _open(desks, gus)
    page = olu.page
    page.get_by_role("button", name=re.compile("Choose channel")).click()
    page.get_by_role("menuitem", name="Another channel…").click()
    dialog = page.get_by_role("dialog", name="Continue on another channel")
    form = dialog.get_by_role("form", name="Ask with a code")
    telegram = stage.shop.accounts["telegram"]
    form.get_by_label("Channel").select_option(telegram)
    expect(form.get_by_label("Message")).to_have_value(re.compile("{link}"))
    axe(page)
    shot(page, "go-on")
    form.get_by_role("button", name="Send the code").click()
    expect(dialog).to_have_count(0)
    olu.ticks(olu.bubble("https://t.me/"), "Delivered")
    (sent,) = gus.received()
    code = str(sent["body"]["text"]).rpartition("start=")[2]
    stage.run(stage.shop.writes("telegram", gus.id, type="start", payload=code))
    expect(olu.log).to_contain_text("Shown by a code: on Telegram it is the same person")
    stage.run(stage.shop.writes("telegram", gus.id, type="text", text="Here I am"))
    expect(olu.bubble("Here I am")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Choose channel: Telegram"))).to_be_visible()
    shot(page, "gone-on")
