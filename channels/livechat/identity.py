"""
Who a visitor is, by the word of the site's own server.

The site key is public and a page can claim anything, so a name counts only when signed with the account's secret:
as a JWT (HS256, `sub`, `aud` = site key, `exp` at most a day away), or in the simple form as a hash of the user's id.
After a renewal the secret before is good as well.
"""

import hashlib
import hmac
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt

from app.core.security import same
from channels.contract import ChannelAccount, previous_secret
from channels.livechat.site import site_key

MAX_LIFE = timedelta(hours=24)
LEEWAY = timedelta(seconds=60)
MAX_TOKEN_CHARS = 4_000
MAX_SUBJECT_CHARS = 128


class IdentityRefused(Exception):
    """The signature, or what is signed, does not hold; `code` says which."""

    def __init__(self, message: str, *, code: str = "identity_invalid") -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Identity:
    """`subject` is the site's own id of its customer. Name and e-mail are there only if they were signed."""

    subject: str
    name: str | None = None
    email: str | None = None
    # How long ago the proof ended; None while it is good.
    expired_since: timedelta | None = None


def of(account: ChannelAccount, given: str | Mapping[str, Any], now: datetime) -> Identity:
    """
    The identity that the page brought: a JWT, or `{user_id, user_hash}`. Raises IdentityRefused.

    One that has ended is given back with `expired_since`: whether that still counts depends on what else is known.
    """
    secrets = [
        secret
        for name in ("identity_secret", previous_secret("identity_secret"))
        if (secret := account.secrets.get(name))
    ]
    if isinstance(given, str):
        return _of_token(secrets, site_key(account), given, now)
    return _of_hash(secrets, given)


def user_hash(secret: str, user_id: str) -> str:
    """The simple form: hex HMAC-SHA256 of the user's id."""
    return hmac.new(secret.encode(), user_id.encode(), hashlib.sha256).hexdigest()


def _of_hash(secrets: list[str], given: Mapping[str, Any]) -> Identity:
    user_id, claimed = given.get("user_id"), given.get("user_hash")
    if not isinstance(user_id, str) or not isinstance(claimed, str):
        raise IdentityRefused("An identity needs user_id and user_hash.")
    subject = _subject(user_id)
    # All are compared, so that the time taken does not tell which fits.
    fits = [same(user_hash(secret, subject), claimed.lower()) for secret in secrets]
    if not any(fits):
        raise IdentityRefused("The user_hash does not fit this user_id.")
    return Identity(subject)


def _of_token(secrets: list[str], audience: str, token: str, now: datetime) -> Identity:
    if len(token) > MAX_TOKEN_CHARS:
        raise IdentityRefused("The identity token is too long.")
    claims = _claims(secrets, audience, token)
    expires = _time(claims, "exp")
    if expires is None:
        raise IdentityRefused("The identity token has no exp.")
    if expires - now.timestamp() > (MAX_LIFE + LEEWAY).total_seconds():
        raise IdentityRefused("An identity token may be good for 24 hours at most.")
    for name in ("iat", "nbf"):
        begins = _time(claims, name)
        if begins is not None and begins > (now + LEEWAY).timestamp():
            raise IdentityRefused(f"The identity token is of the future ({name}).")
    over = now.timestamp() - expires
    return Identity(
        subject=_subject(claims.get("sub")),
        name=_text(claims.get("name"), 100),
        email=_text(claims.get("email"), 254),
        expired_since=timedelta(seconds=over) if over > LEEWAY.total_seconds() else None,
    )


def _claims(secrets: list[str], audience: str, token: str) -> Mapping[str, Any]:
    # The times are judged by our own clock and rules, above.
    options: Any = {"require": ["exp", "sub", "aud"], "verify_exp": False, "verify_iat": False, "verify_nbf": False}
    for secret in secrets:
        try:
            with warnings.catch_warnings():
                # A secret shorter than PyJWT likes is its owner's choice; ours have 256 bits.
                warnings.simplefilter("ignore")
                claims: Mapping[str, Any] = jwt.decode(
                    token, secret, algorithms=["HS256"], audience=audience, options=options
                )
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
            continue
        return claims
    raise IdentityRefused("The identity token is not signed with this site's secret, or not for this site.")


def _time(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e11:
        raise IdentityRefused(f"The identity token's {name} is not a time.")
    return float(value)


def _subject(value: object) -> str:
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not 0 < len(text) <= MAX_SUBJECT_CHARS or not text.isprintable() or text != text.strip():
        raise IdentityRefused(f"The user's id must be 1 to {MAX_SUBJECT_CHARS} printable characters.")
    return text


def _text(value: object, most: int) -> str | None:
    text = " ".join(value.split()) if isinstance(value, str) else ""
    return text[:most] or None
