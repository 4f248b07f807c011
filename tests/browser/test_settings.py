"""The settings as people use them: channels, members, two-factor sign-in, sessions, API tokens, audit log."""

import re
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx
import pyotp
import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect
from playwright.sync_api import TimeoutError as TooLate

from app.core.permissions import Role
from tests.browser.conftest import Axe, Shot, Stage, watch
from tests.support.people import PASSWORD, Person, email

NEXT_NOTE_MS = 12_000


def sign_in(page: Page, person: Person, path: str = "/settings") -> None:
    page.goto(f"/login?next={path}")
    _credentials(page, person.member.email)
    # Not a pattern: the address of the sign-in page ends in the path, too.
    page.wait_for_url(lambda url: urlsplit(url).path.startswith(path))


def _credentials(page: Page, address: str, password: str = PASSWORD) -> None:
    page.get_by_label("Email").fill(address)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()


def section(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Settings").get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()


def person_row(page: Page, name: str) -> Locator:
    return page.get_by_role("table", name="Members").get_by_role("row").filter(has_text=name)


def copied(page: Page, button: str) -> str:
    """What this button copies: it is there a moment after the press."""
    page.evaluate("navigator.clipboard.writeText('nothing yet')")
    page.get_by_role("button", name=button).click()
    taken = page.wait_for_function("navigator.clipboard.readText().then((text) => text !== 'nothing yet' && text)")
    return str(taken.json_value())


@pytest.fixture
def owner(stage: Stage) -> Person:
    return stage.shop.owner


# --- channels ---


async def _put(phones: httpx.AsyncClient, path: str, body: dict[str, Any]) -> None:
    answer = await phones.put(f"/_sandbox/accounts/{path}", json=body)
    assert answer.status_code == 200, answer.text


def test_connect_whatsapp(page: Page, stage: Stage, owner: Person, axe: Axe, shot: Shot) -> None:
    """A wrong token is shown at its field; with the right one a customer's first message turns the account green."""
    shop, number_id, secret = stage.shop, str(10**14 + secrets.randbelow(10**13)), secrets.token_hex(16)
    token, waba_id = f"EAA{secret}", str(2 * 10**14 + secrets.randbelow(10**13))
    number = {
        "app_secret": secret,
        "access_token": token,
        "waba_id": waba_id,
        "app_id": "300000000000078",
        "display_phone_number": "12025550188",
        "verify_token": "unset",
    }
    stage.run(_put(shop.sandbox, f"whatsapp/{number_id}", number))
    sign_in(page, owner)
    page.get_by_role("button", name="Connect a channel").click()
    page.get_by_role("link", name="WhatsApp").click()
    expect(page.get_by_role("heading", name="Connect WhatsApp")).to_be_focused()
    page.get_by_role("textbox", name="Name").fill("Orders")
    page.get_by_label("Phone number ID").fill(number_id)
    page.get_by_label("WhatsApp Business Account ID").fill(waba_id)
    wrong = page.get_by_role("textbox", name="Permanent access token")
    wrong.fill("EAAwrong")
    expect(wrong).to_have_attribute("type", "password")
    page.get_by_role("button", name="Show what is typed: Permanent access token").click()
    expect(wrong).to_have_attribute("type", "text")
    page.get_by_role("textbox", name="App secret").fill(secret)
    page.get_by_role("button", name="Connect").click()

    expect(wrong).to_have_attribute("aria-invalid", "true")
    expect(wrong).to_be_focused()
    axe(page)
    shot(page, "connect-whatsapp-wrong-token")

    wrong.fill(token)
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_role("heading", name="WhatsApp is connected")).to_be_focused()
    waiting = page.get_by_role("status").filter(has_text="Waiting for the first webhook")
    expect(waiting).to_be_visible()
    axe(page)
    shot(page, "connect-whatsapp-next-steps")
    assert re.fullmatch(re.escape(shop.url) + r"/webhooks/whatsapp/acc_\w+", copied(page, "Copy webhook URL"))
    assert (
        copied(page, "Copy verify token")
        == page.get_by_role("group", name="Verify token").get_by_role("code").inner_text()
    )
    page.get_by_role("button", name="Register the webhook for me").click()
    expect(page.get_by_text("Registered at Meta")).to_be_visible()

    customer = stage.run(shop.customer(name="Nia Webhook"))
    inbound = {"channel": "whatsapp", "account": number_id, "customer": customer["id"], "type": "text", "text": "Hello"}
    works = page.get_by_role("status").filter(has_text="It works")
    # On a busy machine the note of when a webhook came may be lost; the next message after a while brings it.
    for _ in range(3):
        assert stage.run(shop.sandbox.post("/_sandbox/inbound", json=inbound)).status_code == 200
        with suppress(TooLate):
            works.wait_for(timeout=NEXT_NOTE_MS)
            break
    expect(works).to_be_visible()
    shot(page, "connect-whatsapp-received")
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("heading", name="Orders", level=1)).to_be_visible()
    health = page.get_by_role("region", name="Health")
    expect(health.get_by_role("status")).to_have_text("Working")


def test_connect_telegram(page: Page, stage: Stage, owner: Person, axe: Axe) -> None:
    """Its webhook is registered without being asked for."""
    bot_id = str(700_100 + secrets.randbelow(90_000))
    token = f"{bot_id}:{secrets.token_hex(17)}"
    bot = {"token": token, "username": f"linden_{bot_id}_bot", "first_name": "Linden"}
    stage.run(_put(stage.shop.sandbox, f"telegram/{bot_id}", bot))
    sign_in(page, owner, "/settings/channels/new/telegram")
    page.get_by_role("textbox", name="Bot token").fill(token)
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_role("heading", name="Telegram is connected")).to_be_visible()
    expect(page.get_by_text("Registered at Telegram")).to_be_visible()
    expect(page.get_by_role("link", name="Open the bot")).to_have_attribute("href", f"https://t.me/linden_{bot_id}_bot")
    axe(page)


def test_connect_web_chat(page: Page, owner: Person, axe: Axe, shot: Shot) -> None:
    """The preview follows the form; the snippet and a signing secret can be copied."""
    sign_in(page, owner, "/settings/channels/new/livechat")
    page.get_by_role("textbox", name="Title").fill("Ask the lamp shop")
    expect(page.get_by_role("img", name="Chat window with the title Ask the lamp shop")).to_be_visible()
    page.get_by_role("textbox", name="Colour (optional)").fill("#12")
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_role("textbox", name="Colour (optional)")).to_have_attribute("aria-invalid", "true")
    page.get_by_role("textbox", name="Colour (optional)").fill("#0f766e")
    page.get_by_role("textbox", name="Allowed sites").fill("https://lamps.example.com\nhttps://*.lamps.example.com")
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_role("heading", name="Web chat is connected")).to_be_visible()
    axe(page)
    shot(page, "connect-web-chat")
    assert copied(page, "Copy widget snippet").startswith("<script async src=")
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("textbox", name="Allowed sites")).to_have_value(
        "https://lamps.example.com\nhttps://*.lamps.example.com"
    )
    page.get_by_role("button", name="Make a new one").click()
    page.get_by_role("dialog").get_by_role("button", name="Make a new one").click()
    made = page.get_by_role("dialog", name="Signing secret")
    expect(made.get_by_role("code")).to_have_text(re.compile(r"^ws_\S{20,}"))
    axe(page)
    made.get_by_role("button", name="Done").click()
    expect(made).to_be_hidden()


def test_change_and_disconnect_an_account(page: Page, stage: Stage, owner: Person, axe: Axe, shot: Shot) -> None:
    account_id = stage.shop.accounts["whatsapp"]
    sign_in(page, owner, f"/settings/channels/{account_id}")
    name = page.get_by_role("form", name="Connection").get_by_label("Name")
    name.fill("Shop number")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Shop number", level=1)).to_be_visible()

    secret = page.get_by_role("textbox", name="Permanent access token")
    expect(secret).to_have_value("")
    secret.fill("EAAwrong")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(secret).to_have_attribute("aria-invalid", "true")
    page.get_by_role("button", name="Discard").click()
    expect(secret).to_have_value("")

    page.get_by_role("button", name="Check now").click()
    expect(page.get_by_text("Checked. The credentials work.")).to_be_visible()
    enabled = page.get_by_role("switch", name="Enabled")
    enabled.click()
    expect(page.get_by_role("region", name="Health")).to_contain_text("Switched off")
    enabled.click()
    expect(page.get_by_role("region", name="Health")).not_to_contain_text("Switched off")

    page.get_by_role("button", name="order_update").click()
    preview = page.get_by_role("dialog", name="order_update")
    expect(preview.get_by_role("img", name=re.compile("^Preview: "))).to_be_visible()
    axe(page)
    shot(page, "template-preview")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="order_update")).to_be_focused()
    page.get_by_role("button", name="Sync").click()
    expect(page.get_by_text(re.compile(r"\d+ templates fetched"))).to_be_visible()

    page.goto(f"/settings/channels/{stage.shop.accounts['sms']}")
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Disconnect…").click()
    dialog = page.get_by_role("dialog", name="Disconnect sms?")
    expect(dialog.get_by_label("Type sms to confirm")).to_be_focused()
    confirm = dialog.get_by_role("button", name="Disconnect")
    expect(confirm).to_be_disabled()
    axe(page)
    shot(page, "disconnect")
    dialog.get_by_label("Type sms to confirm").fill("sms")
    confirm.click()
    cards = page.get_by_role("list", name="Connected channels")
    expect(cards.get_by_role("link", name="Shop number")).to_be_visible()
    expect(cards.get_by_role("link", name="sms", exact=True)).to_be_hidden()


# --- members ---


def test_invite_and_accept(
    page: Page, new_context: Callable[..., BrowserContext], stage: Stage, owner: Person, axe: Axe, shot: Shot
) -> None:
    sign_in(page, owner)
    section(page, "Members")
    address = email()
    page.get_by_role("button", name="Invite").click()
    dialog = page.get_by_role("dialog", name="Invite a colleague")
    expect(dialog.get_by_label("Email")).to_be_focused()
    dialog.get_by_label("Email").fill(address)
    dialog.get_by_role("radio", name="Supervisor").check()
    axe(page)
    shot(page, "invite")
    dialog.get_by_role("button", name="Create link").click()
    ready = page.get_by_role("dialog", name="Invitation ready")
    axe(page)
    link = copied(page, "Copy invitation link")
    ready.get_by_role("button", name="Done").click()
    pending = page.get_by_role("table", name="Pending invitations")
    expect(pending.get_by_role("row").filter(has_text=address)).to_contain_text("Supervisor")

    with new_context() as context:
        guest = context.new_page()
        errors = watch(guest)
        guest.goto(link)
        guest.get_by_label("Your name").fill("Sana Supervisor")
        guest.get_by_label("Password", exact=True).fill(PASSWORD)
        axe(guest)
        guest.get_by_role("button", name="Join").click()
        guest.wait_for_url("**/inbox**")
        assert not errors, errors
    # The first screen hears of it without being asked.
    expect(person_row(page, "Sana Supervisor")).to_contain_text("Supervisor")


def test_revoke_an_invitation(page: Page, owner: Person) -> None:
    sign_in(page, owner, "/settings/members")
    address = email()
    page.get_by_role("button", name="Invite").click()
    page.get_by_role("dialog").get_by_label("Email").fill(owner.member.email)
    page.get_by_role("button", name="Create link").click()
    expect(page.get_by_role("dialog").get_by_label("Email")).to_have_attribute("aria-invalid", "true")
    page.get_by_role("dialog").get_by_label("Email").fill(address)
    page.get_by_role("button", name="Create link").click()
    page.get_by_role("button", name="Done").click()
    page.get_by_role("button", name=f"Revoke invitation of {address}").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_text(address)).to_be_hidden()


def test_change_role_disable_and_sign_out(
    page: Page, new_context: Callable[..., BrowserContext], stage: Stage, owner: Person, axe: Axe
) -> None:
    member = stage.joins(Role.MARKETER)
    sign_in(page, owner, "/settings/members")
    row = person_row(page, member.member.email)
    row.get_by_role("button", name="Change role of Ama Marketer: Marketer").click()
    dialog = page.get_by_role("dialog", name="Role of Ama Marketer")
    dialog.get_by_role("radio", name="Admin").check()
    axe(page)
    dialog.get_by_role("button", name="Change role").click()
    expect(row).to_contain_text("Admin")

    with new_context() as context:
        theirs = context.new_page()
        watch(theirs)
        sign_in(theirs, member)
        expect(theirs.get_by_role("navigation", name="Settings").get_by_role("link", name="Audit log")).to_be_visible()
        row.get_by_role("button", name="Actions for Ama Marketer").click()
        page.get_by_role("menuitem", name="Sign out everywhere…").click()
        page.get_by_role("dialog").get_by_role("button", name="Sign out everywhere").click()
        theirs.wait_for_url("**/login**")

    row.get_by_role("button", name="Actions for Ama Marketer").click()
    page.get_by_role("menuitem", name="Disable…").click()
    page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    expect(row).to_contain_text("Disabled")
    row.get_by_role("button", name="Actions for Ama Marketer").click()
    page.get_by_role("menuitem", name="Enable").click()
    expect(row).not_to_contain_text("Disabled")


def test_the_last_owner_stays(page: Page, owner: Person) -> None:
    sign_in(page, owner, "/settings/members")
    row = person_row(page, owner.member.email)
    row.get_by_role("button", name="Change role of Olu Owner: Owner").click()
    dialog = page.get_by_role("dialog", name="Role of Olu Owner")
    dialog.get_by_role("radio", name="Agent", exact=True).check()
    dialog.get_by_role("button", name="Change role").click()
    expect(dialog.get_by_role("alert")).to_contain_text("A workspace needs an owner")
    page.keyboard.press("Escape")
    expect(row).to_contain_text("Owner")


# --- the member's own ---


def test_profile(page: Page, stage: Stage, axe: Axe) -> None:
    member = stage.joins(Role.AGENT)
    sign_in(page, member, "/settings/profile")
    page.get_by_role("textbox", name="Name").fill("Amina Agent")
    page.get_by_role("button", name="Save name").click()
    expect(page.get_by_role("button", name=re.compile("Your profile: Amina Agent"))).to_be_visible()
    page.get_by_role("radio", name="Dark").check(force=True)
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
    axe(page)
    with page.expect_response("**/api/v1/me"):
        page.get_by_role("switch", name="Enter sends the message").click()
    expect(page.get_by_text("Enter begins a new line")).to_be_visible()
    page.reload()
    expect(page.get_by_role("switch", name="Enter sends the message")).not_to_be_checked()
    expect(page.get_by_role("textbox", name="Name")).to_have_value("Amina Agent")


def test_two_factor_sign_in(page: Page, stage: Stage, axe: Axe, shot: Shot) -> None:
    """Set up with a code of the app, sign in with the next one, then once with a recovery code."""
    member = stage.joins(Role.AGENT)
    sign_in(page, member, "/settings/security")
    page.get_by_role("button", name="Set up").click()
    setup = page.get_by_role("dialog", name="Set up two-factor sign-in")
    qr = setup.get_by_role("img", name="QR code for your authenticator app")
    expect(qr).to_be_visible()
    expect(qr).not_to_have_js_property("naturalWidth", 0)
    app = pyotp.TOTP(setup.get_by_role("group", name="Set-up key").get_by_role("code").inner_text())
    axe(page)
    shot(page, "two-factor")
    code = setup.get_by_label("Code from the app")
    code.fill("000000" if app.now() != "000000" else "111111")
    setup.get_by_role("button", name="Turn on").click()
    expect(code).to_have_attribute("aria-invalid", "true")
    code.fill(app.now())
    setup.get_by_role("button", name="Turn on").click()
    done = page.get_by_role("dialog", name="Two-factor sign-in is on")
    listed = done.get_by_role("list", name="Recovery codes").get_by_role("listitem")
    expect(listed).to_have_count(10)
    codes = listed.all_inner_texts()
    axe(page)
    shot(page, "recovery-codes")
    with page.expect_download() as download:
        done.get_by_role("button", name="Download").click()
    assert codes[9] in download.value.path().read_text()
    expect(done.get_by_role("button", name="Done")).to_be_disabled()
    done.get_by_label("I have kept them").check()
    done.get_by_role("button", name="Done").click()
    expect(page.get_by_role("button", name="Turn off")).to_be_visible()

    for answer in (app.at(time.time() + 30), codes[0]):
        page.context.clear_cookies()
        page.goto("/login")
        _credentials(page, member.member.email)
        page.get_by_label("Code").fill(answer)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/inbox**")

    page.goto("/settings/security")
    page.get_by_role("button", name="Turn off").click()
    off = page.get_by_role("dialog", name="Turn off two-factor sign-in?")
    off.get_by_label("Your password").fill("not my password")
    off.get_by_role("button", name="Turn off").click()
    expect(off.get_by_label("Your password")).to_have_attribute("aria-invalid", "true")
    off.get_by_label("Your password").fill(PASSWORD)
    off.get_by_role("button", name="Turn off").click()
    expect(page.get_by_role("button", name="Set up")).to_be_visible()


def test_password_and_sessions(page: Page, new_context: Callable[..., BrowserContext], stage: Stage, axe: Axe) -> None:
    member = stage.joins(Role.AGENT)
    sign_in(page, member, "/settings/security")
    sessions = page.get_by_role("list", name="Sessions").get_by_role("listitem")
    with new_context() as context:
        other = context.new_page()
        watch(other)
        sign_in(other, member, "/settings/profile")
        page.reload()
        # This one, the other browser, and the client with which the member was made.
        expect(sessions).to_have_count(3)
        expect(sessions.first).to_contain_text("This session")
        axe(page)
        page.get_by_role("button", name="Sign out python-httpx").click()
        expect(sessions).to_have_count(2)
        page.get_by_role("button", name="Sign out all others").click()
        page.get_by_role("dialog").get_by_role("button", name="Sign out all others").click()
        expect(sessions).to_have_count(1)
        other.wait_for_url("**/login**")

    form = page.get_by_role("form", name="Password")
    form.get_by_label("Current password", exact=True).fill("wrong")
    form.get_by_label("New password", exact=True).fill("a better horse battery")
    page.get_by_role("button", name="Change password").click()
    expect(form.get_by_label("Current password", exact=True)).to_have_attribute("aria-invalid", "true")
    form.get_by_label("Current password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("Your password was changed")).to_be_visible()
    page.context.clear_cookies()
    page.goto("/login")
    _credentials(page, member.member.email, "a better horse battery")
    page.wait_for_url("**/inbox**")


# --- programs and records ---


def test_api_token(page: Page, stage: Stage, owner: Person, axe: Axe, shot: Shot) -> None:
    """It works with the rights it was given until it is deleted."""
    sign_in(page, owner)
    section(page, "API tokens")
    page.get_by_role("button", name="Create a token").click()
    dialog = page.get_by_role("dialog", name="Create a token")
    expect(dialog.get_by_label("Name")).to_be_focused()
    dialog.get_by_label("Name").fill("Order export")
    expect(dialog.get_by_role("button", name="Create token")).to_be_disabled()
    dialog.get_by_label("Read contacts").check()
    axe(page)
    shot(page, "create-token")
    dialog.get_by_role("button", name="Create token").click()
    made = page.get_by_role("dialog", name="Order export was created")
    headers = {"authorization": f"Bearer {copied(page, 'Copy token')}"}
    axe(page)
    made.get_by_role("button", name="Done").click()

    def status(path: str) -> int:
        return httpx.get(f"{stage.shop.url}/api/v1{path}", headers=headers, trust_env=False).status_code

    assert (status("/contacts"), status("/members")) == (200, 403)
    expect(page.get_by_role("table", name="API tokens")).to_contain_text("Read contacts")
    page.get_by_role("button", name="Delete Order export").click()
    page.get_by_role("dialog", name="Delete Order export?").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("No tokens yet")).to_be_visible()
    assert status("/contacts") == 401


def test_audit_log(page: Page, stage: Stage, owner: Person, axe: Axe, shot: Shot) -> None:
    """Newest first, in words, page by page, with the details at hand."""

    async def sign_in_often() -> None:
        for _ in range(60):
            await stage.shop.people.sign_in(owner.ws, owner.member)

    stage.run(sign_in_often(), seconds=60)
    sign_in(page, owner, "/settings/audit")
    rows = page.get_by_role("button", name=re.compile("^Details: "))
    expect(rows).to_have_count(50)
    page.get_by_role("button", name="Show older").click()
    expect(rows).not_to_have_count(50)
    first = rows.first
    expect(first).to_have_accessible_name("Details: Olu Owner signed in")
    first.focus()
    page.keyboard.press("Enter")
    expect(first).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_text("session.started").first).to_be_visible()
    axe(page)
    page.get_by_label("What", exact=True).select_option("Members")
    expect(page.get_by_role("button", name=re.compile("^Details: Olu Owner signed in"))).to_have_count(0)
    page.get_by_label("To", exact=True).fill("2020-01-01")
    expect(page.get_by_text("Nothing like that happened")).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Clear filters").click()
    expect(first).to_have_accessible_name("Details: Olu Owner signed in")
    shot(page, "audit")


# --- states of every page ---

PAGES = [
    "channels",
    "channels/new",
    "channels/new/whatsapp",
    "members",
    "tokens",
    "audit",
    "operations",
    "profile",
    "security",
]


# Colours change once: that costs more than another width.
LOOKS: list[tuple[int, Literal["light", "dark"]]] = [(1440, "light"), (1024, "light"), (390, "dark"), (1440, "dark")]


def test_pages_are_accessible(page: Page, owner: Person, axe: Axe, shot: Shot) -> None:
    """Each is loaded once; window and colours change under it, as they do under people."""
    sign_in(page, owner)
    for path in PAGES:
        page.goto(f"/settings/{path}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.wait_for_load_state("networkidle")
        for width, scheme in LOOKS:
            page.set_viewport_size({"width": width, "height": 844})
            page.emulate_media(color_scheme=scheme)
            expect(page.locator(f"html[data-mantine-color-scheme={scheme}]")).to_have_count(1)
            axe(page)
            shot(page, f"settings-{path.replace('/', '-')}-{width}-{scheme}")
            too_wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
            assert not too_wide, (path, width)


def test_on_a_phone_sections_come_first(page: Page, owner: Person) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in(page, owner)
    section(page, "Members")
    expect(page.get_by_role("navigation", name="Settings")).to_be_hidden()
    page.get_by_role("main").get_by_role("link", name="Settings").click()
    expect(page.get_by_role("navigation", name="Settings")).to_be_visible()


def test_without_permission(page: Page, stage: Stage, axe: Axe) -> None:
    """An agent sees channels and members, changes nothing, and is told so where they may not look."""
    sign_in(page, stage.joins(Role.AGENT), "/settings")
    sections = page.get_by_role("navigation", name="Settings")
    for name in ("Channels", "Members", "Profile", "Security"):
        expect(sections.get_by_role("link", name=name)).to_be_visible()
    for name in ("API tokens", "Audit log", "Operations"):
        expect(sections.get_by_role("link", name=name)).to_be_hidden()
    expect(page.get_by_role("list", name="Connected channels")).to_be_visible()
    expect(page.get_by_role("button", name="Connect a channel")).to_be_hidden()
    page.get_by_role("link", name="telegram", exact=True).click()
    expect(page.get_by_role("region", name="Health")).to_be_visible()
    expect(page.get_by_role("button", name="Check now")).to_be_hidden()
    section(page, "Members")
    expect(page.get_by_role("button", name="Invite")).to_be_hidden()
    for path in ("tokens", "audit", "operations", "channels/new"):
        page.goto(f"/settings/{path}")
        expect(page.get_by_text("Your role cannot see this")).to_be_visible()
        axe(page)


@pytest.mark.parametrize(
    ("path", "api"),
    [
        ("channels", "accounts"),
        ("members", "members**"),
        ("tokens", "tokens"),
        ("audit", "audit**"),
        ("operations", "operations"),
    ],
)
def test_when_the_server_fails(page: Page, owner: Person, axe: Axe, path: str, api: str) -> None:
    """The reason is shown, and trying again works."""
    sign_in(page, owner, "/settings/profile")
    problem = {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "code": "busy",
        "detail": "It rains in.",
    }
    page.route(f"**/api/v1/{api}", lambda route: route.fulfill(status=409, json=problem))
    page.get_by_role("navigation", name="Settings").locator(f"a[href$='/settings/{path}']").click()
    expect(page.get_by_text("It rains in.")).to_be_visible()
    axe(page)
    page.unroute(f"**/api/v1/{api}")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
