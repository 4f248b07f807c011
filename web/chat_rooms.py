"""
The visitors connected to this process, by workspace: each event of a workspace's stream is read once and handed to the
few it is for, found by their address.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import orjson

from app.core import presence
from app.core.platform import members
from app.core.presence import Presence
from app.core.runtime import Workspace
from inbox.hub import Hub
from inbox.visitors import Visitor

_ONLINE_FOR_SECONDS = 20.0


class Seat(Protocol):
    """A connected visitor. None of these may block."""

    visitor: Visitor

    def entry(self, entry: Mapping[str, Any]) -> None:
        """An entry at one of the visitor's addresses is new or has changed."""
        ...

    def read(self, contact_id: str, number: int) -> None:
        """Colleagues have read the contact's messages up to this number."""
        ...

    def typing(self, name: str, on: bool) -> None: ...

    def come_back(self) -> None:
        """Something was missed, the site's settings changed, or who it was has signed out: connect again."""
        ...


class Room:
    """One workspace's visitors in this process; a Listener of the hub."""

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws
        self.joining = asyncio.Lock()
        self.joined = False
        self._by_address: dict[str, set[Seat]] = defaultdict(set)
        self._by_contact: dict[str, set[Seat]] = defaultdict(set)
        self._online = False
        self._online_at = float("-inf")

    def add(self, seat: Seat) -> None:
        for address in seat.visitor.addresses:
            self._by_address[address].add(seat)

    def follow(self, seat: Seat, contact_id: str) -> None:
        """The seat's visitor is this contact: it wants to know what was read."""
        self._by_contact[contact_id].add(seat)

    def remove(self, seat: Seat) -> None:
        for index in (self._by_address, self._by_contact):
            for name in [name for name, seats in index.items() if seat in seats]:
                index[name].discard(seat)
                if not index[name]:
                    del index[name]

    def connected(self, address: str) -> int:
        return len(self._by_address.get(address, ()))

    @property
    def empty(self) -> bool:
        return not self._by_address

    async def online(self) -> bool:
        """Whether any colleague is there, as of a few seconds ago."""
        now = asyncio.get_running_loop().time()
        if now - self._online_at > _ONLINE_FOR_SECONDS:
            self._online_at = now
            everyone = await members.of_workspace(self.ws.runtime.mongo, self.ws.id)
            there = await presence.of(self.ws, [member.id for member in everyone])
            self._online = Presence.ONLINE in there.values()
        return self._online

    # --- Listener ---

    def tell(self, number: int, frame: str) -> None:
        event = orjson.loads(frame)
        data = event["data"]
        match event["type"]:
            case "entry":
                for seat in tuple(self._by_address.get(data["entry"]["address"] or "", ())):
                    seat.entry(data["entry"])
                self._tell_read(data["conversation"])
            case "conversation":
                self._tell_read(data)
            case "contact" if "merge_id" in data:
                # Merged or parted: what they read is another thread now.
                for seat in tuple(self._by_contact.get(data["id"], ())):
                    seat.come_back()
            case "visitor":
                # Signed out in another tab: who comes back with that token is nobody yet.
                for seat in self._seats():
                    if seat.visitor.session == data["id"]:
                        seat.come_back()
            case "account":
                self.ws.runtime.accounts.forget()
                for seat in self._seats():
                    if seat.visitor.account_id == data["id"]:
                        seat.come_back()

    def _tell_read(self, conversation: Mapping[str, Any] | None) -> None:
        if conversation is not None:
            for seat in tuple(self._by_contact.get(conversation["contact_id"], ())):
                seat.read(conversation["contact_id"], conversation["read_number"])

    def sign(self, frame: str) -> None:
        event = orjson.loads(frame)
        data = event["data"]
        if event["type"] == "typing" and data["by"] != "contact" and "address" in data:
            for seat in tuple(self._by_address.get(data["address"], ())):
                seat.typing(data.get("name") or "", bool(data["on"]))

    def reload(self) -> None:
        for seat in self._seats():
            seat.come_back()

    lost = reload

    def _seats(self) -> set[Seat]:
        return {seat for seats in self._by_address.values() for seat in seats}


class Rooms:
    """All rooms of this process."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._rooms: dict[str, Room] = {}

    async def enter(self, ws: Workspace, seat: Seat) -> Room:
        """From now on the seat is told. Raises RedisError when the stream cannot be read."""
        room = self._rooms.get(ws.id)
        if room is None:
            room = self._rooms[ws.id] = Room(ws)
        # Before the wait: a room with somebody in it is not closed by another's leaving.
        room.add(seat)
        try:
            async with room.joining:
                if not room.joined:
                    await self._hub.join(ws.id, room)
                    room.joined = True
        except BaseException:
            self.leave(room, seat)
            raise
        return room

    def leave(self, room: Room, seat: Seat) -> None:
        room.remove(seat)
        if room.empty and self._rooms.get(room.ws.id) is room:
            del self._rooms[room.ws.id]
            self._hub.leave(room.ws.id, room)


_rooms: "WeakKeyDictionary[Hub, Rooms]" = WeakKeyDictionary()


def rooms_of(hub: Hub) -> Rooms:
    rooms = _rooms.get(hub)
    if rooms is None:
        rooms = _rooms[hub] = Rooms(hub)
    return rooms
