"""
Surveys: one question to the customer in the channel itself, and their answer.

Satisfaction (`csat`, 1 to 5) is asked once after an episode, willingness to recommend (`nps`, 0 to 10) once a while
after the first contact. A survey is a row with an id that derives from what it is about, so none is asked twice; while
something has to be done for it, it has a `due_at`. The question goes through the outbox under a fixed id: asked again
after a crash it is the same message. For a bounded time after the question an answer is taken as one, and does not
reopen the conversation.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from app.core import audit, ids
from app.core.audit import Target
from app.core.errors import AppError, Conflict, NotFound, ReplyWindowClosed
from app.core.permissions import SYSTEM, Actor
from app.core.platform import members
from app.core.runtime import Workspace
from channels import accounts, registry
from channels.content import Button, Buttons, Choice, Content, Template, TemplateParameters, Text
from channels.contract import Capabilities
from inbox import conversations, events, live, outbox
from inbox.answering import notifications
from inbox.closing import closing, idle, survey_answers, thanks
from inbox.closing.closing import Csat, Nps
from inbox.conversations import Asked, Conversation
from inbox.episodes import Facts
from inbox.store import surveys as store
from inbox.supervising import rollups
from inbox.ticketing import tickets
from inbox.timeline import Entry

Kind = Literal["csat", "nps"]
Status = Literal["due", "asked", "answered", "skipped"]
# A customer with a conversation that is open is asked later, so often a day later.
_MOST_POSTPONED = 14
# Whom we did not ask why may say so in the same breath; what they write later is about something else.
_SAME_BREATH = timedelta(minutes=10)
CLIENT_ID = "survey/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """
    `skipped_because` is why it was not asked, in words. `assignee_id`, `team_id` and `channel` are the episode's;
    `review` is a supervisor's note on the answer.
    """

    id: str
    kind: Kind
    contact_id: str
    conversation_id: str
    episode: int
    status: Status = "due"
    created_at: datetime
    due_at: datetime | None = None
    postponed: int = 0
    asked_at: datetime | None = None
    account_id: str | None = None
    channel: str | None = None
    assignee_id: str | None = None
    team_id: str | None = None
    tags: tuple[str, ...] = ()
    score: int | None = None
    answered_at: datetime | None = None
    answer_entry_id: str | None = None
    comment: str = ""
    skipped_because: str = ""
    review: str = ""
    reviewed_by: str | None = None


# --- whether to ask -----------------------------------------------------------------------------------------------


async def after_episode(ws: Workspace, conversation: Conversation, facts: Facts) -> None:
    """Plans the question after an episode, if this customer is to be asked; done twice it plans one."""
    csat = (await closing.settings_of(ws)).csat
    if not csat.enabled or facts.closed_by is None or not (facts.inbound and facts.replies) or conversation.blocked:
        return
    survey_id = ids.derived("srv", conversation.id, str(facts.number), "csat")
    if zlib.crc32(survey_id.encode()) % 100 >= csat.sample_percent:
        return
    closed_at = facts.closed_at or ws.clock.now()
    since = closed_at - timedelta(days=csat.cooldown_days)
    if csat.cooldown_days and await store.asked_since(ws, conversation.contact_id, "csat", since, but=survey_id):
        return
    await store.insert(
        ws,
        Survey(
            id=survey_id,
            kind="csat",
            contact_id=conversation.contact_id,
            conversation_id=conversation.id,
            episode=facts.number,
            created_at=closed_at,
            due_at=closed_at + timedelta(minutes=csat.delay_minutes),
            channel=facts.channel,
            assignee_id=facts.assignee_id,
            team_id=facts.team_id,
            tags=facts.tags,
        ),
    )


async def after_first_contact(ws: Workspace, contact_id: str, at: datetime) -> None:
    """Plans the question for later; once for each contact, for ever."""
    nps = (await closing.settings_of(ws)).nps
    if nps.enabled:
        await store.insert(
            ws,
            Survey(
                id=ids.derived("srv", contact_id, "nps"),
                kind="nps",
                contact_id=contact_id,
                conversation_id=conversations.id_for(contact_id),
                episode=0,
                created_at=at,
                due_at=at + timedelta(days=nps.after_days),
            ),
        )


# --- asking -------------------------------------------------------------------------------------------------------


async def attend(ws: Workspace, survey_id: str) -> None:
    """Asks, or finds that it should not be asked any more; may be repeated at any point."""
    survey = await get(ws, survey_id)
    if survey.due_at is None or survey.due_at > ws.clock.now():
        return
    conversation = await conversations.get(ws, survey.conversation_id)
    settings = await closing.settings_of(ws)
    part: Csat | Nps = settings.csat if survey.kind == "csat" else settings.nps
    if not part.enabled:
        await _skip(ws, survey, "Switched off in the settings.")
    elif conversation.blocked:
        await _skip(ws, survey, "The contact is blocked.")
    elif survey.kind == "csat" and _reopened(survey, conversation):
        await _skip(ws, survey, "The conversation was reopened before.")
    elif survey.kind == "nps" and await store.was_asked(ws, survey):
        await _skip(ws, survey, "This person was asked already, as another contact.")
    elif survey.kind == "nps" and conversation.state != "closed" and survey.postponed < _MOST_POSTPONED:
        # Nobody is asked in the middle of a talk.
        later = replace(survey, due_at=ws.clock.now() + timedelta(days=1), postponed=survey.postponed + 1)
        await store.save(ws, survey, later)
    else:
        await _ask(ws, survey, conversation, part)


def _reopened(survey: Survey, conversation: Conversation) -> bool:
    """Also where the contact was merged since: episodes of the other conversation are counted by themselves."""
    if conversation.state != "closed":
        return True
    if conversation.id == survey.conversation_id:
        return conversation.episode != survey.episode
    return conversation.opened_at > survey.created_at


async def _ask(ws: Workspace, survey: Survey, conversation: Conversation, part: Csat | Nps) -> None:
    try:
        entry = await _question(ws, survey, conversation, part)
    except AppError as error:
        await _skip(ws, survey, error.detail)
        return
    now = ws.clock.now()
    asked = replace(
        survey,
        status="asked",
        due_at=None,
        asked_at=entry.created_at,
        account_id=entry.account_id,
        channel=entry.channel,
    )
    mark = Asked(
        id=survey.id,
        kind=survey.kind,
        account_id=entry.account_id or "",
        address=entry.address or "",
        asked_at=entry.created_at,
        until=now + timedelta(hours=part.answer_hours),
    )
    # The mark first: whoever answers at once is understood, and a repeat finds the row still due.
    await conversations.change(ws, conversation, lambda at: at if at.asked == mark else replace(at, asked=mark))
    await store.save(ws, survey, asked)


async def _question(ws: Workspace, survey: Survey, conversation: Conversation, part: Csat | Nps) -> Entry:
    """Raises AppError where nothing may go out."""
    if not conversation.reach:
        raise NotFound("There is no channel on which this person can be answered.")
    way = next((r for r in conversation.reach if r.account_id == survey.account_id), conversation.reach[0])
    account = await accounts.get(ws.runtime, way.account_id)
    capabilities = registry.adapter(account.kind).capabilities(account)
    draft = outbox.Draft(
        content=await _content(ws, survey, conversation, part, capabilities),
        author=idle.AUTOMATIC,
        client_id=f"{CLIENT_ID}{survey.id}",
        account_id=way.account_id,
        address=way.address,
    )
    try:
        return (await outbox.enqueue(ws, conversation, draft))[0]
    except ReplyWindowClosed:
        template = await _template(ws, conversation, part.templates.get(way.account_id))
        if template is None:
            raise
        return (await outbox.enqueue(ws, conversation, replace(draft, content=template)))[0]


async def _content(
    ws: Workspace, survey: Survey, conversation: Conversation, part: Csat | Nps, capabilities: Capabilities
) -> Content:
    """Buttons where there are buttons; else, and where eleven would be too many, digits."""
    if isinstance(part, Csat) and capabilities.buttons == "native":
        text = await _asking(ws, conversation, part.question)
        labels = enumerate(part.labels, 1)
        buttons = tuple(Button(id=f"{survey.id}:{score}", title=label) for score, label in labels)
        return Buttons(text=text, buttons=buttons)
    question = part.question_digits if isinstance(part, Csat) else part.question
    return Text(text=await _asking(ws, conversation, question))


async def _asking(ws: Workspace, conversation: Conversation, question: str) -> str:
    text = await idle.written(ws, conversation, question)
    if not text:
        raise Conflict("The question has no words for this customer.")
    return text


async def _template(ws: Workspace, conversation: Conversation, named: str | None) -> Template | None:
    """`name/language`; a template's only variable is the customer's first name."""
    name, _, language = (named or "").rpartition("/")
    if not name:
        return None
    first = await idle.written(ws, conversation, '{{ contact.first_name | default: "-" }}')
    parameters = TemplateParameters(body={"1": first, "first_name": first})
    return Template(name=name, language=language, parameters=parameters)


async def _skip(ws: Workspace, survey: Survey, why: str) -> None:
    await store.save(ws, survey, replace(survey, status="skipped", due_at=None, skipped_because=why))


# --- answers ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """A message that answers a survey: a score, or (score None) why."""

    survey_id: str
    score: int | None
    comment: str = ""


def answer_in(conversation: Conversation, content: Content, entry: Entry) -> Answer | None:
    """
    What this message answers, if it is an answer. A tapped button tells which question it belongs to; a text is one
    only while the question is fresh, on the same way, and with nothing else said in between.
    """
    asked = conversation.asked
    if asked is None or entry.created_at > asked.until:
        return None
    if isinstance(content, Choice) and (score := survey_answers.tapped(content.id, asked.id)) is not None:
        return Answer(asked.id, score)
    if conversation.state != "closed" or (asked.account_id, asked.address) != (entry.account_id, entry.address):
        return None
    text = content.text if isinstance(content, Text) else content.title if isinstance(content, Choice) else ""
    if asked.score is None or asked.entry_id == entry.id:
        found = survey_answers.score_in(text, asked.kind)
        return Answer(asked.id, found[0], found[1]) if found else None
    if asked.commented or thanks.is_closing(content) or not survey_answers.is_comment(text):
        return None
    if asked.comment_until is not None and entry.created_at > asked.comment_until:
        return None
    return Answer(asked.id, None, text)


def late(content: Content) -> bool:
    """
    Whether somebody tapped a button of a survey that is over, or of one before the last: no answer any more, and
    nothing that would have to be answered.
    """
    return isinstance(content, Choice) and survey_answers.is_tap(content.id)


async def take(ws: Workspace, conversation: Conversation, answer: Answer, entry: Entry) -> None:
    """Keeps the answer with all that follows from it; taken twice it counts once."""
    survey = await get(ws, answer.survey_id)
    part = getattr(await closing.settings_of(ws), survey.kind)
    if answer.score is not None:
        await _take_score(ws, conversation, survey, part, answer, entry)
    elif survey.score is not None and not survey.comment:
        await _keep_comment(ws, conversation, survey, answer.comment)


async def _take_score(
    ws: Workspace, conversation: Conversation, survey: Survey, part: Csat | Nps, answer: Answer, entry: Entry
) -> None:
    if survey.answer_entry_id not in (None, entry.id):
        # The first answer stands: what was counted and done because of it cannot be taken back.
        return
    scored = replace(
        survey,
        status="answered",
        due_at=None,
        score=answer.score,
        answered_at=survey.answered_at or entry.created_at,
        answer_entry_id=entry.id,
        comment=answer.comment,
    )
    await store.save(ws, survey, scored)
    await rollups.add_answer(ws, scored)
    await events.note(
        ws,
        survey.contact_id,
        key=f"survey_answered/{survey.id}",
        event={
            "name": "survey_answered",
            "survey_id": survey.id,
            "kind": survey.kind,
            "score": answer.score,
            "comment": answer.comment,
        },
        at=entry.created_at,
    )
    low = _is_low(scored, part)
    await _follow_up(ws, conversation, scored, part, low)
    asks_why = low and not answer.comment
    breath = None if asks_why and part.ask_why else entry.created_at + _SAME_BREATH
    saved, _ = await conversations.change(ws, conversation, _scored(scored, breath))
    said = part.ask_why if asks_why else part.thank_you
    if said and saved.state == "closed":
        await _thank(ws, saved, scored, await idle.written(ws, saved, said))


def _is_low(survey: Survey, part: Csat | Nps) -> bool:
    most = part.low_score if isinstance(part, Csat) else 6
    return survey.score is not None and survey.score <= most


def _scored(survey: Survey, comment_until: datetime | None = None) -> conversations.How:
    """`comment_until` None: as long as for the score."""

    def how(now: Conversation) -> Conversation:
        if now.asked is None or now.asked.id != survey.id:
            return now
        asked = replace(
            now.asked,
            score=survey.score,
            entry_id=survey.answer_entry_id,
            comment_until=comment_until,
            commented=bool(survey.comment),
        )
        return now if asked == now.asked else replace(now, asked=asked)

    return how


async def _thank(ws: Workspace, conversation: Conversation, survey: Survey, text: str) -> None:
    if not text:
        return
    draft = outbox.Draft(
        content=Text(text=text),
        author=idle.AUTOMATIC,
        client_id=f"{CLIENT_ID}{survey.id}/thanks",
        account_id=conversation.asked.account_id if conversation.asked else None,
        address=conversation.asked.address if conversation.asked else None,
    )
    try:
        await outbox.enqueue(ws, conversation, draft)
    except AppError as error:
        ws.log.info("survey_thanks_not_sent", survey_id=survey.id, error=error.code)


async def _keep_comment(ws: Workspace, conversation: Conversation, survey: Survey, comment: str) -> None:
    commented = replace(survey, comment=comment[:2_000])
    await store.save(ws, survey, commented)
    await events.note(
        ws,
        survey.contact_id,
        key=f"survey_commented/{survey.id}",
        event={"name": "survey_commented", "survey_id": survey.id, "kind": survey.kind, "comment": comment[:2_000]},
        at=ws.clock.now(),
    )
    if survey.kind == "nps" and (ticket := await tickets.find(ws, _ticket_id(survey))):
        await tickets.edit(ws, SYSTEM, ticket.id, {"description": _description(commented)})
    await conversations.change(ws, conversation, _scored(commented))


async def _follow_up(ws: Workspace, conversation: Conversation, survey: Survey, part: Csat | Nps, low: bool) -> None:
    """Somebody who is unhappy is somebody's to look after."""
    if not low:
        return
    if isinstance(part, Nps):
        # Rule R25: a task for the owner, with the person's own words.
        await tickets.create(
            ws,
            SYSTEM,
            tickets.NewTicket(
                key=_ticket_id(survey),
                contact_id=survey.contact_id,
                title=f"Would not recommend us ({survey.score} of 10)",
                description=_description(survey),
                type="task",
                owner_id=await _owner(ws, conversation),
                conversation_ids=(conversation.id,),
            ),
        )
        return
    if part.on_low != "nothing" and survey.assignee_id:
        await notifications.unhappy(ws, conversation, survey.assignee_id, survey.id, f"{survey.score} of 5")
    if part.on_low == "reopen":
        async with live.announced(ws, "conversation", conversation.id):
            at = ws.clock.now()

            def how(now: Conversation) -> Conversation:
                return conversations.opened(now, at) if now.episode == survey.episode else now

            saved, changed = await conversations.change(ws, conversation, how)
            if changed:
                await events.note(
                    ws,
                    saved.contact_id,
                    key=f"conversation_reopened/{survey.id}",
                    event={"name": "conversation_reopened", "reason": "low_score"},
                    at=saved.opened_at,
                )


async def get(ws: Workspace, survey_id: str) -> Survey:
    """Raises NotFound."""
    survey = await store.get(ws, survey_id)
    if survey is None:
        raise NotFound("There is no such survey.")
    return survey


async def of_contact(ws: Workspace, contact_id: str) -> list[Survey]:
    """Those that were asked, the newest first."""
    return [survey for survey in await store.of_contact(ws, contact_id) if survey.asked_at]


async def review(ws: Workspace, actor: Actor, survey_id: str, note: str) -> Survey:
    """A supervisor's note on the answer; empty takes it back."""
    survey = await get(ws, survey_id)
    reviewed = replace(survey, review=note.strip(), reviewed_by=actor.name if note.strip() else None)
    async with live.announced(ws, "survey", survey.id):
        await store.save(ws, survey, reviewed)
        await audit.record(ws, actor, "survey.reviewed", Target("survey", survey.id, survey.kind), {})
        await live.publish(ws, live.event("survey", {"id": survey.id, "contact_id": survey.contact_id}))
    return reviewed


def _ticket_id(survey: Survey) -> str:
    return ids.derived("tck", survey.id)


def _description(survey: Survey) -> str:
    return survey.comment or "They have not said why."


async def _owner(ws: Workspace, conversation: Conversation) -> str | None:
    """Who knows the customer: the last assignee, as long as they are a colleague."""
    if conversation.assignee_id is None:
        return None
    member = await members.get_in(ws.runtime.mongo, ws.id, conversation.assignee_id)
    return member.id if member and member.status == "active" else None
