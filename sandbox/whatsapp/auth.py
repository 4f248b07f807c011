"""Who is calling: bearer tokens, and which numbers and accounts a token may touch."""

from __future__ import annotations

import hashlib
import hmac
import re

from starlette.requests import Request

from sandbox.accounts import WhatsAppNumber
from sandbox.whatsapp.errors import GraphError, bad_parameter
from sandbox.world import World

_VERSION = re.compile(r"v(\d{1,2})\.0")


def token_of(request: Request) -> str:
    """The token in the header, or in the query as Graph also allows."""
    header = request.headers.get("authorization", "")
    scheme, _, token = header.partition(" ")
    if scheme.lower() in ("bearer", "oauth") and token:
        return token.strip()
    return request.query_params.get("access_token", "")


def numbers_of_token(world: World, request: Request) -> list[WhatsAppNumber]:
    """The numbers that the caller's token may use; code 190 when it opens nothing."""
    version = _VERSION.fullmatch(request.path_params.get("version", "v26.0"))
    if version is None or not 13 <= int(version.group(1)) <= 26:
        raise GraphError(2635, message=f"(#2635) You are calling a version that does not exist: {request.url.path}")
    if world.knobs.of("whatsapp").outage:
        raise GraphError(2, message="(#2) Service temporarily unavailable", status=503)
    token = token_of(request)
    if not token:
        raise GraphError(
            104, "No token.", "An active access token must be used to query information about the current user."
        )
    found = [number for number in world.accounts_of(WhatsAppNumber) if number.access_token == token]
    if not found:
        raise GraphError(
            190, "Cannot parse access token", "Invalid OAuth access token - Cannot parse access token", status=401
        )
    _check_proof(request, token, found)
    expires = found[0].token_expires_at
    if expires and expires <= world.clock.now():
        raise GraphError(
            190,
            "The session has expired",
            "Error validating access token: Session has expired.",
            subcode=463,
            status=401,
        )
    return found


def _check_proof(request: Request, token: str, numbers: list[WhatsAppNumber]) -> None:
    """A proof of the app secret is needed by no call, but where one is given it must be right."""
    given = request.query_params.get("appsecret_proof")
    secrets = {number.app_secret for number in numbers}
    right = (hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest() for secret in secrets)
    if given is not None and not any(hmac.compare_digest(given.encode(), one.encode()) for one in right):
        raise GraphError(
            100, "Invalid appsecret_proof", "Invalid appsecret_proof provided in the API argument", status=400
        )


def unknown_object(node: str, verb: str = "post") -> GraphError:
    """What Graph says about an id that is not there or not yours."""
    return GraphError(
        100,
        f"Object with ID '{node}' does not exist.",
        f"Unsupported {verb} request. Object with ID '{node}' does not exist, cannot be loaded due to missing "
        "permissions, or does not support this operation. Please read the Graph API documentation",
        subcode=33,
        status=400,
    )


def authorised_number(world: World, request: Request) -> WhatsAppNumber:
    """The number in the path, if the token may use it."""
    node = request.path_params["node"]
    for number in numbers_of_token(world, request):
        if number.id == node:
            return number
    raise unknown_object(node, request.method.lower())


def authorised_waba(world: World, request: Request, waba_id: str = "") -> str:
    """The business account in the path (or given), if the token may use it."""
    wanted = waba_id or request.path_params["node"]
    if any(number.waba_id == wanted for number in numbers_of_token(world, request)):
        return wanted
    raise unknown_object(wanted, request.method.lower())


def number_of_waba(world: World, waba_id: str) -> WhatsAppNumber | None:
    """The first number of a business account, whose webhook gets the account's own events."""
    return next((number for number in world.accounts_of(WhatsAppNumber) if number.waba_id == waba_id), None)


def product(data: dict[str, object]) -> None:
    """Every call must say that it is about WhatsApp."""
    if data.get("messaging_product") != "whatsapp":
        raise bad_parameter("The parameter messaging_product is required.")
