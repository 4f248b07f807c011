"""The people who hold the pretend phones, and the cast a fresh sandbox starts with. All of them are invented."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from sandbox.shapes import ControlError, Json, digits, flag_of, text_of

_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_USERNAME = re.compile(r"[a-z0-9._]{3,35}")
COLOURS = ("#b4235a", "#0e7490", "#7c3aed", "#b45309", "#15803d", "#1d4ed8", "#be123c", "#4d7c0f")


@dataclass(slots=True)
class Customer:
    """
    One person with one phone.

    `hides_phone` is a WhatsApp user who adopted a username: the business sees the business-scoped id (`bsuid`),
    never the number.
    `on_whatsapp` False is somebody without WhatsApp (131026); `sms` False is a number that no carrier reaches (30005).
    """

    id: str
    name: str
    phone: str
    bsuid: str
    telegram_id: int
    colour: str = COLOURS[0]
    username: str = ""
    language: str = "en"
    hides_phone: bool = False
    on_whatsapp: bool = True
    sms: bool = True
    marketing_stopped: bool = False

    @property
    def wa_id(self) -> str:
        """The number as WhatsApp writes it."""
        return self.phone[1:]


class Customers:
    """Everybody, found by any of the identities a provider knows them by."""

    def __init__(self) -> None:
        self._by_id: dict[str, Customer] = {}
        self._by_phone: dict[str, Customer] = {}
        self._by_bsuid: dict[str, Customer] = {}
        self._by_telegram: dict[int, Customer] = {}

    def __iter__(self) -> Iterator[Customer]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def get(self, customer_id: str) -> Customer | None:
        """By the sandbox's own id."""
        return self._by_id.get(customer_id)

    def by_phone(self, phone: str) -> Customer | None:
        """By phone number in any spelling; only the digits count."""
        return self._by_phone.get(digits(phone))

    def by_bsuid(self, bsuid: str) -> Customer | None:
        """By WhatsApp's business-scoped user id."""
        return self._by_bsuid.get(bsuid)

    def by_telegram(self, telegram_id: int) -> Customer | None:
        """By Telegram user id, which is also the id of the private chat."""
        return self._by_telegram.get(telegram_id)

    def put(self, customer: Customer) -> None:
        """Add or replace."""
        other = self.by_phone(customer.phone)
        if other is not None and other.id != customer.id:
            raise ControlError(f"{customer.phone} already belongs to {other.id}", 409)
        self.remove(customer.id)
        self._by_id[customer.id] = customer
        self._by_phone[customer.wa_id] = customer
        self._by_bsuid[customer.bsuid] = customer
        self._by_telegram[customer.telegram_id] = customer

    def remove(self, customer_id: str) -> Customer | None:
        """Take one out; their messages stay in the ledger."""
        gone = self._by_id.pop(customer_id, None)
        if gone is not None:
            self._by_phone.pop(gone.wa_id, None)
            self._by_bsuid.pop(gone.bsuid, None)
            self._by_telegram.pop(gone.telegram_id, None)
        return gone

    def clear(self) -> None:
        """Remove everybody."""
        for index in (self._by_id, self._by_phone, self._by_bsuid, self._by_telegram):
            index.clear()


def read(data: Json, known: Customer | None = None) -> Customer:
    """A customer from JSON; what is not given keeps its value or gets one derived from the phone number."""
    base: Json = asdict(known) if known else {}
    merged = {**base, **data}
    phone = text_of(merged, "phone")
    if not _PHONE.fullmatch(phone):
        raise ControlError("phone must be a number in E.164, such as +12025550121")
    username = text_of(merged, "username").lower()
    if username and not _USERNAME.fullmatch(username):
        raise ControlError("username: 3 to 35 of a-z 0-9 . _")
    key = int(hashlib.sha256(phone.encode()).hexdigest()[:12], 16)
    telegram_id = merged.get("telegram_id") or 5_000_000_000 + key % 1_000_000_000
    if not isinstance(telegram_id, int) or isinstance(telegram_id, bool):
        raise ControlError("telegram_id must be a whole number")
    return Customer(
        id=text_of(merged, "id") or f"c{phone[1:]}",
        name=text_of(merged, "name") or phone,
        phone=phone,
        bsuid=text_of(merged, "bsuid") or f"US.SBX{key:014d}"[:24],
        telegram_id=telegram_id,
        colour=text_of(merged, "colour") or COLOURS[key % len(COLOURS)],
        username=username,
        language=text_of(merged, "language", "en"),
        hides_phone=flag_of(merged, "hides_phone"),
        on_whatsapp=flag_of(merged, "on_whatsapp", True),
        sms=flag_of(merged, "sms", True),
        marketing_stopped=flag_of(merged, "marketing_stopped"),
    )


def to_json(customer: Customer) -> Json:
    """The customer as JSON, with the derived wa_id."""
    return {**asdict(customer), "wa_id": customer.wa_id}


DEFAULT_CAST: tuple[Json, ...] = (
    {"id": "ama", "name": "Ama Mensah", "phone": "+12025550121", "username": "ama.mensah", "colour": "#b4235a"},
    {"id": "diego", "name": "Diego Fernández", "phone": "+12025550122", "language": "es", "colour": "#0e7490"},
    {
        "id": "yuki",
        "name": "田中 ゆき",
        "phone": "+12025550123",
        "username": "yuki_t",
        "language": "ja",
        "colour": "#7c3aed",
    },
    {"id": "samira", "name": "Samira Haddad", "phone": "+12025550124", "language": "ar", "colour": "#b45309"},
    {
        "id": "robin",
        "name": "Robin Achterberg",
        "phone": "+12025550125",
        "username": "robin.a",
        "language": "nl",
        "hides_phone": True,
        "colour": "#15803d",
    },
    {"id": "noah", "name": "Noah O’Connor 🎸", "phone": "+12025550126", "colour": "#1d4ed8"},
)
