"""Who is calling: HTTP Basic with the account's sid and token; and the form bodies of all calls."""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.requests import Request

from sandbox.accounts import TwilioAccount
from sandbox.faults import world_of
from sandbox.twilio.errors import TwilioError


@dataclass(slots=True)
class Form:
    """A form body; names may repeat."""

    values: dict[str, list[str]] = field(default_factory=dict)

    def get(self, name: str, default: str = "") -> str:
        """The first value of a name."""
        return self.values.get(name, [default])[0]


def authorised(request: Request) -> TwilioAccount:
    """The account in the path, by HTTP Basic with its sid and token; 20003 otherwise."""
    world = world_of(request)
    if world.knobs.of("sms").outage:
        raise TwilioError(20503)
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        user, _, secret = (
            base64.b64decode(encoded).decode().partition(":") if scheme.lower() == "basic" else ("", "", "")
        )
    except (binascii.Error, UnicodeDecodeError):
        user, secret = "", ""
    account = world.account("twilio", user, TwilioAccount)
    if account is None or not hmac.compare_digest(account.auth_token.encode(), secret.encode()):
        raise TwilioError(20003, "Authentication Error - invalid username" if account is None else "Authenticate")
    wanted = request.path_params.get("account", user)
    if wanted != user:
        raise TwilioError(20404, f"The requested resource {request.url.path} was not found")
    return account


async def form_of(request: Request) -> Form:
    """The url-encoded body."""
    form = Form()
    raw = await request.body()
    try:
        pairs = parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=200)
    except (UnicodeDecodeError, ValueError):
        raise TwilioError(20001) from None
    for name, value in pairs:
        form.values.setdefault(name, []).append(value)
    return form
