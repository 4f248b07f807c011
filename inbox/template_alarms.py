"""
What providers tell of templates: noted at once, so that nothing is sent by one that is paused, and told to those who
may do something about it.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from app.core import sign_in
from app.core.errors import NotFound
from app.core.permissions import Permission
from app.core.platform import members as member_rows
from app.core.runtime import Workspace
from channels.contract import ChannelAccount, TemplateChanged
from inbox import templates
from inbox.answering import notifications
from inbox.store import templates as store
from inbox.templates import Alarm, KeptTemplate

# Of changes that somebody has to know of, what to say; `{name}` is the template.
_SAID: Mapping[str, tuple[str, str]] = {
    "rejected": ("{name} was rejected", "Change what the review names, and submit it again."),
    "paused": ("{name} is paused", "People reacted badly to it. Nothing goes out by it until it is back."),
    "disabled": ("{name} is disabled", "It was paused too often, and cannot be sent any more: write another one."),
    "flagged": ("{name} is flagged", "It will be disabled unless people's reactions get better."),
    "pending_deletion": ("{name} is being deleted", "Nothing goes out by it any more."),
    "deleted": ("{name} was deleted", "Nothing goes out by it any more."),
    "archived": ("{name} was archived", "It was not sent for a year, and is deleted soon."),
    "limit_exceeded": ("{name} was not taken", "The account has as many templates as it may have."),
    "quality_yellow": ("The quality of {name} falls", "People block or report it: send it to fewer, or change it."),
    "quality_red": ("The quality of {name} is low", "It will be paused soon. Do not begin anything new with it."),
}
# What was told is kept for so long: the answer to a submission is stored by then.
_KEPT_SECONDS = 3_600
_CATEGORY = "category_"
_WILL_BE = "category_will_be_"
# Events that are a status of the template, too.
_STATUSES = frozenset(
    {
        "approved",
        "rejected",
        "paused",
        "disabled",
        "pending",
        "pending_deletion",
        "in_appeal",
        "archived",
        "limit_exceeded",
    }
)


async def changed(ws: Workspace, account: ChannelAccount, event: TemplateChanged) -> None:
    """Every language of it where the provider names none; told again it changes and says nothing new."""
    # First: whoever is just storing a submission looks here after that.
    key = _key(account.id, event.name)
    news = {"noted_at": ws.clock.now(), "at": event.at, "told": [event.key, event.language, event.change, event.detail]}
    connection: Any = ws.redis
    await connection.rpush(key, orjson.dumps(news))
    await connection.expire(key, _KEPT_SECONDS)
    rows = await store.named(ws, account.id, event.name)
    for kept in rows:
        if event.language in (None, kept.template.language):
            await _one(ws, kept, Alarm(event.change, event.detail or "", event.at), event.key)
    await templates.tell(ws, account.id)


async def submitted(ws: Workspace, kept: KeptTemplate, *, since: datetime) -> None:
    """
    It has been stored as submitted: what was told of it after that had begun stands, and not what its submission was
    answered with. A review may be over before the answer is here.
    """
    connection: Any = ws.redis
    for row in await connection.lrange(_key(kept.account_id, kept.template.name), 0, -1):
        news = orjson.loads(row)
        key, language, change, detail = news["told"]
        if datetime.fromisoformat(news["noted_at"]) >= since and language in (None, kept.template.language):
            await _one(ws, kept, Alarm(change, detail or "", datetime.fromisoformat(news["at"])), key)
    await templates.tell(ws, kept.account_id)


def _key(account_id: str, name: str) -> str:
    return f"parley:template-told:{account_id}:{name}"


async def _one(ws: Workspace, kept: KeptTemplate, told: Alarm, key: str) -> None:
    said = words(told.change, f"{kept.template.name} ({kept.template.language})")
    await store.note(ws, kept.id, _values(told.change), told if said else None)
    if said is None:
        return
    title, advice = said
    await notifications.duty(
        ws,
        await _managers(ws),
        key=f"{kept.id}|{key}",
        title=title,
        text=f"{told.detail}. {advice}" if told.detail else advice,
        path=f"/templates/{kept.id}",
    )


async def dismiss(ws: Workspace, template_id: str) -> None:
    """Somebody has seen it. Raises NotFound."""
    kept = await templates.get(ws, template_id)
    if kept is None:
        raise NotFound("There is no such template.")
    await store.dismiss(ws, template_id)
    await templates.tell(ws, kept.account_id)


def words(change: str, name: str) -> tuple[str, str] | None:
    """What a change means and what to do; None if nobody needs to do anything."""
    if change.startswith(_WILL_BE):
        new = change.removeprefix(_WILL_BE)
        return f"{name} becomes {new}", "It will cost and need consent as that. Change its words if it is none."
    if change.startswith(_CATEGORY):
        new = change.removeprefix(_CATEGORY)
        return f"{name} is {new} now", "It costs as that from now on, and goes only to those who may get that."
    said = _SAID.get(change)
    return (said[0].format(name=name), said[1]) if said else None


def _values(change: str) -> dict[str, str]:
    """What of the template this says already, before it is fetched anew."""
    if change in _STATUSES:
        return {"status": change.upper()}
    if change.startswith("quality_"):
        return {"quality": change.removeprefix("quality_").upper()}
    if change.startswith(_CATEGORY) and not change.startswith(_WILL_BE):
        return {"category": change.removeprefix(_CATEGORY).upper()}
    return {}


async def _managers(ws: Workspace) -> list[str]:
    members = [m for m in await member_rows.of_workspace(ws.runtime.mongo, ws.id) if m.status == "active"]
    actors = await asyncio.gather(*(sign_in.actor_of(ws.runtime, member) for member in members))
    return [actor.id for actor in actors if actor.may(Permission.TEMPLATES_MANAGE)]
