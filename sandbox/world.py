"""
Everything the sandbox knows, in one object: accounts, customers, the ledger, files, knobs and queues.

All changes that must survive a restart go through the methods here, which write one journal record each; `_apply`
reads them back. Handlers take the World first, as Parley's own functions take their workspace.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import aiohttp
import orjson

from sandbox import accounts, customers, media
from sandbox.accounts import Account, LiveChatSite, TelegramBot, TwilioAccount, WhatsAppNumber
from sandbox.clock import Clock
from sandbox.customers import Customer, Customers
from sandbox.events import Events
from sandbox.journal import Journal
from sandbox.knobs import KnobBoard
from sandbox.ledger import Direction, Entry, Ledger
from sandbox.limits import Buckets, Reached
from sandbox.media import Media, MediaStore
from sandbox.poster import Poster
from sandbox.shapes import ControlError, Json
from sandbox.translating.settings import Services
from sandbox.webhooks import Batch, Webhooks

if TYPE_CHECKING:
    from sandbox.push import Subscription

AnyAccount = TypeVar("AnyAccount", WhatsAppNumber, TwilioAccount, TelegramBot, LiveChatSite)


class World:
    """The state of one sandbox process."""

    def __init__(self, data_dir: Path | None = None, *, seed: bool = True) -> None:
        self.clock = Clock()
        self.random = random.Random()
        self.knobs = KnobBoard()
        self.buckets = Buckets()
        self.reached = Reached()
        self.events = Events()
        self.ledger = Ledger()
        self.customers = Customers()
        self.accounts: dict[tuple[str, str], Account] = {}
        self.media = MediaStore(data_dir / "media" if data_dir else None)
        # Small facts by (kind, key): opt-outs, Telegram chats, templates. Each is one JSON object.
        self.facts: dict[str, dict[str, Json]] = {}
        self.background: set[asyncio.Task[None]] = set()
        self.poster = Poster()
        self.webhooks = Webhooks(self)
        self.counters: dict[str, int] = {}
        # Where this process is reached; payloads carry addresses of files.
        self.base_url = "http://127.0.0.1:9100"
        self.batches: dict[str, Batch] = {}
        # Browsers' subscriptions at the push service. Like a browser's, they end with the process.
        self.push: dict[str, Subscription] = {}
        self.translating = Services()
        self._http: aiohttp.ClientSession | None = None
        self._journal = Journal(data_dir / "journal.jsonl" if data_dir else None)
        records = 0
        for record in self._journal.read():
            self._apply(record)
            records += 1
        self._journal.open()
        if seed and not records:
            self.seed()

    # --- life ---

    @property
    def http(self) -> aiohttp.ClientSession:
        """The client that fetches what the business links to; made on first use, inside the running loop."""
        if self._http is None:
            self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10), auto_decompress=True)
        return self._http

    async def close(self) -> None:
        """Stop queues and connections."""
        for task in self.background:
            task.cancel()
        await asyncio.gather(*self.background, return_exceptions=True)
        await self.webhooks.close()
        self.poster.close()
        if self._http is not None:
            await self._http.close()
        self._journal.close()

    def seed(self) -> None:
        """The accounts and the cast of a fresh sandbox."""
        for kind, account_id, data in accounts.DEFAULT_ACCOUNTS:
            self.put_account(kind, accounts.read(kind, account_id, data))
        for person in customers.DEFAULT_CAST:
            self.put_customer(customers.read(person))

    def reset(self, *, seed: bool, keep_accounts: bool = False) -> None:
        """Forget everything; a page that is open reloads."""
        kept = list(self.accounts.items()) if keep_accounts else []
        self.webhooks.forget()
        self._journal.clear()
        self.ledger.clear()
        self.customers.clear()
        self.accounts.clear()
        self.media.clear()
        self.facts.clear()
        self.counters.clear()
        self.batches.clear()
        self.buckets.clear()
        self.reached.clear()
        self.knobs.clear()
        self.push.clear()
        self.translating = Services()
        self.clock.offset, self.clock.speed = 0.0, 1.0
        for (kind, _), account in kept:
            self.put_account(kind, account)
        if seed:
            self.seed()
        self.events.send("reload", {})

    # --- accounts and people ---

    def account(self, kind: str, account_id: str, cls: type[AnyAccount]) -> AnyAccount | None:
        """An account of a known class."""
        found = self.accounts.get((kind, account_id))
        return found if isinstance(found, cls) else None

    def accounts_of(self, cls: type[AnyAccount]) -> list[AnyAccount]:
        """All accounts of one class."""
        return [account for account in self.accounts.values() if isinstance(account, cls)]

    def put_account(self, kind: str, account: Account) -> None:
        """Add or change an account. The same object may be changed in place and put again."""
        self.accounts[kind, account.id] = account
        self._journal.append({"op": "account", "kind": kind, "id": account.id, "data": accounts.to_json(account)})
        self.events.send("accounts", {})

    def remove_account(self, kind: str, account_id: str) -> bool:
        """Delete an account; its messages stay in the ledger."""
        if self.accounts.pop((kind, account_id), None) is None:
            return False
        self._journal.append({"op": "account", "kind": kind, "id": account_id, "data": None})
        self.events.send("accounts", {})
        return True

    def customer(self, customer_id: str) -> Customer:
        """A customer that must exist."""
        found = self.customers.get(customer_id)
        if found is None:
            raise ControlError(f"no such customer: {customer_id}", 404)
        return found

    def put_customer(self, customer: Customer) -> None:
        """Add or change a person."""
        self.customers.put(customer)
        self._journal.append({"op": "customer", "id": customer.id, "data": asdict(customer)})
        self.events.send("customer", customers.to_json(customer))

    def remove_customer(self, customer_id: str) -> bool:
        """Delete a person."""
        if self.customers.remove(customer_id) is None:
            return False
        self._journal.append({"op": "customer", "id": customer_id, "data": None})
        self.events.send("customers", {})
        return True

    # --- the ledger ---

    def record(
        self,
        *,
        channel: str,
        account: str,
        customer: str,
        direction: Direction,
        provider_id: str,
        kind: str,
        body: Json,
        to: str = "",
        correlation: str = "",
        wire: Json | None = None,
    ) -> Entry:
        """Append what was accepted; it has its number when this returns."""
        entry = Entry(
            seq=self.ledger.last_seq + 1,
            at=self.clock.now(),
            channel=channel,
            account=account,
            customer=customer,
            direction=direction,
            provider_id=provider_id,
            type=kind,
            body=orjson.dumps(body),
            to=to,
            correlation=correlation,
            wire=wire,
        )
        self.ledger.add(entry)
        self._journal.append(
            {
                "op": "entry",
                "s": entry.seq,
                "at": entry.at,
                "ch": channel,
                "ac": account,
                "cu": customer,
                "d": direction,
                "id": provider_id,
                "t": kind,
                "b": body,
                "to": to,
                "co": correlation,
                "w": wire,
            }
        )
        if self.events.watched:
            self.events.send("entry", entry.to_json())
        return entry

    def note_status(self, entry: Entry, status: str, code: int | None = None) -> None:
        """A status was emitted for an outbound entry."""
        at = round(self.clock.now(), 3)
        entry.statuses.append([status, at, code])
        self._journal.append({"op": "status", "s": entry.seq, "v": [status, at, code]})
        self.events.send("status", {"seq": entry.seq, "status": status, "at": at, "code": code})

    def mark(self, entry: Entry, **marks: Any) -> None:
        """Something happened to an entry afterwards: read, edited text, deleted, a reaction."""
        entry.marks = {**(entry.marks or {}), **marks}
        self._journal.append({"op": "mark", "s": entry.seq, "v": marks})
        self.events.send("mark", {"seq": entry.seq, "marks": entry.marks})

    def rewrite(self, entry: Entry, **changes: Any) -> None:
        """Change the body of an entry (a Telegram message the bot edited)."""
        entry.body = orjson.dumps({**entry.view, **changes})
        self._journal.append({"op": "body", "s": entry.seq, "v": changes})
        if self.events.watched:
            self.events.send("entry", entry.to_json())

    def acknowledge(self, seqs: Iterable[int]) -> None:
        """The business answered a webhook about these entries with success."""
        for seq in seqs:
            entry = self.ledger.get(seq)
            if entry is not None:
                entry.acks += 1
                entry.wire = None
                self._journal.append({"op": "ack", "s": seq})
                if entry.direction == "in":
                    self.events.send("ack", {"seq": seq, "acks": entry.acks})

    # --- facts and files ---

    def fact(self, kind: str, key: str) -> Json | None:
        """A small stored fact."""
        return self.facts.get(kind, {}).get(key)

    def put_fact(self, kind: str, key: str, value: Json | None) -> None:
        """Store a fact, or delete it with None."""
        group = self.facts.setdefault(kind, {})
        if value is None:
            group.pop(key, None)
        else:
            group[key] = value
        self._journal.append({"op": "fact", "k": kind, "id": key, "v": value})

    def next_number(self, name: str, start: int = 1) -> int:
        """A counter that goes on after a restart (ids of files, templates, updates)."""
        value = self.counters.get(name, start - 1) + 1
        self.counters[name] = value
        self._journal.append({"op": "count", "k": name, "v": value})
        return value

    def add_media(
        self, account: str, content: bytes, mime: str, name: str = "", *, life_seconds: float = 0.0, media_id: str = ""
    ) -> Media:
        """Keep a file for an account."""
        width, height = media.dimensions(content)
        stored = Media(
            id=media_id or str(self.next_number("media", 3_000_001)),
            account=account,
            mime=mime,
            name=name,
            size=len(content),
            sha256=media.digest(content, base=16),
            at=self.clock.now(),
            expires_at=self.clock.now() + self.clock.window(life_seconds) if life_seconds else 0.0,
            width=width,
            height=height,
        )
        self.media.put(stored, content)
        self._journal.append({"op": "media", "data": media.to_json(stored)})
        return stored

    def add_sample(self, account: str, name: str, *, life_seconds: float = 0.0, media_id: str = "") -> Media:
        """A built-in sample as a file of an account; its bytes are not copied."""
        sample = media.SAMPLES.get(name)
        if sample is None:
            raise ControlError(f"no such sample: {name} (there are {', '.join(media.SAMPLES)})")
        content = media.sample_bytes(name)
        width, height = media.dimensions(content)
        stored = Media(
            id=media_id or str(self.next_number("media", 3_000_001)),
            account=account,
            mime=sample.mime,
            name=sample.name,
            size=len(content),
            sha256=media.digest(content, base=16),
            at=self.clock.now(),
            expires_at=self.clock.now() + self.clock.window(life_seconds) if life_seconds else 0.0,
            sample=name,
            width=width,
            height=height,
            seconds=sample.seconds,
        )
        self.media.put(stored, None)
        self._journal.append({"op": "media", "data": media.to_json(stored)})
        return stored

    def remove_media(self, media_id: str) -> None:
        """Delete a file."""
        self.media.remove(media_id)
        self._journal.append({"op": "media", "data": None, "id": media_id})

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        self.clock.offset += seconds
        self._journal.append({"op": "clock", "offset": self.clock.offset})

    def set_speed(self, speed: float) -> None:
        """How much shorter every window is."""
        if speed <= 0:
            raise ControlError("speed must be above zero")
        self.clock.speed = speed

    def set_seed(self, value: int) -> None:
        """Make the dice repeatable."""
        self.random.seed(value)

    # --- replay ---

    def _apply(self, record: Json) -> None:
        """Take one journal record back in."""
        match record["op"]:
            case "entry":
                self.ledger.add(
                    Entry(
                        seq=record["s"],
                        at=record["at"],
                        channel=record["ch"],
                        account=record["ac"],
                        customer=record["cu"],
                        direction=record["d"],
                        provider_id=record["id"],
                        type=record["t"],
                        body=orjson.dumps(record["b"]),
                        to=record["to"],
                        correlation=record["co"],
                        wire=record["w"],
                    )
                )
            case "status" | "mark" | "body" | "ack":
                entry = self.ledger.get(record["s"])
                if entry is not None:
                    _update(entry, record)
            case "account" if record["data"] is None:
                self.accounts.pop((record["kind"], record["id"]), None)
            case "account":
                account = accounts.read(record["kind"], record["id"], record["data"])
                self.accounts[record["kind"], record["id"]] = account
            case "customer" if record["data"] is None:
                self.customers.remove(record["id"])
            case "customer":
                self.customers.put(Customer(**record["data"]))
            case "fact" if record["v"] is None:
                self.facts.get(record["k"], {}).pop(record["id"], None)
            case "fact":
                self.facts.setdefault(record["k"], {})[record["id"]] = record["v"]
            case "count":
                self.counters[record["k"]] = record["v"]
            case "media" if record["data"] is None:
                self.media.remove(record["id"])
            case "media":
                self.media.put(Media(**record["data"]), None)
            case "clock":
                self.clock.offset = record["offset"]


def _update(entry: Entry, record: Json) -> None:
    match record["op"]:
        case "status":
            entry.statuses.append(record["v"])
        case "mark":
            entry.marks = {**(entry.marks or {}), **record["v"]}
        case "body":
            entry.body = orjson.dumps({**entry.view, **record["v"]})
        case "ack":
            entry.acks += 1
            entry.wire = None


def token_hex(length: int) -> str:
    """Random hex digits for provider ids: unguessable, and never equal across restarts."""
    return secrets.token_hex(length // 2)
