"""What contacts agreed to: facts with their evidence, how things stand, and the file for an authority."""

from datetime import datetime, timedelta
from typing import Annotated, Literal
from urllib.parse import quote
from uuid import uuid4

from pydantic import Field, StringConstraints
from typing_extensions import TypedDict

from app.core import audit, ids
from app.core.addresses import Address
from app.core.audit import Target
from app.core.clock import iso
from app.core.errors import Conflict, Forbidden, Invalid, NotFound, OptedOut
from app.core.permissions import Permission
from app.core.runtime import Workspace
from channels.content import Text
from channels.contract import Purpose
from crm import consent, contacts, masks, standing
from crm.consent import ConsentFact
from crm.contacts import ContactAddress
from crm.standing import PURPOSES, Said
from inbox import access, consents, conversations, evidence, outbox, preferences
from inbox.timeline import Author
from web.api import cursors
from web.api.endpoint import ApiRequest, Endpoint
from web.api.inbox_shapes import ConsentState
from web.api.models import Body, Channel, Page, Time, When

Purposes = Annotated[list[Literal["service", "transactional", "marketing"]], Field(min_length=1, max_length=3)]
# How a colleague came to know what a person wants.
Way = Literal["paper", "phone", "in_person", "email", "web_form", "contract", "other"]
_Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2_000)]


class ConsentShape(TypedDict):
    id: str
    at: Time
    recorded_at: Time | None
    channel: Channel
    address: str
    account_id: str | None
    purposes: list[str]
    state: Said
    source: str
    wording: str | None
    evidence: str
    actor: str
    expires_at: Time | None
    language: str | None
    proof: dict[str, str]


class StandingShape(TypedDict):
    """`account_id`: what was said to that connected account alone; None is the business as a whole."""

    channel: Channel
    address: str
    purpose: str
    account_id: str | None
    state: ConsentState
    at: Time
    source: str
    expires_at: Time | None


class ConsentPage(TypedDict):
    items: list[ConsentShape]
    # How things stand now, for every handle; the same on every page.
    standings: list[StandingShape]
    # The page on which they settle it themselves: who has this link may do so.
    preferences_url: str
    next_cursor: str | None


# The question, and one reminder.
_MOST_ASKED = 2


class ConsentProof(Body):
    """What an authority would ask for beside the words; whatever there is of it."""

    page: Annotated[str, Field(max_length=500)] = ""
    ip: Annotated[str, Field(max_length=45)] = ""
    document: Annotated[str, Field(max_length=500)] = ""
    witness: Annotated[str, Field(max_length=200)] = ""
    note: Annotated[str, Field(max_length=1_000)] = ""


class RecordConsent(Body):
    """
    What a contact said to a colleague. `wording` is what they were shown when they agreed, or what they said when they
    stopped. `released` ends a hold: it was not meant as a stop.
    """

    address: Annotated[str, Field(max_length=300)]
    purposes: Purposes
    state: Literal["granted", "withdrawn", "released"]
    way: Way
    wording: _Words = ""
    at: When | None = None
    expires_at: When | None = None
    account_id: Annotated[str | None, Field(max_length=100)] = None
    language: Annotated[str | None, Field(max_length=20)] = None
    proof: ConsentProof = ConsentProof()


class AskConsent(Body):
    """
    Double opt-in: the question goes out as a message, and only the person's own yes within `hours` is an agreement.
    """

    address: Annotated[str, Field(max_length=300)]
    account_id: Annotated[str, Field(max_length=100)]
    question: Annotated[str, StringConstraints(strip_whitespace=True, min_length=10, max_length=500)]
    language: Annotated[str | None, Field(max_length=20)] = None
    hours: Annotated[int, Field(ge=1, le=168)] = 72


def fact_shape(fact: ConsentFact) -> ConsentShape:
    return {
        "id": consent.id_of(fact),
        "at": iso(fact.at) or "",
        "recorded_at": iso(fact.recorded_at),
        "channel": fact.address.kind,
        "address": str(fact.address),
        "account_id": fact.sender or None,
        "purposes": list(fact.purposes),
        "state": fact.state,
        "source": fact.source,
        "wording": fact.wording,
        "evidence": fact.evidence,
        "actor": fact.actor,
        "expires_at": iso(fact.expires_at),
        "language": fact.language,
        "proof": dict(fact.proof),
    }


def standing_shapes(row: ContactAddress, now: datetime) -> list[StandingShape]:
    found: list[StandingShape] = []
    for name, known in row.consent.items():
        purpose, _, sender = name.partition("@")
        found.append(
            {
                "channel": row.address.kind,
                "address": str(row.address),
                "purpose": purpose,
                "account_id": sender or None,
                "state": known.state_at(now),
                "at": iso(known.at) or "",
                "source": known.source,
                "expires_at": iso(known.expires_at),
            }
        )
    return sorted(found, key=_by_purpose)


def _by_purpose(known: StandingShape) -> tuple[int, str, str]:
    """Topics of marketing behind marketing."""
    purpose = known["purpose"]
    return PURPOSES.index(purpose.partition("/")[0]), purpose, known["account_id"] or ""


async def list_facts(request: ApiRequest, contact_id: str, query: Page) -> ConsentPage:
    ws = request.ws
    contact = await access.contact(ws, request.actor, contact_id)
    return await _page(request, contact.id, query)


async def _page(request: ApiRequest, contact_id: str, query: Page) -> ConsentPage:
    ws = request.ws
    facts = [fact_shape(fact) for fact in await consent.history(ws, contact_id)]
    facts.sort(key=lambda fact: (fact["at"], fact["id"]), reverse=True)
    after = cursors.read(query.cursor, str, str)
    left = [fact for fact in facts if after is None or (fact["at"], fact["id"]) < after]
    shown = left[: query.limit]
    more = len(left) > len(shown)
    rows = await contacts.addresses_of(ws, contact_id)
    return {
        "items": shown,
        "standings": [each for row in rows for each in standing_shapes(row, ws.clock.now())],
        "preferences_url": preferences.link(ws, contact_id),
        "next_cursor": cursors.write(shown[-1]["at"], shown[-1]["id"]) if more else None,
    }


async def record(request: ApiRequest, contact_id: str, body: RecordConsent) -> ConsentPage:
    ws = request.ws
    contact = await access.contact(ws, request.actor, contact_id)
    row = await _handle(request, contact.id, body.address)
    at = body.at or ws.clock.now()
    if at > ws.clock.now():
        raise Invalid.field("at", "What was said cannot be in the future.")
    if body.account_id is not None:
        await _require_sender(ws, body.account_id, row)
    if body.state == "granted":
        if not body.wording:
            raise Invalid.field("wording", "Give the words that the person was shown when they agreed.")
        for purpose in body.purposes:
            said = standing.refusal(row.consent, purpose, body.account_id or "", ws.clock.now())
            if said and said[0] in ("blocked", "opted_out"):
                raise Conflict(
                    f"{said[1]} Send them the link to their preference page, or ask them to write START.", code=said[0]
                )
    actor = request.actor
    told = consents.Told(
        at_address=row,
        purposes=body.purposes,
        state=body.state,
        source=body.way,
        evidence=ids.new("dec"),
        at=at,
        wording=body.wording or None,
        senders=(body.account_id or "",),
        reach="handle" if body.state == "granted" else "channel" if body.state == "withdrawn" else "everywhere",
        actor=actor.id,
        author=_author(request),
        expires_at=body.expires_at,
        language=body.language,
        proof={name: value for name, value in body.proof.model_dump().items() if value},
    )
    await consents.tell(ws, told)
    detail = {"address": body.address, "purposes": list(body.purposes), "state": body.state, "way": body.way}
    await audit.record(ws, actor, "consent.recorded", Target("contact", contact.id, contact.name), detail)
    return await _page(request, contact.id, Page())


async def ask(request: ApiRequest, contact_id: str, body: AskConsent) -> ConsentPage:
    ws = request.ws
    contact = await access.contact(ws, request.actor, contact_id)
    row = await _handle(request, contact.id, body.address)
    conversation = await conversations.find(ws, conversations.id_for(contact.id))
    if conversation is None:
        raise Conflict(
            "They have never written, so they cannot be asked here. Send them the link to their preference page."
        )
    said = row.consent.get("marketing")
    now = ws.clock.now()
    if said is not None and said.state_at(now) == "granted":
        raise Conflict("They have agreed already.", code="already_granted")
    refused = standing.refusal(row.consent, "marketing", body.account_id, now)
    if refused is not None and refused[0] in ("blocked", "opted_out", "held"):
        raise Conflict(f"{refused[1]} The link to their preference page is theirs to use.", code=refused[0])
    facts = await consent.facts_at(ws, row.address)
    if sum(1 for each in facts if each.state == "asked" and each.expires_at and each.expires_at > now) >= _MOST_ASKED:
        raise Conflict("They were asked and reminded already; no answer is a no.", code="already_asked")
    draft = outbox.Draft(
        content=Text(text=body.question),
        author=_author(request),
        client_id=str(uuid4()),
        account_id=body.account_id,
        address=body.address,
        purpose=Purpose.TRANSACTIONAL,
    )
    sent = (await outbox.enqueue(ws, conversation, draft))[0]
    told = consents.Told(
        at_address=row,
        purposes=("marketing",),
        state="asked",
        source="double_opt_in",
        evidence=sent.id,
        at=ws.clock.now(),
        wording=body.question,
        reach="handle",
        actor=request.actor.id,
        author=_author(request),
        expires_at=ws.clock.now() + timedelta(hours=body.hours),
        language=body.language,
    )
    await consents.tell(ws, told)
    await audit.record(ws, request.actor, "consent.asked", Target("contact", contact.id, contact.name), {})
    return await _page(request, contact.id, Page())


async def _require_sender(ws: Workspace, account_id: str, row: ContactAddress) -> None:
    """Raises Invalid: what is said to a sender that there is not would hold for nobody."""
    known = [each for each in await ws.runtime.accounts.of_workspace(ws.id) if each.id == account_id]
    if not known or known[0].kind != row.address.kind:
        raise Invalid.field("account_id", "There is no such sender on this channel.")


def _author(request: ApiRequest) -> Author:
    actor = request.actor
    return Author("member" if actor.type == "member" else "bot", actor.id, actor.name)


async def _handle(request: ApiRequest, contact_id: str, address: str) -> ContactAddress:
    """Raises Invalid: no handle of this contact."""
    rows = {str(row.address): row for row in await contacts.addresses_of(request.ws, contact_id)}
    if address not in rows:
        raise Invalid.field("address", "This contact has no such handle.")
    return rows[str(Address.parse(address))]


async def as_json(request: ApiRequest, contact_id: str) -> bytes:
    return await _file(request, contact_id, "json")


async def as_pdf(request: ApiRequest, contact_id: str) -> bytes:
    return await _file(request, contact_id, "pdf")


async def _file(request: ApiRequest, contact_id: str, suffix: Literal["json", "pdf"]) -> bytes:
    ws = request.ws
    contact = await access.contact(ws, request.actor, contact_id)
    if masks.of(ws, request.actor) is not None:
        raise Forbidden("Your role hides numbers or addresses; this file names all of them.")
    dossier = await evidence.gather(ws, contact)
    written = evidence.as_json(dossier) if suffix == "json" else await evidence.as_pdf(dossier)
    target = Target("contact", contact.id, contact.name)
    await audit.record(ws, request.actor, "consent.exported", target, {"format": suffix})
    name = quote(f"Consent of {contact.name} {ws.clock.now():%Y-%m-%d}.{suffix}")
    request.answer_headers.append((b"content-disposition", f"attachment; filename*=UTF-8''{name}".encode()))
    return written


ENDPOINTS = [
    Endpoint(
        "GET",
        "/contacts/{contact_id}/consents",
        list_facts,
        Permission.CONTACTS_READ,
        "What the contact said about being written to, the newest first, and how things stand",
        errors=(NotFound,),
    ),
    Endpoint(
        "POST",
        "/contacts/{contact_id}/consents",
        record,
        Permission.CONTACTS_WRITE,
        "Write down what they said: an agreement with its wording, a stop, or that a hold was none",
        status=201,
        errors=(NotFound, Invalid, Conflict),
    ),
    Endpoint(
        "POST",
        "/contacts/{contact_id}/consents/ask",
        ask,
        Permission.INBOX_REPLY,
        "Ask them to confirm: only their own yes is then an agreement",
        status=202,
        errors=(NotFound, Invalid, Conflict, OptedOut),
    ),
    Endpoint(
        "GET",
        "/contacts/{contact_id}/consents/evidence.json",
        as_json,
        Permission.CONTACTS_WRITE,
        "Everything that proves it, for an authority: facts, wordings, and what was sent since",
        errors=(NotFound,),
    ),
    Endpoint(
        "GET",
        "/contacts/{contact_id}/consents/evidence.pdf",
        as_pdf,
        Permission.CONTACTS_WRITE,
        "The same to read and to print",
        errors=(NotFound,),
        media_type="application/pdf",
    ),
]
