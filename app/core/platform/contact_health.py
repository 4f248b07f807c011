"""Workspaces in which it is kept how well things stand with contacts."""

from app.core.runtime import Runtime


async def active(runtime: Runtime) -> list[str]:
    """Index: active_key, which holds no others."""
    rows = (
        await runtime.mongo.contact_health.find({"active_key": {"$gt": ""}}, {"active_key": 1}).limit(10_000).to_list()
    )
    return [row["active_key"] for row in rows]
