"""
Who a payload is about. A person has a phone number, a business-scoped user id (BSUID), or both in one payload.

Since 2026 the number is missing for people who took a username, so nothing here may need it.
Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.core.addresses import Address
from channels.contract import Sender
from channels.whatsapp.shapes import Json, obj, text

KIND = "whatsapp"
# A BSUID has at most 135 characters; anything much longer is no handle.
_MAX_HANDLE_CHARS = 200


@dataclass(frozen=True, slots=True)
class Handles:
    """The two names of one person: `phone` as `+digits`, `user_id` as Meta writes it."""

    phone: str | None = None
    user_id: str | None = None

    @property
    def values(self) -> tuple[str, ...]:
        """Best to answer to first."""
        return tuple(value for value in (self.phone, self.user_id) if value)

    @property
    def order_key(self) -> str:
        """The one that stays when the other is hidden."""
        return self.user_id or self.phone or ""


def handles(number: str, user_id: str) -> Handles:
    """From `from`/`wa_id` and `from_user_id`/`user_id`. Some intermediaries put a BSUID where the number belongs."""
    digits = number.removeprefix("+")
    if digits.isascii() and digits.isdigit() and len(digits) < _MAX_HANDLE_CHARS:
        return Handles(f"+{digits}", _handle(user_id))
    return Handles(None, _handle(user_id) or _handle(number))


def _handle(value: str) -> str | None:
    return value if 0 < len(value) < _MAX_HANDLE_CHARS else None


def address(handle: str) -> Address:
    return Address(KIND, handle)


def contact_of(own: Handles, contacts: Sequence[Json]) -> Json:
    """
    The element of `contacts[]` that belongs to a message, or an empty one.

    The lists are parallel only by convention, so handles are compared; a lone contact that contradicts nothing is
    taken too.
    """
    for contact in contacts:
        if _same(own, _told(contact)):
            return contact
    if len(contacts) == 1 and not _contradicts(own, _told(contacts[0])):
        return contacts[0]
    return {}


def _told(contact: Json) -> Handles:
    return handles(text(contact, "wa_id"), text(contact, "user_id"))


def _same(own: Handles, theirs: Handles) -> bool:
    if own.user_id and theirs.user_id:
        return own.user_id == theirs.user_id
    return own.phone is not None and own.phone == theirs.phone


def _contradicts(own: Handles, theirs: Handles) -> bool:
    return bool((own.user_id and theirs.user_id) or (own.phone and theirs.phone))


def sender(own: Handles, contact: Json, *, vouched: str | None = None) -> tuple[Sender | None, str]:
    """
    The person and their order key; None when the payload names nobody. `vouched` is a number they shared as their own.

    A contact's handles become ours only when they are proven to be the same person's: a shared handle, or a message
    that has none of its own. A wrong alias would merge two customers.
    """
    theirs = _told(contact)
    if _same(own, theirs):
        own = Handles(own.phone or theirs.phone, own.user_id or theirs.user_id)
    elif not own.values:
        own = theirs
    if not own.values:
        return None, ""
    main, *rest = own.values
    profile = obj(contact, "profile")
    person = Sender(
        address=address(main),
        aliases=tuple(address(value) for value in rest),
        name=text(profile, "name", 1000) or None,
        username=text(profile, "username", 100) or None,
        verified_phone=vouched,
    )
    return person, own.order_key


def with_phone(own: Handles, phone: str | None) -> Handles:
    """The same person after they shared their number."""
    return replace(own, phone=own.phone or phone)
