"""Macros: kept, looked at before they run, and run."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, JsonValue

from app.core import audit
from app.core.audit import Target
from app.core.clock import iso
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.permissions import Permission
from inbox import access, live
from inbox.answering import macros
from inbox.answering.macros import AnyAction, Macro, Run, Step
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Body, FreeForm, Out, Time
from web.api.rules import CatalogueOut, catalogue_out


class KeepMacro(Body):
    """
    `shared`: for everyone, which needs inbox.manage; otherwise for oneself. `rule` says where it may be run at all, and
    an action's `when` where that action is done.
    """

    name: Annotated[str, Field(min_length=1, max_length=120)]
    actions: Annotated[list[AnyAction], Field(min_length=1, max_length=macros.MOST_ACTIONS)]
    shared: bool = False
    rule: FreeForm | None = None


class ChangeMacro(KeepMacro):
    revision: Annotated[int | None, Field(ge=0, le=2**53)] = None


class PlanMacro(Body):
    conversation_id: Annotated[str, Field(max_length=100)]
    account_id: Annotated[str | None, Field(max_length=100)] = None


class RunMacro(PlanMacro):
    client_id: UUID


class MacroOut(Out):
    id: str
    name: str
    actions: list[AnyAction]
    # Where it may be run at all; null: everywhere.
    rule: dict[str, JsonValue] | None
    shared: bool
    uses: int
    last_used_at: Time | None
    updated_at: Time | None
    revision: int


class MacroList(Out):
    items: list[MacroOut]
    next_cursor: str | None = None


class StepOut(Out):
    """`words` say what exactly: the text, the name, the tags."""

    type: str
    words: str
    # `skipped`: its condition does not hold here.
    state: Literal["planned", "done", "refused", "not_run", "skipped"]
    reason: str


class PlanOut(Out):
    """`reason`: why it may not be run here at all."""

    steps: list[StepOut]
    reason: str


class RunOut(Out):
    """`stopped`: the first refusal ended it; `refused`: nothing was done, because something cannot be."""

    id: str
    state: Literal["running", "done", "stopped", "refused"]
    reason: str
    steps: list[StepOut]


async def list_macros(request: ApiRequest) -> MacroList:
    return MacroList(items=[_out(macro) for macro in await macros.listed(request.ws, request.actor)])


async def get(request: ApiRequest, macro_id: str) -> MacroOut:
    return _out(await macros.get(request.ws, request.actor, macro_id))


async def create(request: ApiRequest, body: KeepMacro) -> MacroOut:
    async with live.announced(request.ws, "macro", body.name):
        macro = await macros.create(
            request.ws, request.actor, body.name, body.actions, shared=body.shared, rule=body.rule
        )
        await _tell(request, "macro.created", macro)
    return _out(macro)


async def change(request: ApiRequest, macro_id: str, body: ChangeMacro) -> MacroOut:
    ws, actor = request.ws, request.actor
    async with live.announced(ws, "macro", macro_id):
        macro = await macros.change(
            ws, actor, macro_id, body.name, body.actions, shared=body.shared, rule=body.rule, revision=body.revision
        )
        await _tell(request, "macro.changed", macro)
    return _out(macro)


async def remove(request: ApiRequest, macro_id: str) -> None:
    async with live.announced(request.ws, "macro", macro_id):
        await _tell(request, "macro.deleted", await macros.remove(request.ws, request.actor, macro_id))


async def plan(request: ApiRequest, macro_id: str, body: PlanMacro) -> PlanOut:
    ws, actor = request.ws, request.actor
    macro = await macros.get(ws, actor, macro_id)
    conversation = await access.conversation(ws, actor, body.conversation_id, access.REPLY)
    planned = await macros.plan(ws, actor, macro, conversation, body.account_id)
    return PlanOut(steps=[_step(step) for step in planned.steps], reason=planned.reason)


async def catalogue(request: ApiRequest) -> CatalogueOut:
    return catalogue_out(await macros.catalogue(request.ws))


async def run(request: ApiRequest, macro_id: str, body: RunMacro) -> RunOut:
    ws, actor = request.ws, request.actor
    macro = await macros.get(ws, actor, macro_id)
    conversation = await access.conversation(ws, actor, body.conversation_id, access.REPLY)
    done = await macros.run(ws, actor, macro, conversation, client_id=str(body.client_id), account_id=body.account_id)
    target = Target("conversation", conversation.id, conversation.contact_name)
    await audit.record(ws, actor, "macro.run", target, {"macro": macro.name, "state": done.state})
    return _run_out(done)


async def _tell(request: ApiRequest, action: str, macro: Macro) -> None:
    await audit.record(request.ws, request.actor, action, Target("macro", macro.id, macro.name))
    await live.publish(request.ws, live.event("macro", {"id": macro.id}))


def _out(macro: Macro) -> MacroOut:
    return MacroOut(
        id=macro.id,
        name=macro.name,
        actions=list(macro.actions),
        rule=dict(macro.rule) if macro.rule else None,
        shared=macro.owner_id is None,
        uses=macro.uses,
        last_used_at=iso(macro.last_used_at),
        updated_at=iso(macro.updated_at),
        revision=macro.revision,
    )


def _run_out(done: Run) -> RunOut:
    return RunOut(id=done.id, state=done.state, reason=done.reason, steps=[_step(step) for step in done.steps])


def _step(step: Step) -> StepOut:
    return StepOut(type=step.type, words=step.words, state=step.state, reason=step.reason)


ENDPOINTS = [
    Endpoint("GET", "/macros", list_macros, Permission.INBOX_READ, "Macros: everyone's and one's own"),
    Endpoint(
        "POST",
        "/macros",
        create,
        Permission.INBOX_REPLY,
        "Keep a macro",
        status=201,
        errors=(Invalid, Conflict, Forbidden),
    ),
    Endpoint("GET", "/macros/catalogue", catalogue, Permission.INBOX_READ, "What conditions of macros can ask"),
    Endpoint("GET", "/macros/{macro_id}", get, Permission.INBOX_READ, "One macro", errors=(NotFound,)),
    Endpoint(
        "PATCH",
        "/macros/{macro_id}",
        change,
        Permission.INBOX_REPLY,
        "Change a macro",
        errors=(NotFound, Invalid, Conflict, Forbidden),
    ),
    Endpoint(
        "DELETE",
        "/macros/{macro_id}",
        remove,
        Permission.INBOX_REPLY,
        "Delete a macro",
        errors=(NotFound, Conflict, Forbidden),
    ),
    Endpoint(
        "POST",
        "/macros/{macro_id}/plan",
        plan,
        Permission.INBOX_REPLY,
        "What it would do in a conversation",
        errors=(NotFound,),
        idempotent=False,
    ),
    Endpoint(
        "POST",
        "/macros/{macro_id}/run",
        run,
        Permission.INBOX_REPLY,
        "Run it on a conversation; what came of each action",
        errors=(NotFound, Conflict),
        idempotent=False,
    ),
]
