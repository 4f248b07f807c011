"""
The page on which a person settles what we may send them: whoever has the signed link, without signing in.

What is chosen there the person has said themselves: an agreement is one to the words shown on the page, and a stop is a
stop. The link names the contact and never ends, for a stop must always be possible.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.core import ids
from app.core.runtime import Runtime, Workspace
from channels import registry
from crm import contacts, pacing, standing
from crm.contacts import ContactAddress
from inbox import consents

MARKETING = ("marketing",)
SOURCE = "preferences"


def link(ws: Workspace, contact_id: str) -> str:
    """Where this person settles it."""
    signature = ws.runtime.keyring.sign(_signed(ws.id, contact_id))
    return f"{ws.settings.public_url.rstrip('/')}/p/{ws.id}/{contact_id}/{signature}"


def may_look(runtime: Runtime, workspace_id: str, contact_id: str, signature: str) -> bool:
    return runtime.keyring.verify(_signed(workspace_id, contact_id), signature)


def _signed(workspace_id: str, contact_id: str) -> str:
    return f"preferences|{workspace_id}|{contact_id}"


async def channels_of(ws: Workspace, contact_id: str) -> dict[str, list[ContactAddress]]:
    """Their handles by channel: two handles on one are one to them."""
    found: dict[str, list[ContactAddress]] = {}
    for row in await contacts.addresses_of(ws, contact_id):
        if row.address.kind not in registry.adapters():
            # Known of them, and no way to write to them.
            continue
        found.setdefault(row.address.kind, []).append(row)
    return found


def _states(ws: Workspace, rows: Sequence[ContactAddress]) -> set[str]:
    return {standing.overall(row.consent, MARKETING[0], ws.clock.now()) for row in rows}


def gets_offers(ws: Workspace, rows: Sequence[ContactAddress]) -> bool:
    states = _states(ws, rows)
    return "granted" in states and not states & {"withdrawn", "blocked", "held"}


async def settle(
    ws: Workspace,
    contact_id: str,
    wanted: Sequence[str],
    *,
    words: str,
    language: str,
    proof: Mapping[str, str],
    among: Collection[str] | None = None,
) -> None:
    """
    Offers on these channels and on no others (`among`: of those that were shown). What stays as it is makes no fact, so
    that leaving a box alone is neither an agreement nor a stop.
    """
    for kind, rows in (await channels_of(ws, contact_id)).items():
        agrees = kind in wanted
        if (among is None or kind in among) and agrees != gets_offers(ws, rows):
            await _say(ws, rows[0], agrees=agrees, words=words, language=language, proof=proof)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is wanted beside channels: none until then, one in so many days (0: as they come), and no such topics."""

    paused_until: datetime | None
    every_days: int
    declined: frozenset[str]


def wishes_of(ws: Workspace, rows: Sequence[ContactAddress]) -> Wishes:
    """The strictest that holds at any of their handles."""
    known = [(name, each) for row in rows for name, each in row.consent.items() if name.startswith(MARKETING[0])]
    paused = max((each.paused_until for _, each in known if each.paused_until), default=None)
    return Wishes(
        paused_until=paused if paused and paused > ws.clock.now() else None,
        every_days=max((each.every_days or 0 for _, each in known), default=0),
        declined=frozenset(name.partition("/")[2] for name, each in known if "/" in name and each.withdrawn_at),
    )


async def wish(
    ws: Workspace,
    contact_id: str,
    *,
    every_days: int,
    topics: Sequence[str] | None,
    words: str,
    language: str,
    proof: Mapping[str, str],
) -> None:
    """How often, and about what (None: nothing is said about that); what stays as it is makes no fact."""
    rows = await contacts.addresses_of(ws, contact_id)
    if not rows:
        return
    now = wishes_of(ws, rows)
    said = _told(ws, rows[0], words=words, language=language, proof=proof)
    if every_days != now.every_days:
        await consents.tell(ws, replace(said, state="paced", every_days=every_days, reach="everywhere"))
    for topic in (await pacing.settled(ws)).pacing.topics if topics is not None else ():
        wanted = topics is not None and topic.key in topics
        if wanted == (topic.key in now.declined):
            what = replace(said, purposes=(standing.topic(topic.key),), reach="everywhere", evidence=ids.new("prf"))
            what = replace(what, state="granted" if wanted else "withdrawn", wording=topic.label(language))
            await consents.tell(ws, what)


async def pause(
    ws: Workspace, contact_id: str, days: int, *, words: str, language: str, proof: Mapping[str, str]
) -> None:
    """No offers for so many days; 0 ends a pause."""
    rows = await contacts.addresses_of(ws, contact_id)
    if rows:
        said = _told(ws, rows[0], words=words, language=language, proof=proof)
        until = ws.clock.now() + timedelta(days=days)
        await consents.tell(ws, replace(said, state="paused", expires_at=until, reach="everywhere"))


async def stop_all(ws: Workspace, contact_id: str, *, words: str, language: str, proof: Mapping[str, str]) -> None:
    """No offers anywhere, also where nothing was said before."""
    for rows in (await channels_of(ws, contact_id)).values():
        if not _states(ws, rows) <= {"withdrawn", "blocked"}:
            await _say(ws, rows[0], agrees=False, words=words, language=language, proof=proof)


async def _say(
    ws: Workspace, row: ContactAddress, *, agrees: bool, words: str, language: str, proof: Mapping[str, str]
) -> None:
    told = _told(ws, row, words=words, language=language, proof=proof)
    await consents.tell(ws, replace(told, state="granted" if agrees else "withdrawn"))


def _told(ws: Workspace, row: ContactAddress, *, words: str, language: str, proof: Mapping[str, str]) -> consents.Told:
    return consents.Told(
        at_address=row,
        purposes=MARKETING,
        state="granted",
        source=SOURCE,
        evidence=ids.new("prf"),
        at=ws.clock.now(),
        wording=words,
        language=language,
        proof=proof,
    )
