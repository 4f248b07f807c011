"""What customers answered when they were asked how it was."""

from typing import Annotated, Literal

from pydantic import Field

from app.core.clock import iso
from app.core.errors import NotFound
from app.core.permissions import Permission
from inbox import access
from inbox.closing import surveys
from inbox.closing.surveys import Survey
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Body, Out, Time


class SurveyOut(Out):
    """`score` is 1 to 5 for `csat`, 0 to 10 for `nps`; null as long as there is no answer."""

    id: str
    kind: Literal["csat", "nps"]
    contact_id: str
    conversation_id: str
    status: Literal["due", "asked", "answered", "skipped"]
    asked_at: Time | None
    channel: str | None
    assignee_id: str | None
    score: int | None
    answered_at: Time | None
    comment: str
    review: str
    reviewed_by: str | None


class Surveys(Out):
    items: list[SurveyOut]


class Review(Body):
    note: Annotated[str, Field(max_length=2_000)]


def _out(survey: Survey) -> SurveyOut:
    return SurveyOut(
        id=survey.id,
        kind=survey.kind,
        contact_id=survey.contact_id,
        conversation_id=survey.conversation_id,
        status=survey.status,
        asked_at=iso(survey.asked_at),
        channel=survey.channel,
        assignee_id=survey.assignee_id,
        score=survey.score,
        answered_at=iso(survey.answered_at),
        comment=survey.comment,
        review=survey.review,
        reviewed_by=survey.reviewed_by,
    )


async def of_contact(request: ApiRequest, contact_id: str) -> Surveys:
    contact = await access.contact(request.ws, request.actor, contact_id)
    return Surveys(items=[_out(survey) for survey in await surveys.of_contact(request.ws, contact.id)])


async def review(request: ApiRequest, survey_id: str, body: Review) -> SurveyOut:
    found = await surveys.get(request.ws, survey_id)
    await access.contact(request.ws, request.actor, found.contact_id)
    return _out(await surveys.review(request.ws, request.actor, survey_id, body.note))


ENDPOINTS = [
    Endpoint(
        "GET",
        "/contacts/{contact_id}/surveys",
        of_contact,
        Permission.INBOX_READ,
        "What a contact was asked and said",
        errors=(NotFound,),
    ),
    Endpoint(
        "POST",
        "/surveys/{survey_id}/review",
        review,
        Permission.INBOX_MANAGE,
        "Note something on an answer",
        errors=(NotFound,),
    ),
]
