"""
What a screen is told of the stream when its person does not see everything, or not all of everybody.

A frame keeps its number whatever becomes of it: what is not seen goes out as `nothing`, and a conversation that has
just left a person's sight as `gone`, so that a screen drops it. See docs/access.md and docs/realtime.md.
"""

from collections import OrderedDict
from typing import Any

import orjson

from app.core.permissions import Actor
from app.core.runtime import Workspace
from crm import masks
from crm.masks import Masker
from inbox import access, conversations, sight
from inbox.sight import Facts, Sight
from inbox.store import conversations as store

_MOST_KNOWN = 5_000
# Events about the business and its members.
_OWN = ("account", "member")
RELOAD = '{"type":"reload"}'


class Screening:
    """For one screen; it has to see every frame, in order."""

    def __init__(self, ws: Workspace, actor: Actor, seen: Sight, masker: Masker | None) -> None:
        self._ws = ws
        self._masker = masker
        self._actor = actor
        self._sight = seen
        # What decides who sees a conversation, as of the last frame that told.
        self._known: OrderedDict[str, Facts | None] = OrderedDict()

    async def frames(self, frame: str) -> list[str]:
        """What the screen is told instead of this frame."""
        told = orjson.loads(frame)
        shown = [frame] if self._sight.everything else await self._seen(frame, told)
        if self._masker is None or shown != [frame] or told["type"] in _OWN:
            return shown
        return [orjson.dumps(self._masker.walk(told)).decode()]

    async def _seen(self, frame: str, told: dict[str, Any]) -> list[str]:
        kind, data = told["type"], told["data"]
        if kind == "team" and await self._teams_changed():
            return [frame, RELOAD]
        if kind == "gone":
            # Of somebody who was erased: it names nobody.
            return [frame]
        if kind == "bell":
            # Rung just before a mention lets its member in: whom it is for is what decides.
            return [frame] if data["member_id"] == self._actor.member_id else _nothing(told)
        conversation_id = _about(kind, data)
        if conversation_id is None:
            return [frame]
        if kind == "viewing" and not await self.sees(conversation_id):
            # It turned away from whatever it showed before.
            return [orjson.dumps({**told, "data": {**data, "conversation_id": None}}).decode()]
        shown = data if kind == "conversation" else data.get("conversation") if kind == "entry" else None
        if shown is None:
            return [frame] if await self.sees(conversation_id) else _nothing(told)
        before = self._known.get(conversation_id)
        was_hidden = before is not None and not self._sight.sees_facts(before)
        now = sight.facts_shown(shown)
        self._keep(conversation_id, now)
        if self._sight.sees_facts(now):
            return [frame]
        return _nothing(told) if was_hidden else [_numbered(told["n"], "gone", {"conversation_id": conversation_id})]

    async def sees(self, conversation_id: str) -> bool:
        if self._sight.everything:
            return True
        if conversation_id not in self._known:
            found = await store.get(self._ws, conversation_id)
            self._keep(conversation_id, sight.facts_of(found) if found else None)
        facts = self._known[conversation_id]
        return facts is not None and self._sight.sees_facts(facts)

    async def _teams_changed(self) -> bool:
        seen = await access.sight(self._ws, self._actor)
        changed, self._sight = seen != self._sight, seen
        return changed

    def _keep(self, conversation_id: str, facts: Facts | None) -> None:
        self._known[conversation_id] = facts
        self._known.move_to_end(conversation_id)
        if len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)


async def of(ws: Workspace, actor: Actor) -> Screening | None:
    """None: this person is told everything."""
    seen, masker = await access.sight(ws, actor), masks.of(ws, actor)
    return None if seen.everything and masker is None else Screening(ws, actor, seen, masker)


def _about(kind: str, data: dict[str, Any]) -> str | None:
    """The conversation that an event or a sign tells of."""
    found: str | None
    match kind:
        case "conversation":
            found = data["id"]
        case "entry":
            found = data["entry"]["conversation_id"]
        case "contact":
            found = conversations.id_for(data["id"])
        case _:
            found = data.get("conversation_id") if isinstance(data, dict) else None
    return found


def _nothing(told: dict[str, Any]) -> list[str]:
    """A sign that is not for them is left out; a numbered event leaves its number."""
    return [_numbered(told["n"], "nothing", {})] if "n" in told else []


def _numbered(number: int, kind: str, data: dict[str, Any]) -> str:
    return orjson.dumps({"n": number, "type": kind, "data": data}).decode()
