"""
Endpoints of the REST API, declared once: routing, rights, validation and OpenAPI all come from the same lines.

To add one, write a handler in `web/api/<noun>.py` and name it in that module's ENDPOINTS:

    class RenameMember(Body):
        name: Annotated[str, Field(max_length=100)]

    async def rename(request: ApiRequest, member_id: str, body: RenameMember) -> MemberOut:
        member = await members.rename(request.ws, request.actor, member_id, body.name)
        return MemberOut(…)

    ENDPOINTS = [
        Endpoint("PATCH", "/members/{member_id}", rename, Permission.MEMBERS_MANAGE, "Rename a member",
                 errors=(NotFound, Conflict)),
    ]

A new module goes into API in `web/routes.py`; nothing else is to be done. What the handler's signature means:

- `request: ApiRequest` has `.ws`, `.actor`, `.ip`, `.runtime`; with Access.PUBLIC it is a `PublicRequest`, without
  `.ws` and `.actor`.
- A parameter named in the path is that part of it: text of 1 to 200 characters.
- `body: Model` is the JSON body (a `models.Body`; none at all is an empty object); without it a body is ignored.
  `query: Model` (a `models.Query`, often `models.Page`) are the query parameters.
- The return annotation is the answer's model, and its status 200 unless `status=` says otherwise; `None` is 204.
  A hot endpoint annotates a `typing_extensions.TypedDict` and returns a plain dict, which orjson writes without any
  check, or returns `bytes` that are JSON already. What is no JSON says so with `media_type=` and is text (`str`).
- Refusals are raised as AppError; those listed in `errors=` are documented.

Every POST of a signed-in caller honours `Idempotency-Key` (see web/idempotency.py) unless it says `idempotent=False`
because the handler itself knows repeats, as sending a message does by its client_id.
"""

import asyncio
import inspect
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from enum import Enum
from http import HTTPStatus
from typing import Any, get_type_hints
from urllib.parse import parse_qsl

import orjson
from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.requests import ClientDisconnect
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from app.core.errors import AppError, FieldError, Forbidden, Invalid, NotFound, UnsupportedMedia
from app.core.permissions import Actor, Permission
from app.core.platform.members import Session
from app.core.runtime import Runtime, Workspace
from crm import masks
from crm.masks import Masker
from web import auth, errors, idempotency
from web.auth import Known, Sessions
from web.errors import BadRequest
from web.idempotency import Answer

PREFIX = "/api/v1"
# As JSON writes it: the backslash before the `u` is not escaped itself.
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")

# No handler of ours needs nearly as long; a browser waits 20 s.
HANDLER_SECONDS = 30
_MOST_ID_CHARS = 200
_MOST_QUERY_FIELDS = 100
_MOST_FIELD_ERRORS = 20

Handler = Callable[..., Awaitable[Any]]

# Modules whose answers are about the business and its members. Those of all others are masked for whom something of
# customers is hidden from, whatever is in them.
OWN = frozenset(
    (
        *("accounts", "agents", "articles", "calendars", "canned", "closing", "help_centre", "invitations", "macros"),
        *(
            "me",
            "members",
            "roles",
            "roster",
            "sign_in",
            "sla_policies",
            "tags",
            "teams",
            "templates",
            "ticket_forms",
            "tokens",
        ),
    )
)


class Access(Enum):
    """For endpoints that need no single permission."""

    PUBLIC = "anybody"
    SIGNED_IN = "any member or token"
    MEMBER = "a member's own session; no token"


class PublicRequest:
    """What a handler gets to know about a request of anybody."""

    __slots__ = ("answer_headers", "headers", "ip", "runtime", "sessions")

    def __init__(self, scope: Scope, headers: dict[bytes, bytes]) -> None:
        state = scope["state"]
        self.runtime: Runtime = state["runtime"]
        self.sessions: Sessions = state["sessions"]
        self.headers = headers
        # Added to the answer: cookies.
        self.answer_headers: errors.Headers = []
        client = scope.get("client")
        self.ip: str = client[0] if client else "local"

    @property
    def user_agent(self) -> str:
        return self.headers.get(b"user-agent", b"").decode("latin-1")


class ApiRequest(PublicRequest):
    """A request of a member or a token, in their workspace."""

    __slots__ = ("_session", "actor", "ws")

    def __init__(self, scope: Scope, headers: dict[bytes, bytes], known: Known) -> None:
        super().__init__(scope, headers)
        self.ws: Workspace = known.ws
        actor = known.principal.actor
        self.actor = Actor(actor.type, actor.id, actor.name, actor.role, actor.rights, actor.member_id, self.ip)
        self._session = known.principal.session

    @property
    def session(self) -> Session | None:
        """None for a token."""
        return self._session

    @property
    def own_session(self) -> Session:
        """Raises Forbidden for a token."""
        if self._session is None:
            raise Forbidden("Only a signed-in person may do this, not a token.")
        return self._session


class Endpoint:
    """One method of one path; see the module."""

    __slots__ = (
        "_body_adapter",
        "_query_model",
        "answer_adapter",
        "body_model",
        "errors",
        "handler",
        "idempotent",
        "media_type",
        "method",
        "path",
        "path_names",
        "permission",
        "query_model",
        "status",
        "summary",
    )

    def __init__(
        self,
        method: str,
        path: str,
        handler: Handler,
        permission: Permission | Access,
        summary: str,
        *,
        status: int | None = None,
        errors: Sequence[type[AppError]] = (),
        idempotent: bool = True,
        media_type: str = "application/json",
    ) -> None:
        self.method = method
        self.path = PREFIX + path
        self.handler = handler
        self.permission = permission
        self.summary = summary
        self.errors = tuple(errors)
        self.media_type = media_type
        self.idempotent = idempotent and method == "POST" and permission is not Access.PUBLIC
        self.path_names = tuple(part[1:-1] for part in path.split("/") if part.startswith("{"))
        hints = get_type_hints(handler, include_extras=True)
        answer = hints.pop("return")
        names = list(inspect.signature(handler).parameters)
        wanted = PublicRequest if permission is Access.PUBLIC else ApiRequest
        if hints.pop(names[0]) is not wanted or set(hints) - {"body", "query"} != set(self.path_names):
            raise TypeError(f"{method} {path}: the handler's parameters are not those of the path")
        self.body_model: Any = hints.get("body")
        self.query_model: type[BaseModel] | None = hints.get("query")
        self._body_adapter: TypeAdapter[Any] | None = TypeAdapter(self.body_model) if self.body_model else None
        self.answer_adapter: TypeAdapter[Any] | None = None if answer is type(None) else TypeAdapter(answer)
        self.status = status or (204 if self.answer_adapter is None else 200)

    @property
    def name(self) -> str:
        return f"{self.noun}.{self.handler.__name__}"

    @property
    def noun(self) -> str:
        return self.handler.__module__.rpartition(".")[2]

    @property
    def needs_body(self) -> bool:
        """Whether an empty object, which no body at all stands for, is not enough."""
        if self._body_adapter is None:
            return False
        try:
            self._body_adapter.validate_python({})
        except ValidationError:
            return True
        return False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await self._answer(scope, receive)
        except AppError as error:
            await errors.send_problem(send, *errors.of_app_error(error))
            return
        headers: errors.Headers = [(b"cache-control", b"no-store"), *answer.headers]
        if answer.status != HTTPStatus.NO_CONTENT:
            headers.append((b"content-type", self.media_type.encode()))
            headers.append((b"content-length", str(len(answer.body)).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        headers = dict(scope["headers"])
        async with asyncio.timeout(HANDLER_SECONDS):
            request = await self._admit(scope, headers)
            arguments = self._path_arguments(scope["path_params"])
            if self.query_model is not None:
                arguments["query"] = _read_query(self.query_model, scope["query_string"])
            if self._body_adapter is None:
                key = headers.get(idempotency.HEADER) if self.idempotent else None
                raw = b""
            else:
                raw = await _read_body(receive, headers)
                arguments["body"] = _validate_json(self._body_adapter, raw)
                key = headers.get(idempotency.HEADER) if self.idempotent else None

            async def run() -> Answer:
                masker = self._masker(request)
                try:
                    result = await self.handler(request, **arguments)
                except AppError as error:
                    if masker is not None:
                        error.detail, error.extra = masker.within(error.detail), masker.walk(error.extra)
                    raise
                return Answer(self.status, self._encode(result, masker), request.answer_headers)

            if key is None:
                return await run()
            assert isinstance(request, ApiRequest)  # noqa: S101 -- `idempotent` is never true of a public endpoint
            asked = (scope["method"], scope["path"], scope["query_string"], raw)
            return await idempotency.once(request.ws, request.actor, key, asked, run)

    async def _admit(self, scope: Scope, headers: dict[bytes, bytes]) -> PublicRequest:
        """Raises SignedOut, Forbidden."""
        state = scope["state"]
        unsafe = scope["method"] not in auth.SAFE_METHODS
        if self.permission is Access.PUBLIC:
            if unsafe:
                # Keeps other sites from signing a browser in as somebody else.
                auth.require_same_origin(headers, state["runtime"].settings)
            return PublicRequest(scope, headers)
        known = await auth.who(headers, state["sessions"])
        request = ApiRequest(scope, headers, known)
        if unsafe and request.session is not None:
            auth.require_intended(headers, request.session, request.runtime)
        if isinstance(self.permission, Permission):
            request.actor.require(self.permission)
        elif self.permission is Access.MEMBER:
            _ = request.own_session
        return request

    def _path_arguments(self, given: dict[str, str]) -> dict[str, Any]:
        for name in self.path_names:
            if len(given[name]) > _MOST_ID_CHARS:
                raise NotFound("There is no such thing.")
        return {name: given[name] for name in self.path_names}

    def _masker(self, request: PublicRequest) -> Masker | None:
        if self.noun in OWN or not isinstance(request, ApiRequest):
            return None
        return masks.of(request.ws, request.actor)

    def _encode(self, result: Any, masker: Masker | None) -> bytes:
        if result is None and self.answer_adapter is None:
            return b""
        if masker is not None and self.media_type == "application/json":
            shown = orjson.loads(self._encode(result, None))
            return orjson.dumps(masker.walk(shown))
        if isinstance(result, bytes):
            return result
        if isinstance(result, str) and self.media_type != "application/json":
            return result.encode()
        if isinstance(result, BaseModel) and self.answer_adapter is not None:
            return self.answer_adapter.dump_json(result)
        return orjson.dumps(result)


class _Methods:
    """The endpoints of one path, as one route: fewer patterns to try, and a right `Allow` on 405."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self.endpoints = {endpoint.method: endpoint for endpoint in endpoints}
        if "GET" in self.endpoints:
            self.endpoints["HEAD"] = self.endpoints["GET"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.endpoints[scope["method"]](scope, receive, send)


def routes_of(endpoints: Sequence[Endpoint]) -> list[Route]:
    """In the order given: a fixed path (`/me/sessions`) before one with a parameter in its place."""
    paths: dict[str, list[Endpoint]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, []).append(endpoint)
    return [
        Route(path, _Methods(at_path), methods=[endpoint.method for endpoint in at_path], name=path)
        for path, at_path in paths.items()
    ]


# --- reading what was sent ---


async def _read_body(receive: Receive, headers: dict[bytes, bytes]) -> bytes:
    content_type = headers.get(b"content-type", b"application/json").partition(b";")[0].strip().lower()
    if content_type != b"application/json" and not content_type.endswith(b"+json"):
        raise UnsupportedMedia("Send JSON, with Content-Type: application/json.")
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _validate_json(adapter: TypeAdapter[Any], raw: bytes) -> Any:
    try:
        # orjson first: unlike the validator's own parser it refuses NaN, Infinity and lone surrogates.
        sent = orjson.loads(raw or b"{}")
        if _NUL.search(raw):
            raise Invalid.field(_with_nul(sent) or "body", "Text cannot contain the character U+0000.")
        return adapter.validate_json(raw or b"{}")
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"The body is not JSON: {error.msg}.") from None
    except ValidationError as error:
        raise _invalid(error) from None


def _with_nul(sent: Any) -> str:
    """Where in it, written as in other errors; "" if in no value (in a name, then). However deep it is."""
    left: list[tuple[Any, Any, Any]] = [(sent, None, None)]
    while left:
        at = left.pop()
        value = at[0]
        if isinstance(value, str) and "\x00" in value:
            names: list[str] = []
            while at[2] is not None:
                names.append(str(at[1]))
                at = at[2]
            return ".".join(reversed(names))
        inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        left += [(part, name, at) for name, part in inside]
    return ""


def _read_query(model: type[BaseModel], raw: bytes) -> BaseModel:
    try:
        given = dict(parse_qsl(raw.decode("latin-1"), max_num_fields=_MOST_QUERY_FIELDS))
    except ValueError:
        raise BadRequest(f"A query has at most {_MOST_QUERY_FIELDS} parameters.") from None
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise _invalid(error) from None


def _invalid(error: ValidationError) -> Invalid:
    found = error.errors(include_url=False, include_context=False, include_input=False)[:_MOST_FIELD_ERRORS]
    fields = tuple(
        FieldError(".".join(str(part) for part in e["loc"]) or "body", e["msg"].removeprefix("Value error, "))
        for e in found
    )
    return Invalid(fields[0].message if len(fields) == 1 else f"{len(fields)} values are not right.", errors=fields)
