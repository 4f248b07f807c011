"""How entries and conversations look from outside: the same JSON in the API and on the websocket."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.core import addresses
from app.core.addresses import Address
from app.core.clock import iso
from app.core.platform.accounts import AccountRow
from app.core.runtime import Workspace
from channels import registry
from channels.accounts import channel_account
from inbox import timeline
from inbox.conversations import Conversation, Reach, Summary
from inbox.store import entries
from inbox.ticketing.sla import Clock
from inbox.timeline import Campaign, Entry


def entry(item: Entry) -> dict[str, Any]:
    """An entry as the API and the screens know it."""
    return {
        "id": item.id,
        "contact_id": item.contact_id,
        "conversation_id": item.conversation_id,
        "number": item.number,
        "revision": item.revision,
        "at": iso(item.at),
        "order_at": iso(timeline.place(item)),
        "kind": item.kind,
        "direction": item.direction,
        "channel": item.channel,
        "account_id": item.account_id,
        "address": item.address,
        "author": {"type": item.author.type, "id": item.author.id, "name": item.author.name},
        "content": None if item.deleted_at and item.direction == "in" else content(item.content),
        "reply_to": item.reply_to
        and {"entry_id": item.reply_to.entry_id, "text": item.reply_to.text, "author_name": item.reply_to.author_name},
        "reactions": [{"by": r.by, "name": r.name, "emoji": r.emoji} for r in item.reactions if r.emoji],
        "mentions": [{"id": m.id, "name": m.name} for m in item.mentions],
        "translations": {into: {"text": each.text, "source": each.source} for into, each in item.translations.items()},
        "written": item.written and {"text": item.written.text, "language": item.written.language},
        "edited_at": iso(item.edited_at),
        "deleted_at": iso(item.deleted_at),
        "status": item.status,
        "status_times": {name: iso(at) for name, at in item.status_times.items()},
        "error": _error(item),
        "undo_until": iso(item.undo_until) if item.status == "queued" else None,
        "client_id": item.client_id,
        "purpose": item.purpose,
        "topic": item.topic,
        "event": item.event,
        "referral": item.referral,
        "campaign": campaign(item.campaign),
        "forwarded": item.forwarded,
        "group_id": item.group_id,
        "ticket_id": item.ticket_id,
    }


def campaign(item: Campaign | None) -> dict[str, Any] | None:
    """The mailing that a message belongs to, or that a conversation answers."""
    return {"id": item.id, "name": item.name, "variant": item.variant, "at": iso(item.at)} if item else None


def placed(item: Entry, place: float, conversation_id: str) -> dict[str, Any]:
    """
    An entry where it is read: among those of contacts that were merged, in the conversation in which they are one now.
    """
    return {**entry(item), "number": place, "conversation_id": conversation_id}


def _error(item: Entry) -> dict[str, Any] | None:
    if item.error is None:
        return None
    can_resend = item.status in ("failed", "unknown", "skipped") and item.error.get("resendable", True)
    return {
        "code": item.error.get("code"),
        "message": item.error.get("message"),
        "provider_code": item.error.get("provider_code"),
        "can_resend": can_resend,
    }


def content(stored: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Stored content without what stays inside (the provider's handles), and with the addresses of files."""
    if stored is None:
        return None
    shown = {k: v for k, v in stored.items() if k != "components"}
    if shown.get("type") == "media":
        shown["media"] = media(shown["media"])
    return shown


def media(stored: Mapping[str, Any]) -> dict[str, Any]:
    shown = {k: v for k, v in stored.items() if k not in ("source", "thumbnail_id")}
    file_id, thumbnail_id = stored.get("file_id"), stored.get("thumbnail_id")
    shown["url"] = f"/files/{file_id}" if file_id else None
    shown["thumb_url"] = f"/files/{thumbnail_id}" if thumbnail_id else None
    return shown


def conversation(
    item: Conversation, now: datetime, accounts: Mapping[str, AccountRow], status: str | None
) -> dict[str, Any]:
    """
    A conversation as the API and the screens know it; `accounts` are the workspace's, by id, and `status` is how far
    its newest entry got, if that is a message of ours.
    """
    return {
        "id": item.id,
        "contact_id": item.contact_id,
        "contact": {
            "id": item.contact_id,
            "name": item.contact_name,
            "avatar_hue": item.avatar_hue,
            "avatar_file_id": None,
        },
        "queue": {"id": item.queue_id, "name": item.queue_id.capitalize()},
        "state": item.state,
        "assignee_id": item.assignee_id,
        "team_id": item.team_id,
        "tags": list(item.tags),
        "priority": item.priority,
        "views": list(item.views),
        "waiting_since": iso(item.waiting_since),
        "window_closes_at": iso(item.window_closes_at),
        "followers": list(item.followers),
        "mentioned": list(item.mentioned),
        "notified": list(item.notified),
        "unread": item.unread,
        "unread_by": dict(item.unread_by),
        "read_number": item.read_number,
        "last_number": item.last_number,
        "last_activity_at": iso(item.last_activity_at),
        "created_at": iso(item.created_at),
        "episode": item.episode,
        "snoozed_until": iso(item.snoozed_until),
        "woke_at": iso(item.woke_at),
        "closed_at": iso(item.closed_at),
        "blocked": item.blocked,
        "translate_into": item.translate_into,
        "spoken": item.spoken,
        "campaign": campaign(item.campaign),
        "merged_into": item.merged_into,
        "absorbed": list(item.absorbed),
        "revision": item.revision,
        "sla": sla(item.sla),
        "last_entry": _summary(item.last_entry, status) if item.last_entry else None,
        "deferred": len(item.deferred),
        "reach": [_reach(r, now, accounts[r.account_id]) for r in item.reach if r.account_id in accounts],
    }


def sla(clock: Clock | None) -> dict[str, Any] | None:
    """What a countdown needs; `due_at` is the nearest of the three, `breached` and `warned` name what was missed."""
    if clock is None:
        return None
    return {
        "policy_id": clock.policy_id,
        "due_at": iso(clock.due_at),
        "first_due_at": iso(clock.first_due_at),
        "next_due_at": iso(clock.next_due_at),
        "resolve_due_at": iso(clock.resolve_due_at),
        "paused_at": iso(clock.paused_at),
        "warned": list(clock.warned),
        "breached": list(clock.breached),
        "breached_at": iso(clock.breached_at),
    }


def _summary(shown: Summary, status: str | None) -> dict[str, Any]:
    return {
        "id": shown.id,
        "number": shown.number,
        "kind": shown.kind,
        "direction": shown.direction,
        "text": shown.text,
        "content_type": shown.content_type,
        "channel": shown.channel,
        "status": status,
        "author_name": shown.author_name,
        "at": iso(shown.at),
    }


def _reach(reach: Reach, now: datetime, row: AccountRow) -> dict[str, Any]:
    """`window_closes_at` null: no window rule here, or (with `window_open` false) the person never wrote here."""
    hours = registry.adapter(row.kind).capabilities(channel_account(row)).window_hours
    closes = reach.closes_at(hours)
    blocked = reason = None
    if not row.enabled:
        blocked, reason = "account_disabled", "This channel account is switched off in the settings."
    elif "service" in reach.stopped:
        blocked, reason = "opted_out", "This person has stopped messages here; only they can lift that."
    return {
        "account_id": reach.account_id,
        "account_name": row.name,
        "channel": row.kind,
        "address": reach.address,
        "label": addresses.label_of_person(Address.parse(reach.address)),
        "last_inbound_at": iso(reach.last_inbound_at),
        "window_closes_at": iso(closes),
        "window_open": hours is None or (closes is not None and closes > now),
        "marketing_stopped": "marketing" in reach.stopped,
        "doubted": reach.doubted,
        "blocked": blocked,
        "blocked_reason": reason,
    }


async def accounts_by_id(ws: Workspace) -> dict[str, AccountRow]:
    """The workspace's accounts, from memory."""
    return {row.id: row for row in await ws.runtime.accounts.of_workspace(ws.id)}


async def conversations(ws: Workspace, items: Sequence[Conversation]) -> list[dict[str, Any]]:
    """For lists: the status of all newest messages of ours is read in one command."""
    accounts = await accounts_by_id(ws)
    ours = [item.last_entry.id for item in items if item.last_entry and item.last_entry.direction == "out"]
    status = await entries.statuses(ws, ours)
    now = ws.clock.now()
    return [
        conversation(item, now, accounts, status.get(item.last_entry.id) if item.last_entry else None) for item in items
    ]
