"""A broadcast watched on its way, what it brought about, and what everything has cost, in a browser."""

import re
from typing import Any

from playwright.sync_api import expect

from tests.browser.conftest import Axe, Shot, Stage
from tests.browser.desk import Desks
from tests.browser.test_broadcasts import looked_at, settled
from tests.support.broadcasts import BROADCASTS, checked, customer, draft, text

ORDERED = "ordered"


async def prepared(stage: Stage) -> dict[str, Any]:
    """A broadcast that is checked, and what text messages cost."""
    shop, owner = stage.shop, stage.shop.owner
    price = {"country": "US", "category": "sms", "amount": "0.0083", "currency": "USD"}
    path = f"/api/v1/accounts/{shop.accounts['sms']}/prices"
    assert (await owner.client.put(path, json={"prices": [price], "revision": 0})).status_code == 200
    people = [await customer(shop, f"Wanda Watched {at}") for at in range(12)]
    made = await draft(
        owner,
        account_id=shop.accounts["sms"],
        audience={"contacts": people},
        variants=[{"wordings": [text("The new lamps are here")]}],
        holdout_percent=40,
        goal={"event": ORDERED, "days": 7},
        rate=2,
        fallbacks=[
            {
                "account_id": shop.accounts["telegram"],
                "after_minutes": 5,
                "wordings": [text("The new lamps are here")],
            }
        ],
    )
    found = await checked(owner, made["id"])
    return {**made, "willing": found["willing"]}


def test_a_broadcast_is_watched_and_what_it_cost_is_looked_up(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    stage.run(settled(stage, "/pacing", quiet={"enabled": False}, caps=[]))
    made = stage.run(prepared(stage))
    desk = desks(stage.shop.owner, f"/campaigns/broadcasts/{made['id']}/who")
    page = desk.page
    expect(page.get_by_role("heading", name="Goal")).to_be_visible()
    colleagues = page.get_by_role("region", name="Colleagues")
    expect(colleagues).to_contain_text("It belongs to Olu Owner")
    looked_at(desk, "broadcast-who", axe, shot)

    # Its numbers come by themselves: nobody asks for them.
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    started = stage.run(
        stage.shop.owner.client.post(f"{BROADCASTS}/{made['id']}/start", json={"people": made["willing"]})
    )
    assert started.status_code == 200, started.text
    page.goto(f"/campaigns/broadcasts/{made['id']}")
    funnel = page.get_by_role("list", name="Funnel")
    expect(funnel.get_by_role("button", name=f"Delivered: {made['willing']}. Show who")).to_be_visible(timeout=60_000)
    assert len([url for url in asked if re.search(r"/broadcasts/[^/]+/(progress|report)$", url)]) < 8
    expect(page.get_by_role("region", name=re.compile("What it has brought about"))).to_be_visible()
    looked_at(desk, "broadcast-watched", axe, shot)

    page.goto("/campaigns/broadcasts")
    page.get_by_role("button", name="Calendar").click()
    days = page.get_by_role("list", name="Days")
    expect(days.get_by_role("link", name=re.compile("Spring sale"))).to_be_visible()
    looked_at(desk, "broadcast-calendar", axe, shot)

    page.goto("/reports?tab=costs")
    expect(page.get_by_role("table", name="Costs")).to_contain_text(str(made["willing"]), timeout=30_000)
    page.get_by_text("Broadcasts", exact=True).last.click()
    expect(page.get_by_role("table", name="Costs").get_by_role("link", name="Spring sale")).to_be_visible()
    budgets = page.get_by_role("region", name="Budgets of the month")
    budgets.get_by_role("button", name="Set a budget").click()
    budgets.get_by_role("textbox", name="A month").fill("250")
    axe(page)
    shot(page, "costs-budget-edited")
    budgets.get_by_role("button", name="Save budgets").click()
    expect(budgets).to_contain_text("of US$250.00")
    looked_at(desk, "costs", axe, shot)

    page.goto(f"/settings/channels/{stage.shop.accounts['whatsapp']}")
    expect(page.get_by_role("region", name="People you write to first")).to_contain_text("0 of 2,000")
    looked_at(desk, "account-allowance", axe, shot)

    # Words that were kept are what the next one begins with.
    wording = {"language": None, "content": {"type": "text", "text": "Our lamps are made by hand"}}
    stage.run(stage.shop.post("/content-templates", 201, name="Lamps", channels=["sms"], wordings=[wording]))
    other = stage.run(draft(stage.shop.owner, account_id=stage.shop.accounts["sms"]))
    page.goto(f"/campaigns/broadcasts/{other['id']}/what")
    page.get_by_role("combobox", name="Begin with a content template").click()
    page.get_by_role("option", name="Lamps").click()
    expect(page.get_by_role("textbox", name="Message")).to_have_value("Our lamps are made by hand")
    axe(page)
