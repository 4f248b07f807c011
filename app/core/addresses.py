"""Addresses: a handle on one channel, written `kind:value` (`whatsapp:+12025550123`, `telegram:42`)."""

import re
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers

from app.core.errors import Invalid

# A number that long can still be read out; longer handles are cut.
_FEW_DIGITS = 12


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """`kind` is a channel's folder name; `value` its own form of the handle (E.164 with `+` for phones)."""

    kind: str
    value: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"

    @classmethod
    def parse(cls, text: str) -> "Address":
        kind, colon, value = text.partition(":")
        if not (kind and colon and value):
            raise Invalid.field("address", f"'{text}' is not an address; write it as channel:handle.")
        return cls(kind, value)


def e164(number: str, region: str | None = None) -> str | None:
    """
    The number in E.164 (`+12025550123`), or None if it cannot be a phone number.

    Possible is enough, valid is not asked: providers send numbers from ranges that numbering plans do not list yet,
    and a customer must not be lost to an outdated table.
    """
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def bare_digits(number: str) -> str:
    """To compare numbers by their ends, in any notation: the digits without the zeros before them abroad or at home."""
    return re.sub(r"\D", "", number.replace("(0)", "")).lstrip("0")


def country_of(address: Address) -> str | None:
    """The country (ISO 3166) of a handle that is a phone number; None for others, and for numbers of nowhere."""
    return region_of(address.value) if address.value.startswith("+") else None


@lru_cache(maxsize=4_096)
def region_of(number: str) -> str | None:
    """The country of a number in E.164, also of one that no numbering plan lists; None for those of no country."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return None
    return region(parsed)


def region(parsed: phonenumbers.PhoneNumber) -> str | None:
    """The same of a number that has been read already."""
    found = phonenumbers.region_code_for_number(parsed) or phonenumbers.region_code_for_country_code(
        parsed.country_code or 0
    )
    return str(found) if found not in ("ZZ", "001", None) else None


def label_of_person(address: Address, username: str | None = None) -> str:
    """
    What to call somebody's handle where it is shown: their number or the name they chose; the handles that providers
    make up mean nothing to anybody, so of those only as much as tells two apart.
    """
    value = address.value
    if value.startswith("+"):
        return label(address)
    if username:
        # A web-chat visitor's is the e-mail they gave.
        return username if "@" in username else f"@{username}"
    if value.startswith("user:"):
        return value.removeprefix("user:")
    if value.startswith("vis_"):
        return f"Visitor {value[-4:].upper()}"
    if value.isdigit() and len(value) <= _FEW_DIGITS:
        return f"User {value}"
    return f"User …{value[-6:]}" if len(value) > _FEW_DIGITS else value


def label(address: Address) -> str:
    """How a person reads it: `+1 202-555-0123` for a phone number, else the bare handle."""
    if address.value.startswith("+"):
        try:
            parsed = phonenumbers.parse(address.value)
        except phonenumbers.NumberParseException:
            return address.value
        return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL))
    return address.value
