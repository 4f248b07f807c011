"""
Growing delays between attempts to guess a secret, counted in Redis per email, per address, per member.

An attempt is counted before it is checked, so that many at the same time cannot slip through, and given back when it
turns out right. Without Redis nobody can count, so nothing is checked and the answer is a clear 503.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.core.errors import TooManyRequests, Unavailable
from app.core.scripts import Script
from app.core.security import hash_token

_REMEMBERED_SECONDS = 3600

# Nothing is counted while any of the keys still waits. ARGV: how long to remember, the attempt's own mark, then
# the free attempts and the longest wait of each key.
_ATTEMPT = Script("""
local wait = 0
for i = 1, #KEYS do
  local left = redis.call('PTTL', KEYS[i] .. ':wait')
  if left > wait then wait = left end
end
if wait > 0 then return wait end
for i = 1, #KEYS do
  local count = redis.call('INCR', KEYS[i])
  redis.call('EXPIRE', KEYS[i], ARGV[1])
  local over = count - tonumber(ARGV[i * 2 + 1])
  if over >= 0 then
    local seconds = math.min(2 ^ math.min(over, 20), tonumber(ARGV[i * 2 + 2]))
    redis.call('SET', KEYS[i] .. ':wait', ARGV[2], 'PX', math.floor(seconds * 1000))
  end
end
return 0
""")
# Only the wait that this very attempt began is ended: a right password of one must not shorten the wait of another.
_GIVE_BACK = Script("""
for i = 1, #KEYS do
  if tonumber(redis.call('GET', KEYS[i]) or '0') > 0 then redis.call('DECR', KEYS[i]) end
  if redis.call('GET', KEYS[i] .. ':wait') == ARGV[1] then redis.call('DEL', KEYS[i] .. ':wait') end
end
return 0
""")


@dataclass(frozen=True, slots=True)
class Limit:
    """After `free` attempts each further one doubles the wait, from one second to `longest_wait_seconds`."""

    kind: str
    subject: str
    free: int
    longest_wait_seconds: int

    @property
    def key(self) -> str:
        return f"parley:attempts:{self.kind}:{hash_token(self.subject)[:32]}"


def by_email(email: str) -> Limit:
    # The longest wait is short here: whoever knows an email could otherwise lock its owner out for long.
    return Limit("email", email, free=5, longest_wait_seconds=300)


def by_ip(ip: str) -> Limit:
    # An office shares one address, so more is free.
    return Limit("ip", ip, free=30, longest_wait_seconds=900)


def by_member(member_id: str) -> Limit:
    return Limit("member", member_id, free=5, longest_wait_seconds=300)


async def attempt(redis: Redis, limits: Sequence[Limit]) -> str:
    """
    Counts an attempt; its mark, for `give_back`.

    Raises TooManyRequests if it comes too soon, Unavailable if it cannot be counted.
    """
    mark = secrets.token_hex(8)
    args: list[int | str] = [_REMEMBERED_SECONDS, mark]
    for limit in limits:
        args += [limit.free, limit.longest_wait_seconds]
    try:
        wait_ms = int(await _ATTEMPT.run(redis, [limit.key for limit in limits], args))
    except (RedisError, OSError, TimeoutError):
        raise Unavailable("Signing in is not possible for the moment. Please try again in a minute.") from None
    if wait_ms > 0:
        seconds = -(-wait_ms // 1000)
        raise TooManyRequests(
            f"Too many attempts. Please wait {seconds} seconds.", retry_after_seconds=seconds, code="too_many_attempts"
        )
    return mark


async def give_back(redis: Redis, limits: Sequence[Limit], mark: str) -> None:
    """The attempt was no wrong guess: count it back. What was counted before stays."""
    try:
        await _GIVE_BACK.run(redis, [limit.key for limit in limits], (mark,))
    except (RedisError, OSError, TimeoutError):
        return


async def forget(redis: Redis, limits: Sequence[Limit]) -> None:
    """The owner has proved to be the owner: start from nothing."""
    keys = [key for limit in limits for key in (limit.key, f"{limit.key}:wait")]
    try:
        await redis.delete(*keys)
    except (RedisError, OSError, TimeoutError):
        return
