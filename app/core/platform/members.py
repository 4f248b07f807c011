"""Rows of members, their sessions, invitations and API tokens. The rules about them are in app/core/members.py."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any, Literal, TypeVar

from app.core import mongo
from app.core.permissions import Permission
from app.core.security import Keyring

# A workspace's members, and one member's sessions, are lists that a person reads: hundreds, not thousands.
MOST_MEMBERS = 1_000
MOST_SESSIONS = 100
MOST_WORKSPACES_OF_AN_EMAIL = 20


@dataclass(frozen=True, slots=True)
class Member:
    id: str
    workspace_id: str
    email: str
    name: str
    # A built-in role, or the id of one of the workspace's own.
    role: str
    password_hash: str = field(repr=False)
    created_at: datetime
    status: Literal["active", "disabled"] = "active"
    preferences: Mapping[str, Any] = field(default_factory=dict)
    last_seen_at: datetime | None = None
    # Encrypted with the keyring. `totp_pending` waits for the first right code.
    totp_secret: str = field(default="", repr=False)
    totp_pending: str = field(default="", repr=False)
    # The newest 30-second step whose code was used: a code works once.
    totp_step: int = 0
    recovery_codes: Sequence[str] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Session:
    """`token_hash` is the key; the token itself is only in the browser's cookie."""

    token_hash: str = field(repr=False)
    id: str
    workspace_id: str
    member_id: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    ip: str
    user_agent: str


@dataclass(frozen=True, slots=True)
class Invitation:
    token_hash: str = field(repr=False)
    id: str
    workspace_id: str
    email: str
    role: str
    invited_by: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ApiToken:
    token_hash: str = field(repr=False)
    id: str
    workspace_id: str
    member_id: str
    name: str
    scopes: Sequence[Permission]
    created_at: datetime
    last_used_at: datetime | None = None


_Row = TypeVar("_Row", Member, Session, Invitation, ApiToken)
_KEYS: dict[type[Any], str] = {Member: "id", Session: "token_hash", Invitation: "token_hash", ApiToken: "token_hash"}
_NAMES = {kind: frozenset(f.name for f in fields(kind)) for kind in _KEYS}


def _document(row: Member | Session | Invitation | ApiToken) -> mongo.Document:
    document = asdict(row)
    document["_id"] = document.pop(_KEYS[type(row)])
    return document


def _row(kind: type[_Row], document: mongo.Document) -> _Row:
    names = _NAMES[kind]
    values = {name: value for name, value in document.items() if name in names}
    values[_KEYS[kind]] = document["_id"]
    if "scopes" in values:
        values["scopes"] = tuple(Permission(scope) for scope in values["scopes"])
    if "recovery_codes" in values:
        values["recovery_codes"] = tuple(values["recovery_codes"])
    return kind(**values)


# --- members ---


async def insert(db: mongo.Database, member: Member) -> None:
    """Raises mongo.DuplicateId when the workspace has a member with this email. Index: workspace_id, email."""
    await mongo.insert(db.members, _document(member))


async def get(db: mongo.Database, member_id: str) -> Member | None:
    document = await db.members.find_one({"_id": member_id})
    return _row(Member, document) if document else None


async def get_in(db: mongo.Database, workspace_id: str, member_id: str) -> Member | None:
    """None also when the member belongs to another workspace."""
    document = await db.members.find_one({"_id": member_id, "workspace_id": workspace_id})
    return _row(Member, document) if document else None


async def with_email(db: mongo.Database, email: str) -> list[Member]:
    """One person in several workspaces. Index: email."""
    found = await db.members.find({"email": email}).limit(MOST_WORKSPACES_OF_AN_EMAIL).to_list()
    return [_row(Member, document) for document in found]


async def of_workspace(db: mongo.Database, workspace_id: str) -> list[Member]:
    """All of them. Index: workspace_id, email."""
    found = await db.members.find({"workspace_id": workspace_id}).limit(MOST_MEMBERS).to_list()
    return [_row(Member, document) for document in found]


async def page(db: mongo.Database, workspace_id: str, *, after_email: str, limit: int) -> list[Member]:
    """In the order of their emails. Index: workspace_id, email."""
    where = {"workspace_id": workspace_id, "email": {"$gt": after_email}}
    return [_row(Member, document) for document in await db.members.find(where).sort("email", 1).limit(limit).to_list()]


async def change(db: mongo.Database, member_id: str, changes: Mapping[str, Any], **expected: Any) -> bool:
    """Sets these fields if the row still has the expected ones; whether it did."""
    result = await db.members.update_one({"_id": member_id, **expected}, {"$set": dict(changes)})
    return result.matched_count == 1


async def use_totp_step(db: mongo.Database, member_id: str, step: int) -> bool:
    """Marks a step as used; False if it, or a newer one, was used before."""
    result = await db.members.update_one({"_id": member_id, "totp_step": {"$lt": step}}, {"$set": {"totp_step": step}})
    return result.matched_count == 1


async def use_recovery_code(db: mongo.Database, member_id: str, code_hash: str) -> bool:
    """Takes the code away; False if there is no such code."""
    where = {"_id": member_id, "recovery_codes": code_hash}
    result = await db.members.update_one(where, {"$pull": {"recovery_codes": code_hash}})
    return result.matched_count == 1


async def rotate_keys(db: mongo.Database, keyring: Keyring) -> int:
    """Seals every second factor with the newest key; how many. A full read, for an operator's command only."""
    rotated = 0
    async for row in db.members.find({}, {"totp_secret": 1, "totp_pending": 1}):
        sealed = {name: keyring.rotate(row[name]) for name in ("totp_secret", "totp_pending") if row.get(name)}
        if sealed:
            await db.members.update_one({"_id": row["_id"], **{name: row[name] for name in sealed}}, {"$set": sealed})
            rotated += 1
    return rotated


# --- sessions ---


async def insert_session(db: mongo.Database, session: Session) -> None:
    await mongo.insert(db.sessions, _document(session))


async def session(db: mongo.Database, token_hash: str) -> Session | None:
    document = await db.sessions.find_one({"_id": token_hash})
    return _row(Session, document) if document else None


async def sessions_of(db: mongo.Database, member_id: str) -> list[Session]:
    """Index: member_id."""
    found = await db.sessions.find({"member_id": member_id}).limit(MOST_SESSIONS).to_list()
    return [_row(Session, document) for document in found]


async def touch_session(db: mongo.Database, token_hash: str, *, seen_at: datetime, expires_at: datetime) -> None:
    await db.sessions.update_one({"_id": token_hash}, {"$set": {"last_seen_at": seen_at, "expires_at": expires_at}})


async def delete_sessions(
    db: mongo.Database, member_id: str, *, session_id: str | None = None, keep: str | None = None
) -> int:
    """All sessions of a member, or the one with this id; never the one whose token_hash is `keep`. Index: member_id."""
    where: mongo.Document = {"member_id": member_id}
    if session_id is not None:
        where["id"] = session_id
    if keep is not None:
        where["_id"] = {"$ne": keep}
    return (await db.sessions.delete_many(where)).deleted_count


# --- invitations ---


async def insert_invitation(db: mongo.Database, invitation: Invitation) -> None:
    await mongo.insert(db.invitations, _document(invitation))


async def invitation(db: mongo.Database, token_hash: str) -> Invitation | None:
    document = await db.invitations.find_one({"_id": token_hash})
    return _row(Invitation, document) if document else None


async def invitations_of(db: mongo.Database, workspace_id: str) -> list[Invitation]:
    """Index: workspace_id."""
    found = await db.invitations.find({"workspace_id": workspace_id}).limit(MOST_MEMBERS).to_list()
    return [_row(Invitation, document) for document in found]


async def take_invitation(db: mongo.Database, token_hash: str) -> bool:
    """Uses an invitation up; False if somebody else did."""
    return (await db.invitations.delete_one({"_id": token_hash})).deleted_count == 1


async def delete_invitation(db: mongo.Database, workspace_id: str, invitation_id: str) -> bool:
    """Index: workspace_id."""
    return (await db.invitations.delete_one({"workspace_id": workspace_id, "id": invitation_id})).deleted_count == 1


# --- API tokens ---


async def insert_token(db: mongo.Database, token: ApiToken) -> None:
    await mongo.insert(db.tokens, _document(token))


async def token(db: mongo.Database, token_hash: str) -> ApiToken | None:
    document = await db.tokens.find_one({"_id": token_hash})
    return _row(ApiToken, document) if document else None


async def tokens_of(db: mongo.Database, workspace_id: str) -> list[ApiToken]:
    """Index: workspace_id."""
    found = await db.tokens.find({"workspace_id": workspace_id}).limit(MOST_MEMBERS).to_list()
    return [_row(ApiToken, document) for document in found]


async def touch_token(db: mongo.Database, token_hash: str, *, used_at: datetime) -> None:
    await db.tokens.update_one({"_id": token_hash}, {"$set": {"last_used_at": used_at}})


async def delete_token(db: mongo.Database, workspace_id: str, token_id: str) -> bool:
    """Index: workspace_id."""
    return (await db.tokens.delete_one({"workspace_id": workspace_id, "id": token_id})).deleted_count == 1
