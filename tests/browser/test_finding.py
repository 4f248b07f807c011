"""Finding work: views with counts, filters in the address, tags and priorities, and a view of one's own rule."""

import re
from typing import Any
from uuid import uuid4

from playwright.sync_api import expect

from tests.browser.conftest import Axe, Shot, Stage
from tests.browser.desk import Customer, Desks
from tests.support.shop import eventually


def test_tags_filters_and_a_saved_view(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    tilda, otto = Customer(stage, "whatsapp", "Tilda Tagged"), Customer(stage, "whatsapp", "Otto Other")
    tilda.writes("My parcel is broken")
    otto.writes("When do you open?")
    desk, colleague = desks(), desks()
    page = desk.page
    desk.open("Tilda Tagged")
    page.keyboard.press("Escape")
    page.keyboard.press("l")
    page.get_by_role("textbox", name="New tag").fill("Damaged")
    page.keyboard.press("Enter")
    expect(desk.row("Tilda Tagged")).to_contain_text("Damaged")
    page.keyboard.press("Escape")
    expect(page.get_by_role("textbox", name="New tag")).to_have_count(0)
    page.keyboard.press("p")
    shot(page, "priority-menu")
    page.get_by_role("menuitemradio", name="Urgent").click()
    # A colleague sees both without doing anything.
    expect(colleague.row("Tilda Tagged")).to_contain_text("Damaged")
    expect(colleague.row("Tilda Tagged").get_by_label("Urgent priority")).to_be_visible()

    desk.button("Filter").click()
    shot(page, "filter-menu")
    page.get_by_role("menuitem", name="Tag").hover()
    page.get_by_role("menuitemcheckbox", name="Damaged").click()
    page.keyboard.press("Escape")
    expect(desk.row("Otto Other")).to_have_count(0)
    expect(page).to_have_url(re.compile(r"\?tag=tag_"))
    page.reload()
    expect(desk.row("Tilda Tagged")).to_be_visible()
    expect(desk.row("Otto Other")).to_have_count(0)

    desk.button("Views").click()
    page.get_by_role("menuitem", name="Save these filters as a view").click()
    dialog = page.get_by_role("dialog", name="New view")
    dialog.get_by_role("textbox", name="Name").fill("Damaged parcels")
    expect(dialog.get_by_role("combobox", name="What is asked")).to_have_value("Tags")
    dialog.get_by_role("switch", name="Shared with everybody").check(force=True)
    shot(page, "view-dialog")
    axe(page)
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("group", name="What is shown")).to_contain_text("Damaged parcels")
    desk.button("Without Damaged").click()
    expect(desk.row("Tilda Tagged")).to_be_visible()
    expect(desk.row("Otto Other")).to_have_count(0)

    # What comes to fit the rule comes into the view, live, and is counted.
    colleague.open("Otto Other")
    colleague.page.keyboard.press("Escape")
    colleague.page.keyboard.press("l")
    colleague.page.get_by_role("menuitemcheckbox", name="Damaged").click()
    expect(desk.row("Otto Other")).to_be_visible()
    desk.button("Views").click()
    expect(page.get_by_role("menuitem", name=re.compile("^Damaged parcels"))).to_contain_text("2")
    shot(page, "views-menu")
    axe(page)
    page.keyboard.press("Escape")
    desk.goes_dark()
    shot(page, "view-dark")
    axe(page)


def test_a_search_leads_to_the_place_in_the_thread(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    ulla = Customer(stage, "whatsapp", "Ulla Wordy")
    ulla.writes("The purple umbrellas never came")
    conversation = stage.run(stage.shop.conversation_with("Ulla Wordy"))
    for number in range(60):
        stage.run(
            stage.shop.post(f"/conversations/{conversation['id']}/notes", 201, client_id=str(uuid4()), text=f"{number}")
        )

    async def indexed() -> Any:
        answer = await stage.shop.agent.get("/api/v1/search", params={"q": "umbrella"})
        return answer.json()["messages"]["items"]

    # A few seconds after it was written.
    stage.run(eventually(indexed), seconds=60)
    desk = desks()
    page = desk.page
    page.keyboard.press("/")
    search = page.get_by_role("searchbox", name="Search conversations")
    search.fill("umbrella")
    search.press("Enter")
    results = page.get_by_role("region", name="Search results")
    hit = results.get_by_role("button", name=re.compile("Ulla Wordy"))
    expect(hit.locator("mark")).to_have_text("umbrellas")
    shot(page, "search-results")
    axe(page)
    search.press("ArrowDown")
    expect(hit).to_be_focused()
    page.keyboard.press("Enter")
    expect(desk.thread("Ulla Wordy")).to_be_visible()
    # It is far above what is read at first.
    expect(desk.bubble("The purple umbrellas never came")).to_be_in_viewport()
    expect(page).to_have_url(re.compile(r"#entry=ent_"))


def test_many_at_once_and_back_again(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    names = ["Bulk Ada", "Bulk Ben", "Bulk Cleo"]
    for name in names:
        Customer(stage, "whatsapp", name).writes("Is anybody there?")
        stage.run(stage.shop.conversation_with(name))
    desk = desks()
    page = desk.page
    page.get_by_role("searchbox", name="Search conversations").fill("Bulk")
    expect(desk.list.get_by_role("option")).to_have_count(3)
    page.keyboard.press("Escape")
    desk.open(names[2])
    desk.list.focus()
    page.keyboard.press("x")
    page.keyboard.press("Shift+J")
    bar = page.get_by_role("region", name="Chosen conversations")
    expect(bar).to_contain_text("2 chosen")
    shot(page, "bulk-bar")
    axe(page)
    bar.get_by_role("button", name="Assign the chosen").click()
    page.get_by_role("menuitem", name="(you)").click()
    expect(page.get_by_text("2 conversations assigned to you.")).to_be_visible()
    desk.tab("Mine")
    expect(desk.row(names[2])).to_be_visible()
    expect(desk.row(names[1])).to_be_visible()
    page.keyboard.press("z")
    expect(page.get_by_text("2 conversations put back.")).to_be_visible()
    expect(desk.row(names[2])).to_have_count(0)

    # All of a list is done by a job; the list empties while it works.
    desk.tab("Unassigned")
    expect(desk.row(names[2])).to_be_visible()
    page.keyboard.press("Control+a")
    expect(bar).to_be_visible()
    bar.get_by_role("button", name="Close", exact=True).click()
    expect(page.get_by_text(re.compile(r"\d+ conversations closed\."))).to_be_visible()
    expect(desk.row(names[2])).to_have_count(0)


# A hand that does not rest: the page moves the pointer itself, so that no delay between us and it counts as rest.
MOVES = """() => {
  const move = () =>
    document.getElementById('conversations').dispatchEvent(new PointerEvent('pointermove', { bubbles: true }))
  move()
  window.hand = setInterval(move, 50)
}"""


def test_rows_stay_under_the_pointer_and_may_be_compact(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    names = ("Cleo Last", "Bea Middle", "Abe First")
    cleo, *_ = people = [Customer(stage, "whatsapp", name) for name in names]
    for person in people:
        person.writes("Hello")
        stage.run(stage.shop.conversation_with(person.known_as))
    made = [stage.run(stage.shop.post("/teams", 201, name=name)) for name in ("Returns", "Wholesale and trade")]
    bea = stage.run(stage.shop.conversation_with("Bea Middle"))
    wanted: dict[str, Any] = {"client_id": str(uuid4()), "team_id": made[1]["id"], "member_id": None}
    stage.run(stage.shop.post(f"/conversations/{bea['id']}/hand-over", **wanted))
    desk = desks()
    page = desk.page
    expect(desk.row("Bea Middle").get_by_title("Team: Wholesale and trade")).to_be_visible()
    first = str(desk.first_row().get_attribute("id"))
    page.evaluate(MOVES)
    cleo.writes("I am new here")
    expect(desk.row("Cleo Last")).to_contain_text("I am new here")
    expect(desk.button("1 new")).to_be_visible()
    expect(desk.first_row()).to_have_id(first)
    shot(page, "list-held")
    page.evaluate("clearInterval(window.hand)")
    expect(desk.first_row()).to_contain_text("Cleo Last")
    expect(desk.button("1 new")).to_have_count(0)

    # Several at once: unread and put aside, each with a way back.
    for name in ("Abe First", "Bea Middle"):
        desk.open(name)
        expect(desk.row(name)).not_to_contain_text("unread")
        desk.list.focus()
        page.keyboard.press("x")
    page.keyboard.press("u")
    expect(desk.row("Abe First")).to_contain_text("1 unread")
    page.keyboard.press("x")
    desk.button("Snooze the chosen").click()
    shot(page, "bulk-snooze")
    page.get_by_role("menuitem", name="They reply").click()
    expect(page.get_by_text("1 conversation snoozed until they reply.")).to_be_visible()
    expect(desk.row("Bea Middle")).to_have_count(0)
    page.keyboard.press("z")
    expect(desk.row("Bea Middle")).to_be_visible()

    page.goto("/settings/profile")
    page.get_by_role("radio", name="Compact").click()
    expect(page.get_by_role("radio", name="Compact")).to_be_checked()
    page.get_by_role("link", name=re.compile("^Inbox")).click()
    expect(desk.list).to_have_attribute("data-density", "compact")
    axe(page)
    shot(page, "list-compact")
    desk.goes_dark()
    shot(page, "list-compact-dark")
    page.goto("/settings/profile")
    with page.expect_response("**/api/v1/me"):
        page.get_by_role("radio", name="Comfortable").click()


def test_tags_are_merged_and_who_is_blocked_is_listed(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    shop = stage.shop
    Customer(stage, "whatsapp", "Sam Spammer").writes("Buy now")
    conversation = stage.run(shop.conversation_with("Sam Spammer"))
    for name, colour in (("Advert", "orange"), ("Spam", "red")):
        tag = stage.run(shop.post("/tags", 201, name=name, colour=colour))
        stage.run(shop.post(f"/conversations/{conversation['id']}/tags", add=[tag["id"]]))
    page = desks(allowed="status of 409").page
    page.goto("/settings/tags")
    row = page.get_by_role("row", name=re.compile("^Advert"))
    row.get_by_role("button", name="Actions for Advert").click()
    page.get_by_role("menuitem", name="Delete…").click()
    dialog = page.get_by_role("dialog", name="Delete Advert?")
    dialog.get_by_role("button", name="Delete").click()
    expect(dialog.get_by_role("alert")).to_contain_text("still used: conversations 1")
    axe(page)
    dialog.get_by_role("button", name="Cancel").click()
    row.get_by_role("button", name="Actions for Advert").click()
    page.get_by_role("menuitem", name="Merge…").click()
    dialog = page.get_by_role("dialog", name="Merge Advert?")
    dialog.get_by_role("combobox", name="Into").select_option("Spam")
    shot(page, "tags-merge")
    dialog.get_by_role("button", name="Merge").click()
    expect(row).to_have_count(0)
    page.get_by_role("button", name="New tag").click()
    shot(page, "tag-dialog")
    axe(page)
    page.keyboard.press("Escape")
    shot(page, "tags")

    stage.run(shop.post(f"/contacts/{conversation['contact_id']}/block", reason="spam", note="Third time"))
    page.goto("/settings/blocked")
    row = page.get_by_role("row", name=re.compile("^Sam Spammer"))
    expect(row).to_contain_text("Third time")
    shot(page, "blocked")
    axe(page)
    row.get_by_role("button", name="Unblock Sam Spammer").click()
    page.get_by_role("dialog").get_by_role("button", name="Unblock").click()
    expect(page.get_by_text("Nobody is blocked")).to_be_visible()


def test_where_conversations_go_is_settled_and_tried(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    shop = stage.shop
    team = stage.run(shop.post("/teams", 201, name="Money matters"))
    rita = Customer(stage, "whatsapp", "Rita Refund")
    rita.writes("Hello")
    stage.run(shop.conversation_with("Rita Refund"))
    page = desks(allowed="status of 422").page
    page.goto("/settings/routing")
    page.get_by_role("button", name="Add a rule").click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert").first).not_to_be_empty()
    page.get_by_role("textbox", name="Name of rule 1").fill("Refunds")
    page.get_by_role("textbox", name="Value").fill("hello")
    page.get_by_role("combobox", name="Goes to").select_option(team["id"])
    page.get_by_role("combobox", name="Priority").select_option("high")
    page.get_by_role("combobox", name="Conversation").select_option(label="Rita Refund: Hello")
    page.get_by_role("button", name="Where would it go?").click()
    expect(page.get_by_text(re.compile("Rule 1, Refunds, decides. It goes to Money matters"))).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    axe(page)
    shot(page, "routing-rules")

    # Macros ask in the same words.
    page.goto("/settings/macros")
    page.get_by_role("button", name="New macro").click()
    dialog = page.get_by_role("dialog", name="New macro")
    dialog.get_by_role("textbox", name="Name").fill("Close what is urgent")
    dialog.get_by_role("button", name="Add an action").click()
    page.get_by_role("menuitem", name="Close", exact=True).click()
    dialog.get_by_role("button", name="Only where… for action 1").click()
    expect(dialog.get_by_role("group", name="Condition of action 1")).to_be_visible()
    shot(page, "macro-condition")
    axe(page)
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Close what is urgent was saved.")).to_be_visible()
    kept = stage.run(shop.get("/route-rules"))
    assert [(rule["name"], rule["team_id"], rule["priority"]) for rule in kept["items"]] == [
        ("Refunds", team["id"], "high")
    ]
