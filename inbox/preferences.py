"""
The page on which a person settles what we may send them: whoever has the signed link, without signing in.

What is chosen there the person has said themselves: an agreement is one to the words shown on the page, and a stop is a
stop. The link names the contact and never ends, for a stop must always be possible.
"""

from collections.abc import Mapping, Sequence

from app.core import ids
from app.core.runtime import Runtime, Workspace
from crm import contacts, standing
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
        found.setdefault(row.address.kind, []).append(row)
    return found


def _states(ws: Workspace, rows: Sequence[ContactAddress]) -> set[str]:
    return {standing.overall(row.consent, MARKETING[0], ws.clock.now()) for row in rows}


def gets_offers(ws: Workspace, rows: Sequence[ContactAddress]) -> bool:
    states = _states(ws, rows)
    return "granted" in states and not states & {"withdrawn", "blocked", "held"}


async def settle(
    ws: Workspace, contact_id: str, wanted: Sequence[str], *, words: str, language: str, proof: Mapping[str, str]
) -> None:
    """
    Offers on these channels and on no others. What stays as it is makes no fact, so that leaving a box alone is neither
    an agreement nor a stop.
    """
    for kind, rows in (await channels_of(ws, contact_id)).items():
        agrees = kind in wanted
        if agrees != gets_offers(ws, rows):
            await _say(ws, rows[0], agrees=agrees, words=words, language=language, proof=proof)


async def stop_all(ws: Workspace, contact_id: str, *, words: str, language: str, proof: Mapping[str, str]) -> None:
    """No offers anywhere, also where nothing was said before."""
    for rows in (await channels_of(ws, contact_id)).values():
        if not _states(ws, rows) <= {"withdrawn", "blocked"}:
            await _say(ws, rows[0], agrees=False, words=words, language=language, proof=proof)


async def _say(
    ws: Workspace, row: ContactAddress, *, agrees: bool, words: str, language: str, proof: Mapping[str, str]
) -> None:
    told = consents.Told(
        at_address=row,
        purposes=MARKETING,
        state="granted" if agrees else "withdrawn",
        source=SOURCE,
        evidence=ids.new("prf"),
        at=ws.clock.now(),
        wording=words,
        language=language,
        proof=proof,
    )
    await consents.tell(ws, told)
