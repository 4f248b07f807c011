"""Workspaces that have settled how much messages may cost."""

from app.core.runtime import Runtime


async def active(runtime: Runtime) -> list[str]:
    """Index: active_key, which holds no others."""
    rows = await runtime.mongo.budgets.find({"active_key": {"$gt": ""}}, {"active_key": 1}).limit(10_000).to_list()
    return [row["active_key"] for row in rows]
