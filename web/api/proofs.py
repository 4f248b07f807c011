"""Going on with a thread on another channel, at once or after a code."""

from typing import Annotated, Literal

from pydantic import Field

from app.core import addresses
from app.core.clock import iso
from app.core.errors import Conflict, Invalid, NotFound, OptedOut, ReplyWindowClosed, TooManyRequests
from app.core.permissions import Permission
from inbox import access, present
from inbox.answering import proofs
from inbox.answering.proofs import Proof, Way
from web.api.endpoint import ApiRequest, Endpoint
from web.api.inbox_shapes import ConversationShape
from web.api.models import Body, Channel, Out, Time


class AddressOut(Out):
    address: str
    label: str


class WayOut(Out):
    """
    `addresses` are verified handles of the contact at which the thread can go on at once. `opens`: a link opens the
    customer's app with the code filled in; without, they have to write it to `account_label`.
    """

    account_id: str
    account_name: str
    account_label: str
    channel: Channel
    addresses: list[AddressOut]
    opens: bool
    # Handles there are phone numbers, so the customer can say which is theirs.
    by_number: bool


class Ways(Out):
    items: list[WayOut]
    next_cursor: str | None = None


class GoOn(Body):
    account_id: Annotated[str, Field(max_length=100)]
    address: Annotated[str, Field(max_length=300)]


class StartProof(Body):
    """
    `text` is what the customer gets, with `{code}` or `{link}` where the code shall stand. `number`, if the customer
    said which is theirs: the code then counts from no other.
    """

    account_id: Annotated[str, Field(max_length=100)]
    number: Annotated[str | None, Field(max_length=40)] = None
    text: Annotated[str, Field(min_length=1, max_length=1_000)]


class ProofOut(Out):
    """`expired` is `waiting` whose time is over. `elsewhere`: shown, but the address is that other contact's."""

    id: str
    account_id: str
    channel: Channel
    expected: str | None
    state: Literal["waiting", "expired", "proved", "elsewhere", "cancelled"]
    by_name: str
    created_at: Time
    expires_at: Time
    proved_by: str | None
    other_contact_id: str | None


class Proofs(Out):
    items: list[ProofOut]
    next_cursor: str | None = None


async def ways(request: ApiRequest, conversation_id: str) -> Ways:
    conversation = await access.conversation(request.ws, request.actor, conversation_id, access.REPLY)
    return Ways(items=[_way(way) for way in await proofs.ways(request.ws, conversation)])


def _way(way: Way) -> WayOut:
    account = way.account
    return WayOut(
        account_id=account.id,
        account_name=account.name,
        account_label=addresses.label(addresses.Address(account.kind, account.address)),
        channel=account.kind,
        addresses=[
            AddressOut(address=str(row.address), label=addresses.label_of_person(row.address, row.username))
            for row in way.addresses
        ],
        opens=way.opens,
        by_number=account.address.startswith("+"),
    )


async def go_on(request: ApiRequest, conversation_id: str, body: GoOn) -> ConversationShape:
    ws = request.ws
    conversation = await access.conversation(ws, request.actor, conversation_id, access.REPLY)
    saved = await proofs.go_on(ws, request.actor, conversation, body.account_id, body.address)
    return (await present.conversations(ws, [saved]))[0]  # type: ignore[return-value]


async def start(request: ApiRequest, conversation_id: str, body: StartProof) -> ProofOut:
    ws = request.ws
    conversation = await access.conversation(ws, request.actor, conversation_id, access.REPLY)
    proof = await proofs.start(
        ws, request.actor, conversation, account_id=body.account_id, expected=body.number, text=body.text
    )
    return _shown(request, proof)


async def of_conversation(request: ApiRequest, conversation_id: str) -> Proofs:
    conversation = await access.conversation(request.ws, request.actor, conversation_id)
    return Proofs(items=[_shown(request, proof) for proof in await proofs.of_conversation(request.ws, conversation)])


async def cancel(request: ApiRequest, conversation_id: str, proof_id: str) -> ProofOut:
    ws = request.ws
    conversation = await access.conversation(ws, request.actor, conversation_id, access.REPLY)
    return _shown(request, await proofs.cancel(ws, request.actor, conversation, proof_id))


def _shown(request: ApiRequest, proof: Proof) -> ProofOut:
    expired = proof.state == "waiting" and not proof.is_open(request.ws.clock.now())
    return ProofOut(
        id=proof.id,
        account_id=proof.account_id,
        channel=proof.channel,
        expected=proof.expected,
        state="expired" if expired else proof.state,
        by_name=proof.by_name,
        created_at=iso(proof.created_at) or "",
        expires_at=iso(proof.expires_at) or "",
        proved_by=proof.proved_by,
        other_contact_id=proof.other_contact_id,
    )


ENDPOINTS = [
    Endpoint(
        "GET",
        "/conversations/{conversation_id}/ways",
        ways,
        Permission.INBOX_REPLY,
        "On which accounts a thread can go on",
        errors=(NotFound,),
    ),
    Endpoint(
        "POST",
        "/conversations/{conversation_id}/ways",
        go_on,
        Permission.INBOX_REPLY,
        "Go on at a verified address of the contact",
        errors=(NotFound, Invalid, Conflict),
    ),
    Endpoint(
        "POST",
        "/conversations/{conversation_id}/proofs",
        start,
        Permission.INBOX_REPLY,
        "Send a code that shows whose an address on another channel is",
        status=201,
        errors=(NotFound, Invalid, Conflict, OptedOut, ReplyWindowClosed, TooManyRequests),
    ),
    Endpoint(
        "GET",
        "/conversations/{conversation_id}/proofs",
        of_conversation,
        Permission.INBOX_READ,
        "Codes that were sent, the newest first",
        errors=(NotFound,),
    ),
    Endpoint(
        "DELETE",
        "/conversations/{conversation_id}/proofs/{proof_id}",
        cancel,
        Permission.INBOX_REPLY,
        "A code counts no longer",
        errors=(NotFound, Conflict),
    ),
]
