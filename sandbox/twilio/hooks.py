"""
Twilio's webhooks: form bodies signed over the public URL, one attempt unless the URL's fragment asks for more,
TwiML back.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qsl, urldefrag, urlencode, urlsplit
from xml.etree import ElementTree

from sandbox.accounts import TwilioAccount
from sandbox.poster import Answer
from sandbox.webhooks import TWILIO, Delivery, Policy
from sandbox.world import World

_MAX_TWIML = 64 * 1024


def sign(auth_token: str, url: str, fields: dict[str, str]) -> str:
    """The value of X-Twilio-Signature: HMAC-SHA1 over the URL and the sorted fields, in Base64."""
    signed = url + "".join(name + fields[name] for name in sorted(fields))
    return base64.b64encode(hmac.new(auth_token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


def policy_of(fragment: str) -> Policy:
    """
    Connection overrides in the URL's fragment: `rc` retries, `rp` on what, `rt` patience in milliseconds.

    Without `rp` only a connection that could not be made is tried again; `all` adds timeouts, 4xx and 5xx.
    """
    options = dict(parse_qsl(fragment))
    retries = min(5, int(options["rc"])) if options.get("rc", "").isdigit() else 0
    kinds = set(options.get("rp", "ct").split(","))

    def retry_on(status: int) -> bool:
        kind = "4xx" if 400 <= status < 500 else "5xx" if status >= 500 else "ct"
        return "all" in kinds or kind in kinds

    policy = replace(TWILIO, retries=retries, retry_on=retry_on)
    if options.get("rt", "").isdigit():
        policy = replace(policy, wait_seconds=min(15.0, int(options["rt"]) / 1000))
    return policy


def post(
    world: World,
    account: TwilioAccount,
    url: str,
    fields: dict[str, str],
    *,
    lane: str,
    customer: str,
    seqs: tuple[int, ...],
    on_answer: Callable[[Answer], None] | None = None,
) -> None:
    """Queue one webhook."""
    address, fragment = urldefrag(url)
    body = urlencode(fields).encode()
    account_id = account.id

    def route() -> tuple[str, bytes] | None:
        current = world.account("twilio", account_id, TwilioAccount)
        if current is None:
            return None
        lines = (
            "content-type: application/x-www-form-urlencoded; charset=UTF-8\r\nuser-agent: TwilioProxy/1.1\r\n"
            f"accept: */*\r\nx-twilio-signature: {sign(current.auth_token, address, fields)}\r\n"
            f"i-twilio-idempotency-token: {hashlib.md5(body, usedforsecurity=False).hexdigest()}\r\n"
        )
        return address, lines.encode()

    world.webhooks.send(
        Delivery(
            account=f"twilio:{account.id}",
            lane=lane,
            channel="sms",
            customer=customer,
            body=body,
            route=route,
            policy=policy_of(fragment),
            seqs=seqs,
            on_answer=on_answer,
        )
    )


def twiml_messages(answer: Answer) -> list[tuple[str, list[str]]]:
    """The (body, media URLs) of each `<Message>` in a TwiML answer; nothing when it is not TwiML."""
    if "xml" not in answer.content_type or len(answer.body) > _MAX_TWIML or b"<!DOCTYPE" in answer.body:
        return []
    try:
        root = ElementTree.fromstring(answer.body)  # noqa: S314  no DTD gets this far, so nothing can expand
    except ElementTree.ParseError:
        return []
    found: list[tuple[str, list[str]]] = []
    for message in root.iter("Message"):
        inner = message.find("Body")
        text = (inner.text if inner is not None else message.text) or ""
        found.append((text.strip(), [(media.text or "").strip() for media in message.findall("Media")]))
    return found


def valid_callback(url: str) -> bool:
    """Whether Twilio takes a StatusCallback: http(s), a host, no underscore in its name."""
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "_" not in (parts.hostname or "")
