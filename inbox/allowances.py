"""
To how many different people a business may write first within 24 hours, where the provider limits that, and how many of
them it has written to: counted for all accounts of a workspace that share the limit.

Somebody counts for 24 hours after the last message of which the provider says that the business began it (an approved
text, outside the reply window). Who counts already may be written to again. Held in Redis, so that all workers count
together; should it be lost, the count begins anew, and the provider's own refusals slow the sender down.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.core.addresses import Address
from app.core.platform.accounts import AccountRow
from app.core.runtime import Workspace
from app.core.scripts import Script
from channels import accounts
from channels.content import Content, Template

PERIOD = timedelta(hours=24)
_PERIOD_MS = int(PERIOD.total_seconds() * 1000)
# Who was sent to one by one frees the room one by one; a mailing goes on when there is room for so large a part.
_WORTH_IT = 50

# KEYS: who was written to, by when. ARGV: now, the period, the limit, then people. Answers for each whether they may be
# written to now; they are counted then.
_TAKE = Script("""
local now, limit = tonumber(ARGV[1]), tonumber(ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[2]))
local used, found = redis.call('ZCARD', KEYS[1]), {}
for i = 4, #ARGV do
  local known = redis.call('ZSCORE', KEYS[1], ARGV[i])
  if known or used < limit then
    redis.call('ZADD', KEYS[1], now, ARGV[i])
    if not known then used = used + 1 end
    found[#found + 1] = 1
  else
    found[#found + 1] = 0
  end
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return found
""")
# ARGV: now, the period, the limit, for how many room is asked. Answers how many count, and since when the one does who
# has to be forgotten before there is that much room (0: there is).
_LOOK = Script("""
local now, limit, asked = tonumber(ARGV[1]), tonumber(ARGV[3]), tonumber(ARGV[4])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[2]))
local used = redis.call('ZCARD', KEYS[1])
local over = used + asked - limit
if over <= 0 or used == 0 then return {used, '0'} end
local at = math.min(over, used) - 1
return {used, redis.call('ZRANGE', KEYS[1], at, at, 'WITHSCORES')[2]}
""")


@dataclass(frozen=True, slots=True)
class Standing:
    """`used` of `people_a_day` count now; `full_until`: there is hardly any room before then."""

    people_a_day: int
    used: int
    full_until: datetime | None

    @property
    def left(self) -> int:
        return 0 if self.full_until else max(0, self.people_a_day - self.used)


def counts(content: Content) -> bool:
    """Whether a business begins with it: whatever else it says is an answer."""
    return isinstance(content, Template)


async def standing(ws: Workspace, account_id: str) -> Standing | None:
    """None where there is no such limit. Raises NotFound, RedisError."""
    row = await accounts.row_of(ws, account_id)
    limit = _limit(row)
    if limit is None:
        return None
    worth_it = max(1, limit // _WORTH_IT)
    args = (_milliseconds(ws), _PERIOD_MS, limit, worth_it)
    used, since = await _LOOK.run(ws.redis, (_key(ws, row),), args)
    full_until = datetime.fromtimestamp(float(since) / 1000, UTC) + PERIOD if float(since) else None
    return Standing(limit, int(used), full_until)


async def take(ws: Workspace, account_id: str, people: Sequence[Address]) -> list[bool]:
    """Of each whether they may be written to first now; who may is counted. Raises NotFound, RedisError."""
    row = await accounts.row_of(ws, account_id)
    limit = _limit(row)
    if limit is None or not people:
        return [True] * len(people)
    args: list[str | bytes | int | float] = [_milliseconds(ws), _PERIOD_MS, limit, *map(_person, people)]
    return [bool(each) for each in await _TAKE.run(ws.redis, (_key(ws, row),), args)]


async def sharing(ws: Workspace, account_id: str) -> list[AccountRow]:
    """The workspace's other accounts under the same limit. Raises NotFound."""
    row = await accounts.row_of(ws, account_id)
    if _limit(row) is None:
        return []
    rows = await ws.runtime.accounts.of_workspace(ws.id)
    return [each for each in rows if each.id != row.id and _key(ws, each) == _key(ws, row)]


def days(people: int, standing: Standing) -> int:
    """How many days it takes to write to so many, from now on."""
    return 1 + max(0, -(-(people - standing.left) // standing.people_a_day)) if people > 0 else 0


def _limit(row: AccountRow) -> int | None:
    limit = row.health.get("people_a_day")
    return int(limit) if limit is not None else None


def _key(ws: Workspace, row: AccountRow) -> str:
    return f"parley:allowance:{ws.id}:{row.kind}:{row.health.get('portfolio') or row.id}"


def _person(address: Address) -> bytes:
    return hashlib.blake2b(str(address).encode(), digest_size=9).digest()


def _milliseconds(ws: Workspace) -> int:
    return int(ws.clock.now().timestamp() * 1000)
