"""
`/ws/chat`: a visitor's browser writes, and is told what is new at its addresses, whatever happened to the connection
in between. See channels/livechat/README.md for the frames.

What a visitor writes is stored before it is confirmed, once for each client id. What they missed is read from the
timeline, from the numbers they say they have seen.
"""

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

import orjson
from pydantic import BaseModel, ValidationError
from redis.exceptions import RedisError
from starlette.types import Receive, Scope, Send

from app.core import log
from app.core.errors import AppError, Invalid, NotFound, Unavailable
from app.core.mongo import DatabaseError
from app.core.runtime import Workspace
from app.core.tasks import end
from automations import greetings
from automations.greetings import Said
from channels import bodies, registry
from channels.accounts import channel_account
from channels.content import Choice, Location, Media
from channels.contract import RANK, ChannelAccount, DeliveryStatus, InboundEvent, Parses
from channels.livechat import identity, payloads, site
from channels.livechat.identity import IdentityRefused
from crm import happenings
from inbox import delivery, files, inbound, present, signup_forms, visitors
from inbox.help import help_centre
from inbox.store.entries import inbound_id
from inbox.timeline import Entry
from inbox.visitors import Admitted, IdentityNeeded, Person, Visitor
from web import auth, chat_frames, chat_limits, limits
from web.chat_frames import FRAME, HELLO, Acknowledge, Details, Earlier, Hello, Message, React, Refresh, Typing
from web.chat_rooms import Room, rooms_of
from web.outlet import Outlet
from web.state import State, state_of

ENDED, NOT_ADMITTED, WRONG_ORIGIN, UNKNOWN_SITE, TOO_MANY = 1000, 4401, 4403, 4404, 4429
COME_BACK, TRY_AGAIN, TOO_BIG, NOISE = 1012, 1013, 1009, 1008
HELLO_SECONDS = 10
# What a widget calls the greeting that it shows: it has no entry yet.
GREETING = "greeting"
# A widget pings every 25 s; after two missed pings it is gone.
SILENT_SECONDS = 70
MAX_FRAME_CHARS = 16_384
TYPING_SECONDS = 6
MOST_CONNECTIONS = 20
# Frames that are not messages (typing, receipts, pings) in so many seconds; a widget sends a handful.
_MOST_FRAMES, _FRAMES_SECONDS = 120, 10.0

_log = log.get("chat")


class Refused(Exception):
    """The visitor is not let in: a code for the widget, and the code that closes the socket."""

    def __init__(self, code: str, close: int, *, retry_after_seconds: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.close = close
        self.retry_after_seconds = retry_after_seconds


class ChatSocket:
    """The ASGI endpoint; one instance serves every connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        await send({"type": "websocket.accept"})
        await _Chat(state_of(scope), scope, receive, send).run()


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a visitor is: the site, and their token on it."""

    ws: Workspace
    account: ChannelAccount
    token: str
    room: Room


class _Chat:
    """One connected widget; a Seat of its workspace's room."""

    visitor: Visitor

    def __init__(self, state: State, scope: Scope, receive: Receive, send: Send) -> None:
        self._state = state
        self._runtime = state["runtime"]
        self._headers = dict(scope["headers"])
        client = scope.get("client")
        self._ip: str = client[0] if client else "local"
        self._receive = receive
        self._send = send
        self._outlet = Outlet(send)
        # What comes while the history is being read.
        self._held: list[Callable[[], None]] | None = []
        # Client ids of this browser's messages, by the id that their entry has or will have.
        self._written: dict[str, str] = {}
        self._read: dict[str, int] = {}
        self._contact_ids: set[str] = set()
        # Which contact each of the visitor's addresses is.
        self._homes: dict[str, str] = {}
        self._page: payloads.Page | None = None
        self._frames = 0
        self._frames_since = 0.0

    # --- Seat ---

    def entry(self, entry: Mapping[str, Any]) -> None:
        if self._hold(lambda: self.entry(entry)) or not visitors.may_see(self.visitor, entry):
            return
        self._follow(self._home_of(entry))
        self._push(self._framed(entry, self._written.get(entry["id"])))

    def read(self, contact_id: str, number: int) -> None:
        if self._hold(lambda: self.read(contact_id, number)):
            return
        if number > self._read.get(contact_id, 0) and self._place.account.config.get("send_read_receipts", True):
            self._read[contact_id] = number
            self._push({"type": "read", "thread": chat_frames.thread_of(contact_id), "up_to": number})

    def typing(self, name: str, on: bool) -> None:
        if self._held is None:
            self._push({"type": "typing", "name": name, "on": on})

    def come_back(self) -> None:
        self._outlet.close(COME_BACK)

    def _hold(self, later: Callable[[], None]) -> bool:
        if self._held is None:
            return False
        self._held.append(later)
        return True

    def _follow(self, contact_id: str) -> None:
        if contact_id not in self._contact_ids:
            self._contact_ids.add(contact_id)
            self._place.room.follow(self, contact_id)

    def _home_of(self, entry: Mapping[str, Any]) -> str:
        """Whom it is read with: another contact than it was written to, where contacts were merged or parted."""
        return self._homes.setdefault(entry["address"], entry["contact_id"])

    def _framed(self, entry: Mapping[str, Any], client_id: str | None) -> dict[str, Any]:
        return chat_frames.message(self._place.ws, entry, client_id, contact_id=self._home_of(entry))

    def _push(self, frame: Mapping[str, Any]) -> None:
        self._outlet.push(orjson.dumps(frame).decode())

    # --- the life of a socket ---

    async def run(self) -> None:
        """Until either side ends it; leaves nothing behind."""
        code = COME_BACK
        self._state["screens"].add(self._outlet)
        tasks: list[asyncio.Task[Any]] = []
        try:
            await self._come_in()
            tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._outlet.closed.wait())]
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            code = self._outlet.close_code or (await tasks[0] if tasks[0] in done else ENDED)
        except Refused as refusal:
            code = refusal.close
            self._push({"type": "error", "code": refusal.code, "retry_after_seconds": refusal.retry_after_seconds})
        except (DatabaseError, RedisError, Unavailable, TimeoutError, OSError) as error:
            _log.warning("chat_interrupted", error=type(error).__name__)
            code = TRY_AGAIN
        except Exception:
            # An edge: one visitor's odd frame must not end up as a silent dead socket.
            _log.exception("chat_failed")
            code = TRY_AGAIN
        finally:
            self._state["screens"].discard(self._outlet)
            if hasattr(self, "_place"):
                rooms_of(self._state["hub"]).leave(self._place.room, self)
            await end(tasks)
            await self._outlet.end()
            with suppress(OSError, RuntimeError):
                await self._send({"type": "websocket.close", "code": code})

    async def _come_in(self) -> None:
        """From the first frame to the welcome. Raises Refused."""
        async with asyncio.timeout(HELLO_SECONDS):
            text = await self._text()
        try:
            hello = HELLO.validate_json(text or "")
        except ValidationError:
            raise Refused("bad_hello", NOISE) from None
        if wait := await limits.take(self._runtime.redis, chat_limits.connections(self._ip)):
            raise Refused("too_many_connections", TOO_MANY, retry_after_seconds=wait)
        account = await site_of(self._state, hello.key)
        if not may_run(self._state, account, self._headers):
            raise Refused("wrong_origin", WRONG_ORIGIN)
        ws = self._runtime.workspace(account.workspace_id)
        admitted = await self._admit(ws, account, hello)
        self.visitor = admitted.visitor
        room = await rooms_of(self._state["hub"]).enter(ws, self)
        self._place = _Place(ws, account, admitted.token, room)
        if room.connected(self.visitor.addresses[0]) > MOST_CONNECTIONS:
            raise Refused("too_many_connections", TOO_MANY, retry_after_seconds=60)
        await self._welcome(hello, admitted)

    async def _admit(self, ws: Workspace, account: ChannelAccount, hello: Hello) -> Admitted:
        try:
            person = person_of(account, hello.identity, ws.clock.now())
            known = await visitors.by_token(ws, account.id, hello.token)
            if known is None and (wait := await limits.take(ws.redis, chat_limits.sessions(self._ip))):
                raise Refused("too_many_sessions", TOO_MANY, retry_after_seconds=wait)
            return await visitors.admit(
                ws,
                account_id=account.id,
                kind=account.kind,
                known=known,
                token=hello.token or "",
                person=person,
                language=hello.locale,
            )
        except (IdentityRefused, IdentityNeeded) as error:
            _log.info("visitor_not_admitted", account_id=account.id, code=error.code, reason=str(error))
            raise Refused(error.code, NOT_ADMITTED) from None

    async def _welcome(self, hello: Hello, admitted: Admitted) -> None:
        """Who they are, what they missed, then what came meanwhile."""
        ws, account = self._place.ws, self._place.account
        for client_id in hello.outbox:
            self._expect(client_id)
        cursor = {} if admitted.fresh else hello.cursor
        since = datetime.fromtimestamp(hello.since / 1000, UTC) if hello.since and not admitted.fresh else None
        now = ws.clock.now()
        shown: list[dict[str, Any]] = []
        threads: dict[str, Any] = {}
        self._homes = await visitors.homes(ws, self.visitor)
        for contact_id in dict.fromkeys(self._homes.values()):
            thread = chat_frames.thread_of(contact_id)
            past = await visitors.history(ws, self.visitor, contact_id, after=cursor.get(thread, 0), since=since)
            self._follow(contact_id)
            reads = account.config.get("send_read_receipts", True)
            self._read[contact_id] = past.read_number if reads else 0
            threads[thread] = {
                "cursor": past.last_number,
                "read": self._read[contact_id],
                "complete": past.complete,
            }
            shown += [self._shown(each.entry, each.place) for each in past.entries]
        shown.sort(key=lambda frame: frame["at"])
        self._push(
            {
                "type": "welcome",
                "token": admitted.token if admitted.token_is_new else None,
                "fresh": admitted.fresh,
                "signed_in": self.visitor.subject is not None,
                "now": int(now.timestamp() * 1000),
                "config": {
                    **site.shown(account),
                    "greetings": await greetings_of(ws, account),
                    "preferences": self._preferences(),
                    "help": await _card_of(ws, account, self.visitor.session),
                    "max_upload_bytes": chat_limits.MAX_UPLOAD_BYTES,
                    "max_text_chars": payloads.MAX_TEXT_CHARS,
                    "typing_seconds": TYPING_SECONDS,
                    "online": await self._place.room.online(),
                },
                "threads": threads,
                "messages": shown,
            }
        )
        held, self._held = self._held or [], None
        for tell in held:
            tell()
        await self._note_view(chat_frames.page_of(hello.page))

    def _preferences(self) -> str:
        """Where somebody who is known settles what they get."""
        url = f"{self._place.ws.settings.public_url}/w/preferences?key={site.site_key(self._place.account)}"
        return url if self._homes else ""

    async def _note_view(self, page: payloads.Page | None) -> None:
        """Somebody who is known looks at a page. Who comes back to it within a minute has looked at it once."""
        contact_id = next(iter(self._homes.values()), None)
        if page is None or contact_id is None:
            return
        now = self._place.ws.clock.now()
        attributes: dict[str, happenings.Attribute] = {"host": urlsplit(page.url).hostname or ""}
        attributes |= {"url": page.url[: happenings.MOST_CHARS], "title": page.title or ""}
        view = happenings.Happening(
            contact_id=contact_id,
            kind=happenings.PAGE_VIEW,
            at=now,
            id=f"{self.visitor.session}/{now:%Y%m%d%H%M}/{page.url}",
            attributes=attributes,
        )
        # What they write matters more than where they are.
        with suppress(DatabaseError):
            await happenings.append(self._place.ws, [view])

    def _shown(self, entry: Entry, place: float) -> dict[str, Any]:
        client_id = payloads.client_id_of(self.visitor.session, entry.external_id) if entry.direction == "in" else None
        return self._framed(present.placed(entry, place, entry.conversation_id), client_id)

    def _expect(self, client_id: str) -> str:
        """The id that the entry of this message has or will have."""
        external_id = payloads.external_id(self.visitor.session, client_id)
        entry_id = inbound_id(self._place.account.id, external_id)
        self._written[entry_id] = client_id
        if len(self._written) > 500:
            del self._written[next(iter(self._written))]
        return entry_id

    # --- what the visitor says ---

    async def _listen(self) -> int:
        """Until they are gone, or out of bounds; the code to close with."""
        while True:
            async with asyncio.timeout(SILENT_SECONDS):
                text = await self._text()
            if text is None:
                return ENDED
            if len(text) > MAX_FRAME_CHARS:
                return TOO_BIG
            if self._noisy():
                return NOISE
            try:
                frame = FRAME.validate_json(text)
            except ValidationError as error:
                self._not_understood(text, error)
                continue
            if frame.type == "logout":
                # It ends by itself, and not because it is told to.
                rooms_of(self._state["hub"]).leave(self._place.room, self)
                await visitors.sign_out(self._place.ws, self._place.token, self.visitor)
                return ENDED
            await self._heard(frame)

    async def _text(self) -> str | None:
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            return None
        text: str | None = message.get("text")
        return "" if text is None else text if len(text) > MAX_FRAME_CHARS else bodies.mended(text)

    def _noisy(self) -> bool:
        now = asyncio.get_running_loop().time()
        if now - self._frames_since > _FRAMES_SECONDS:
            self._frames_since, self._frames = now, 0
        self._frames += 1
        return self._frames > _MOST_FRAMES

    def _not_understood(self, text: str, error: ValidationError) -> None:
        """The widget keeps an unconfirmed message: it must learn that trying again is no use."""
        client_id: object = None
        with suppress(orjson.JSONDecodeError):
            frame = orjson.loads(text)
            client_id = frame.get("client_id") if isinstance(frame, dict) else None
        where = error.errors()[0]["loc"]
        code = "too_long" if where[-1:] == ("text",) else "bad_frame"
        self._push({"type": "error", "code": code, "client_id": client_id if isinstance(client_id, str) else None})

    async def _heard(self, frame: BaseModel) -> None:
        match frame:
            case Message() | Details():
                await self._write(frame)
            case React():
                await self._react(frame)
            case Typing(on=on) if self.visitor.wrote:
                await self._accept(payloads.TypingFrame(visitor=self._who(), at=self._now(), on=on))
            case Acknowledge():
                await self._acknowledge(frame)
            case Refresh(id=entry_id):
                for entry in await visitors.own(self._place.ws, self.visitor, [entry_id]):
                    self._push(self._shown(entry, entry.number))
            case Earlier():
                await self._earlier(frame)
            case chat_frames.Plain():
                self._push({"type": "pong", "now": self._now()})

    async def _earlier(self, frame: Earlier) -> None:
        """The page of messages before a place, and where the page before that begins; 0: there is none."""
        for contact_id in dict.fromkeys(self._homes.values()):
            if chat_frames.thread_of(contact_id) == frame.thread:
                found = await visitors.earlier(self._place.ws, self.visitor, contact_id, before=frame.before)
                told = [self._shown(each.entry, each.place) for each in found.entries]
                self._push({"type": "earlier", "thread": frame.thread, "messages": told, "next": found.next})
                return
        self._push({"type": "earlier", "thread": frame.thread, "messages": [], "next": 0})

    async def _write(self, frame: Message | Details) -> None:
        """Stored, then confirmed. What cannot be taken is refused for good; what comes too fast may come again."""
        ws = self._place.ws
        if wait := await limits.take(ws.redis, chat_limits.messages(self.visitor.session)):
            slow = {"type": "error", "code": "too_fast", "client_id": frame.client_id, "retry_after_seconds": wait}
            self._push(slow)
            return
        try:
            payload = await (self._details(frame) if isinstance(frame, Details) else self._message(frame))
        except AppError as error:
            if isinstance(error, Unavailable):
                raise
            self._push({"type": "error", "code": error.code, "client_id": frame.client_id, "message": error.detail})
            return
        entry_id = self._expect(frame.client_id)
        if said := self._greeted(frame):
            await self._begin_with(said)
        await self._accept(payload)
        self._push({"type": "stored", "client_id": frame.client_id, "id": entry_id, "at": payload.at})
        with suppress(DatabaseError, RedisError, OSError, TimeoutError):
            await delivery.note_traffic(ws.runtime, self._place.account.id, "last_webhook_at")

    async def _message(self, frame: Message) -> payloads.MessageFrame:
        """Raises Invalid, NotFound."""
        said = self._greeted(frame) if frame.reply_to == GREETING else None
        quoted = await self._quoted(frame.reply_to) if frame.reply_to and frame.reply_to != GREETING else None
        offering = _content_of(said) if said else quoted.content if quoted and quoted.direction == "out" else None
        choice = _choice(offering, frame.choice_id) if frame.choice_id is not None else None
        file = await self._file(frame.upload_id, frame.voice_seconds) if frame.upload_id is not None else None
        place = Location(**frame.location.model_dump()) if frame.location is not None else None
        text = frame.text or None
        if text is None and file is None and place is None and choice is None:
            raise Invalid.field("text", "There is nothing in this message.")
        await self._note_writing()
        page = chat_frames.page_of(frame.page)
        new_page, self._page = (page if page != self._page else None), page or self._page
        await self._note_view(new_page)
        return payloads.MessageFrame(
            visitor=self._who(),
            at=self._now(),
            client_id=frame.client_id,
            text=None if choice else text,
            file=file,
            location=place,
            choice=choice,
            reply_to=payloads.external_id(self.visitor.session, _id_of(said)) if said else _external_id(quoted),
            page=new_page,
        )

    def _greeted(self, frame: Message | Details) -> Said | None:
        """What the widget had said by itself, if this answers it."""
        given = frame.greeting if isinstance(frame, Message) else None
        return greetings.marked(self._place.ws, self._place.account.id, given) if given else None

    async def _begin_with(self, said: Said) -> None:
        """Puts it before the answer, however often it is sent along. Raises Unavailable."""
        frame = payloads.GreetingFrame(
            visitor=self._who(),
            at=said.at,
            client_id=_id_of(said),
            greeting_id=said.greeting,
            name=said.name,
            by=said.by or self._place.account.name,
            text=said.text,
            replies=said.replies,
        )
        if await self._accept(frame):
            with suppress(DatabaseError, TimeoutError):
                await greetings.count(self._place.ws, said.greeting, "answered")

    async def _details(self, frame: Details) -> payloads.DetailsFrame:
        """Raises Invalid."""
        if not frame.name and not frame.email:
            raise Invalid("There is nothing in this form.")
        await self._note_writing()
        self.visitor = await visitors.introduce(
            self._place.ws, self._place.token, self.visitor, name=frame.name, email=frame.email
        )
        return payloads.DetailsFrame(
            visitor=self._who(),
            at=self._now(),
            client_id=frame.client_id,
            name=frame.name or None,
            email=frame.email or None,
        )

    async def _note_writing(self) -> None:
        if not self.visitor.wrote:
            # With the database down the message still goes to the spool; the token is kept for long at the next one.
            with suppress(DatabaseError, TimeoutError):
                self.visitor = await visitors.note_writing(self._place.ws, self._place.token, self.visitor)

    async def _quoted(self, entry_id: str) -> Entry:
        """An entry of this visitor's own chat. Raises NotFound."""
        for entry in await visitors.own(self._place.ws, self.visitor, [entry_id]):
            return entry
        raise NotFound("This message is not part of the chat.")

    async def _file(self, upload_id: str, voice_seconds: float | None) -> Media:
        """What this very visitor has uploaded, as a voice note if it lasts. Raises NotFound."""
        file = await files.get(self._place.ws, upload_id)
        if file.owner != self.visitor.session:
            raise NotFound("There is no such upload.")
        await files.use(self._place.ws, file)
        return files.as_media(file, voice=voice_seconds is not None, duration_seconds=voice_seconds)

    async def _react(self, frame: React) -> None:
        if any(c.isalnum() for c in frame.emoji):
            return
        with suppress(NotFound):
            entry = await self._quoted(frame.id)
            await self._accept(
                payloads.ReactionFrame(
                    visitor=self._who(),
                    at=self._now(),
                    client_id=frame.client_id,
                    external_id=_external_id(entry) or "",
                    emoji=frame.emoji,
                )
            )

    async def _acknowledge(self, frame: Acknowledge) -> None:
        """Receipts for those of these messages that are ours, theirs to see, and not that far yet."""
        status = DeliveryStatus(frame.type)
        reached = [
            entry
            for entry in await visitors.own(self._place.ws, self.visitor, frame.ids)
            if entry.direction == "out" and RANK[DeliveryStatus(entry.status or "queued")] < RANK[status]
        ]
        await self._accept(
            *(
                payloads.ReceiptFrame(visitor=self._who(), at=self._now(), message_id=entry.id, status=frame.type)
                for entry in reached
            )
        )

    async def _accept(self, *frames: payloads.Frame) -> int:
        """Through the same door as every channel's events; how many were new. Raises Unavailable."""
        account, adapter = self._place.account, registry.adapter(self._place.account.kind)
        assert isinstance(adapter, Parses)  # noqa: S101 -- the channel of this very socket
        events: list[InboundEvent] = []
        for frame in frames:
            events += adapter.parse(account, payloads.dump(frame), {})
        return await inbound.accept(self._runtime, self._state["journal"], account, events) if events else 0

    def _who(self) -> payloads.Visitor:
        visitor = self.visitor
        return payloads.Visitor(
            session=visitor.session,
            address=visitor.address,
            alias=visitor.alias,
            name=visitor.name,
            email=visitor.email,
            language=visitor.language,
            verified=visitor.subject is not None,
        )

    def _now(self) -> int:
        return int(self._runtime.clock.now().timestamp() * 1000)


async def greetings_of(ws: Workspace, account: ChannelAccount) -> dict[str, Any] | None:
    """Which greetings a page has to judge, and where it asks for their words; None where there is none."""
    rules = await greetings.rules(ws, account.id)
    url = f"{ws.settings.public_url}/w/greet?key={site.site_key(account)}"
    return {"url": url, "rules": rules} if rules else None


async def site_of(state: State, key: str) -> ChannelAccount:
    """The account with this site key. Raises Refused."""
    for row in await state["runtime"].accounts.all():
        if row.kind == site.KIND and key and row.config.get("site_key") == key:
            return channel_account(row)
    raise Refused("unknown_site", UNKNOWN_SITE)


def may_run(state: State, account: ChannelAccount, headers: Mapping[bytes, bytes]) -> bool:
    """Whether the page that asks is one where this widget may be."""
    origin = headers.get(b"origin", b"").decode("latin-1")
    return site.admits(account, origin, auth.own_origins(headers, state["runtime"].settings))


def person_of(account: ChannelAccount, given: str | dict[str, str] | None, now: datetime) -> Person | None:
    """Whom the site's server has signed for. Raises IdentityRefused, IdentityNeeded."""
    if given is None:
        if site.requires_identity(account):
            raise IdentityNeeded("This chat is for customers who are signed in.")
        return None
    proof = identity.of(account, given, now)
    return Person(subject=proof.subject, name=proof.name, email=proof.email, expired_since=proof.expired_since)


def _external_id(entry: Entry | None) -> str | None:
    """What the channel calls this message."""
    if entry is None:
        return None
    return entry.external_id or (entry.external_ids[0].partition(":")[2] if entry.external_ids else None)


def _id_of(said: Said) -> str:
    """The client id of a greeting that was answered: the same each time its mark comes."""
    return f"greeting-{hashlib.blake2b(said.model_dump_json().encode(), digest_size=12).hexdigest()}"


def _content_of(said: Said) -> Mapping[str, Any]:
    return payloads.greeting_content(said.text, said.replies).model_dump()


def _choice(offering: Mapping[str, Any] | None, choice_id: str) -> Choice:
    """The button or row that was really offered in this content of ours. Raises Invalid."""
    content = offering or {}
    offered: Sequence[Mapping[str, Any]] = content.get("buttons") or [
        row for section in content.get("sections", ()) for row in section["rows"]
    ]
    for button in offered:
        if button["id"] == choice_id:
            return Choice(id=choice_id, title=button["title"], description=button.get("description"))
    raise Invalid.field("choice_id", "This was not offered.")


chat_socket = ChatSocket()


async def _card_of(ws: Workspace, account: ChannelAccount, session: str) -> str:
    """
    Where the widget searches articles, and whether it shows a sign-up form (`form`) or only that (`only`); empty while
    it has neither.
    """
    searches = (await help_centre.get(ws)).open
    form = await signup_forms.in_chat(ws, account.id)
    if not searches and form is None:
        return ""
    url = f"{ws.settings.public_url}/w/help?key={site.site_key(account)}"
    mark = visitors.mark(ws, account.id, session)
    return url + (f"&form={'yes' if searches else 'only'}&v={quote(mark)}" if form else "")
