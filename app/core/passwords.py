"""Passwords: argon2id, off the event loop, and never more than a few at once (each takes 19 MiB while it runs)."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.core.errors import Invalid

LEAST_CHARS = 10
MOST_CHARS = 200

# OWASP's parameters for argon2id; a hash made with others is replaced when its owner signs in.
OWASP = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# What is made from now on; only tests, which sign in some thousand people, put a cheaper one here.
hasher = OWASP
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")
# Compared with when there is no member, so that an unknown email takes as long to refuse as a known one. Nobody knows a
# password of which this is the hash, and nothing had to be hashed for it.
_nobody = f"$argon2id$v=19$m={OWASP.memory_cost},t={OWASP.time_cost},p={OWASP.parallelism}${'A' * 22}${'A' * 43}"


async def hash_of(password: str) -> str:
    """Raises Invalid when the password is too short or too long."""
    if not LEAST_CHARS <= len(password) <= MOST_CHARS:
        raise Invalid.field("password", f"Choose a password of {LEAST_CHARS} to {MOST_CHARS} characters.")
    return await asyncio.get_running_loop().run_in_executor(_threads, hasher.hash, password)


async def is_right(password_hash: str, password: str) -> bool:
    """With an empty hash: False, after the usual time."""
    if len(password) > MOST_CHARS:
        return False
    return await asyncio.get_running_loop().run_in_executor(_threads, _verify, password_hash, password)


def is_outdated(password_hash: str) -> bool:
    return hasher.check_needs_rehash(password_hash)


def _verify(password_hash: str, password: str) -> bool:
    try:
        return hasher.verify(password_hash or _nobody, password) and bool(password_hash)
    except (VerificationError, InvalidHashError):
        return False
