"""The demo as `make run` shows it: conversations that came in and went out through the sandbox."""

import json
from collections.abc import Iterator

import httpx
import pytest

from app.demo.script import BUSINESS, COLLEAGUES, CUSTOMERS, STORIES
from tests.support.instances import Instance, started, until


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    with started(tmp_path_factory.mktemp("demo") / "data") as instance:
        told = instance.data_dir / "demo.json"
        until(lambda: told.exists() and len(json.loads(told.read_text())["stories"]) == len(STORIES), 60)
        yield instance


@pytest.fixture(scope="module")
def screen(demo: Instance) -> Iterator[httpx.Client]:
    """The owner's browser."""
    password = json.loads((demo.data_dir / "instance.json").read_text())["demo_password"]
    assert f"{COLLEAGUES[0].email}   password  {password}" in demo.said()
    with httpx.Client(base_url=demo.web_url, timeout=10, trust_env=False) as client:
        answer = client.post("/api/v1/login", json={"email": COLLEAGUES[0].email, "password": password})
        assert answer.status_code == 200
        yield client


def _conversations(screen: httpx.Client) -> list[dict[str, object]]:
    items: list[dict[str, object]] = screen.get("/api/v1/conversations?view=all&limit=50").json()["items"]
    return items


def _said(screen: httpx.Client) -> dict[str, list[tuple[str, int, object]]]:
    """Of each conversation what people wrote: ticks and clocks go on by themselves."""
    found = {}
    for item in _conversations(screen):
        entries = screen.get(f"/api/v1/conversations/{item['id']}/entries?limit=100").json()["items"]
        written = [entry for entry in entries if entry["kind"] in ("message", "note")]
        found[str(item["id"])] = [(entry["id"], entry["number"], entry["content"]) for entry in written]
    return found


def test_every_story_is_a_conversation_on_its_channel(screen: httpx.Client) -> None:
    channels = [item["reach"][0]["channel"] for item in _conversations(screen)]  # type: ignore[index]
    assert sorted(channels) == sorted(story.channel for story in STORIES)
    assert set(channels) == {"whatsapp", "sms", "telegram", "livechat"}


def test_the_team_gets_what_customers_write(screen: httpx.Client) -> None:
    (team,) = screen.get("/api/v1/teams").json()["items"]
    assert len(team["members"]) == len(COLLEAGUES)
    assert len(team["account_ids"]) == 4
    assert {item["team_id"] for item in _conversations(screen)} <= {team["id"], None}


def test_ticks_failures_files_and_reactions_are_there(screen: httpx.Client) -> None:
    entries = [
        entry
        for item in _conversations(screen)
        for entry in screen.get(f"/api/v1/conversations/{item['id']}/entries?limit=100").json()["items"]
    ]
    statuses = {entry["status"] for entry in entries if entry["direction"] == "out"}
    assert {"read", "delivered", "sent", "failed"} <= statuses
    assert not statuses & {"queued", "sending", "unknown"}
    assert all(entry["error"]["message"] for entry in entries if entry["status"] == "failed")
    media = [entry["content"]["media"] for entry in entries if (entry["content"] or {}).get("type") == "media"]
    assert {"image", "voice", "document"} <= {item["kind"] for item in media}
    assert all(item["state"] == "ready" for item in media)
    assert any(entry["reactions"] for entry in entries if entry["direction"] == "in")
    assert any(entry["reactions"] for entry in entries if entry["direction"] == "out")
    assert any(entry["reply_to"] for entry in entries)
    assert any(entry["kind"] == "note" for entry in entries)


def test_messages_are_translated_at_once(screen: httpx.Client) -> None:
    assert screen.get("/api/v1/translation/languages").json()["connected"]
    asks = "Bonjour, j'aurais besoin d'une facture au nom de mon entreprise."
    listed = _conversations(screen)
    entry = next(
        entry
        for item in listed
        for entry in screen.get(f"/api/v1/conversations/{item['id']}/entries?limit=100").json()["items"]
        if (entry["content"] or {}).get("text") == asks
    )
    csrf = {"x-parley-csrf": screen.get("/api/v1/me").json()["csrf"]}
    answer = screen.post(f"/api/v1/entries/{entry['id']}/translation", json={"into": "en"}, headers=csrf)
    assert answer.json()["translations"]["en"]["text"].startswith("Good morning, I would need an invoice")


def test_a_broadcast_is_ready_to_be_checked_and_started(screen: httpx.Client) -> None:
    def drafts() -> list[dict[str, object]]:
        found: list[dict[str, object]] = screen.get("/api/v1/broadcasts").json()["items"]
        return found

    # They come after the conversations.
    until(lambda: len(drafts()) == 2, 60)
    listed = {item["name"]: item for item in drafts()}
    assert {item["state"] for item in listed.values()} == {"draft"}
    path = f"/api/v1/broadcasts/{listed['A code for the lamp club']['id']}/check"
    csrf = {"x-parley-csrf": screen.get("/api/v1/me").json()["csrf"]}
    assert screen.post(path, headers=csrf).status_code == 202
    until(lambda: screen.get(path).json()["state"] != "counting", 60)
    found = screen.get(path).json()
    # Two have not agreed, and one has a ticket open.
    assert {step["reason"]: step["count"] for step in found["steps"]} == {"no_consent": 2, "open_ticket": 1}
    assert (found["state"], found["total"], found["willing"]) == ("ready", 6, 3)
    assert found["cost"]["exact"] is True
    # Nothing is missing in the other one either.
    path = f"/api/v1/broadcasts/{listed['Closed on Monday']['id']}"
    assert screen.post(f"{path}/check", headers=csrf).status_code == 202
    until(lambda: screen.get(f"{path}/check").json()["state"] != "counting", 60)
    assert screen.get(f"{path}/check").json()["willing"] > 0
    assert screen.post(f"{path}/submit", headers=csrf).status_code == 200


def test_the_screen_knows_the_business_and_the_phone(demo: Instance, screen: httpx.Client) -> None:
    me = screen.get("/api/v1/me").json()
    assert me["demo"] is True
    assert me["workspace"]["name"] == BUSINESS
    assert httpx.get(me["demo_phone_url"], timeout=5, trust_env=False).status_code == 200
    assert f"A customer's phone   {me['demo_phone_url']}" in demo.said()
    assert {member["name"] for member in screen.get("/api/v1/members").json()["items"]} == {c.name for c in COLLEAGUES}
    assert screen.get("/api/v1/templates").json()["items"]


def test_loading_again_changes_nothing(demo: Instance, screen: httpx.Client) -> None:
    before = _said(screen)
    assert len(before) == len(STORIES)
    answer = demo.command("demo")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "loaded already" in answer.stdout
    assert _said(screen) == before


def test_the_doctor_is_content(demo: Instance) -> None:
    answer = demo.command("doctor", "--json")
    report = json.loads(answer.stdout)
    assert answer.returncode == 0
    assert report["ok"] is True
    names = {finding["name"] for finding in report["findings"]}
    assert {"sandbox", "websocket", "workers", "clock", "indexes"} <= names
    assert sum(name.startswith("channel ") for name in names) == 4


def test_all_together_stay_small(demo: Instance) -> None:
    import psutil

    everybody = [psutil.Process(demo.process.pid), *demo.children.values()]
    assert sum(process.memory_info().rss for process in everybody) < 700_000_000


def test_invented_numbers_only() -> None:
    assert all(str(person["phone"]).startswith("+120255501") for person in CUSTOMERS)
