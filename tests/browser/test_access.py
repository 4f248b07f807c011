"""A role of the workspace's own: made on its page, given to a colleague, and felt on their screen at once."""

import re
from uuid import uuid4

import httpx
from playwright.sync_api import expect

from app.core.permissions import Role
from tests.browser.conftest import Axe, Shot, Stage
from tests.browser.desk import Customer, Desks


def test_a_role_is_made_given_and_felt_at_once(stage: Stage, desks: Desks, axe: Axe, shot: Shot) -> None:
    colleague = stage.joins(Role.AGENT)
    ama, kofi = Customer(stage, "sms", "Ama"), Customer(stage, "whatsapp", "Kofi Kente")
    ama.writes("Is my parcel there?")
    kofi.writes("Do you have it in blue?")
    theirs = desks(colleague, allowed="status of 404")
    expect(theirs.row(kofi.known_as)).to_be_visible()
    expect(theirs.row(ama.known_as)).to_be_visible()

    # Made as a copy of Agent.
    page = desks(path="/settings/roles", allowed="status of 409").page
    expect(page.get_by_role("table", name="Roles")).to_be_visible()
    axe(page)
    shot(page, "roles")
    page.get_by_role("button", name="Make a role").click()
    page.get_by_role("menuitem", name="Agent").click()
    expect(page.get_by_role("heading", name="New role, as Agent")).to_be_focused()
    name = f"Evening shift {uuid4().hex[:4]}"
    page.get_by_role("textbox", name="Name").fill(name)
    page.get_by_label("What it is for").fill("Answers after six, for their own customers")
    page.get_by_role("radio", name="Only their own").check()
    page.get_by_role("checkbox", name="Hide phone numbers").check()
    axe(page)
    shot(page, "role")
    for width in (1024, 390):
        page.set_viewport_size({"width": width, "height": 900})
        shot(page, f"role-{width}")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("button", name="Make the role").click()
    row = page.get_by_role("row").filter(has_text=name)
    expect(row).to_contain_text("Only their own, without phone numbers")

    # Given to somebody who is at work: what is not theirs goes from their screen.
    page.goto("/settings/members")
    person = page.get_by_role("table", name="Members").get_by_role("row").filter(has_text=colleague.member.email)
    person.get_by_role("button", name=re.compile("Change role of")).click()
    dialog = page.get_by_role("dialog", name=re.compile("Role of"))
    dialog.get_by_role("radio", name=name).check()
    axe(page)
    shot(page, "role-given")
    dialog.get_by_role("button", name="Change role").click()
    expect(person).to_contain_text(name)
    expect(theirs.row(kofi.known_as)).to_be_hidden()
    expect(theirs.row(ama.known_as)).to_be_hidden()

    # What is given to them comes, live and masked; what is taken away goes, open or not.
    listed = stage.run(stage.shop.get("/conversations", view="all", limit=50))["items"]
    path = next(f"/conversations/{each['id']}/assign" for each in listed if each["contact"]["name"] == ama.known_as)
    stage.run(stage.shop.post(path, member_id=colleague.member.id))
    hidden = f"•••• {ama.known_as[-4:]}"
    theirs.open(hidden)
    expect(theirs.page.get_by_text(ama.known_as)).to_have_count(0)
    axe(theirs.page)
    shot(theirs.page, "masked")
    said = theirs.writes("It arrived this morning")
    theirs.ticks(said, "Delivered")
    theirs.goes_dark()
    axe(theirs.page)
    shot(theirs.page, "masked-dark")
    # Who wrote follows; letting go of it is their own doing.
    stage.run(stage.shop.post(path, member_id=None))
    conversation = path.removesuffix("/assign")
    stage.run(colleague_lets_go(colleague.client, f"/api/v1{conversation}/follow"))
    expect(theirs.row(hidden)).to_be_hidden()
    expect(theirs.thread(hidden)).to_be_hidden()
    expect(theirs.page.get_by_text(re.compile("went where you do not see it"))).to_be_visible()
    shot(theirs.page, "gone")

    # A role that somebody has stays.
    page.goto("/settings/roles")
    page.get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", name=name)).to_be_focused()
    page.get_by_label("What it is for").fill("Not yet")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("alert").filter(has_text=colleague.member.name)).to_be_visible()
    shot(page, "role-in-use")
    # What stands in the form behind the dialog was not sent with it.
    (kept,) = [each for each in stage.run(stage.shop.get("/roles"))["items"] if each["name"] == name]
    assert kept["description"] == "Answers after six, for their own customers"


async def colleague_lets_go(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.post(path, json={"following": False})
    assert answer.status_code == 200, answer.text
