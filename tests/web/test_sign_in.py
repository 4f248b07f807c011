"""Signing in and out, second factor, forced logout, through HTTP."""

import asyncio
import itertools
import time
from datetime import timedelta

import httpx
import pyotp
import pytest

from app.core import mongo
from app.core.clock import Clock
from app.core.permissions import Role
from app.core.runtime import Runtime
from app.core.security import hash_token
from app.core.settings import Settings
from tests.support import servers
from tests.support.people import PASSWORD, People, Person, email
from web.app import create_app

LOGIN = "/api/v1/login"
ME = "/api/v1/me"


def credentials(person: Person, **changes: str) -> dict[str, str]:
    return {"email": person.member.email, "password": PASSWORD, **changes}


def session_cookie(client: httpx.AsyncClient) -> str:
    return client.cookies["parley_session"]


async def refused(client: httpx.AsyncClient) -> bool:
    """Whether this browser is signed out, asked until the news has had time to come."""
    for _ in range(20):
        if (await client.get(ME)).status_code == 401:
            return True
        await asyncio.sleep(0.02)
    return False


async def test_tells_a_member_who_they_are(owner: Person) -> None:
    me = (await owner.client.get(ME)).json()
    assert me["member"]["id"] == owner.member.id
    assert me["member"]["role"] == "owner"
    assert me["workspace"] == {"id": owner.ws.id, "name": "Shop"}
    assert "workspace.manage" in me["permissions"]
    assert me["csrf"] == owner.me["csrf"]
    assert "password" not in str(me)


async def test_signs_out(owner: Person) -> None:
    cookie = session_cookie(owner.client)
    assert (await owner.client.post("/api/v1/logout")).status_code == 204
    assert "parley_session" not in owner.client.cookies
    answer = await owner.client.get(ME, headers={"cookie": f"parley_session={cookie}"})
    assert answer.status_code == 401
    assert answer.json()["code"] == "signed_out"


async def test_the_email_is_read_in_any_case(owner: Person, anonymous: httpx.AsyncClient) -> None:
    body = credentials(owner, email=f"  {owner.member.email.upper()} ")
    assert (await anonymous.post(LOGIN, json=body)).status_code == 200


@pytest.mark.parametrize("change", [{"password": "not the password"}, {"email": "nobody@example.com"}])
async def test_refuses_wrong_credentials(owner: Person, anonymous: httpx.AsyncClient, change: dict[str, str]) -> None:
    answer = await anonymous.post(LOGIN, json=credentials(owner, **change))
    assert answer.status_code == 401
    assert answer.json()["code"] == "wrong_credentials"
    assert "set-cookie" not in answer.headers


async def test_refuses_a_disabled_member(people: People, owner: Person, anonymous: httpx.AsyncClient) -> None:
    agent = await people.join(owner.ws, Role.AGENT)
    path = f"/api/v1/members/{agent.member.id}"
    assert (await owner.client.patch(path, json={"status": "disabled"})).status_code == 200
    assert await refused(agent.client)
    assert (await anonymous.post(LOGIN, json=credentials(agent))).json()["code"] == "wrong_credentials"


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    owner: Person, anonymous: httpx.AsyncClient, settings: Settings
) -> None:
    cookie = (await anonymous.post(LOGIN, json=credentials(owner))).headers["set-cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    secure = settings.model_copy(update={"public_url": "https://inbox.example.com"})
    async with servers.live(create_app(secure)) as base_url, httpx.AsyncClient(base_url=base_url) as client:
        answer = await client.post(LOGIN, json=credentials(owner))
        assert "; Secure" in answer.headers["set-cookie"]
        assert answer.headers["strict-transport-security"]


# --- fixation and storage ---


async def test_a_session_brought_along_is_never_taken_over(
    people: People, owner: Person, anonymous: httpx.AsyncClient
) -> None:
    attacker = await people.join(owner.ws, Role.AGENT)
    planted = session_cookie(attacker.client)
    anonymous.cookies.set("parley_session", planted, domain="127.0.0.1")
    answer = await anonymous.post(LOGIN, json=credentials(owner))
    assert answer.status_code == 200
    fresh = answer.headers["set-cookie"].partition(";")[0].partition("=")[2]
    assert fresh != planted
    # The planted one is worth nothing afterwards, to its maker neither.
    assert await refused(attacker.client)


async def test_only_the_hash_of_a_session_is_stored(owner: Person, runtime: Runtime) -> None:
    token = session_cookie(owner.client)
    row = await runtime.mongo.sessions.find_one({"_id": hash_token(token)})
    assert row is not None
    assert token not in str(row)


async def test_a_session_ends_thirty_days_after_its_last_use(owner: Person, runtime: Runtime) -> None:
    key = {"_id": hash_token(session_cookie(owner.client))}
    now = Clock().now()
    earlier = {"last_seen_at": now - timedelta(days=29), "expires_at": now + timedelta(days=1)}
    await runtime.mongo.sessions.update_one(key, {"$set": earlier})
    await forget(runtime, owner)
    assert (await owner.client.get(ME)).status_code == 200
    row = await runtime.mongo.sessions.find_one(key)
    assert row is not None
    assert row["expires_at"] > now + timedelta(days=29)
    await runtime.mongo.sessions.update_one(key, {"$set": {"expires_at": now - timedelta(seconds=1)}})
    await forget(runtime, owner)
    assert await refused(owner.client)


async def forget(runtime: Runtime, person: Person) -> None:
    """Makes the web process ask the database again."""
    await runtime.redis.publish("parley:revoked", person.member.id)
    await asyncio.sleep(0.05)


# --- several workspaces ---


async def test_one_email_in_two_workspaces_chooses(people: People, anonymous: httpx.AsyncClient) -> None:
    ws_one, _ = await people.workspace("One")
    ws_two, _ = await people.workspace("Two")
    address = email()
    await people.join(ws_one, Role.AGENT, address=address)
    there = await people.join(ws_two, Role.AGENT, address=address)
    wrong = await anonymous.post(LOGIN, json={"email": address, "password": "not the password"})
    assert wrong.json()["code"] == "wrong_credentials"
    assert "workspaces" not in wrong.json()
    body = {"email": address, "password": PASSWORD}
    answer = await anonymous.post(LOGIN, json=body)
    assert answer.status_code == 409
    assert answer.json()["code"] == "choose_workspace"
    assert {choice["id"]: choice["name"] for choice in answer.json()["workspaces"]} == {
        ws_one.id: "One",
        ws_two.id: "Two",
    }
    chosen = await anonymous.post(LOGIN, json={**body, "workspace_id": ws_two.id})
    assert chosen.json()["member"]["id"] == there.member.id


async def test_a_page_may_ask_whether_anybody_is_signed_in(people: People, anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.get("/api/v1/session")
    assert (answer.status_code, answer.json()) == (200, {"me": None})
    forged = await anonymous.get("/api/v1/session", headers={"cookie": "parley_session=ses_" + "x" * 43})
    assert forged.json() == {"me": None}
    _, owner = await people.workspace()
    answer = await owner.client.get("/api/v1/session")
    assert answer.json() == {"me": (await owner.client.get("/api/v1/me")).json()}
    assert "parley_session=" in answer.headers["set-cookie"]


# --- CSRF ---


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"x-parley-csrf": ""}, "csrf"),
        ({"x-parley-csrf": "wrong"}, "csrf"),
        ({"x-parley-csrf": "ü"}, "csrf"),
        ({"origin": "https://evil.example"}, "wrong_origin"),
        ({"origin": "null"}, "wrong_origin"),
        ({"sec-fetch-site": "cross-site"}, "wrong_origin"),
        ({"sec-fetch-site": "same-site"}, "wrong_origin"),
    ],
)
async def test_refuses_a_change_that_another_site_sends(owner: Person, headers: dict[str, str], code: str) -> None:
    raw = {name: value.encode("latin-1") for name, value in headers.items()}
    answer = await owner.client.patch(ME, json={"name": "Evil"}, headers=raw)
    assert answer.status_code == 403
    assert answer.json()["code"] == code
    assert (await owner.client.get(ME)).json()["member"]["name"] == owner.member.name


async def test_accepts_a_change_from_our_own_page(owner: Person, server: str) -> None:
    headers = {"origin": server, "sec-fetch-site": "same-origin"}
    assert (await owner.client.patch(ME, json={"name": "Olu"}, headers=headers)).status_code == 200


async def test_the_csrf_value_of_another_session_does_not_fit(people: People, owner: Person) -> None:
    other = await people.sign_in(owner.ws, owner.member)
    answer = await owner.client.patch(ME, json={"name": "Evil"}, headers={"x-parley-csrf": other.me["csrf"]})
    assert answer.json()["code"] == "csrf"


async def test_another_site_cannot_sign_a_browser_in(owner: Person, anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.post(LOGIN, json=credentials(owner), headers={"origin": "https://evil.example"})
    assert answer.json()["code"] == "wrong_origin"
    form = await anonymous.post(LOGIN, content=b"{}", headers={"content-type": "text/plain"})
    assert form.status_code == 415


# --- throttling ---


async def test_guessing_one_email_meets_growing_delays(owner: Person, people: People) -> None:
    numbers = itertools.count(1)

    async def guess(password: str = "a guess") -> httpx.Response:
        """Each from another address, so that it is the email that is guarded."""
        guesser = await people.browser()
        guesser.headers["x-forwarded-for"] = f"203.0.113.{next(numbers)}"
        return await guesser.post(LOGIN, json=credentials(owner, password=password))

    assert [(await guess()).status_code for _ in range(5)] == [401] * 5
    for seconds in (1, 2):
        # Also the right password has to wait.
        answer = await guess(PASSWORD)
        assert answer.status_code == 429
        assert answer.json()["code"] == "too_many_attempts"
        assert answer.json()["retry_after_seconds"] == seconds
        assert answer.headers["retry-after"] == str(seconds)
        await asyncio.sleep(seconds)
        assert (await guess()).status_code == 401
    await asyncio.sleep(4)
    assert (await guess(PASSWORD)).status_code == 200
    # Who has proved to be the owner starts from nothing.
    assert [(await guess()).status_code for _ in range(4)] == [401] * 4


async def test_guesses_at_the_same_time_are_counted_one_by_one(owner: Person, anonymous: httpx.AsyncClient) -> None:
    guesses = (anonymous.post(LOGIN, json=credentials(owner, password=f"guess {n}")) for n in range(30))
    statuses = [answer.status_code for answer in await asyncio.gather(*guesses)]
    assert statuses.count(401) <= 6
    assert set(statuses) == {401, 429}


async def test_guessing_many_emails_from_one_address_is_slowed(anonymous: httpx.AsyncClient) -> None:
    anonymous.headers["x-forwarded-for"] = "203.0.113.200"
    bodies = [{"email": f"guess{n}@example.com", "password": "a common password"} for n in range(40)]
    statuses = [(await anonymous.post(LOGIN, json=body)).status_code for body in bodies]
    assert statuses[:30] == [401] * 30
    assert 429 in statuses


async def test_without_redis_sign_in_is_a_clear_503(owner: Person, settings: Settings) -> None:
    app = create_app(settings, runtime=servers.without_redis)
    async with servers.live(app) as base_url, httpx.AsyncClient(base_url=base_url) as client:
        answer = await client.post(LOGIN, json=credentials(owner))
        assert answer.status_code == 503
        assert answer.json()["code"] == "unavailable"
        assert answer.headers["retry-after"]
        # Who is signed in already stays so; only nobody is remembered.
        cookie = {"cookie": f"parley_session={session_cookie(owner.client)}"}
        assert (await client.get(ME, headers=cookie)).status_code == 200
        assert (await client.get("/readyz")).json() == {"ready": False, "mongo": True, "redis": False}


# --- forced logout ---


async def test_ending_a_session_takes_effect_in_every_process(
    people: People, owner: Person, settings: Settings
) -> None:
    async with servers.live(create_app(settings)) as second:
        agent = await people.join(owner.ws, Role.AGENT)
        elsewhere = await people.sign_in(owner.ws, agent.member, base_url=second)
        for browser in (agent.client, elsewhere.client):
            assert (await browser.get(ME)).status_code == 200
        answer = await owner.client.post(f"/api/v1/members/{agent.member.id}/sign-out")
        assert answer.status_code == 204
        assert (await agent.client.get(ME)).status_code == 401
        assert await refused(elsewhere.client)


async def test_a_new_role_takes_effect_in_every_process(people: People, owner: Person, settings: Settings) -> None:
    async with servers.live(create_app(settings)) as second:
        admin = await people.join(owner.ws, Role.ADMIN)
        elsewhere = await people.sign_in(owner.ws, admin.member, base_url=second)
        assert (await elsewhere.client.get("/api/v1/audit")).status_code == 200
        await owner.client.patch(f"/api/v1/members/{admin.member.id}", json={"role": "agent"})
        for _ in range(20):
            if (status := (await elsewhere.client.get("/api/v1/audit")).status_code) == 403:
                break
            await asyncio.sleep(0.02)
        assert status == 403


async def test_revocations_are_heard_again_after_redis_was_lost(people: People, owner: Person) -> None:
    agent = await people.join(owner.ws, Role.AGENT)
    assert (await agent.client.get(ME)).status_code == 200
    await owner.ws.redis.client_kill_filter(_type="pubsub")
    # Until the connection is back nobody is remembered, so this holds at every moment.
    await asyncio.sleep(0.05)
    await owner.client.post(f"/api/v1/members/{agent.member.id}/sign-out")
    assert await refused(agent.client)
    await asyncio.sleep(1.2)
    again = await people.sign_in(owner.ws, agent.member)
    assert (await again.client.get(ME)).status_code == 200
    await owner.client.post(f"/api/v1/members/{agent.member.id}/sign-out")
    assert await refused(again.client)


async def test_a_remembered_session_costs_no_database_command(owner: Person, runtime: Runtime) -> None:
    await owner.client.get("/api/v1/me/sessions")
    with servers.commands() as seen:
        async with servers.live(create_app(runtime.settings)) as base_url:
            cookie = {"cookie": f"parley_session={session_cookie(owner.client)}"}
            async with httpx.AsyncClient(base_url=base_url, headers=cookie) as client:
                await client.get("/api/v1/tokens")
                before = len(seen)
                for _ in range(10):
                    assert (await client.get("/api/v1/tokens")).status_code == 200
                # One for the list itself, none for who asks.
                assert seen[before:] == ["find tokens"] * 10


async def test_lists_and_ends_own_sessions(people: People, owner: Person) -> None:
    other = await people.sign_in(owner.ws, owner.member)
    third = await people.sign_in(owner.ws, owner.member)
    items = (await owner.client.get("/api/v1/me/sessions")).json()["items"]
    assert len(items) == 3
    assert [item["current"] for item in items].count(True) == 1
    assert all(item["ip"] == "127.0.0.1" and "httpx" in item["user_agent"] for item in items)
    theirs = (await other.client.get("/api/v1/me/sessions")).json()["items"]
    other_id = next(item["id"] for item in theirs if item["current"])
    assert (await owner.client.delete(f"/api/v1/me/sessions/{other_id}")).status_code == 204
    assert await refused(other.client)
    assert (await owner.client.delete(f"/api/v1/me/sessions/{other_id}")).status_code == 404
    assert (await owner.client.delete("/api/v1/me/sessions")).status_code == 204
    assert await refused(third.client)
    assert (await owner.client.get(ME)).status_code == 200


# --- password and second factor ---


async def test_a_new_password_ends_the_other_sessions(
    people: People, owner: Person, anonymous: httpx.AsyncClient
) -> None:
    other = await people.sign_in(owner.ws, owner.member)
    path, new = "/api/v1/me/password", "a better password"
    wrong = await owner.client.post(path, json={"current": "not the password", "new": new})
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["field"] == "current"
    short = await owner.client.post(path, json={"current": PASSWORD, "new": "short"})
    assert short.status_code == 422
    assert (await owner.client.post(path, json={"current": PASSWORD, "new": new})).status_code == 204
    assert (await owner.client.get(ME)).status_code == 200
    assert await refused(other.client)
    assert (await anonymous.post(LOGIN, json=credentials(owner))).status_code == 401
    assert (await anonymous.post(LOGIN, json=credentials(owner, password=new))).status_code == 200


async def enable_totp(person: Person) -> tuple[pyotp.TOTP, str, list[str]]:
    """The app, the code it was confirmed with, and the recovery codes."""
    setup = (await person.client.post("/api/v1/me/totp/start")).json()
    assert setup["uri"].startswith("otpauth://totp/Parley:")
    assert "<svg" in setup["qr_svg"]
    app = pyotp.TOTP(setup["secret"])
    code = app.now()
    answer = await person.client.post("/api/v1/me/totp/confirm", json={"code": code})
    assert answer.status_code == 200, answer.text
    return app, code, answer.json()["recovery_codes"]


async def test_with_a_second_factor_the_password_is_not_enough(owner: Person, anonymous: httpx.AsyncClient) -> None:
    app, used, recovery = await enable_totp(owner)
    assert (await owner.client.get(ME)).json()["member"]["totp_enabled"] is True
    assert (await anonymous.post(LOGIN, json=credentials(owner))).json()["code"] == "totp_required"
    wrong_password = await anonymous.post(LOGIN, json=credentials(owner, password="not the password", totp=used))
    assert wrong_password.json()["code"] == "wrong_credentials"
    # The code that turned it on has been used; nobody who saw it can use it again.
    replayed = await anonymous.post(LOGIN, json=credentials(owner, totp=used))
    assert replayed.json()["code"] == "wrong_credentials"
    following = app.at(time.time() + 30)
    assert (await anonymous.post(LOGIN, json=credentials(owner, totp=following))).status_code == 200
    again = await anonymous.post(LOGIN, json=credentials(owner, totp=following))
    assert again.json()["code"] == "wrong_credentials"
    assert (await anonymous.post(LOGIN, json=credentials(owner, totp=recovery[0].upper()))).status_code == 200
    spent = await anonymous.post(LOGIN, json=credentials(owner, totp=recovery[0]))
    assert spent.json()["code"] == "wrong_credentials"


async def test_one_code_sent_twice_at_once_opens_one_session(owner: Person, anonymous: httpx.AsyncClient) -> None:
    app, _, _ = await enable_totp(owner)
    body = credentials(owner, totp=app.at(time.time() + 30))
    answers = await asyncio.gather(*(anonymous.post(LOGIN, json=body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]


async def test_turning_the_second_factor_off_needs_the_password(owner: Person, anonymous: httpx.AsyncClient) -> None:
    await enable_totp(owner)
    twice = await owner.client.post("/api/v1/me/totp/start")
    assert twice.status_code == 409
    wrong = await owner.client.request("DELETE", "/api/v1/me/totp", json={"password": "not the password"})
    assert wrong.status_code == 422
    right = await owner.client.request("DELETE", "/api/v1/me/totp", json={"password": PASSWORD})
    assert right.status_code == 204
    assert (await anonymous.post(LOGIN, json=credentials(owner))).status_code == 200


async def test_secrets_of_the_second_factor_are_not_readable_at_rest(owner: Person, runtime: Runtime) -> None:
    app, _, recovery = await enable_totp(owner)
    row: mongo.Document | None = await runtime.mongo.members.find_one({"_id": owner.member.id})
    assert app.secret not in str(row)
    assert not any(code in str(row) for code in recovery)


async def test_a_wrong_confirmation_leaves_it_off(owner: Person) -> None:
    await owner.client.post("/api/v1/me/totp/start")
    assert (await owner.client.post("/api/v1/me/totp/confirm", json={"code": "000000"})).status_code == 422
    assert (await owner.client.get(ME)).json()["member"]["totp_enabled"] is False
