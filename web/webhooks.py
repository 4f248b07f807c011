"""
`/webhooks/<kind>/<account_id>` (and `/webhooks/<kind>` where a provider has one URL for many accounts).

Verified, parsed, stored, then answered: 401 for a wrong signature, 400 for what is not the provider's, 200 for what is
theirs, also where nothing in it is for us; 413 and 503 where it cannot be taken.
"""

from collections.abc import Sequence
from contextlib import suppress
from urllib.parse import parse_qsl

from prometheus_client import Counter
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from app.core import log
from app.core.errors import NotFound
from app.core.runtime import Runtime
from channels import accounts, registry
from channels.contract import (
    AnswersChallenge,
    ChannelAccount,
    InboundEvent,
    Parses,
    ReceivesWebhooks,
    SharedWebhook,
    WebhookRequest,
)
from channels.errors import PayloadUnsupported, SignatureInvalid, WebhookError
from inbox import delivery, inbound
from web import errors
from web.state import State, state_of

_log = log.get("webhooks")
_OUTCOMES = Counter("parley_webhooks", "Webhook requests by channel and outcome.", ("channel", "outcome"))
# An adapter that needs the query of its own URL (a correlation id in it) finds it here.
QUERY_HEADER = "x-parley-query"


class Webhooks:
    """The ASGI endpoint of every provider's webhook: pure ASGI, because providers send thousands a second."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        state = state_of(scope)
        kind = scope["path_params"]["kind"]
        account_id = scope["path_params"].get("account_id")
        try:
            if scope["method"] == "GET":
                await self._challenge(state, scope, kind, account_id, send)
            else:
                body = await _read(receive)
                content_type, answer = await self._take(state, scope, kind, account_id, body)
                await _answer(send, 200, content_type, answer)
        except WebhookError as error:
            _OUTCOMES.labels(_known(kind), type(error).__name__).inc()
            _log.info("webhook_refused", channel=kind, account_id=account_id, reason=str(error))
            code = "wrong_signature" if isinstance(error, SignatureInvalid) else "not_recognised"
            title = "The signature does not fit" if error.status == 401 else "Not a webhook of this channel"
            await errors.send_problem(send, error.status, errors.problem(error.status, code, title, str(error)), [])

    async def _take(
        self, state: State, scope: Scope, kind: str, account_id: str | None, body: bytes
    ) -> tuple[str, bytes]:
        runtime = state["runtime"]
        adapter = registry.adapter(kind)
        if not isinstance(adapter, ReceivesWebhooks):
            raise NotFound("This channel has no webhook.")
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        headers[QUERY_HEADER] = scope["query_string"].decode("latin-1")
        request = _request(runtime, scope, headers, body)
        found = await _accounts(runtime, kind, account_id, body)
        signed = [account for account in found if _signed(adapter, account, request)]
        if not signed or (account_id is not None and signed[0].id != account_id):
            adapter.verify(found[0], request)
        for account in signed:
            events = _events(adapter, account, body, headers)
            if events:
                await inbound.accept(runtime, state["journal"], account, events)
            if not state["journal"].spooled:
                await delivery.note_traffic(runtime, account.id, "last_webhook_at")
        _OUTCOMES.labels(kind, "accepted").inc()
        return adapter.reply(signed[0])

    async def _challenge(self, state: State, scope: Scope, kind: str, account_id: str | None, send: Send) -> None:
        adapter = registry.adapter(kind)
        if not isinstance(adapter, AnswersChallenge):
            raise NotFound("This channel asks no question.")
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        request = _request(state["runtime"], scope, headers, b"")
        text: str | None = None
        for account in await _challenged(state["runtime"], kind, account_id):
            # All are asked, so that the time taken does not tell whose token fits.
            with suppress(SignatureInvalid):
                text = adapter.challenge(account, request)
        if text is None:
            body = errors.problem(
                403, "wrong_verify_token", "The verify token does not fit", "The verify token is wrong."
            )
            await errors.send_problem(send, 403, body, [])
            return
        await _answer(send, 200, "text/plain", text.encode())


async def _challenged(runtime: Runtime, kind: str, account_id: str | None) -> list[ChannelAccount]:
    """The account in the URL; behind the one URL for many, whichever of them has the token. Raises NotFound."""
    if account_id is None:
        return [accounts.channel_account(row) for row in await runtime.accounts.all() if row.kind == kind]
    account = await accounts.get(runtime, account_id)
    if account.kind != kind:
        raise NotFound("There is no such channel account.")
    return [account]


def _events(adapter: Parses, account: ChannelAccount, body: bytes, headers: dict[str, str]) -> Sequence[InboundEvent]:
    try:
        return adapter.parse(account, body, headers)
    except PayloadUnsupported as error:
        _OUTCOMES.labels(account.kind, "unsupported").inc()
        _log.info("webhook_unsupported", channel=account.kind, account_id=account.id, reason=str(error))
        return ()


def _signed(adapter: ReceivesWebhooks, account: ChannelAccount, request: WebhookRequest) -> bool:
    try:
        adapter.verify(account, request)
    except SignatureInvalid:
        return False
    return True


async def _accounts(runtime: Runtime, kind: str, account_id: str | None, body: bytes) -> list[ChannelAccount]:
    """
    The account in the URL first, then all others that the payload is for: Meta calls one URL for every number of a
    business, whichever of them the URL names. Raises NotFound.
    """
    found: list[ChannelAccount] = []
    if account_id is not None:
        account = await accounts.get(runtime, account_id)
        if account.kind != kind:
            raise NotFound("There is no such channel account.")
        found.append(account)
    adapter = registry.adapter(kind)
    if isinstance(adapter, SharedWebhook):
        try:
            wanted = set(adapter.account_addresses(body))
        except WebhookError:
            if not found:
                raise
            # Who names an account is told first whether the signature fits, and only then what is wrong with the body.
            wanted = set()
        found += [
            accounts.channel_account(row)
            for row in (await runtime.accounts.all() if wanted else ())
            if row.kind == kind and row.id != account_id and wanted & {str(value) for value in row.config.values()}
        ]
    if not found:
        raise NotFound("This payload is for an account that is not connected here.")
    return found


def _request(runtime: Runtime, scope: Scope, headers: dict[str, str], body: bytes) -> WebhookRequest:
    """The URL is the one the provider was given: our public one with the raw path and query of this request."""
    raw_path = scope.get("raw_path") or scope["path"].encode()
    query = scope["query_string"].decode("latin-1")
    base = runtime.settings.public_url or f"{scope['scheme']}://{headers.get('host', '')}"
    url = f"{base}{raw_path.decode('latin-1')}" + (f"?{query}" if query else "")
    try:
        parameters = dict(parse_qsl(query, keep_blank_values=True, max_num_fields=100))
    except ValueError:
        parameters = {}
    return WebhookRequest(method=scope["method"], url=url, headers=headers, query=parameters, body=body)


async def _read(receive: Receive) -> bytes:
    """The exact bytes; their limit is kept by the edge."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    first: bytes = message.get("body", b"")
    if not message.get("more_body", False):
        return first
    parts = [first]
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


async def _answer(send: Send, status: int, content_type: str, body: bytes) -> None:
    headers = [(b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _known(kind: str) -> str:
    """A made-up channel name must not become a label of its own."""
    return kind if kind in registry.adapters() else "other"


webhooks = Webhooks()
