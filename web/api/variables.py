"""Variables in texts: which there are, and how a text reads in a conversation."""

from typing import Annotated

from pydantic import Field

from app.core.errors import Invalid, NotFound
from app.core.permissions import Permission
from inbox import access
from inbox.answering import variables
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Body, Out


class VariableOut(Out):
    name: str
    label: str
    example: str


class Variables(Out):
    items: list[VariableOut]


class RenderText(Body):
    text: Annotated[str, Field(min_length=1, max_length=variables.MAX_TEXT_CHARS)]
    account_id: Annotated[str | None, Field(max_length=100)] = None


class PreviewText(Body):
    text: Annotated[str, Field(min_length=1, max_length=variables.MAX_TEXT_CHARS)]


class RenderedOut(Out):
    """`missing` are variables without a value here; they stand in the text as `{{ name }}`."""

    text: str
    missing: tuple[str, ...]


async def list_variables(request: ApiRequest) -> Variables:
    known = [*variables.CATALOGUE, *await variables.own(request.ws)]
    return Variables(items=[VariableOut(name=v.name, label=v.label, example=v.example) for v in known])


async def preview(request: ApiRequest, body: PreviewText) -> RenderedOut:
    rendered = variables.example(body.text, await variables.own(request.ws))
    return RenderedOut(text=rendered.text, missing=rendered.missing)


async def render(request: ApiRequest, conversation_id: str, body: RenderText) -> RenderedOut:
    conversation = await access.conversation(request.ws, request.actor, conversation_id, access.REPLY)
    values = await variables.values(request.ws, conversation, agent_name=request.actor.name, account_id=body.account_id)
    rendered = variables.render(body.text, values)
    return RenderedOut(text=rendered.text, missing=rendered.missing)


ENDPOINTS = [
    Endpoint("GET", "/variables", list_variables, Permission.INBOX_READ, "Variables that a text may use"),
    Endpoint(
        "POST",
        "/variables/preview",
        preview,
        Permission.INBOX_READ,
        "A text as it reads for an invented customer",
        errors=(Invalid,),
        idempotent=False,
    ),
    Endpoint(
        "POST",
        "/conversations/{conversation_id}/render",
        render,
        Permission.INBOX_REPLY,
        "A text as it reads in this conversation",
        errors=(NotFound, Invalid),
        idempotent=False,
    ),
]
