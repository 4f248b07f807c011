"""Signing in and out: wrong passwords, the second step, an ended session, invitations."""

import re

import pyotp
from playwright.sync_api import Page, expect

from app.core.permissions import Role
from tests.browser.conftest import Axe, Shot, Stage
from tests.browser.desk import Desks
from tests.support.people import PASSWORD, Person

# What the server refuses on purpose, reported by the browser as an error: wrong and half attempts.
REFUSED = r"status of (401|403|409|422) .*/api/v1/login\b"


def _fill(page: Page, address: str, password: str = PASSWORD) -> None:
    page.get_by_role("textbox", name="Email").fill(address)
    page.get_by_role("textbox", name="Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_sign_in(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    agent = stage.joins(Role.AGENT)
    desk = desks(None, "/inbox", allowed=REFUSED, signed_in=False)
    page = desk.page
    expect(page).to_have_url(re.compile("/login"))
    axe(page)
    shot(page, "sign-in")
    desk.goes_dark()
    axe(page)
    shot(page, "sign-in-dark")
    _fill(page, agent.member.email, "not this one")
    expect(page.get_by_role("alert")).to_have_text("Email or password is not right.")
    axe(page)
    shot(page, "sign-in-wrong")
    _fill(page, agent.member.email)
    expect(page).to_have_url(re.compile("/inbox$"))
    expect(page.get_by_text("The inbox is empty")).to_be_visible()
    axe(page)
    shot(page, "inbox-empty")
    page.get_by_role("button", name="Your profile: Ama Agent, online").click()
    axe(page)
    shot(page, "profile-menu")
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    page.goto("/inbox")
    expect(page).to_have_url(re.compile("/login"))


def test_nobody_signed_in_is_no_error(desks: Desks) -> None:
    """Nothing is reported in the console of somebody who just came by."""
    page = desks(None, "/inbox", signed_in=False).page
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_member_of_two_workspaces_chooses(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    agent = stage.joins(Role.AGENT)
    other, _ = stage.run(stage.shop.people.workspace("Linden & Co"))
    stage.run(stage.shop.people.join(other, Role.AGENT, address=agent.member.email))
    page = desks(None, "/login", allowed=REFUSED, signed_in=False).page
    _fill(page, agent.member.email)
    expect(page.get_by_role("heading", name="Choose a workspace")).to_be_visible()
    expect(page.get_by_role("list", name="Workspaces").get_by_role("button")).to_have_count(2)
    axe(page)
    shot(page, "choose-workspace")
    page.get_by_role("button", name="Use another account").click()
    expect(page.get_by_role("textbox", name="Email")).to_have_value(agent.member.email)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Linden & Co").click()
    expect(page).to_have_url(re.compile("/inbox$"))
    page.get_by_role("button", name="Your profile: Ama Agent, online").click()
    expect(page.get_by_text("Linden & Co")).to_be_visible()


def test_second_step(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    agent = stage.joins(Role.AGENT)
    recovery = stage.run(_two_factor(agent))
    page = desks(None, "/login", allowed=REFUSED, signed_in=False).page
    _fill(page, agent.member.email)
    code = page.get_by_role("textbox", name="Code")
    expect(code).to_be_focused()
    axe(page)
    shot(page, "second-step")
    code.fill("000000")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("This code is not right")
    # The code of the set-up is used up: each counts once.
    code.fill(recovery)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile("/inbox$"))


async def _two_factor(agent: Person) -> str:
    """Turns it on as the settings do; a recovery code."""
    started = await agent.client.post("/api/v1/me/totp/start")
    assert started.status_code == 200, started.text
    secret = started.json()["secret"]
    confirmed = await agent.client.post("/api/v1/me/totp/confirm", json={"code": pyotp.TOTP(secret).now()})
    assert confirmed.status_code == 200, confirmed.text
    code: str = confirmed.json()["recovery_codes"][0]
    return code


def test_forced_sign_out(desks: Desks, stage: Stage, shot: Shot) -> None:
    agent = stage.joins(Role.AGENT)
    # Whatever is just being asked for meets the end of the session as well.
    desk = desks(agent, allowed=rf"{REFUSED}|status of 401 ")
    expect(desk.page.get_by_text("The inbox is empty")).to_be_visible()
    expect(desk.page.get_by_role("button", name="Your profile: Ama Agent, online")).to_be_visible()
    stage.run(stage.shop.post(f"/members/{agent.member.id}/sign-out", 204))
    expect(desk.page).to_have_url(re.compile("/login"))
    expect(desk.page.get_by_text("You were signed out.")).to_be_visible()
    shot(desk.page, "signed-out-by-force")
    _fill(desk.page, agent.member.email)
    expect(desk.page).to_have_url(re.compile("/inbox$"))
