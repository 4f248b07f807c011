"""Two languages in one conversation: each reads the other in their own."""

import re

from playwright.sync_api import expect

from app.core.permissions import Role
from tests.browser.conftest import Axe, Shot, Stage
from tests.browser.desk import PHONE, Customer, Desks

FRENCH = "Bonjour, ma commande n'est pas arrivée."
ENGLISH = "Good morning, my order has not arrived."
WROTE = "We are sorry. Your order arrives tomorrow."
SENT = "Nous sommes désolés. Votre commande arrive demain."


def test_read_and_answered_in_two_languages(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    odile = Customer(stage, "whatsapp", "Odile Marchand")
    odile.writes(FRENCH)
    owner = desks(allowed="the server responded with a status of (409|422)")
    owner.open(odile.known_as)
    message = owner.bubble(FRENCH)
    expect(message).to_be_visible()
    expect(owner.page.get_by_role("button", name="Translate", exact=True)).to_have_count(0)

    # Connected under Settings, where what is wrong is said at the field.
    owner.page.goto("/settings/translation")
    page, form = owner.page, owner.page.get_by_role("form", name="Translation service")
    address = form.get_by_label("Address")
    own = address.input_value()
    address.fill("http://10.0.0.1:5000")
    form.get_by_role("button", name="Check and connect").click()
    expect(form.get_by_text("is inside a private network")).to_be_visible()
    axe(page)
    shot(page, "translation-refused")
    address.fill(own)
    form.get_by_role("button", name="Check and connect").click()
    expect(page.get_by_text("7 languages")).to_be_visible()
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.get_by_text("LibreTranslate answers and translates.")).to_be_visible()
    shot(page, "translation-connected")
    owner.goes_dark()
    axe(page)
    shot(page, "translation-connected-dark")

    # In place, for the colleague as well, with the original a click away; what fails says so and can be tried again.
    page.goto("/inbox")
    owner.open(odile.known_as)
    ama = desks(person=stage.joins(Role.AGENT))
    ama.open(odile.known_as)
    stage.run(stage.shop.sandbox.put("/_sandbox/translating", json={"fail": {"status": 503, "count": 1}}))
    offer = message.get_by_role("button", name="Translate", exact=True)
    offer.click()
    expect(message.get_by_role("alert")).to_contain_text("has trouble of its own")
    offer.click()
    for desk in (owner, ama):
        expect(desk.bubble(ENGLISH)).to_contain_text("Translated from French")
        expect(desk.bubble(FRENCH)).to_have_count(0)
    axe(page)
    ama.bubble(ENGLISH).get_by_role("button", name="Show original").click()
    expect(ama.bubble(FRENCH)).to_contain_text("Show translation")
    expect(owner.bubble(ENGLISH)).to_be_visible()

    # All that comes, once the conversation is switched; a reload finds it so.
    owner.thread(odile.known_as).get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Translate into English").click()
    expect(page.get_by_text("has it translated into English")).to_be_visible()
    expect(page.get_by_role("img", name="Translated into English")).to_be_visible()
    odile.writes("Combien ça coûte ?")
    for desk in (owner, ama):
        expect(desk.bubble("How much does it cost ?")).to_be_visible()
    page.reload()
    owner.open(odile.known_as)
    expect(owner.bubble("How much does it cost ?")).to_be_visible()

    # The answer by keyboard: a preview, undone, made again, changed, sent; both texts stay.
    owner.composer.fill(WROTE)
    expect(page.get_by_role("button", name="Translate to French")).to_be_enabled()
    owner.composer.press("Control+Shift+L")
    expect(owner.composer).to_have_value(SENT)
    strip = page.get_by_role("group", name="Translation", exact=True)
    expect(strip).to_contain_text(f"You wrote: {WROTE}")
    axe(page)
    shot(page, "translated-answer-dark")
    strip.get_by_role("button", name="Undo").click()
    expect(owner.composer).to_have_value(WROTE)
    expect(strip).to_have_count(0)
    owner.composer.press("Control+Shift+L")
    strip.get_by_role("combobox", name="Language of the answer").select_option("es")
    expect(owner.composer).to_have_value(re.compile("Su pedido llega mañana"))
    strip.get_by_role("combobox", name="Language of the answer").select_option("fr")
    expect(owner.composer).to_have_value(SENT)
    page.emulate_media(color_scheme="light")
    shot(page, "translated-answer")
    page.reload()
    owner.open(odile.known_as)
    expect(strip).to_contain_text(f"You wrote: {WROTE}")
    # A colleague who takes it over gets both, and back again; nothing of it is left behind.
    expect(owner.button("Drafts, 1")).to_be_visible()
    for taker, before in ((ama, owner), (owner, ama)):
        taker.button("Take over").click()
        expect(taker.composer).to_have_value(SENT)
        expect(taker.page.get_by_role("group", name="Translation", exact=True)).to_contain_text(f"You wrote: {WROTE}")
        expect(before.composer).to_have_value("")
        expect(before.page.get_by_role("group", name="Translation", exact=True)).to_have_count(0)
    owner.composer.press("End")
    owner.composer.press_sequentially(" À bientôt !")
    owner.composer.press("Enter")
    sent = owner.bubble("À bientôt !")
    expect(sent).to_contain_text(f"You wrote: {WROTE}")
    owner.ticks(sent, "Delivered")
    expect(ama.bubble("À bientôt !")).to_contain_text(re.compile(rf"\S+ wrote: {re.escape(WROTE)}"))
    expect(strip).to_have_count(0)
    assert [item["body"]["text"]["body"] if "body" in item["body"].get("text", {}) else item["body"]["text"]
            for item in odile.received()] == [f"{SENT} À bientôt !"]  # fmt: skip
    axe(page)
    shot(page, "translated-thread")

    # On a phone; what is taken back comes with what was written.
    me = {"preferences": {"undo_seconds": 30}}
    stage.run(owner.person.client.patch("/api/v1/me", json=me))
    phone = desks(person=owner.person, **PHONE)
    phone.open(odile.known_as)
    phone.composer.fill("Of course")
    phone.button("Translate to French").click()
    expect(phone.composer).to_have_value("Bien sûr")
    expect(phone.page.get_by_role("group", name="Translation", exact=True)).to_contain_text("You wrote: Of course")
    shot(phone.page, "translated-phone")
    phone.goes_dark()
    axe(phone.page)
    shot(phone.page, "translated-phone-dark")
    phone.page.goto("/settings/translation")
    expect(phone.page.get_by_text("7 languages")).to_be_visible()
    shot(phone.page, "translation-phone-dark")
    phone.page.goto("/inbox")
    phone.open(odile.known_as)
    phone.button("Send").click()
    phone.bubble("Bien sûr").get_by_role("button", name="Undo").click()
    expect(phone.composer).to_have_value("Bien sûr")
    expect(phone.page.get_by_role("group", name="Translation", exact=True)).to_contain_text("You wrote: Of course")
