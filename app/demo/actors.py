"""Plays one conversation: customers through the sandbox or the widget's socket, colleagues at their desks."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from app.core.addresses import Address
from app.core.errors import NotFound
from app.core.runtime import Workspace
from app.demo.accounts import Connected
from app.demo.desk import Desk
from app.demo.phone import Phone
from app.demo.steps import (
    Answers,
    Assigns,
    Closes,
    Likes,
    MakesTicket,
    NextFails,
    Notes,
    Reacts,
    Reads,
    Step,
    Story,
    Writes,
)
from app.demo.visitor import Visitor, enter, identity_of, visitor_handle
from crm import contacts
from inbox import conversations, timeline
from inbox.ticketing import tickets
from inbox.timeline import Entry

_SAMPLES = Path(__file__).resolve().parents[2] / "sandbox" / "samples"
_NAMESPACE = uuid.UUID("6f1d2c1e-5f0e-4a39-9f52-0c6a3b1f7f10")
_PATIENCE_SECONDS = 30.0
_LOOK_SECONDS = 0.1
_ENTRIES = 100

_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody and everything that a story needs; desks by the colleague's key, customers as the sandbox has them."""

    ws: Workspace
    phone: Phone
    web_url: str
    sandbox_url: str
    accounts: dict[str, Connected]
    desks: dict[str, Desk]
    customers: dict[str, dict[str, Any]]


@dataclass(slots=True)
class _Scene:
    cast: Cast
    story: Story
    contact_id: str = ""
    written: int = 0
    answered: int = 0
    entry_ids: dict[str, str] = field(default_factory=dict)
    visitor: Visitor | None = None

    @property
    def ws(self) -> Workspace:
        return self.cast.ws

    @property
    def account(self) -> Connected:
        return self.cast.accounts[self.story.channel]

    @property
    def conversation_id(self) -> str:
        return conversations.id_for(self.contact_id)


async def play(cast: Cast, story: Story) -> None:
    """From the first step to the last. A step that an earlier run has done is recognised and not done again."""
    scene = _Scene(cast, story)
    try:
        for step in story.steps:
            await _play(scene, step)
    finally:
        if scene.visitor is not None:
            await scene.visitor.leave()


async def _play(scene: _Scene, step: Step) -> None:
    phone, story, desks = scene.cast.phone, scene.story, scene.cast.desks
    match step:
        case Writes():
            await _write(scene, step)
        case Reacts(to=to, emoji=emoji):
            target = await _handed_over(scene, to)
            await _act(scene, {"type": "reaction", "target": target, "emoji": emoji})
        case Reads():
            await _delivered(scene)
            await _act(scene, {"type": "open"})
        case Answers():
            await _answer(scene, step)
        case Likes(member=member, to=to, emoji=emoji):
            await desks[member].post(f"/entries/{scene.entry_ids[to]}/reaction", {"emoji": emoji})
        case Notes(member=member, text=text):
            body = {"client_id": _client_id(scene, text), "text": text}
            await desks[member].post(f"/conversations/{scene.conversation_id}/notes", body)
        case Assigns(member=member):
            body = {"member_id": desks[member].member_id}
            await desks[member].post(f"/conversations/{scene.conversation_id}/assign", body)
        case Closes(member=member):
            await desks[member].post(f"/conversations/{scene.conversation_id}/close")
        case MakesTicket(member=member, title=title, fields=fields):
            mine = tickets.Filter(view="all", contact_id=scene.contact_id)
            if not (await tickets.page(scene.ws, mine, cursor=None, limit=1))[0]:
                body = {"conversation_id": scene.conversation_id, "title": title, **fields}
                await desks[member].post("/tickets", {**body, "owner_id": desks[member].member_id})
        case NextFails(code=code):
            await phone.fail_next(story.customer, code)


async def _write(scene: _Scene, step: Writes) -> None:
    """The customer's next message, and the wait until it is on the timeline."""
    position = scene.written
    scene.written += 1
    if len(await _inbound(scene)) <= position:
        what = dict(step.what)
        if step.quotes:
            what["reply_to"] = await _handed_over(scene, step.quotes)
        await _act(scene, what)
    entry = await _until(lambda: _inbound_at(scene, position), f"message {position + 1} of {scene.story.key}")
    await _until(lambda: _heard(scene, entry), f"the conversation of {scene.story.key}")
    if step.key:
        scene.entry_ids[step.key] = entry.id


async def _heard(scene: _Scene, entry: Entry) -> bool | None:
    """The conversation follows its newest entry a moment later."""
    with suppress(NotFound):
        return (await conversations.get(scene.ws, scene.conversation_id)).last_number >= entry.number or None
    return None


async def _act(scene: _Scene, what: dict[str, Any]) -> None:
    story = scene.story
    if not scene.account.is_site:
        await scene.cast.phone.act(story.channel, scene.account.sandbox_id, story.customer, what)
        return
    if scene.visitor is None:
        person = scene.cast.customers[story.customer]
        proof = identity_of(scene.account, person["id"], person["name"])
        scene.visitor = await enter(scene.cast.web_url, scene.cast.sandbox_url, scene.account.sandbox_id, proof)
    entry_id = await scene.visitor.write(what["text"], _client_id(scene, what["text"]))
    entry = await _until(lambda: timeline.find(scene.ws, entry_id), f"the visitor's message of {story.key}")
    scene.contact_id = entry.contact_id


async def _answer(scene: _Scene, step: Answers) -> None:
    desk = scene.cast.desks[step.member]
    content = dict(step.content)
    if step.file:
        file = next(_SAMPLES.glob(f"{step.file}.*"))
        file_id = await desk.upload(f"invoice{file.suffix}", await asyncio.to_thread(file.read_bytes))
        content["media"] = {"kind": step.file, "file_id": file_id}
    conversation = await conversations.get(scene.ws, scene.conversation_id)
    reach = next(r for r in conversation.reach if r.account_id == scene.account.row.id)
    scene.answered += 1
    body: dict[str, Any] = {
        "client_id": _client_id(scene, str(scene.answered)),
        "account_id": reach.account_id,
        "address": reach.address,
        "content": content,
    }
    if step.quotes:
        body["reply_to_entry_id"] = scene.entry_ids[step.quotes]
    answer = await desk.post(f"/conversations/{scene.conversation_id}/messages", body)
    entry_id = answer["entries"][0]["id"]
    if step.key:
        scene.entry_ids[step.key] = entry_id
    await _until(lambda: _settled(scene, entry_id), f"the delivery of an answer of {scene.story.key}")


async def _inbound(scene: _Scene) -> list[Entry]:
    """What the customer did on this story's channel, as far as it is on the timeline: messages, pressing Start."""
    if not scene.contact_id:
        scene.contact_id = await _contact_id(scene)
    if not scene.contact_id:
        return []
    entries = await timeline.page_after(scene.ws, scene.contact_id, 0, limit=_ENTRIES)
    mine = [e for e in entries if e.account_id == scene.account.row.id]
    return [e for e in mine if e.direction == "in" or (e.event or {}).get("name") == "chat_started"]


async def _inbound_at(scene: _Scene, position: int) -> Entry | None:
    found = await _inbound(scene)
    return found[position] if position < len(found) else None


async def _contact_id(scene: _Scene) -> str:
    person = scene.cast.customers[scene.story.customer]
    for handle in (person["phone"], person["bsuid"], str(person["telegram_id"]), visitor_handle(person["id"])):
        known = await contacts.known(scene.ws, Address(scene.story.channel, handle))
        if known is not None:
            return known.contact_id
    return ""


async def _settled(scene: _Scene, entry_id: str) -> Entry | None:
    """Handed to the provider, or refused for good."""
    entry = await timeline.get(scene.ws, entry_id)
    return entry if entry.status not in ("queued", "sending") else None


async def _handed_over(scene: _Scene, key: str) -> str:
    """The provider's own id of one of our messages, or of the customer's."""

    async def known() -> str | None:
        entry = await timeline.get(scene.ws, scene.entry_ids[key])
        name = entry.external_id or (entry.external_ids[0] if entry.external_ids else "")
        return name.rpartition(":")[2] or None

    return await _until(known, f"the provider's id of {key} of {scene.story.key}")


async def _delivered(scene: _Scene) -> None:
    """All of ours have reached the phone."""

    async def all_there() -> bool | None:
        entries = await timeline.page_after(scene.ws, scene.contact_id, 0, limit=_ENTRIES)
        ours = [e for e in entries if e.direction == "out"]
        return True if all(e.status not in ("queued", "sending", "sent") for e in ours) else None

    await _until(all_there, f"the ticks of {scene.story.key}")


async def _until(look: Callable[[], Awaitable[_Found | None]], what: str) -> _Found:
    """What `look` finds. Raises TimeoutError that says what was waited for."""
    deadline = asyncio.get_running_loop().time() + _PATIENCE_SECONDS
    while (found := await look()) is None:
        if asyncio.get_running_loop().time() > deadline:
            raise TimeoutError(f"waited {_PATIENCE_SECONDS:.0f} s for {what}")
        await asyncio.sleep(_LOOK_SECONDS)
    return found


def _client_id(scene: _Scene, what: str) -> str:
    """The same for the same words of the same story: asking again changes nothing."""
    return str(uuid.uuid5(_NAMESPACE, f"{scene.ws.id}/{scene.story.key}/{what}"))
