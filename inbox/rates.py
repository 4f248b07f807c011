"""
Token buckets, held in Redis so that they count over all processes: one for each sender, one for each sender-person
pair. Bulk sends leave a fifth of every sender's bucket to people, so that a reply never waits behind a broadcast.
"""

from dataclasses import dataclass

from app.core.runtime import Runtime
from app.core.scripts import Script
from channels.contract import RateLimits

BULK_RESERVE = 0.2

# KEYS: sender bucket, pair bucket, sender's hold, pair's hold. ARGV: sender rate, sender burst, pair rate, pair burst,
# reserve. Answers how many milliseconds to wait; 0 means that a token was taken from both buckets. Time is Redis's own.
_TAKE = Script("""
local t = redis.call('TIME'); local now = t[1] * 1000 + t[2] / 1000
local hold = math.max(redis.call('PTTL', KEYS[3]), redis.call('PTTL', KEYS[4])); if hold > 0 then return hold end
local function level(key, rate, burst)
  local b = redis.call('HMGET', key, 'l', 'a')
  return math.min(burst, (tonumber(b[1]) or burst) + (now - (tonumber(b[2]) or now)) * rate / 1000)
end
local sr, sb, pr, pb = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local reserve = tonumber(ARGV[5])
local wait, s, p = 0, 0, 0
if sr > 0 then
  s = level(KEYS[1], sr, sb); local need = 1 + reserve * sb
  if s < need then wait = math.max(wait, (need - s) * 1000 / sr) end
end
if pr > 0 then
  p = level(KEYS[2], pr, pb)
  if p < 1 then wait = math.max(wait, (1 - p) * 1000 / pr) end
end
if wait > 0 then return math.ceil(wait) end
if sr > 0 then
  redis.call('HSET', KEYS[1], 'l', s - 1, 'a', now); redis.call('PEXPIRE', KEYS[1], math.ceil(sb * 1000 / sr) + 1000)
end
if pr > 0 then
  redis.call('HSET', KEYS[2], 'l', p - 1, 'a', now); redis.call('PEXPIRE', KEYS[2], math.ceil(pb * 1000 / pr) + 1000)
end
return 0
""")


@dataclass(frozen=True, slots=True)
class Pair:
    """A sender (our account) and a person."""

    account_id: str
    address: str


def _keys(pair: Pair) -> tuple[str, str, str, str]:
    sender = f"parley:rate:{pair.account_id}"
    return sender, f"{sender}:{pair.address}", f"{sender}:hold", f"{sender}:{pair.address}:hold"


async def take(runtime: Runtime, pair: Pair, limits: RateLimits, *, bulk: bool = False) -> float:
    """Seconds to wait before this message may go; 0: go now, the token is taken."""
    if not limits.sender_per_second and not limits.pair_per_second:
        return 0.0
    args = (
        limits.sender_per_second,
        max(1.0, limits.sender_burst),
        limits.pair_per_second,
        max(1.0, limits.pair_burst),
        BULK_RESERVE if bulk else 0,
    )
    return float(await _TAKE.run(runtime.redis, _keys(pair), args)) / 1000


async def hold(runtime: Runtime, pair: Pair, seconds: float, *, sender: bool) -> None:
    """The provider said to wait: the whole sender, or this pair only."""
    _, _, sender_hold, pair_hold = _keys(pair)
    await runtime.redis.set(sender_hold if sender else pair_hold, "1", px=max(1, int(seconds * 1000)))


# KEYS: sender bucket, the mailing's own bucket, sender's hold. ARGV: sender rate, sender burst, own rate, own burst,
# reserve, how many. All or nothing, but never more than a full bucket gives. Answers how many may go now (their tokens
# are taken), or 0 and how many milliseconds to wait.
_TAKE_MANY = Script("""
local t = redis.call('TIME'); local now = t[1] * 1000 + t[2] / 1000
local hold = redis.call('PTTL', KEYS[3]); if hold > 0 then return {0, hold} end
local function level(key, rate, burst)
  local b = redis.call('HMGET', key, 'l', 'a')
  return math.min(burst, (tonumber(b[1]) or burst) + (now - (tonumber(b[2]) or now)) * rate / 1000)
end
local count, wait, levels = tonumber(ARGV[6]), 0, {}
for i = 1, 2 do
  local rate, burst = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  if rate > 0 then
    local kept = i == 1 and math.min(tonumber(ARGV[5]) * burst, burst - 1) or 0
    levels[i] = {level(KEYS[i], rate, burst), kept, rate, burst}
    count = math.min(count, math.max(1, math.floor(burst - kept)))
  end
end
for i = 1, 2 do
  local l = levels[i]
  if l and l[1] - l[2] < count then wait = math.max(wait, (count + l[2] - l[1]) * 1000 / l[3]) end
end
if wait > 0 then return {0, math.ceil(wait)} end
for i = 1, 2 do
  local l = levels[i]
  if l then
    redis.call('HSET', KEYS[i], 'l', l[1] - count, 'a', now)
    redis.call('PEXPIRE', KEYS[i], math.ceil(l[4] * 1000 / l[3]) + 1000)
  end
end
return {count, 0}
""")


async def take_many(
    runtime: Runtime, account_id: str, limits: RateLimits, *, own: str, own_per_second: float, count: int
) -> tuple[int, float]:
    """
    Tokens for a mailing: how many messages may go now (`count`, or what a full bucket gives), or 0 and the seconds to
    wait. A fifth of the sender's bucket stays for people; `own` names the mailing, which may have a slower rate (0:
    none).
    """
    sender = f"parley:rate:{account_id}"
    args = (
        limits.sender_per_second,
        max(1.0, limits.sender_burst),
        own_per_second,
        max(1.0, own_per_second),
        BULK_RESERVE,
        count,
    )
    granted, wait = await _TAKE_MANY.run(runtime.redis, (sender, f"parley:rate:{own}", f"{sender}:hold"), args)
    return int(granted), float(wait) / 1000
