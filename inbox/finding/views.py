"""
Saved views: named lists of conversations that a rule describes, of one member or shared with all.

Which views a conversation is in is part of its row (a facet each), worked out whenever it is saved; so pages and counts
of a view cost the same however many conversations there are. Views hold what is open or snoozed: they are about work.

Three things keep that true without a save: a view that is made or changed is evaluated over all open rows by a job
(view_work.py), a rule that depends on the time is looked at again when its turning points pass over rows, and every
process forgets what it knows of views after a few seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from app.core import ids, rules
from app.core.errors import Conflict, Forbidden, NotFound
from app.core.kept import Kept
from app.core.permissions import Actor, Permission
from app.core.rules import Catalogue, Field, Predicate, Rule
from app.core.runtime import Workspace
from channels import registry
from inbox.finding import facets, reading
from inbox.store import views as store

if TYPE_CHECKING:
    from inbox.conversations import Conversation

MOST = 200
MOST_OWN = 30
# A process may go by what it read so long ago.
KNOWN_SECONDS = 3.0

_CLOCKLESS = ("before", "after", "is_set", "not_set")
CATALOGUE = Catalogue(
    "conversation",
    (
        Field("assignee", "Assignee", "choice", refers_to="member", path="assignee_id"),
        Field("team", "Team", "choice", refers_to="team", path="team_id"),
        Field("tags", "Tags", "many", refers_to="tag"),
        Field(
            "priority",
            "Priority",
            "choice",
            options=(("low", "Low"), ("normal", "Normal"), ("high", "High"), ("urgent", "Urgent")),
            ops=("is", "is_not", "in", "not_in"),
        ),
        Field("channels", "Channels", "many", options=tuple((kind, kind) for kind in sorted(registry.adapters()))),
        Field(
            "state",
            "State",
            "choice",
            options=(("open", "Open"), ("pending", "With a bot"), ("snoozed", "Snoozed")),
            ops=("is", "is_not", "in", "not_in"),
        ),
        Field("unread", "Unread by its assignee, or by all", "boolean"),
        Field("waiting_since", "Waiting since", "time"),
        Field("last_activity_at", "Last activity", "time"),
        Field("window_closes_at", "Reply window closes", "time"),
        Field("created_at", "First message", "time", ops=_CLOCKLESS),
        Field("opened_at", "Opened", "time", ops=_CLOCKLESS),
        Field("contact_name", "Name", "text"),
        Field("last_text", "Newest message", "text", path="last_entry.text"),
        Field("episode", "Times opened", "number"),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """`owner_id` None: shared. `done` of `of` rows tells how far its evaluation is; both None: it is complete."""

    id: str
    name: str
    icon: str
    colour: str
    rule: Rule
    owner_id: str | None
    position: int
    created_at: datetime
    rule_revision: int = 1
    done: int | None = None
    of: int | None = None
    looked_at: datetime | None = None


def thing(conversation: Conversation) -> Mapping[str, Any]:
    """A conversation as rules ask of it. One that sleeps neither waits nor has a window that matters."""
    asleep = conversation.state == facets.SNOOZED
    newest = conversation.last_entry
    return {
        "assignee": conversation.assignee_id,
        "team": conversation.team_id,
        "tags": conversation.tags,
        "priority": conversation.priority,
        "channels": facets.channels(conversation),
        "state": conversation.state,
        "unread": reading.is_news(conversation),
        "waiting_since": None if asleep else conversation.waiting_since,
        "last_activity_at": conversation.last_activity_at,
        "window_closes_at": None if asleep else conversation.window_closes_at,
        "created_at": conversation.created_at,
        "opened_at": conversation.opened_at,
        "contact_name": conversation.contact_name,
        "last_text": newest.text if newest else None,
        "episode": conversation.episode,
    }


def is_timed(rule: Rule) -> bool:
    """Whether the passing of time alone moves conversations in and out."""
    return bool(rules.turning_points(CATALOGUE, rule))


# --- which views a conversation is in -----------------------------------------------------------------------------


async def _compiled(ws: Workspace) -> tuple[tuple[str, Predicate], ...]:
    found = sorted(await store.every(ws), key=lambda view: view.id)
    return tuple((view.id, rules.predicate(CATALOGUE, view.rule)) for view in found)


_known = Kept(_compiled, KNOWN_SECONDS)


def forget(ws: Workspace) -> None:
    """In this process; the others find out within KNOWN_SECONDS."""
    _known.forget(ws)


async def of(ws: Workspace, conversation: Conversation) -> tuple[str, ...]:
    """Ids of the saved views that it belongs to now."""
    if conversation.state == facets.CLOSED:
        return ()
    known = await _known.of(ws)
    if not known:
        return ()
    asked, now = thing(conversation), ws.clock.now()
    return tuple(view_id for view_id, holds in known if holds(asked, now))


# --- what people do with views ------------------------------------------------------------------------------------


async def visible(ws: Workspace, member_id: str) -> list[View]:
    """The shared ones and their own, in order."""
    found = [view for view in await store.every(ws) if view.owner_id in (None, member_id)]
    return sorted(found, key=lambda view: (view.owner_id is not None, view.position, view.name))


async def get(ws: Workspace, view_id: str, member_id: str) -> View:
    """Raises NotFound, also for somebody else's own."""
    view = await store.get(ws, view_id)
    if view is None or view.owner_id not in (None, member_id):
        raise NotFound("There is no such view; it may have been deleted.")
    return view


async def create(
    ws: Workspace, actor: Actor, *, name: str, rule: Any, shared: bool, icon: str = "", colour: str = "gray"
) -> View:
    """Raises Invalid, Forbidden, Conflict."""
    rules.validate(CATALOGUE, rule)
    if shared:
        actor.require(Permission.INBOX_MANAGE)
    found = await store.every(ws)
    own = [view for view in found if view.owner_id == actor.member_id]
    if len(found) >= MOST or (not shared and len(own) >= MOST_OWN):
        most = MOST_OWN if len(own) >= MOST_OWN else MOST
        raise Conflict(f"There may be {most} views; delete one that is no longer used.", code="too_many")
    view = View(
        id=ids.new("viw"),
        name=name.strip(),
        icon=icon,
        colour=colour,
        rule=rule,
        owner_id=None if shared else actor.member_id,
        position=1 + max((each.position for each in found), default=0),
        created_at=ws.clock.now(),
        looked_at=ws.clock.now(),
    )
    await store.insert(ws, view)
    forget(ws)
    return view


def require_change(actor: Actor, view: View) -> None:
    """Raises Forbidden: a shared view is changed by who manages the inbox, one's own by oneself."""
    if view.owner_id is None and not actor.may(Permission.INBOX_MANAGE):
        raise Forbidden("This view is shared; only who manages the inbox may change it. Save a copy of your own.")


async def edit(
    ws: Workspace,
    actor: Actor,
    view_id: str,
    *,
    name: str | None = None,
    rule: Any = None,
    icon: str | None = None,
    colour: str | None = None,
) -> tuple[View, bool]:
    """The view, and whether it has to be evaluated again. Raises NotFound, Invalid, Forbidden."""
    view = await get(ws, view_id, actor.member_id)
    require_change(actor, view)
    changed = replace(
        view,
        name=(name or view.name).strip(),
        icon=view.icon if icon is None else icon,
        colour=colour or view.colour,
    )
    evaluate = rule is not None and rule != view.rule
    if evaluate:
        rules.validate(CATALOGUE, rule)
        changed = replace(changed, rule=rule, rule_revision=view.rule_revision + 1, looked_at=ws.clock.now())
    await store.save(ws, changed, evaluate=evaluate)
    forget(ws)
    return changed, evaluate


async def arrange(ws: Workspace, actor: Actor, view_ids: Sequence[str]) -> None:
    """Puts those of them that the actor may change in this order; the others keep their places."""
    known = {view.id: view for view in await visible(ws, actor.member_id)}
    wanted = [known[view_id] for view_id in dict.fromkeys(view_ids) if view_id in known]
    mine = [view for view in wanted if view.owner_id is not None or actor.may(Permission.INBOX_MANAGE)]
    for view, position in zip(mine, sorted(view.position for view in mine), strict=True):
        if view.position != position:
            await store.save(ws, replace(view, position=position), evaluate=False)


async def delete(ws: Workspace, actor: Actor, view_id: str) -> View:
    """Raises NotFound, Forbidden."""
    view = await get(ws, view_id, actor.member_id)
    require_change(actor, view)
    await store.mark_deleted(ws, view.id)
    forget(ws)
    return view


async def naming(ws: Workspace, kind: str, ref: str) -> list[View]:
    """Those whose rules name this tag, team or member: what to say before it is deleted."""
    found = [view for view in await store.every(ws) if ref in rules.refers(CATALOGUE, view.rule, kind)]
    return sorted(found, key=lambda view: view.name)


async def swap_tag(ws: Workspace, old: str, new: str) -> None:
    """Those that ask for one tag ask for the other, and are evaluated again."""
    for view in await naming(ws, "tag", old):
        rule = rules.swapped(CATALOGUE, view.rule, "tag", old, new)
        changed = replace(view, rule=rule, rule_revision=view.rule_revision + 1, looked_at=ws.clock.now())
        await store.save(ws, changed, evaluate=True)
        forget(ws)


def since(view: View, now: datetime) -> datetime:
    """From when on the clock has to be looked at for it."""
    return view.looked_at or now - timedelta(days=1)
