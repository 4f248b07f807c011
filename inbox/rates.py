"""
Token buckets, held in Redis so that they count over all processes: one for each sender, one for each sender-person
pair. Bulk sends leave a fifth of every sender's bucket to people, so that a reply never waits behind a broadcast.

A sender that was told to slow down, at once or by a report, waits; bulk then goes on at a share of its rate, in all
mailings and processes alike, and a little faster every second.
"""

from dataclasses import dataclass

from app.core.runtime import Runtime
from app.core.scripts import Script
from channels.contract import RateLimits

BULK_RESERVE = 0.2
# Told to slow down, bulk goes on at this share of its rate, and from there a little faster every second.
_SLOWER = 0.7
_FASTER_A_SECOND = 0.02
_SLOWEST = 0.05

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


# KEYS: the hold, and of a sender its share (else the hold again). ARGV: for how many milliseconds, whether the sender
# slows down, to which share of what it is, never below, how much it gets back in a second.
_HOLD = Script("""
local t = redis.call('TIME'); local now = t[1] * 1000 + t[2] / 1000
local wait = tonumber(ARGV[1])
if wait > 0 and wait > redis.call('PTTL', KEYS[1]) then redis.call('SET', KEYS[1], '1', 'PX', wait) end
if ARGV[2] == '0' then return 0 end
local b = redis.call('HMGET', KEYS[2], 's', 'a')
local at = tonumber(b[2])
if at and now - at < math.max(wait, 1000) then return 0 end
local share = math.min(1, (tonumber(b[1]) or 1) + (now - (at or now)) / 1000 * tonumber(ARGV[5]))
share = math.max(tonumber(ARGV[4]), share * tonumber(ARGV[3]))
redis.call('HSET', KEYS[2], 's', share, 'a', now)
redis.call('PEXPIRE', KEYS[2], math.ceil((1 - share) / tonumber(ARGV[5]) * 1000))
return 0
""")


async def hold(runtime: Runtime, pair: Pair, seconds: float, *, sender: bool) -> None:
    """
    The provider said to wait: the whole sender, which also slows down, once for all that was under way together; or
    this pair only. 0: the time is over, and that it was too fast still counts.
    """
    _, _, sender_hold, pair_hold = _keys(pair)
    args = (max(0, int(seconds * 1000)), int(sender), _SLOWER, _SLOWEST, _FASTER_A_SECOND)
    await _HOLD.run(runtime.redis, (sender_hold, _share(pair.account_id)) if sender else (pair_hold, pair_hold), args)


def _share(account_id: str) -> str:
    return f"parley:rate:{account_id}:share"


# KEYS: sender bucket, the mailing's own bucket, sender's hold, sender's share. ARGV: sender rate, sender burst, own
# rate, reserve, how many, how much of the share comes back in a second. All or nothing, but never more than a full
# bucket gives. Answers how many may go now (their tokens are taken), or 0 and how many milliseconds to wait; and the
# share in thousandths.
_TAKE_MANY = Script("""
local t = redis.call('TIME'); local now = t[1] * 1000 + t[2] / 1000
local b = redis.call('HMGET', KEYS[4], 's', 'a'); local share = 1
if b[1] then share = math.min(1, tonumber(b[1]) + (now - tonumber(b[2])) / 1000 * tonumber(ARGV[6])) end
local part = math.floor(share * 1000)
local hold = redis.call('PTTL', KEYS[3]); if hold > 0 then return {0, hold, part} end
local function level(key, rate, burst)
  local b = redis.call('HMGET', key, 'l', 'a')
  return math.min(burst, (tonumber(b[1]) or burst) + (now - (tonumber(b[2]) or now)) * rate / 1000)
end
local sender, own, reserve = tonumber(ARGV[1]), tonumber(ARGV[3]), tonumber(ARGV[4])
if share < 1 then own = share * math.min(own > 0 and own or sender, sender > 0 and sender or own) end
local rates, bursts = {sender, own}, {tonumber(ARGV[2]), math.max(1, own)}
local count, wait, levels = tonumber(ARGV[5]), 0, {}
for i = 1, 2 do
  local rate, burst = rates[i], bursts[i]
  if rate > 0 then
    local kept = i == 1 and math.min(reserve * burst, burst - 1) or 0
    levels[i] = {level(KEYS[i], rate, burst), kept, rate, burst}
    count = math.min(count, math.max(1, math.floor(burst - kept)))
  end
end
for i = 1, 2 do
  local l = levels[i]
  if l and l[1] - l[2] < count then wait = math.max(wait, (count + l[2] - l[1]) * 1000 / l[3]) end
end
if wait > 0 then return {0, math.ceil(wait), part} end
for i = 1, 2 do
  local l = levels[i]
  if l then
    redis.call('HSET', KEYS[i], 'l', l[1] - count, 'a', now)
    redis.call('PEXPIRE', KEYS[i], math.ceil(l[4] * 1000 / l[3]) + 1000)
  end
end
return {count, 0, part}
""")


@dataclass(frozen=True, slots=True)
class Tokens:
    """
    How many messages of a mailing may go now, or none and the seconds to wait; and at which share of its rate the
    sender is.
    """

    count: int
    wait_seconds: float
    share: float


async def take_many(
    runtime: Runtime, account_id: str, limits: RateLimits, *, own: str, own_per_second: float, count: int
) -> Tokens:
    """
    Tokens for a mailing: `count`, or what a full bucket gives. A fifth of the sender's bucket stays for people; `own`
    names the mailing, which may have a slower rate (0: none).
    """
    sender = f"parley:rate:{account_id}"
    args = (
        limits.sender_per_second,
        max(1.0, limits.sender_burst),
        own_per_second,
        BULK_RESERVE,
        count,
        _FASTER_A_SECOND,
    )
    keys = (sender, f"parley:rate:{own}", f"{sender}:hold", _share(account_id))
    granted, wait, share = await _TAKE_MANY.run(runtime.redis, keys, args)
    return Tokens(int(granted), float(wait) / 1000, float(share) / 1000)
