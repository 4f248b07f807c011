"""
What names a chat and a message here.

A chat's address value is its id (`42`), and for a chat that the bot serves on behalf of a Telegram Business account the
id and the connection (`42@BCEXAMPLE`), because an answer must go out through that same connection.
A message's external id is its chat's address value and its number there (`42:11`): Telegram numbers messages per chat.
"""

import re
from dataclasses import dataclass

from app.core.addresses import Address

KIND = "telegram"

_VALUE = re.compile(r"(-?[0-9]{1,19})(?:@(.+))?", re.DOTALL)
_NUMBER = re.compile(r"[0-9]{1,19}")


@dataclass(frozen=True, slots=True)
class Chat:
    id: int
    connection: str | None = None

    @property
    def address(self) -> Address:
        return Address(KIND, str(self.id) if self.connection is None else f"{self.id}@{self.connection}")

    def external_id(self, message: int | str) -> str:
        return f"{self.address.value}:{message}"


def chat_of(address: Address) -> Chat | None:
    """The chat behind an address; None for a value that is not a chat of Telegram."""
    match = _VALUE.fullmatch(address.value)
    return Chat(int(match[1]), match[2]) if match else None


def message_in(chat: Chat, external_id: str | None) -> int | None:
    """The number of the message in this chat; None if it belongs to another chat or is no message (a tap)."""
    place, _, number = (external_id or "").rpartition(":")
    return int(number) if place == chat.address.value and _NUMBER.fullmatch(number) else None
