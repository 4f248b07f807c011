"""A restart keeps phones and ledger, and delivers what was never acknowledged."""

from __future__ import annotations

import asyncio
from pathlib import Path

import orjson

from sandbox.journal import Journal
from tests.sandbox.support import NUMBER, Business, running

HELLO = {"type": "text", "text": {"body": "Hello"}}


async def test_replay(tmp_path: Path, business: Business) -> None:
    async with running(tmp_path) as first:
        await first.control("PUT", f"/accounts/whatsapp/{NUMBER}", {"webhook_url": f"{business.url}/wa"})
        await first.control("PUT", "/customers", {"id": "eve", "name": "Eve", "phone": "+12025550140"})
        await first.inbound("whatsapp", "image", text="Look")
        await first.inbound("telegram", "start", customer="eve")
        await first.send(**HELLO, biz_opaque_callback_data="ob_1")
        await first.inbound("sms", "text", text="STOP")
        await first.control("POST", "/clock", {"advance_seconds": 60})
        await business.wait(3)
        await asyncio.sleep(0.05)
        before = await first.ledger()
        people = await first.control("GET", "/customers")
        media = before[0]["body"]["media"][0]["url"]
    async with running(tmp_path) as second:
        after = await second.ledger()
        strip = ("statuses", "acks")
        for old, new in zip(before, after, strict=True):
            assert {k: v for k, v in old.items() if k not in strip} == {k: v for k, v in new.items() if k not in strip}
            assert [item["status"] for item in new["statuses"]][: len(old["statuses"])] == [
                item["status"] for item in old["statuses"]
            ]
        assert await second.control("GET", "/customers") == people
        assert (await second.http.get(media)).status_code == 200
        assert (await second.control("GET", "/clock"))["offset"] == 60
        assert (await second.send(**HELLO)).status_code == 200
        assert (await second.sms(Body="x")).json()["code"] == 21610
        assert (await second.ledger())[-1]["seq"] == before[-1]["seq"] + 1


async def test_what_was_not_acknowledged_comes_after_the_restart(tmp_path: Path, business: Business) -> None:
    async with running(tmp_path) as first:
        await first.control("PUT", f"/accounts/whatsapp/{NUMBER}", {"webhook_url": "http://127.0.0.1:1/wa"})
        ids = await first.inbound("whatsapp", "text", text="Are you there?")
        await first.control("PUT", f"/accounts/whatsapp/{NUMBER}", {"webhook_url": f"{business.url}/wa"})
        await first.inbound("telegram", "start")
    business.got.clear()
    async with running(tmp_path) as second:
        change = orjson.loads((await business.wait(1))[0].body)["entry"][0]["changes"][0]
        assert change["value"]["messages"][0]["id"] == ids[0]
        updates = (await second.bot("getUpdates")).json()["result"]
        assert [item["message"]["text"] for item in updates] == ["/start"]


def test_a_torn_line_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'{"op":"a"}\n{"op":"b"}\n{"op":"to')
    journal = Journal(path)
    assert [record["op"] for record in journal.read()] == ["a", "b"]
    journal.open()
    journal.append({"op": "c"})
    journal.close()
    assert [record["op"] for record in Journal(path).read()] == ["a", "b", "c"]


async def test_reset_forgets(tmp_path: Path) -> None:
    async with running(tmp_path) as first:
        await first.inbound("whatsapp", "text", text="Hi")
        await first.control("POST", "/reset", {"seed": False})
        assert await first.ledger() == []
        assert (await first.control("GET", "/customers"))["customers"] == []
