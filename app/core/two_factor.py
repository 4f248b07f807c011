"""The second factor: codes of an authenticator app (TOTP), each good once, and recovery codes for a lost phone."""

import base64
import secrets

import pyotp

from app.core.security import hash_token, same

ISSUER = "Parley"
_STEP_SECONDS = 30
# One step to each side: phones' clocks are a little off.
_STEPS_OFF = 1
_RECOVERY_CODES = 10


def new_secret() -> str:
    return pyotp.random_base32()


def uri(secret: str, email: str) -> str:
    """What an authenticator app reads from the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def matching_step(secret: str, code: str, at: float) -> int | None:
    """The 30-second step (since 1970) of which this is the code, if it is near the Unix time `at`."""
    digits = code.replace(" ", "")
    if len(digits) != 6 or not (digits.isascii() and digits.isdigit()):
        return None
    totp = pyotp.TOTP(secret)
    now = int(at) // _STEP_SECONDS
    for step in range(now - _STEPS_OFF, now + _STEPS_OFF + 1):
        if same(totp.generate_otp(step), digits):
            return step
    return None


def new_recovery_codes() -> list[str]:
    """80 random bits each, written as `abcd-efgh-ijkl-mnop`."""
    codes = [base64.b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(_RECOVERY_CODES)]
    return ["-".join(code[i : i + 4] for i in range(0, 16, 4)) for code in codes]


def recovery_hash(code: str) -> str:
    """What is stored of a recovery code; case, spaces and hyphens do not matter."""
    return hash_token("".join(c for c in code.lower() if c.isalnum()))
