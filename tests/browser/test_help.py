"""The help centre in Chromium: written in the editor, read by a customer without scripts, put into an answer."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, expect

from app.core.permissions import Role
from tests.browser.conftest import Axe, Shot, Stage
from tests.browser.desk import Customer, Desks


def test_an_article_is_written_read_judged_and_sent(
    stage: Stage, desks: Desks, new_context: Callable[..., BrowserContext], axe: Axe, shot: Shot
) -> None:
    desk = desks(path="/settings/help", allowed="409")
    page = desk.page
    desk.button("Add a category").click()
    page.get_by_label("Name in English").fill("Returns")
    languages = page.get_by_role("combobox", name="Languages")
    languages.fill("fr")
    languages.press("Enter")
    page.get_by_label("Welcome in French").fill("Bonjour !")
    desk.button("Open it to everybody").click()
    expect(page.get_by_role("link", name="Look at it")).to_be_visible()
    axe(page)
    shot(page, "help_settings")
    address = page.get_by_role("link", name="Look at it").get_attribute("href") or ""

    # Written with a preview beside it, in two languages.
    page.keyboard.press("g")
    page.keyboard.press("h")
    desk.button("Write the first article").click()
    page.get_by_label("Title").fill("Send a shade back")
    page.get_by_label("Text", exact=True).fill("Use the **old box**.\n\n## How long\n\nWithin thirty days.")
    expect(page.get_by_role("region", name="How it will be read").get_by_role("heading")).to_have_text("How long")
    page.get_by_label("Category").last.select_option(label="Returns")
    page.get_by_role("group", name="Language").get_by_role("button", name="French").click()
    desk.button("Begin with a copy of English").click()
    page.get_by_label("Title").fill("Renvoyer un abat-jour")
    page.get_by_label("Text", exact=True).fill("Dans la *boîte*.")
    page.get_by_label("French is ready to be read").check(force=True)
    desk.button("Publish").click()
    expect(page.get_by_role("navigation", name="Articles").get_by_text("Published")).to_be_visible()
    axe(page)
    shot(page, "help_editor")
    page.set_viewport_size({"width": 1024, "height": 768})
    shot(page, "help_editor_1024")
    page.set_viewport_size({"width": 390, "height": 844})
    shot(page, "help_editor_390")
    axe(page)
    page.set_viewport_size({"width": 1440, "height": 900})

    # A colleague is faster: what they did is shown, and nothing is lost.
    ama = desks(stage.joins(Role.SUPERVISOR), page.url)
    ama.page.get_by_label("Title").fill("Send any shade back")
    page.get_by_label("Title").fill("Send a shade to us")
    ama.button("Save").click()
    expect(page.get_by_role("alert").filter(has_text="has just been changed")).to_be_visible()
    desk.button("Save").click()
    conflict = page.get_by_role("alert").filter(has_text="was not saved")
    expect(conflict).to_contain_text("Send any shade back")
    axe(page)
    shot(page, "help_conflict")
    desk.button("Take theirs").click()
    expect(page.get_by_role("heading", name="Send any shade back")).to_be_visible()
    desk.button("More").click()
    page.get_by_role("menuitem", name="Versions…").click()
    page.get_by_role("button", name="Version 1").click()
    expect(page.get_by_role("region", name="Text of this version")).to_contain_text("Send a shade back")
    shot(page, "help_versions")
    desk.button("Bring this version back").click()
    expect(page.get_by_role("heading", name="Send a shade back")).to_be_visible()

    # A reader on a phone, without scripts, in the dark.
    reader = new_context(java_script_enabled=False, color_scheme="dark").new_page()
    reader.set_viewport_size({"width": 390, "height": 844})
    reader.goto(f"{address}/fr")
    expect(reader.get_by_role("heading", name="Bonjour !")).to_be_visible()
    reader.get_by_role("link", name="English").click()
    reader.get_by_role("searchbox").fill("returning shades")
    reader.get_by_role("searchbox").press("Enter")
    expect(reader.locator("mark").first).to_be_visible()
    reader.get_by_role("link", name="Send a shade back").click()
    reader.get_by_role("button", name="No").click()
    reader.get_by_label("What were you looking for?").fill("A label for the box")
    reader.get_by_role("button", name="Send").click()
    expect(reader.get_by_text("we will read it")).to_be_visible()
    public = new_context().new_page()
    for path, name in (("/en", "home"), (reader.url.split("?")[0].removeprefix(address), "article"), ("/en/x", "lost")):
        public.goto(address + path)
        for scheme in ("light", "dark"):
            public.emulate_media(color_scheme=scheme)
            axe(public)
            shot(public, f"help_public_{name}_{scheme}")
        public.set_viewport_size({"width": 390, "height": 844})
        axe(public)
        shot(public, f"help_public_{name}_390")
        public.set_viewport_size({"width": 1440, "height": 900})
    desk.button("More").click()
    page.get_by_role("menuitem", name="What readers say…").click()
    expect(page.get_by_role("dialog").get_by_text("A label for the box")).to_be_visible()
    axe(page)
    page.keyboard.press("Escape")

    # In an answer: what may fit is offered, the link goes by a key.
    customer = Customer(stage, "sms", "Efua Owusu")
    customer.writes("How can I return the shade?")
    page.goto("/inbox")
    desk.open(customer.known_as)
    desk.composer.fill("Please see ")
    desk.composer.press("ControlOrMeta+i")
    dialog = page.get_by_role("dialog", name="Insert a help article")
    expect(dialog.get_by_text("May answer")).to_be_visible()
    axe(page)
    shot(page, "help_picker")
    dialog.get_by_label("Search articles").press("Enter")
    expect(desk.composer).to_have_value(f"Please see {address}/en/1-send-a-shade-back")
    desk.composer.press("Enter")
    expect(desk.bubble("Please see")).to_be_visible()
    desk.goes_dark()
    page.goto("/articles")
    expect(page.get_by_role("navigation", name="Articles").get_by_role("link")).to_have_count(1)
    axe(page)
    shot(page, "help_list_dark")
