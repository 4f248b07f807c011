"""Two agents and a ticket: made from a message, changed by both at once, seen by the customer."""

from playwright.sync_api import expect

from app.core.permissions import Role
from tests.browser.conftest import Axe, Shot, Stage
from tests.browser.desk import Customer, Desks

TICKETS = "**/api/v1/tickets/tck_*"


def test_two_agents_and_a_ticket(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    rosa = Customer(stage, "whatsapp", "Rosa Ticket")
    rosa.writes("The parcel came, and the vase is broken")
    olu, ama = desks(), desks(stage.joins(Role.AGENT), allowed="409|ERR_FAILED")
    forms = {
        "fields": [{"key": "order", "label": "Order number"}],
        "categories": [{"id": "d", "name": "Damaged goods", "fields": ["order"], "checklist": ["Ask for a photo"]}],
        "revision": 0,
    }
    stage.run(stage.shop.agent.put("/api/v1/ticket-forms", json=forms))

    olu.open("Rosa Ticket")
    olu.menu(olu.bubble("vase is broken"), "Make a ticket")
    dialog = olu.page.get_by_role("dialog", name="New ticket")
    expect(dialog.get_by_role("textbox", name="Description")).to_have_value("The parcel came, and the vase is broken")
    dialog.get_by_role("textbox", name="Title").fill("Broken vase")
    dialog.get_by_label("Category").select_option("Damaged goods")
    axe(olu.page)
    shot(olu.page, "ticket-dialog")
    dialog.get_by_role("button", name="Make the ticket").click()
    panel = olu.page.get_by_role("complementary", name="Contact")
    panel.get_by_role("link", name="Broken vase").click()
    ticket = olu.page.get_by_role("article", name="Ticket 1")
    expect(ticket.get_by_role("heading", name="Broken vase")).to_be_visible()

    # Both look at it; one takes it while the other does not see that yet.
    ama.page.goto("/tickets")
    ama.page.get_by_role("link", name="Broken vase").click()
    theirs = ama.page.get_by_role("article", name="Ticket 1")
    expect(theirs.get_by_label("Owner")).to_be_visible()
    ama.page.route(TICKETS, lambda route: route.abort() if route.request.method == "GET" else route.continue_())
    ticket.get_by_label("Priority").select_option("High")
    expect(ticket.get_by_text("changed priority to High")).to_be_visible()
    theirs.get_by_label("Priority").select_option("Low")
    conflict = theirs.get_by_role("alert")
    expect(conflict).to_contain_text("Olu Owner has changed the priority to High")
    shot(ama.page, "ticket-conflict")
    ama.page.unroute(TICKETS)
    axe(ama.page)
    conflict.get_by_role("button", name="Keep theirs").click()
    ama.page.reload()
    expect(theirs.get_by_label("Priority")).to_have_value("high")

    theirs.get_by_role("textbox", name="Comment").fill("A new one is on its way")
    theirs.get_by_role("button", name="Comment", exact=True).click()
    theirs.get_by_role("checkbox", name="Ask for a photo").check()
    theirs.get_by_label("Status").select_option("Waiting on customer")
    # The colleague sees all of it without a reload.
    expect(ticket.get_by_text("A new one is on its way")).to_be_visible()
    expect(ticket.get_by_label("Status")).to_have_value("waiting_customer")
    expect(ticket.get_by_role("checkbox", name="Ask for a photo")).to_be_checked()
    axe(olu.page)
    shot(olu.page, "ticket")
    olu.goes_dark()
    axe(olu.page)
    shot(olu.page, "ticket-dark")

    ticket.get_by_role("button", name="More actions").click()
    olu.page.get_by_role("menuitem", name="Copy the customer’s link").click()
    expect(olu.page.get_by_text("link is copied")).to_be_visible()
    link = olu.page.evaluate("navigator.clipboard.readText()")
    olu.page.goto(link)
    expect(olu.page.get_by_role("status")).to_have_text("Waiting for your answer")
    axe(olu.page)
    shot(olu.page, "ticket-customer")


def test_a_promise_counts_down_and_an_incident_reaches_two_channels(
    desks: Desks, stage: Stage, axe: Axe, shot: Shot
) -> None:
    desk = desks(path="/settings/sla")
    page = desk.page
    page.get_by_role("button", name="Add a policy").click()
    page.get_by_role("textbox", name="Name").fill("Everybody")
    page.get_by_role("textbox", name="First answer").fill("90")
    axe(page)
    shot(page, "settings-sla-policy")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="Everybody")).to_be_visible()
    expect(page.get_by_role("table")).to_contain_text("first answer 1 h 30 min")
    axe(page)
    shot(page, "settings-sla")

    ben, kim = Customer(stage, "sms", "Ben Down"), Customer(stage, "whatsapp", "Kim Down")
    ben.writes("I cannot pay")
    kim.writes("Payment fails")
    page.goto("/inbox")
    desk.open("Kim Down")
    expect(desk.thread("Kim Down").get_by_text("First answer due in 1 h")).to_be_visible()
    expect(desk.row("Kim Down")).to_contain_text("1h first answer")
    shot(page, "sla-countdown")

    panel = page.get_by_role("complementary", name="Contact")
    panel.get_by_role("button", name="Incident").click()
    page.get_by_role("menuitem", name="Report an incident…").click()
    page.get_by_role("textbox", name="What is wrong").fill("Payments are down")
    page.get_by_role("button", name="Report", exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    desk.open(ben.known_as)
    panel.get_by_role("button", name="Incident").click()
    page.get_by_role("menuitem", name="Payments are down").click()
    expect(page.get_by_text("Added to “Payments are down”")).to_be_visible()

    page.goto("/incidents")
    page.get_by_role("link", name="Payments are down").click()
    incident = page.get_by_role("article", name="Incident Payments are down")
    incident.get_by_role("textbox", name="Tell all 2 conversations").fill("We know, and are on it.")
    axe(page)
    incident.get_by_role("button", name="Send to 2 conversations").click()
    expect(incident.get_by_role("status")).to_have_text("Sent to 2 of 2")
    axe(page)
    shot(page, "incident")
    for customer in (ben, kim):
        assert [("on it" in str(each["body"])) for each in customer.received()].count(True) == 1


def test_the_screens_at_other_widths(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    for width in (390, 1024):
        desk = desks(path="/tickets", viewport={"width": width, "height": 844})
        desk.page.get_by_role("link", name="Broken vase").click()
        expect(desk.page.get_by_role("article", name="Ticket 1")).to_be_visible()
        shot(desk.page, f"ticket-{width}")
        desk.page.goto("/incidents")
        desk.page.get_by_role("link", name="Payments are down").click()
        expect(desk.page.get_by_role("article")).to_be_visible()
        shot(desk.page, f"incident-{width}")
    desk = desks(path="/settings/tickets")
    expect(desk.page.get_by_role("heading", name="Categories")).to_be_visible()
    axe(desk.page)
    shot(desk.page, "settings-tickets")
