"""
Who makes a request: a session cookie or `Authorization: Bearer pat_…`, and whether a browser was tricked into it.

An API call costs no database command for this: who stands behind a cookie is remembered for at most five seconds, and
forgotten at once when Redis says that the member's rights have changed. While Redis cannot say so, nothing is
remembered, and each request asks the database.
"""

import asyncio
from collections.abc import Callable, Mapping
from time import monotonic
from urllib.parse import urlsplit

from redis.exceptions import RedisError

from app.core import log, sign_in
from app.core.errors import Forbidden, SignedOut
from app.core.platform.members import Session
from app.core.runtime import Runtime, Workspace
from app.core.security import Keyring, hash_token
from app.core.settings import Settings
from app.core.sign_in import Principal

COOKIE = "parley_session"
CSRF_HEADER = b"x-parley-csrf"
REMEMBERED_SECONDS = 5.0
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_MOST_REMEMBERED = 10_000
_TOKEN_CHARS = 47
_RECONNECT_SECONDS = 1.0
_LISTEN_SECONDS = 5.0

_log = log.get("web")

RawHeaders = Mapping[bytes, bytes]


class Known:
    """A remembered answer: who it is, and their workspace."""

    __slots__ = ("principal", "until", "ws")

    def __init__(self, principal: Principal, ws: Workspace, until: float) -> None:
        self.principal = principal
        self.ws = ws
        self.until = until


class Sessions:
    """Whom this process knows by their cookie or token. `follow` must run as long as it is used."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._known: dict[str, Known] = {}
        self._listening = False
        # Counts what was forgotten, so that an answer read before a revocation is not remembered after it.
        self._forgotten = 0
        # Called with the id of a member whose rights may have changed; sockets ask again then.
        self.on_revoked: set[Callable[[str], None]] = set()

    async def by_cookie(self, token: str) -> Known | None:
        return await self._find(token, "ses_")

    async def by_api_token(self, token: str) -> Known | None:
        return await self._find(token, "pat_")

    def forget(self, member_id: str) -> None:
        """Ask the database again about this member, and tell those who keep a connection of theirs."""
        self._forgotten += 1
        for key in [key for key, known in self._known.items() if known.principal.actor.member_id == member_id]:
            del self._known[key]
        for tell in tuple(self.on_revoked):
            tell(member_id)

    async def follow(self) -> None:
        """Forgets whom Redis says to forget, for ever."""
        while True:
            try:
                await self._listen()
            except (RedisError, OSError, TimeoutError) as error:
                _log.warning("revocations_not_heard", error=type(error).__name__)
            finally:
                self._stop_remembering()
            await asyncio.sleep(_RECONNECT_SECONDS)

    async def _listen(self) -> None:
        async with self._runtime.redis.pubsub() as pubsub:
            await pubsub.subscribe(sign_in.REVOKED)
            pinged = False
            while True:
                message = await pubsub.get_message(timeout=_LISTEN_SECONDS)
                if message is None:
                    # A connection that is dead but not closed would hide revocations: silence must answer a ping.
                    if pinged:
                        raise TimeoutError("Redis does not answer")
                    await pubsub.ping()
                    pinged = True
                    continue
                pinged = False
                if message["type"] == "subscribe":
                    self._listening = True
                elif message["type"] == "message":
                    self.forget(message["data"].decode())

    def _stop_remembering(self) -> None:
        self._listening = False
        self._forgotten += 1
        self._known.clear()

    async def _find(self, token: str, prefix: str) -> Known | None:
        # Nothing is asked about what cannot be a token of ours.
        if len(token) != _TOKEN_CHARS or not token.startswith(prefix):
            return None
        key = hash_token(token)
        known = self._known.get(key)
        if known is not None and known.until > monotonic():
            return known
        forgotten = self._forgotten
        load = sign_in.by_session if prefix == "ses_" else sign_in.by_api_token
        principal = await load(self._runtime, token)
        if principal is None:
            self._known.pop(key, None)
            return None
        ws = known.ws if known else self._runtime.workspace(principal.workspace_id)
        fresh = Known(principal, ws, monotonic() + REMEMBERED_SECONDS)
        if self._listening and forgotten == self._forgotten:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            self._known[key] = fresh
        return fresh


async def who(headers: RawHeaders, sessions: Sessions) -> Known:
    """The one behind a request. Raises SignedOut. A token counts before a cookie: it was given on purpose."""
    authorization = headers.get(b"authorization")
    if authorization is not None:
        scheme, _, token = authorization.decode("latin-1").partition(" ")
        known = await sessions.by_api_token(token.strip()) if scheme.lower() == "bearer" else None
        if known is None:
            raise SignedOut("This token is not valid.")
        return known
    cookie = session_cookie(headers)
    known = await sessions.by_cookie(cookie) if cookie else None
    if known is None:
        raise SignedOut("Please sign in.")
    return known


def require_intended(headers: RawHeaders, session: Session, runtime: Runtime) -> None:
    """
    Refuse a change that another site made a signed-in browser send. Raises Forbidden.

    Two guards: the browser's own word on where the request comes from, and a value that only our pages can read.
    """
    require_same_origin(headers, runtime.settings)
    given = headers.get(CSRF_HEADER, b"").decode("latin-1")
    if not runtime.keyring.verify(_csrf_message(session), given):
        raise Forbidden("The page is out of date. Please reload it.", code="csrf")


def csrf_value(session: Session, keyring: Keyring) -> str:
    """What a page sends back in X-Parley-CSRF; bound to this session."""
    return keyring.sign(_csrf_message(session))


def _csrf_message(session: Session) -> str:
    return f"csrf|{session.token_hash}"


def require_same_origin(headers: RawHeaders, settings: Settings, *, must_say: bool = False) -> None:
    """
    Refuse what a browser says comes from another site. Raises Forbidden.

    Programs that are no browsers send neither header and pass, unless `must_say` (websockets, which browsers open
    across sites without asking).
    """
    site = headers.get(b"sec-fetch-site")
    origin = headers.get(b"origin")
    if site is not None and site not in (b"same-origin", b"none") and origin is None:
        raise Forbidden("The request comes from another site.", code="wrong_origin")
    if origin is None:
        if must_say:
            raise Forbidden("The request does not say where it comes from.", code="wrong_origin")
        return
    text = origin.decode("latin-1").lower()
    if text not in own_origins(headers, settings):
        raise Forbidden("The request comes from another site.", code="wrong_origin")


def own_origins(headers: RawHeaders, settings: Settings) -> tuple[str, ...]:
    """Our address as configured, and as this browser reached us; TLS may end at a proxy, so both schemes count."""
    host = headers.get(b"host", b"").decode("latin-1").lower()
    reached = (f"http://{host}", f"https://{host}") if host else ()
    configured = urlsplit(settings.public_url)
    return (*reached, f"{configured.scheme}://{configured.netloc}".lower()) if configured.netloc else reached


def session_cookie(headers: RawHeaders) -> str:
    """The session's token from the cookie header; "" without one."""
    for part in headers.get(b"cookie", b"").decode("latin-1").split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return value
    return ""


def set_cookie(token: str, settings: Settings) -> tuple[bytes, bytes]:
    return _cookie(token, sign_in.SESSION_DAYS * 86_400, settings)


def clear_cookie(settings: Settings) -> tuple[bytes, bytes]:
    return _cookie("", 0, settings)


def _cookie(value: str, max_age_seconds: int, settings: Settings) -> tuple[bytes, bytes]:
    secure = "; Secure" if settings.public_url.startswith("https://") else ""
    text = f"{COOKIE}={value}; Path=/; Max-Age={max_age_seconds}; HttpOnly; SameSite=Lax{secure}"
    return b"set-cookie", text.encode()
