"""
Broadcasts on their way, told to the screens that watch them.

A screen says which broadcasts it shows. While there is news of one (a sign of the mailings that carry it), it is
counted once a second, once for all screens of this process, and what differs from what was told last goes to them.
Nothing is counted that nobody watches, or of which there is no news. See docs/realtime.md.
"""

import asyncio
from collections.abc import Sequence

import orjson
from redis.exceptions import RedisError

from app.core.errors import NotFound
from app.core.mongo import DatabaseError
from app.core.runtime import Workspace
from app.core.tasks import end
from automations import rolls
from inbox.hub import Hub
from inbox.mailings import mailings
from web.api import broadcast_runs
from web.outlet import Outlet

# How often one broadcast is counted. Whoever gives signs holds back those that follow the first for as long (see
# mailings.tell_progress), so what is looked at this much after a sign holds all that it stands for.
EVERY_SECONDS = 1.0
MOST_WATCHED = 60
# How signs about mailings begin, and what events about broadcasts begin with behind their number.
SIGN = '{"type":"mailing"'
_CHANGED = '"type":"broadcast",'


class Watching:
    """All rooms of one web process."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._rooms: dict[str, _Room] = {}

    async def watch(self, ws: Workspace, screen: Outlet, broadcast_ids: Sequence[str]) -> None:
        """
        From now on the screen is told how these are, and first how they are now; of others no more. Raises RedisError.
        """
        room = self._rooms.get(ws.id)
        if room is None:
            if not broadcast_ids:
                return
            room = self._rooms[ws.id] = _Room(ws)
            await self._hub.join(ws.id, room)
        room.watch(screen, broadcast_ids[:MOST_WATCHED])
        if room.empty and self._rooms.get(ws.id) is room:
            del self._rooms[ws.id]
            self._hub.leave(ws.id, room)
            await room.close()

    async def close(self) -> None:
        for room in self._rooms.values():
            await room.close()


class _Room:
    """What is watched of one workspace; a Listener of the hub."""

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws
        self._watchers: dict[str, set[Outlet]] = {}
        self._broadcast_of: dict[str, str] = {}
        self._told: dict[str, str] = {}
        # Of which there is news, and when it came.
        self._news: dict[str, float] = {}
        self._any = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._run(), name=f"watching {ws.id}")

    @property
    def empty(self) -> bool:
        return not self._watchers

    def watch(self, screen: Outlet, broadcast_ids: Sequence[str]) -> None:
        for broadcast_id in [each for each, screens in self._watchers.items() if screen in screens]:
            self._watchers[broadcast_id].discard(screen)
            if not self._watchers[broadcast_id]:
                self._forget(broadcast_id)
        for broadcast_id in broadcast_ids:
            self._watchers.setdefault(broadcast_id, set()).add(screen)
            for source in rolls.sources(broadcast_id):
                self._broadcast_of[mailings.id_for(self._ws, source)] = broadcast_id
            # Whoever has just come hears how it is, also if nothing moves.
            self._told.pop(broadcast_id, None)
            self._notice(broadcast_id)

    def _forget(self, broadcast_id: str) -> None:
        del self._watchers[broadcast_id]
        self._told.pop(broadcast_id, None)
        self._news.pop(broadcast_id, None)
        for source in rolls.sources(broadcast_id):
            self._broadcast_of.pop(mailings.id_for(self._ws, source), None)

    def _notice(self, broadcast_id: str) -> None:
        self._news[broadcast_id] = self._loop.time()
        self._any.set()

    async def close(self) -> None:
        await end([self._task])

    # --- Listener ---

    def tell(self, number: int, frame: str) -> None:
        if _CHANGED in frame[:60]:
            broadcast_id = orjson.loads(frame)["data"]["id"]
            if broadcast_id in self._watchers:
                self._notice(broadcast_id)

    def sign(self, frame: str) -> None:
        if frame.startswith(SIGN):
            broadcast_id = self._broadcast_of.get(orjson.loads(frame)["data"]["id"])
            if broadcast_id is not None:
                self._notice(broadcast_id)

    def reload(self) -> None:
        for broadcast_id in self._watchers:
            self._notice(broadcast_id)

    def lost(self) -> None:
        """The screens that watch listen for themselves."""

    # --- counting ---

    async def _run(self) -> None:
        while True:
            await self._any.wait()
            self._any.clear()
            while self._news:
                for broadcast_id in list(self._news):
                    await self._look(broadcast_id)
                await asyncio.sleep(EVERY_SECONDS)

    async def _look(self, broadcast_id: str) -> None:
        began = self._loop.time()
        try:
            report = await broadcast_runs.report_of(self._ws, broadcast_id)
        except NotFound:
            self._news.pop(broadcast_id, None)
            return
        except (DatabaseError, RedisError, OSError, TimeoutError):
            return
        if began - self._news.get(broadcast_id, began) > EVERY_SECONDS:
            self._news.pop(broadcast_id, None)
        shown = {"id": broadcast_id, "report": report.model_dump(mode="json")}
        frame = orjson.dumps({"type": "broadcast_report", "data": shown}).decode()
        if self._told.get(broadcast_id) != frame:
            self._told[broadcast_id] = frame
            for screen in tuple(self._watchers.get(broadcast_id, ())):
                screen.push(frame)
