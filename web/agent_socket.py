"""
`/ws/agent`: a screen is told what changes, gap-free, and tells what its person looks at and types.

A screen says where it stopped (its cursor); it gets what it missed, then what comes, each event once and in order. If
that cannot be promised it is told to reload. See docs/realtime.md.
"""

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import orjson
from redis.exceptions import RedisError
from starlette.types import Receive, Scope, Send

from app.core import hints, presence, viewing
from app.core.errors import AppError, SignedOut
from app.core.mongo import DatabaseError
from app.core.permissions import Permission
from app.core.presence import Presence
from app.core.queue import Lane
from app.core.runtime import Workspace
from app.core.stream import Cursor
from app.core.tasks import end
from app.core.viewing import Look
from inbox import access, conversations, live, screening
from inbox.hub import Hub
from inbox.routing import waiting
from inbox.screening import Screening
from web import auth
from web.auth import Known
from web.outlet import MAX_WAITING_BYTES, TOO_SLOW, Outlet
from web.state import State, state_of
from web.watching import SIGN as _OF_MAILINGS

SIGNED_OUT, WRONG_ORIGIN, GOING_AWAY, TRY_AGAIN, NOISE = 4401, 4403, 1012, 1013, 1008
HELLO_SECONDS = 10
# A screen pings every 25 s; after two missed pings it is gone.
SILENT_SECONDS = 70
MAX_FRAME_BYTES = 16_384
# In so many seconds; a screen sends a handful, and each costs some commands.
MOST_FRAMES, FRAMES_SECONDS = 300, 10.0
# Of somebody who does not see everything; one that has more to catch up with reconnects.
MOST_UNSCREENED = 10_000
# How signs begin that say that a screen turned to something else.
_VIEWING = '{"type":"viewing"'
# How often a person's right to be here is asked again.
RECHECK_SECONDS = 30


class AgentSocket:
    """The ASGI endpoint; one instance serves every connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        state = state_of(scope)
        await receive()  # websocket.connect
        headers = dict(scope["headers"])
        try:
            known = await _admit(headers, state)
        except AppError as error:
            # Accepted first: a browser tells its page the code of a closed socket, never of a refused one.
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": WRONG_ORIGIN if error.status == 403 else SIGNED_OUT})
            return
        await send({"type": "websocket.accept"})
        await _Screen(state, known, headers, receive, send).run()


async def _admit(headers: dict[bytes, bytes], state: State) -> Known | None:
    """Who is there, by cookie or bearer token; None: the first frame will say. Raises SignedOut, Forbidden."""
    settings = state["runtime"].settings
    if b"authorization" in headers:
        return await auth.who(headers, state["sessions"])
    if auth.session_cookie(headers):
        auth.require_same_origin(headers, settings, must_say=True)
        return await auth.who(headers, state["sessions"])
    return None


class _Screen:
    """One connected screen; a Listener of the hub."""

    def __init__(
        self, state: State, known: Known | None, headers: dict[bytes, bytes], receive: Receive, send: Send
    ) -> None:
        self._state = state
        self._hub: Hub = state["hub"]
        self._known = known
        self._headers = headers
        self._receive = receive
        self._send = send
        self._outlet = Outlet(send)
        self._last = 0
        # Events that come while the missed ones are being read.
        self._held: list[tuple[int, str]] | None = []
        self._id = secrets.token_hex(6)
        self._looking: Look | None = None
        # What this screen was told last of what all look at; None when it has heard of changes since.
        self._looks: list[Look] | None = []
        self._there = Presence.ONLINE
        self._active = False
        self._watches = False
        self._frames = 0
        self._frames_since = 0.0
        self._recheck_now = asyncio.Event()
        # Of somebody who does not see everything; then frames wait here until it is known what they are told of them.
        self._screening: Screening | None = None
        self._unscreened: asyncio.Queue[str] = asyncio.Queue(MOST_UNSCREENED)
        self._screened = False

    # --- Listener ---

    def tell(self, number: int, frame: str) -> None:
        if self._held is not None:
            self._held.append((number, frame))
        elif number > self._last:
            self._last = number
            self._pass(frame)

    def sign(self, frame: str) -> None:
        # What these mean is counted first, and told to who watches it.
        if self._held is None and not frame.startswith(_OF_MAILINGS):
            if frame.startswith(_VIEWING):
                self._looks = None
            self._pass(frame)

    def _pass(self, frame: str) -> None:
        if not self._screened:
            self._outlet.push(frame)
            return
        try:
            self._unscreened.put_nowait(frame)
        except asyncio.QueueFull:
            self._outlet.close(TOO_SLOW)

    async def _screen(self) -> None:
        """Frames go on in their order, as far as they are for this person."""
        while True:
            frame = await self._unscreened.get()
            for told in [frame] if self._screening is None else await self._screening.frames(frame):
                self._outlet.push(told)

    def reload(self) -> None:
        self._last = 0
        self._outlet.push('{"type":"reload"}')

    def lost(self) -> None:
        self._outlet.close(TRY_AGAIN)

    # --- the life of a socket ---

    async def run(self) -> None:
        """Until either side ends it; leaves nothing behind."""
        code = GOING_AWAY
        self._state["screens"].add(self._outlet)
        self._state["sessions"].on_revoked.add(self._rights_changed)
        tasks: list[asyncio.Task[Any]] = []
        joined = False
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                hello = await self._frame()
            if hello is None or hello.get("type") != "hello":
                code = SIGNED_OUT
                return
            if self._known is None:
                self._known = await self._by_token(hello.get("token"))
            if self._known is None or not access.may_listen(self._known.principal.actor):
                code = SIGNED_OUT
                return
            await self._look_through()
            position = await self._hub.join(self._known.ws.id, self)
            joined = True
            await self._welcome(hello.get("cursor"), position)
            await self._show_presence(Presence.ONLINE)
            await self._tell_looks(self._looking)
            tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._outlet.closed.wait())]
            tasks += [asyncio.create_task(self._recheck()), asyncio.create_task(self._screen())]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            broke = any(task.done() and task.exception() is not None for task in tasks)
            code = self._outlet.close_code or (TRY_AGAIN if broke else 1000)
        except (RedisError, TimeoutError, OSError):
            code = TRY_AGAIN
        finally:
            self._state["screens"].discard(self._outlet)
            self._state["sessions"].on_revoked.discard(self._rights_changed)
            if joined and self._known is not None:
                self._hub.leave(self._known.ws.id, self)
            await end(tasks)
            await self._outlet.end()
            if self._known is not None and joined:
                await self._look_at(None)
                await self._be_active(False)
                await self._watch(())
                await self._show_presence(Presence.OFFLINE)
            with suppress(OSError, RuntimeError):
                await self._send({"type": "websocket.close", "code": code})

    async def _look_through(self) -> None:
        """From now on by what this person sees."""
        known = self._require()
        self._screening = await screening.of(known.ws, known.principal.actor)
        self._screened = self._screened or self._screening is not None

    async def _sees(self, conversation_id: str) -> bool:
        return self._screening is None or await self._screening.sees(conversation_id)

    async def _by_token(self, token: object) -> Known | None:
        if not isinstance(token, str):
            return None
        self._headers = {**self._headers, b"authorization": b"Bearer " + token.encode("utf-8", "replace")}
        return await self._state["sessions"].by_api_token(token)

    async def _welcome(self, given: object, position: Cursor) -> None:
        """Send what was missed, then what came meanwhile, then let live events through."""
        ws = self._require().ws
        cursor = Cursor.parse(given) if isinstance(given, str) else None
        missed = await self._hub.missed(ws.id, cursor) if cursor is not None else None
        if missed is not None and sum(len(frame) for _, frame in missed) > MAX_WAITING_BYTES // 2:
            # More than a socket may have waiting: fetching what is shown is quicker than all that led to it.
            missed = None
        start = cursor if missed is not None and cursor is not None else position
        greeting = {"type": "welcome", "cursor": str(start), "resumed": missed is not None}
        self._outlet.push(orjson.dumps(greeting).decode())
        self._last = start.number
        if cursor is not None and missed is None:
            self._outlet.push('{"type":"reload"}')
        held, self._held = self._held or [], None
        for number, frame in (missed or []) + held:
            self.tell(number, frame)

    async def _listen(self) -> None:
        """What the screen says, until it is gone."""
        while True:
            async with asyncio.timeout(SILENT_SECONDS):
                frame = await self._frame()
            if frame is None:
                return
            if self._noisy():
                self._outlet.close(NOISE)
                return
            await self._heard(frame)

    def _noisy(self) -> bool:
        now = asyncio.get_running_loop().time()
        if now - self._frames_since > FRAMES_SECONDS:
            self._frames_since, self._frames = now, 0
        self._frames += 1
        return self._frames > MOST_FRAMES

    async def _frame(self) -> dict[str, Any] | None:
        """The next frame that is a JSON object; None when the socket is closed."""
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                return None
            data = message.get("text") or message.get("bytes") or ""
            if len(data) > MAX_FRAME_BYTES:
                return None
            try:
                frame = orjson.loads(data)
            except orjson.JSONDecodeError:
                continue
            if isinstance(frame, dict):
                return frame

    async def _heard(self, frame: dict[str, Any]) -> None:
        match frame.get("type"):
            case "ping":
                self._outlet.push('{"type":"pong"}')
                await self._renew_presence()
                await self._tell_looks(self._looking)
            case "viewing":
                seen = frame.get("conversation_id")
                named = isinstance(seen, str) and len(seen) < 100 and await self._sees(seen)
                await self._look_at(seen if named else None)
            case "presence" if frame.get("presence") in ("online", "away"):
                self._there = Presence(frame["presence"])
                await self._show_presence(self._there)
            case "active":
                await self._be_active(frame.get("on") is True)
            case "watching" if isinstance(broadcasts := frame.get("broadcasts"), list):
                await self._watch([each for each in broadcasts if isinstance(each, str) and len(each) < 100])
            case "typing":
                await self._typing(frame)

    async def _typing(self, frame: dict[str, Any]) -> None:
        """Colleagues see it; the customer too, where the channel can show it."""
        known, conversation_id = self._require(), frame.get("conversation_id")
        actor = known.principal.actor
        if not isinstance(conversation_id, str) or Permission.INBOX_REPLY not in actor.permissions:
            return
        if not await self._sees(conversation_id):
            return
        on = bool(frame.get("on", True))
        account_id, address = frame.get("account_id"), frame.get("address")
        told = {"conversation_id": conversation_id, "by": actor.id, "name": actor.name, "on": on}
        if isinstance(address, str):
            # The chat widget listens too, for its own address.
            told["address"] = address
        await live.sign(known.ws, "typing", told)
        if not (on and isinstance(account_id, str) and isinstance(address, str)):
            return
        with suppress(AppError):
            conversation = await conversations.get(known.ws, conversation_id)
            meant = await access.address(known.ws, actor, conversation, address)
            await show_typing(known.ws, conversation, account_id, meant or "")

    def _require(self) -> Known:
        if self._known is None:
            raise RuntimeError("nobody is signed in on this socket")
        return self._known

    async def _show_presence(self, there: Presence) -> None:
        known = self._require()
        member_id = known.principal.actor.member_id
        if member_id is None:
            return
        with suppress(RedisError, OSError):
            await presence.set_presence(known.ws, member_id, there, screen=self._id)
            # They may have other screens: who closes one of two is still there.
            shown = (await presence.of(known.ws, [member_id]))[member_id]
            told = {"member_id": member_id, "presence": shown.value}
            await live.sign(known.ws, "presence", told)
            await hints.give(known.ws.redis, waiting.HINT)

    async def _renew_presence(self) -> None:
        known = self._require()
        if known.principal.actor.member_id is not None:
            with suppress(RedisError, OSError):
                await presence.set_presence(known.ws, known.principal.actor.member_id, self._there, screen=self._id)
        if self._active:
            await self._be_active(True)

    async def _be_active(self, active: bool) -> None:
        """Whether its person is at work on this screen: nothing is pushed to their devices then."""
        known = self._require()
        if known.principal.actor.member_id is not None and (active or self._active):
            self._active = active
            with suppress(RedisError, OSError):
                await presence.set_active(known.ws, known.principal.actor.member_id, active, screen=self._id)

    async def _look_at(self, conversation_id: str | None) -> None:
        """Colleagues see who else has a conversation open."""
        known = self._require()
        member_id = known.principal.actor.member_id
        if not member_id:
            return
        before, self._looking = self._looking, Look(member_id, self._id, conversation_id) if conversation_id else None
        if before == self._looking:
            return
        told = {"member_id": member_id, "screen": self._id, "conversation_id": conversation_id}
        await self._tell_looks(before)
        await live.sign(known.ws, "viewing", told)

    async def _tell_looks(self, before: Look | None) -> None:
        """
        Renews what this screen looks at, and tells it what all do where that is not what it knew: signs may have been
        lost, and who dropped off without a word has sent none.
        """
        with suppress(RedisError, OSError):
            looks = [
                look
                for look in await viewing.look(self._require().ws, before, self._looking)
                if look.conversation_id is None or await self._sees(look.conversation_id)
            ]
            if looks != self._looks:
                self._looks = looks
                self._outlet.push(orjson.dumps({"type": "viewers", "data": looks}).decode())

    async def _watch(self, broadcast_ids: Sequence[str]) -> None:
        """How these broadcasts go is told to this screen, if its person may see them."""
        known = self._require()
        seen = broadcast_ids if known.principal.actor.may(Permission.BROADCASTS_READ) else ()
        if seen or self._watches:
            self._watches = bool(seen)
            await self._state["watching"].watch(known.ws, self._outlet, seen)

    # --- forced logout ---

    def _rights_changed(self, member_id: str) -> None:
        if self._known is not None and self._known.principal.actor.member_id == member_id:
            self._recheck_now.set()

    async def _recheck(self) -> None:
        """Ends when the person may no longer be here."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(RECHECK_SECONDS):
                    await self._recheck_now.wait()
            self._recheck_now.clear()
            try:
                admitted = await self._still_admitted()
            except (DatabaseError, RedisError, OSError, TimeoutError):
                # Nobody can say now; asked again soon.
                await asyncio.sleep(1)
                self._recheck_now.set()
                continue
            if not admitted:
                self._outlet.push('{"type":"signed_out"}')
                self._outlet.close(SIGNED_OUT)
                return

    async def _still_admitted(self) -> bool:
        try:
            known = await auth.who(self._headers, self._state["sessions"])
        except SignedOut:
            return False
        if not access.may_listen(known.principal.actor):
            return False
        if self._known is not None and known.principal.actor.rights != self._known.principal.actor.rights:
            self._known = known
            await self._look_through()
            if not known.principal.actor.may(Permission.BROADCASTS_READ):
                await self._watch(())
            self._outlet.push('{"type":"rights"}')
        return True


async def show_typing(ws: Workspace, conversation: conversations.Conversation, account_id: str, address: str) -> None:
    """Asks a worker to show the customer that somebody is writing; at most every few seconds."""
    reach = next((r for r in conversation.reach if (r.account_id, r.address) == (account_id, address)), None)
    if reach is None:
        return
    key = f"parley:typing:{account_id}:{address}"
    if await ws.redis.set(key, "1", ex=4, nx=True):
        await ws.queue.enqueue("show_typing", account_id, address, reach.last_external_id or "", lane=Lane.REPLIES)


agent_socket = AgentSocket()
