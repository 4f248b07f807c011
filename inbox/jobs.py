"""The jobs that workers run: each takes the Runtime from the context and calls one function."""

from collections.abc import Mapping
from typing import Any

from app.core.queue import Job, Lane
from app.core.runtime import Runtime
from channels import accounts, registry
from channels.contract import Acknowledges
from crm import data_health_look, duplicate_search, duplicates, exports, imports
from inbox import delivery, inbound, live, media, receipts, signals, templates
from inbox.answering import deferred, push_delivery
from inbox.erasing import erasing
from inbox.finding import bulk, counters, view_work
from inbox.supervising import operations, rollups
from inbox.ticketing import incidents, sla_trials, sla_watch
from inbox.translating import translations

Context = Mapping[str, Any]


def _runtime(ctx: Context) -> Runtime:
    runtime: Runtime = ctx["runtime"]
    return runtime


async def process_inbound(ctx: Context, pending_key: str) -> None:
    await inbound.process(_runtime(ctx), pending_key)


async def apply_receipts(ctx: Context, account_id: str) -> None:
    await receipts.apply(_runtime(ctx), account_id)


async def deliver(ctx: Context, workspace_id: str, contact_id: str) -> None:
    await delivery.deliver(_runtime(ctx).workspace(workspace_id), contact_id)


async def send_deferred(ctx: Context, workspace_id: str, deferred_id: str) -> None:
    await deferred.due(_runtime(ctx).workspace(workspace_id), deferred_id)


async def push(ctx: Context, workspace_id: str, push_id: str) -> None:
    await push_delivery.deliver(_runtime(ctx).workspace(workspace_id), push_id)


async def look_up(ctx: Context, workspace_id: str, entry_id: str) -> None:
    await delivery.look_up(_runtime(ctx).workspace(workspace_id), entry_id)


async def fetch_media(ctx: Context, media_id: str) -> None:
    await media.fetch(_runtime(ctx), media_id)


async def sync_templates(ctx: Context, account_id: str) -> None:
    await templates.sync(_runtime(ctx), account_id)


async def acknowledge(ctx: Context, account_id: str, token: str) -> None:
    runtime = _runtime(ctx)
    account = await accounts.get(runtime, account_id)
    adapter = registry.adapter(account.kind)
    if isinstance(adapter, Acknowledges):
        await signals.best_effort(runtime, adapter.acknowledge(accounts.io(runtime), account, token))


async def show_typing(ctx: Context, account_id: str, address: str, external_id: str) -> None:
    await signals.show_typing(_runtime(ctx), account_id, address, external_id or None)


async def mark_read(ctx: Context, account_id: str, address: str, external_id: str) -> None:
    await signals.mark_read(_runtime(ctx), account_id, address, external_id)


async def retry_failures(ctx: Context, workspace_id: str, kind: operations.Kind) -> None:
    await operations.retry_all(_runtime(ctx).workspace(workspace_id), kind)


async def evaluate_view(ctx: Context, workspace_id: str, view_id: str) -> None:
    await view_work.evaluate(_runtime(ctx).workspace(workspace_id), view_id)


async def run_bulk(ctx: Context, workspace_id: str, bulk_id: str) -> None:
    await bulk.run_one(_runtime(ctx).workspace(workspace_id), bulk_id)


async def recount(ctx: Context, workspace_id: str) -> None:
    ws = _runtime(ctx).workspace(workspace_id)
    await counters.recount(ws)
    await live.publish(ws, live.event("counts", {}))


async def translate_entry(ctx: Context, workspace_id: str, entry_id: str, attempt: str) -> None:
    await translations.translate_later(_runtime(ctx).workspace(workspace_id), entry_id, int(attempt))


async def catch_up_translations(ctx: Context, workspace_id: str, conversation_id: str) -> None:
    await translations.catch_up(_runtime(ctx).workspace(workspace_id), conversation_id)


async def send_incident_update(ctx: Context, workspace_id: str, update_id: str) -> None:
    await incidents.send(_runtime(ctx).workspace(workspace_id), update_id)


async def find_duplicates(ctx: Context, workspace_id: str, contact_id: str) -> None:
    ws = _runtime(ctx).workspace(workspace_id)
    changed = await duplicates.look(ws, contact_id)
    if changed:
        found = sorted({each for pair in changed for each in pair.contact_ids})
        await live.publish(ws, live.event("duplicates", {"contact_ids": found}))


async def look_for_duplicates(ctx: Context, workspace_id: str) -> None:
    ws = _runtime(ctx).workspace(workspace_id)
    if await duplicate_search.go_on(ws) is not None:
        await live.publish(ws, live.event("duplicates", {"contact_ids": []}))


async def look_after_data(ctx: Context, workspace_id: str) -> None:
    await data_health_look.run_one(_runtime(ctx).workspace(workspace_id))


async def run_import(ctx: Context, workspace_id: str, import_id: str) -> None:
    await imports.run_one(_runtime(ctx).workspace(workspace_id), import_id)


async def run_export(ctx: Context, workspace_id: str, export_id: str) -> None:
    await exports.run_one(_runtime(ctx).workspace(workspace_id), export_id)


async def run_erasure(ctx: Context, workspace_id: str, erasure_id: str) -> None:
    await erasing.run_one(_runtime(ctx).workspace(workspace_id), erasure_id)


async def retime_sla(ctx: Context, workspace_id: str) -> None:
    await sla_watch.retime(_runtime(ctx).workspace(workspace_id))


async def try_sla(ctx: Context, workspace_id: str, trial_id: str) -> None:
    await sla_trials.run(_runtime(ctx).workspace(workspace_id), trial_id)


async def count_reports(ctx: Context, workspace_id: str, zone: str) -> None:
    await rollups.count(_runtime(ctx).workspace(workspace_id), zone)


JOBS = (
    Job(process_inbound, Lane.INBOUND, timeout_seconds=120),
    Job(apply_receipts, Lane.INBOUND, timeout_seconds=120),
    Job(deliver, Lane.REPLIES, timeout_seconds=300),
    Job(send_deferred, Lane.REPLIES, timeout_seconds=60),
    Job(acknowledge, Lane.REPLIES, timeout_seconds=30, max_tries=1),
    Job(show_typing, Lane.REPLIES, timeout_seconds=30, max_tries=1),
    Job(push, Lane.PUSH, timeout_seconds=40),
    Job(mark_read, Lane.BACKGROUND, timeout_seconds=30, max_tries=1),
    Job(evaluate_view, Lane.BACKGROUND, timeout_seconds=3_600),
    Job(look_after_data, Lane.BACKGROUND, timeout_seconds=24 * 3_600),
    Job(run_import, Lane.BACKGROUND, timeout_seconds=24 * 3_600),
    Job(run_export, Lane.BACKGROUND, timeout_seconds=24 * 3_600),
    Job(run_erasure, Lane.BACKGROUND, timeout_seconds=24 * 3_600),
    Job(run_bulk, Lane.BACKGROUND, timeout_seconds=3_600),
    Job(recount, Lane.BACKGROUND, timeout_seconds=600),
    Job(look_up, Lane.BACKGROUND, timeout_seconds=60),
    Job(fetch_media, Lane.BACKGROUND, timeout_seconds=300),
    Job(translate_entry, Lane.BACKGROUND, timeout_seconds=60, max_tries=2),
    Job(catch_up_translations, Lane.BACKGROUND, timeout_seconds=300, max_tries=2),
    Job(send_incident_update, Lane.BACKGROUND, timeout_seconds=3_600),
    Job(try_sla, Lane.BACKGROUND, timeout_seconds=3_600),
    Job(count_reports, Lane.BACKGROUND, timeout_seconds=3_600),
    Job(retime_sla, Lane.BACKGROUND, timeout_seconds=3_600),
    Job(find_duplicates, Lane.BACKGROUND, timeout_seconds=60),
    Job(look_for_duplicates, Lane.BACKGROUND, timeout_seconds=300),
    Job(sync_templates, Lane.BACKGROUND, timeout_seconds=300, max_tries=2),
    Job(retry_failures, Lane.BACKGROUND, timeout_seconds=600, max_tries=2),
)
