"""The jobs that workers run for automations: each takes the Runtime from the context and calls one function."""

from collections.abc import Mapping
from typing import Any

from app.core.queue import Job, Lane
from app.core.runtime import Runtime
from automations import checks, usage, waking
from inbox.finding import tag_work

Context = Mapping[str, Any]


def _runtime(ctx: Context) -> Runtime:
    runtime: Runtime = ctx["runtime"]
    return runtime


async def run_check(ctx: Context, workspace_id: str, broadcast_id: str) -> None:
    await checks.run_one(_runtime(ctx).workspace(workspace_id), broadcast_id)


async def run_broadcast(ctx: Context, workspace_id: str, broadcast_id: str) -> None:
    await waking.run_one(_runtime(ctx).workspace(workspace_id), broadcast_id)


async def merge_tag(ctx: Context, workspace_id: str, tag_id: str) -> None:
    ws = _runtime(ctx).workspace(workspace_id)
    await tag_work.run_one(ws, tag_id, swap_above=usage.swap_tag, naming_above=usage.using_tag)


JOBS = (
    Job(run_check, Lane.BACKGROUND, timeout_seconds=24 * 3_600),
    Job(merge_tag, Lane.BACKGROUND, timeout_seconds=3_600),
    Job(run_broadcast, Lane.BACKGROUND, timeout_seconds=24 * 3_600),
)
