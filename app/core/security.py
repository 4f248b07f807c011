"""Keys and secrets: encryption of credentials with rotation, signed links, random tokens, constant-time comparison."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class CannotDecrypt(Exception):
    """Stored credentials were encrypted with a key that is no longer in PARLEY_SECRET_KEYS."""


class Keyring:
    """
    The instance's secret keys, newest first. The first encrypts; all decrypt, so that a key is rotated by putting a
    new one in front, running `python -m app rotate-keys`, and then removing the old one.
    """

    def __init__(self, keys: tuple[str, ...]) -> None:
        if not keys:
            raise ValueError("at least one secret key is needed")
        derived = [base64.urlsafe_b64encode(hashlib.sha256(b"encrypt:" + key.encode()).digest()) for key in keys]
        self._fernet = MultiFernet([Fernet(key) for key in derived])
        self._signing = [hashlib.sha256(b"sign:" + key.encode()).digest() for key in keys]

    def encrypt(self, values: Mapping[str, str]) -> str:
        return self._fernet.encrypt(json.dumps(dict(values)).encode()).decode()

    def decrypt(self, sealed: str) -> dict[str, str]:
        try:
            values: dict[str, str] = json.loads(self._fernet.decrypt(sealed.encode()))
        except InvalidToken:
            raise CannotDecrypt(
                "The credentials were stored with a secret key that this instance does not have."
            ) from None
        return values

    def rotate(self, sealed: str) -> str:
        """The same content under the newest key. Raises CannotDecrypt."""
        try:
            return self._fernet.rotate(sealed.encode()).decode()
        except InvalidToken:
            raise CannotDecrypt("Something is stored with a secret key that this instance does not have.") from None

    def sign(self, message: str) -> str:
        return _signature(self._signing[0], message)

    def verify(self, message: str, signature: str) -> bool:
        return any(same(_signature(key, message), signature) for key in self._signing)

    def brief(self, message: str) -> str:
        """Eight characters of a signature (48 bits), for what people see and type: each guess costs a request."""
        return _brief(self._signing[0], message)

    def verify_brief(self, message: str, signature: str) -> bool:
        return any(same(_brief(key, message), signature) for key in self._signing)

    def sign_until(self, message: str, seconds: int) -> tuple[int, str]:
        """A signature that ends: (Unix time of its end, signature over message and end)."""
        until = int(time.time()) + seconds
        return until, self.sign(f"{message}|{until}")

    def verify_until(self, message: str, until: int, signature: str) -> bool:
        return until >= time.time() and self.verify(f"{message}|{until}", signature)


def _signature(key: bytes, message: str) -> str:
    return base64.urlsafe_b64encode(hmac.new(key, message.encode(), hashlib.sha256).digest()[:24]).decode()


def _brief(key: bytes, message: str) -> str:
    return base64.urlsafe_b64encode(hmac.digest(key, message.encode(), "sha256")[:6]).decode()


def random_token(prefix: str) -> str:
    """256 random bits, url-safe, with a prefix that tells people and scanners what it is."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def hash_token(token: str) -> str:
    """What is stored of a random token. No salt or stretching: 256 random bits cannot be guessed from a hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def same(one: str | bytes, other: str | bytes) -> bool:
    """Compares in constant time; the only way in which Parley compares secrets."""
    return hmac.compare_digest(_bytes(one), _bytes(other))


def _bytes(given: str | bytes) -> bytes:
    # What a stranger sends may be half a character, which has no UTF-8.
    return given.encode("utf-8", "surrogatepass") if isinstance(given, str) else given
