"""What is older than a rule goes by itself; a preview says how much; a legal hold keeps it."""

from datetime import timedelta
from typing import Any

from inbox.erasing import retention
from tests.support.shop import Shop, eventually


async def test_what_is_too_old_goes_but_not_under_a_hold(shop: Shop) -> None:
    ws = shop.runtime.workspace(shop.owner.ws.id)
    person, thread = await shop.someone("whatsapp")
    _, held = await shop.someone("whatsapp")
    await shop.writes("whatsapp", person["id"], type="image")
    photo = await shop.entry_where(
        thread["id"], lambda e: e["content"] and e["content"].get("media", {}).get("state") == "ready"
    )
    file_id = photo["content"]["media"]["file_id"]
    await shop.post(f"/contacts/{held['contact_id']}/hold", reason="Case 9")
    table = b"phone,name\n+12025550161,Ann\n"
    made = await shop.agent.post("/api/v1/import-files", params={"name": "p.csv"}, content=table)
    # All of it was written long ago.
    for name, field in (("entries", "created_at"), ("imports", "created_at")):
        rows = await getattr(ws.db, name).find({}, limit=1_000)
        old = [([row["_id"]], {}, {"$set": {field: row[field] - timedelta(days=400)}}) for row in rows]
        await getattr(ws.db, name).update_each(old)

    rules = {"files": 180, "messages": 365, "tables": 90}
    await shop.post("/retention/preview", 202, **rules)

    async def counted() -> Any:
        known = await shop.get("/retention")
        return known["preview"]

    preview = await eventually(counted)
    assert (preview["files"], preview["tables"]) == (1, 1)
    assert preview["messages"] >= 2
    # Nothing has gone by that.
    assert (await shop.agent.get(f"/api/v1/files/{file_id}")).status_code in (200, 404)
    assert len(await shop.thread(thread["id"])) >= 2

    # The strictest first: files, then words.
    for step in ({"files": 180}, {**rules, "files": None}):
        saved = await shop.agent.put("/api/v1/retention", json=step)
        assert saved.status_code == 200, saved.text

        async def gone(step: dict[str, Any] = step) -> bool:
            await retention.look_after(ws)
            known = (await shop.get("/retention"))["gone"]
            return all(known[name] > 0 for name, days in step.items() if days)

        await eventually(gone)
        if step == {"files": 180}:
            entry = await shop.entry_where(thread["id"], lambda e: e["id"] == photo["id"])
            assert entry["content"]["media"]["state"] == "failed"
            assert "180 days" in entry["content"]["media"]["error"]
            assert await ws.db.files.get(file_id) is None
    rows = await ws.db.entries.find({"contact_id": thread["contact_id"]}, limit=100)
    assert {row["kind"] for row in rows} <= {"tombstone", "event", "consent"}
    assert sorted(row["number"] for row in rows) == list(range(1, len(rows) + 1))
    listed = await shop.get("/conversations", view="all", limit=50)
    assert {c["id"]: c["last_entry"]["text"] for c in listed["items"]}[thread["id"]] == ""
    assert (await shop.get(f"/imports/{made.json()['id']}"))["rows"] == []
    # Under a hold everything stays, until it is lifted.
    assert any(e["kind"] == "message" for e in await shop.thread(held["id"]))
    audited = (await shop.get("/audit", about="retention"))["items"]
    assert {each["action"] for each in audited} == {"retention.changed", "retention.applied"}
    await shop.post(f"/contacts/{held['contact_id']}/release")
    await shop.agent.put("/api/v1/retention", json=rules)

    async def free() -> bool:
        await retention.look_after(ws)
        return not any(e["kind"] == "message" for e in await shop.thread(held["id"]))

    await eventually(free)
