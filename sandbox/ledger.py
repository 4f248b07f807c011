"""
The numbered record of everything accepted: what the business sent and what the customers sent.

Chaos tests compare it with Parley's timeline, so it is exact: an entry exists if and only if the provider accepted it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal

import orjson

from sandbox.shapes import Json

Direction = Literal["in", "out"]


@dataclass(slots=True)
class Entry:
    """
    One message (or one act, such as a reaction, an edit or a block).

    `body` is the JSON a phone needs to draw it, kept encoded because a hundred thousand small dicts are many times
    larger. `statuses` are [status, at, error code or null] in the order they were emitted. `acks` counts webhook
    deliveries about this
    entry that the business acknowledged. `wire` is the payload of an inbound webhook until it was acknowledged once.
    """

    seq: int
    at: float
    channel: str
    account: str
    customer: str
    direction: Direction
    provider_id: str
    type: str
    body: bytes
    to: str = ""
    correlation: str = ""
    statuses: list[list[Any]] = field(default_factory=list)
    acks: int = 0
    marks: Json | None = None
    wire: Json | None = None

    @property
    def view(self) -> Json:
        """The body, decoded."""
        decoded: Json = orjson.loads(self.body)
        return decoded

    @property
    def status(self) -> str:
        """The newest status, or empty."""
        return str(self.statuses[-1][0]) if self.statuses else ""

    def to_json(self) -> Json:
        """As the control API and the phone see it."""
        return {
            "seq": self.seq,
            "at": round(self.at, 3),
            "channel": self.channel,
            "account": self.account,
            "customer": self.customer,
            "direction": self.direction,
            "provider_id": self.provider_id,
            "to": self.to,
            "type": self.type,
            "body": self.view,
            "correlation": self.correlation,
            "statuses": [{"status": status, "at": at, "code": code} for status, at, code in self.statuses],
            "acks": self.acks,
            "marks": self.marks or {},
        }


class Ledger:
    """
    All entries in memory up to `keep`, newest last, with the look-ups that providers and phones need.

    Beyond `keep` the oldest are dropped from memory (the journal still has them), so a long bench does not eat the
    machine.
    """

    def __init__(self, keep: int = 400_000) -> None:
        self._keep = keep
        self._entries: dict[int, Entry] = {}
        self._by_provider_id: dict[tuple[str, str], Entry] = {}
        self._chats: dict[tuple[str, str, str], list[int]] = {}
        self.last_seq = 0
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, entry: Entry) -> None:
        """Append an entry that has the next number."""
        self.last_seq = entry.seq
        self._entries[entry.seq] = entry
        self._by_provider_id[entry.channel, entry.provider_id] = entry
        self._chats.setdefault((entry.channel, entry.account, entry.customer), []).append(entry.seq)
        if len(self._entries) > self._keep:
            self._drop_oldest()

    def get(self, seq: int) -> Entry | None:
        """By number."""
        return self._entries.get(seq)

    def find(self, channel: str, provider_id: str) -> Entry | None:
        """By the provider's id."""
        return self._by_provider_id.get((channel, provider_id))

    def chat(self, channel: str, account: str, customer: str) -> list[Entry]:
        """One conversation, oldest first."""
        seqs = self._chats.get((channel, account, customer), ())
        return [self._entries[seq] for seq in seqs if seq in self._entries]

    def latest(self, channel: str, account: str, customer: str, direction: Direction) -> Entry | None:
        """The newest entry of one side of a conversation."""
        for seq in reversed(self._chats.get((channel, account, customer), ())):
            entry = self._entries.get(seq)
            if entry is not None and entry.direction == direction:
                return entry
        return None

    def after(self, seq: int) -> Iterator[Entry]:
        """Entries with a greater number, in order."""
        first = next(iter(self._entries), 1)
        return islice(self._entries.values(), max(0, seq + 1 - first), None)

    def newest_first(self) -> Iterator[Entry]:
        """Entries backwards."""
        return reversed(self._entries.values())

    def clear(self) -> None:
        """Forget all; numbering starts again."""
        self._entries.clear()
        self._by_provider_id.clear()
        self._chats.clear()
        self.last_seq = 0
        self.dropped = 0

    def _drop_oldest(self) -> None:
        seq = next(iter(self._entries))
        old = self._entries.pop(seq)
        self.dropped += 1
        if self._by_provider_id.get((old.channel, old.provider_id)) is old:
            del self._by_provider_id[old.channel, old.provider_id]
        seqs = self._chats.get((old.channel, old.account, old.customer))
        if seqs and seqs[0] == seq:
            # Lists stay short per chat, so removing the head is cheap enough.
            del seqs[0]
