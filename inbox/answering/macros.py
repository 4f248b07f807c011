"""
Macros: several actions in one, run in order on a conversation, with what came of each.

All actions are checked before the first is done: whatever they name must exist. Then they are done one after another;
the first that is refused stops the rest, and the report says what was done, what was not and why. A run is a row under
the caller's client_id, and each action's effects derive from it: asked for twice it does nothing twice, and one that
was cut off is taken up where it stopped.

To add an action, write its model, what it checks and what it does, and put it into ACTIONS.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, JsonValue, TypeAdapter
from pydantic import Field as Value

from app.core import ids, rules
from app.core.errors import AppError, Change, ChangedMeanwhile, Conflict, Forbidden, Invalid, NotFound
from app.core.permissions import Actor, Permission
from app.core.rules import Catalogue, Field, Rule
from app.core.runtime import Workspace
from channels.content import Content, Media, MediaMessage, Template, TemplateParameters, Text
from crm import fields as contact_fields
from crm.store import contacts as contact_store
from inbox import conversations, outbox, templates, usage
from inbox.answering import acts, canned, variables
from inbox.answering.kept import Kept
from inbox.conversations import Conversation, Priority
from inbox.finding import tags, views
from inbox.routing import handover, teams
from inbox.routing.handover import Handover
from inbox.store import macros as store

MOST = 1_000
MOST_ACTIONS = 20
# A run that nobody finished within this time was cut off, and may be taken up by who asks again.
RUN_SECONDS = 60


# What conditions can ask: of the conversation, and the language of its customer.
CATALOGUE = Catalogue("conversation", (*views.CATALOGUE.fields, Field("language", "Language", "text")))
# What is asked of the contact, who is read only where a condition does.
_OF_CONTACT = ("language", "stage", "contact_owner")


class Action(BaseModel):
    """Done only where `when` holds for the conversation as it is before the first action."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    when: dict[str, JsonValue] | None = None


class ReplyAction(Action):
    """Text with variables, or a canned reply in the variant that suits."""

    type: Literal["reply"]
    text: Annotated[str | None, Value(max_length=variables.MAX_TEXT_CHARS)] = None
    canned_id: Annotated[str | None, Value(max_length=100)] = None


class NoteAction(Action):
    type: Literal["note"]
    text: Annotated[str, Value(min_length=1, max_length=variables.MAX_TEXT_CHARS)]


class AssignAction(Action):
    type: Literal["assign"]
    to: Literal["me", "member", "team", "nobody"]
    member_id: Annotated[str | None, Value(max_length=100)] = None
    team_id: Annotated[str | None, Value(max_length=100)] = None


class TagAction(Action):
    type: Literal["tag"]
    add: Annotated[tuple[str, ...], Value(max_length=20, strict=False)] = ()
    remove: Annotated[tuple[str, ...], Value(max_length=20, strict=False)] = ()


class PriorityAction(Action):
    type: Literal["priority"]
    priority: Priority


class SnoozeAction(Action):
    """For so many hours, or (null) until the customer writes."""

    type: Literal["snooze"]
    hours: Annotated[int, Value(strict=True, ge=1, le=24 * 365)] | None = None


class CloseAction(Action):
    type: Literal["close"]


class ReopenAction(Action):
    type: Literal["reopen"]


class TemplateAction(Action):
    """An approved template; its values are texts with variables."""

    type: Literal["template"]
    account_id: Annotated[str, Value(max_length=100)]
    name: Annotated[str, Value(min_length=1, max_length=600)]
    language: Annotated[str, Value(min_length=1, max_length=40)]
    parameters: TemplateParameters = TemplateParameters()


AnyAction = Annotated[
    ReplyAction
    | NoteAction
    | AssignAction
    | TagAction
    | PriorityAction
    | SnoozeAction
    | CloseAction
    | ReopenAction
    | TemplateAction,
    Value(discriminator="type"),
]
_ACTIONS: TypeAdapter[tuple[AnyAction, ...]] = TypeAdapter(tuple[AnyAction, ...])


@dataclass(frozen=True, slots=True, kw_only=True)
class Macro(Kept):
    """Used when it is run. `rule` says where it may be run at all; None: everywhere."""

    name: str
    actions: tuple[AnyAction, ...]
    rule: Rule | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One action: what it will do or did, in words, and why not."""

    type: str
    words: str
    state: Literal["planned", "done", "refused", "not_run", "skipped"] = "planned"
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """`state`: done, stopped at a refusal, or refused before anything was done."""

    id: str
    macro_id: str
    conversation_id: str
    by: str
    at: datetime
    claimed_at: datetime
    state: Literal["running", "done", "stopped", "refused"] = "running"
    # Why it may not be run here at all.
    reason: str = ""
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """`reason`: why it may not be run here at all; then no step is."""

    steps: Sequence[Step]
    reason: str = ""

    @property
    def possible(self) -> bool:
        return not self.reason and all(step.state != "refused" for step in self.steps)


@dataclass(frozen=True, slots=True)
class Scene:
    """What an action is done in. `run_id` and `place` make its effects repeatable."""

    ws: Workspace
    actor: Actor
    conversation: Conversation
    account_id: str | None
    run_id: str
    at: datetime
    place: int = 0

    @property
    def client_id(self) -> str:
        return f"{self.run_id}/{self.place}"

    async def written(self, text: str) -> str:
        """The text for this conversation. Raises Conflict: something is not known, or no words are left."""
        values = await variables.values(
            self.ws, self.conversation, agent_name=self.actor.name, account_id=self.account_id
        )
        return _complete(variables.render(text, values))


@dataclass(frozen=True, slots=True)
class Kind:
    """
    How one type of action works. `check` raises Invalid for what does not exist, without a conversation; `words` say
    what it will do in one; `run` does it.
    """

    check: Callable[[Workspace, Actor, Any], Awaitable[None]]
    words: Callable[[Scene, Any], Awaitable[str]]
    run: Callable[[Scene, Any], Awaitable[None]]
    # (noun, id) of what it names, for "where used".
    names: Callable[[Any], Sequence[tuple[str, str]]] = lambda action: ()


# --- the actions --------------------------------------------------------------------------------------------------


async def _nothing(ws: Workspace, actor: Actor, action: Action) -> None:
    pass


async def _check_reply(ws: Workspace, actor: Actor, action: ReplyAction) -> None:
    if (action.text is None or not action.text.strip()) == (action.canned_id is None):
        raise Invalid.field("text", "Write a text, or choose a canned reply.")
    if action.text is not None and action.canned_id is None:
        variables.check(action.text)
    elif action.canned_id is not None:
        try:
            await canned.get(ws, actor, action.canned_id)
        except NotFound:
            raise Invalid.field("canned_id", "There is no such canned reply.") from None


async def _reply_words(scene: Scene, action: ReplyAction) -> str:
    return "; ".join(_shown(content) for content in await _reply_contents(scene, action))


async def _reply(scene: Scene, action: ReplyAction) -> None:
    for number, content in enumerate(await _reply_contents(scene, action)):
        await _send(scene, content, f"{scene.client_id}/{number}")


async def _reply_contents(scene: Scene, action: ReplyAction) -> list[Content]:
    """Files first, the text as the caption of the first, as the composer sends them."""
    if action.canned_id is None:
        return [Text(text=await scene.written(action.text or ""))]
    reply = await canned.get(scene.ws, scene.actor, action.canned_id)
    filled = await canned.filled(
        scene.ws, reply, scene.conversation, agent_name=scene.actor.name, account_id=scene.account_id
    )
    text = _complete(filled.rendered, may_be_blank=bool(filled.files))
    contents: list[Content] = [
        MediaMessage(media=Media(kind="document", file_id=file.id, name=file.name)) for file in filled.files
    ]
    return [*contents, Text(text=text)] if text else contents


async def _send(scene: Scene, content: Content, client_id: str, account_id: str | None = None) -> None:
    draft = outbox.Draft(
        content=content,
        author=acts.author(scene.actor),
        client_id=client_id,
        account_id=account_id or scene.account_id,
    )
    await outbox.enqueue(scene.ws, scene.conversation, draft)


async def _check_note(ws: Workspace, actor: Actor, action: NoteAction) -> None:
    variables.check(action.text)


async def _note_words(scene: Scene, action: NoteAction) -> str:
    return await scene.written(action.text)


async def _note(scene: Scene, action: NoteAction) -> None:
    text = await scene.written(action.text)
    await outbox.note(scene.ws, scene.conversation, acts.author(scene.actor), text, scene.client_id)


async def _check_assign(ws: Workspace, actor: Actor, action: AssignAction) -> None:
    if action.to == "member":
        await acts.colleague(ws, action.member_id or "")
    elif action.to == "team":
        await teams.require(ws, action.team_id or "")


async def _assign_words(scene: Scene, action: AssignAction) -> str:
    if action.to == "member":
        return (await acts.colleague(scene.ws, action.member_id or "")).name
    if action.to == "team":
        return (await teams.require(scene.ws, action.team_id or "")).name
    return scene.actor.name if action.to == "me" else "Nobody"


async def _assign(scene: Scene, action: AssignAction) -> None:
    if action.to == "team":
        wanted_team = Handover(team_id=action.team_id, member_id=None, note="", client_id=scene.client_id)
        await handover.hand_over(scene.ws, scene.actor, scene.conversation, wanted_team)
        return
    wanted = {"me": scene.actor.member_id, "member": action.member_id, "nobody": None}[action.to]
    await acts.assign(scene.ws, scene.actor, scene.conversation, wanted)


def _assign_names(action: AssignAction) -> Sequence[tuple[str, str]]:
    named = (("member", action.member_id), ("team", action.team_id))
    return [(noun, thing_id) for noun, thing_id in named if thing_id is not None]


async def _check_tags(ws: Workspace, actor: Actor, action: TagAction) -> None:
    if not action.add and not action.remove:
        raise Invalid.field("add", "Choose a tag to add or to take off.")
    known = {each.id for each in await tags.every(ws)}
    for field, wanted in (("add", action.add), ("remove", action.remove)):
        if not set(wanted) <= known:
            raise Invalid.field(field, "There is no such tag; it may have been deleted.")


async def _tag_words(scene: Scene, action: TagAction) -> str:
    known = {each.id: each.name for each in await tags.every(scene.ws)}
    added = [f"+{known.get(each, each)}" for each in action.add]
    return " ".join([*added, *(f"−{known.get(each, each)}" for each in action.remove)])


async def _tag(scene: Scene, action: TagAction) -> None:
    await acts.tag(scene.ws, scene.actor, scene.conversation, add=action.add, remove=action.remove)


async def _priority_words(scene: Scene, action: PriorityAction) -> str:
    return action.priority


async def _prioritise(scene: Scene, action: PriorityAction) -> None:
    await acts.prioritise(scene.ws, scene.actor, scene.conversation, action.priority)


async def _snooze_words(scene: Scene, action: SnoozeAction) -> str:
    return f"{action.hours} h" if action.hours else "until the customer writes"


async def _snooze(scene: Scene, action: SnoozeAction) -> None:
    until = scene.at + timedelta(hours=action.hours) if action.hours else None
    await acts.snooze(scene.ws, scene.actor, scene.conversation, until)


async def _no_words(scene: Scene, action: Action) -> str:
    return ""


async def _close(scene: Scene, action: CloseAction) -> None:
    await acts.close(scene.ws, scene.actor, scene.conversation)


async def _reopen(scene: Scene, action: ReopenAction) -> None:
    if scene.conversation.state != "open":
        await acts.reopen(scene.ws, scene.actor, scene.conversation)


async def _check_template(ws: Workspace, actor: Actor, action: TemplateAction) -> None:
    kept = await templates.find(ws, action.account_id, action.name, action.language)
    if kept is None:
        raise Invalid.field("name", "There is no such template on this account.")
    given = action.parameters
    for value in (*given.header.values(), *given.body.values(), *given.buttons.values()):
        variables.check(value, field="parameters")


async def _template_words(scene: Scene, action: TemplateAction) -> str:
    await _filled(scene, action)
    return f"{action.name} ({action.language})"


async def _template(scene: Scene, action: TemplateAction) -> None:
    content = Template(name=action.name, language=action.language, parameters=await _filled(scene, action))
    await _send(scene, content, scene.client_id, action.account_id)


async def _filled(scene: Scene, action: TemplateAction) -> TemplateParameters:
    """Its values for this conversation. Raises Conflict when something in them is not known."""
    given = action.parameters
    return given.model_copy(
        update={
            "header": {key: await scene.written(value) for key, value in given.header.items()},
            "body": {key: await scene.written(value) for key, value in given.body.items()},
            "buttons": {key: await scene.written(value) for key, value in given.buttons.items()},
        }
    )


def _template_names(action: TemplateAction) -> Sequence[tuple[str, str]]:
    return [("template", templates.id_for(action.account_id, action.name, action.language))]


ACTIONS: Mapping[str, Kind] = {
    "reply": Kind(
        _check_reply, _reply_words, _reply, lambda a: [("canned", a.canned_id)] if a.canned_id is not None else []
    ),
    "note": Kind(_check_note, _note_words, _note),
    "assign": Kind(_check_assign, _assign_words, _assign, _assign_names),
    "tag": Kind(_check_tags, _tag_words, _tag, lambda a: [("tag", each) for each in (*a.add, *a.remove)]),
    "priority": Kind(_nothing, _priority_words, _prioritise),
    "snooze": Kind(_nothing, _snooze_words, _snooze),
    "close": Kind(_nothing, _no_words, _close),
    "reopen": Kind(_nothing, _no_words, _reopen),
    "template": Kind(_check_template, _template_words, _template, _template_names),
}


# --- keeping them -------------------------------------------------------------------------------------------------


async def listed(ws: Workspace, actor: Actor) -> list[Macro]:
    """Everyone's and the member's own, by name."""
    found = [*await store.of_owner(ws, None), *await store.of_owner(ws, actor.member_id)]
    return sorted(found, key=lambda macro: (macro.name.casefold(), macro.id))


async def get(ws: Workspace, actor: Actor, macro_id: str) -> Macro:
    """Raises NotFound, also where it is somebody else's own."""
    macro = await store.get(ws, macro_id)
    if macro is None or macro.owner_id not in (None, actor.member_id):
        raise NotFound("There is no such macro.")
    return macro


async def create(
    ws: Workspace, actor: Actor, name: str, actions: Sequence[Action], *, shared: bool, rule: Rule | None = None
) -> Macro:
    """Raises Invalid, Forbidden (for everyone: who manages the inbox), Conflict (too many)."""
    _require(actor, shared=shared)
    if len(await listed(ws, actor)) >= MOST:
        raise Conflict(f"There are {MOST} macros; delete some first.")
    now = ws.clock.now()
    macro = Macro(
        id=ids.new("mac"),
        name=_name(name),
        actions=await _checked(ws, actor, actions, rule, shared=shared),
        rule=rule,
        owner_id=None if shared else actor.member_id,
        created_at=now,
        updated_at=now,
    )
    await store.insert(ws, macro)
    return macro


async def change(
    ws: Workspace,
    actor: Actor,
    macro_id: str,
    name: str,
    actions: Sequence[Action],
    *,
    shared: bool,
    rule: Rule | None = None,
    revision: int | None = None,
) -> Macro:
    """Raises NotFound, Invalid, Forbidden, Conflict (somebody was faster)."""
    before = await get(ws, actor, macro_id)
    _require(actor, shared=shared or before.owner_id is None)
    after = replace(
        before,
        name=_name(name),
        actions=await _checked(ws, actor, actions, rule, shared=shared),
        rule=rule,
        owner_id=None if shared else actor.member_id,
        updated_at=ws.clock.now(),
        revision=before.revision + 1,
    )
    if revision not in (None, before.revision) or not await store.replace(ws, before, after):
        raise ChangedMeanwhile("A colleague has changed this macro meanwhile; look at it again.", Change("macro"))
    return after


async def remove(ws: Workspace, actor: Actor, macro_id: str) -> Macro:
    """What was removed. Raises NotFound, Forbidden."""
    macro = await get(ws, actor, macro_id)
    _require(actor, shared=macro.owner_id is None)
    await store.delete(ws, macro.id)
    return macro


async def uses(ws: Workspace, noun: str, thing_id: str, *, but_of: str | None = None) -> list[usage.Use]:
    """The macros that name this canned reply, tag, member or template; without those of a member's own."""
    return [
        usage.Use("macro", macro.id, macro.name)
        for macro in await store.every(ws)
        if (but_of is None or macro.owner_id != but_of) and _names(macro, noun, thing_id)
    ]


def _names(macro: Macro, noun: str, thing_id: str) -> bool:
    return any((noun, thing_id) in ACTIONS[action.type].names(action) for action in macro.actions) or any(
        thing_id in rules.refers(CATALOGUE, rule, noun) for rule in _conditions(macro)
    )


def _conditions(macro: Macro) -> list[Rule]:
    return [rule for rule in (macro.rule, *(action.when for action in macro.actions)) if rule]


async def swap_tag(ws: Workspace, old: str, new: str) -> None:
    """Those that name one tag name the other."""
    for macro in await store.every(ws):
        rule = macro.rule and rules.swapped(CATALOGUE, macro.rule, "tag", old, new)
        after = replace(macro, rule=rule, actions=tuple(_swapped(action, old, new) for action in macro.actions))
        if after != macro:
            await store.replace(ws, macro, replace(after, revision=macro.revision + 1))


def _swapped(action: AnyAction, old: str, new: str) -> AnyAction:
    changed: dict[str, Any] = {"when": action.when and rules.swapped(CATALOGUE, action.when, "tag", old, new)}
    if isinstance(action, TagAction):
        changed |= {"add": tags.swapped(action.add, old, new), "remove": tags.swapped(action.remove, old, new)}
    return action.model_copy(update=changed)


async def using_tag(ws: Workspace, tag_id: str) -> list[usage.Use]:
    return await uses(ws, "tag", tag_id)


async def using_template(ws: Workspace, template_id: str) -> list[usage.Use]:
    return await uses(ws, "template", template_id)


async def using_team(ws: Workspace, team_id: str) -> list[usage.Use]:
    return await uses(ws, "team", team_id)


async def require_unused(ws: Workspace, noun: str, thing_id: str, *, but_of: str | None = None) -> None:
    """Raises InUse, saying where; by macros of this member's own it may be used."""
    found = await uses(ws, noun, thing_id, but_of=but_of)
    if found:
        raise usage.InUse({"canned": "canned reply"}.get(noun, noun), found)


async def _checked(
    ws: Workspace, actor: Actor, actions: Sequence[Action], rule: Rule | None, *, shared: bool
) -> tuple[AnyAction, ...]:
    """Raises Invalid, with the place of the action in the field's name."""
    known = await catalogue(ws)
    if rule is not None:
        rules.validate(known, rule)
    for place, action in enumerate(actions):
        if action.when is not None:
            rules.validate(known, action.when, at=f"actions.{place}.when")
        try:
            await ACTIONS[action.type].check(ws, actor, action)  # type: ignore[attr-defined]
            if shared and isinstance(action, ReplyAction) and action.canned_id is not None:
                reply = await canned.get(ws, actor, action.canned_id)
                if reply.owner_id is not None:
                    raise Invalid.field("canned_id", "A macro for everyone needs a canned reply for everyone.")
        except Invalid as error:
            field = error.errors[0].field if error.errors else ""
            raise Invalid.field(f"actions.{place}.{field}", error.detail) from None
    return tuple(actions)  # type: ignore[arg-type]


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise Invalid.field("name", "Write a name.")
    return name


def _require(actor: Actor, *, shared: bool) -> None:
    if shared and not actor.may(Permission.INBOX_MANAGE):
        raise Forbidden("Macros for everyone are kept by supervisors; you can make one for yourself.")


# --- running them -------------------------------------------------------------------------------------------------


async def plan(ws: Workspace, actor: Actor, macro: Macro, conversation: Conversation, account_id: str | None) -> Plan:
    """What a run would do, and what would be left out or refused as far as that can be known."""
    scene = Scene(ws, actor, conversation, account_id, "plan", ws.clock.now())
    known = await catalogue(ws, archived=True)
    thing = await _thing(ws, conversation, _conditions(macro))
    if macro.rule is not None and not rules.predicate(known, macro.rule)(thing, scene.at):
        steps = [Step(action.type, "", "not_run") for action in macro.actions]
        return Plan(steps, f"This macro is for other conversations: {_unmet(known, macro.rule)}")
    steps = []
    for action in macro.actions:
        kind = ACTIONS[action.type]
        if action.when is not None and not rules.predicate(known, action.when)(thing, scene.at):
            steps.append(Step(action.type, "", "skipped", f"Left out: {_unmet(known, action.when)}"))
            continue
        try:
            await kind.check(ws, actor, action)
            steps.append(Step(action.type, await kind.words(scene, action)))
        except AppError as error:
            steps.append(Step(action.type, "", "refused", error.detail))
    return Plan(steps)


async def _thing(ws: Workspace, conversation: Conversation, conditions: Sequence[Rule]) -> Mapping[str, Any]:
    """The conversation as conditions ask of it, and its contact where one asks for that."""
    asked = {leaf["field"] for rule in conditions for leaf in rules.leaves(rule)}
    of_contact: dict[str, Any] = {}
    if any(name in _OF_CONTACT or name.startswith("fields.") for name in asked):
        contact = await contact_store.contact(ws, conversation.contact_id)
        if contact is not None:
            of_contact = {f"fields.{key}": value for key, value in contact.fields.items()}
            of_contact |= {
                "language": contact.language,
                "stage": contact.stage,
                "contact_owner": contact.owner_id,
            }
    return {**views.thing(conversation), **of_contact}


async def catalogue(ws: Workspace, *, archived: bool = False) -> Catalogue:
    """What conditions may ask, fields of the workspace's own among it; `archived`: also what some may still ask."""
    known = await contact_fields.get(ws)
    stages = tuple((stage.id, stage.label) for stage in known.stages)
    own = contact_fields.askable(known.fields if archived else known.offered)
    of_contact = (
        Field("stage", "Contact's stage", "choice", options=stages),
        Field("contact_owner", "Contact's owner", "choice", refers_to="member"),
    )
    return Catalogue(CATALOGUE.noun, (*CATALOGUE.fields, *of_contact, *own))


def _unmet(known: Catalogue, rule: Rule) -> str:
    fields = dict.fromkeys(known.field(leaf["field"]) for leaf in rules.leaves(rule))
    return f"the condition on {', '.join(field.label.lower() for field in fields if field)} does not hold here."


async def run(
    ws: Workspace,
    actor: Actor,
    macro: Macro,
    conversation: Conversation,
    *,
    client_id: str,
    account_id: str | None = None,
) -> Run:
    """Raises Conflict while the same run is still going on elsewhere."""
    now = ws.clock.now()
    wanted = Run(
        id=ids.derived("run", conversation.id, actor.id, client_id),
        macro_id=macro.id,
        conversation_id=conversation.id,
        by=actor.id,
        at=now,
        claimed_at=now,
    )
    begun = await _claim(ws, wanted)
    if begun.state != "running":
        return begun
    if not begun.steps:
        planned = await plan(ws, actor, macro, conversation, account_id)
        if not planned.possible:
            steps = [step if step.state == "refused" else replace(step, state="not_run") for step in planned.steps]
            return await _settle(ws, replace(begun, state="refused", reason=planned.reason, steps=tuple(steps)))
        begun = await _settle(ws, replace(begun, steps=tuple(planned.steps)))
        await store.count_use(ws, macro.id, now)
    for place, action in enumerate(macro.actions[: len(begun.steps)]):
        if begun.steps[place].state in ("done", "skipped"):
            continue
        conversation = await conversations.get(ws, conversation.id)
        scene = Scene(ws, actor, conversation, account_id, begun.id, begun.at, place)
        try:
            await ACTIONS[action.type].run(scene, action)
        except AppError as error:
            return await _settle(ws, _stopped(begun, place, error.detail))
        begun = await _settle(ws, replace(begun, steps=_with(begun.steps, place, "done")))
    return await _settle(ws, replace(begun, state="done"))


async def _claim(ws: Workspace, wanted: Run) -> Run:
    """The run, new or as far as it got."""
    if await store.insert_run(ws, wanted):
        return wanted
    found = await store.get_run(ws, wanted.id)
    if found is None or (found.state == "running" and found.macro_id != wanted.macro_id):
        raise Conflict("This client_id belongs to another run.")
    if found.state != "running":
        return found
    late = found.claimed_at + timedelta(seconds=RUN_SECONDS) <= wanted.at
    if not late or not await store.claim_run(ws, found, wanted.claimed_at):
        raise Conflict("This macro is being run already.", code="running")
    return replace(found, claimed_at=wanted.claimed_at)


async def _settle(ws: Workspace, changed: Run) -> Run:
    await store.save_run(ws, changed)
    return changed


def _stopped(begun: Run, place: int, reason: str) -> Run:
    steps = [
        replace(step, state="refused", reason=reason)
        if at == place
        else replace(step, state="not_run")
        if at > place and step.state != "skipped"
        else step
        for at, step in enumerate(begun.steps)
    ]
    return replace(begun, state="stopped", steps=tuple(steps))


def _with(steps: tuple[Step, ...], place: int, state: Literal["done"]) -> tuple[Step, ...]:
    return tuple(replace(step, state=state) if at == place else step for at, step in enumerate(steps))


def _complete(rendered: variables.Rendered, *, may_be_blank: bool = False) -> str:
    if rendered.missing:
        raise Conflict(f"Not known of this customer: {', '.join(rendered.missing)}.", code="variable_missing")
    if not rendered.text and not may_be_blank:
        raise Conflict("There are no words in it for this customer.", code="blank")
    return rendered.text


def _shown(content: Content) -> str:
    return content.media.name or "File" if isinstance(content, MediaMessage) else getattr(content, "text", "")


def parsed(actions: Sequence[Mapping[str, Any]]) -> tuple[AnyAction, ...]:
    """Stored actions."""
    return _ACTIONS.validate_python(tuple(actions))
