"""Status webhooks: a flood of them acknowledged and applied by one web process, and how late a thin stream is."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from time import perf_counter

from app.core.runtime import Runtime
from bench.report import Report, quantile
from bench.shop import Shop, phone, post_signed, status_webhook
from bench.stage import Stage
from bench.wire import Http
from inbox.store import entries as store
from inbox.timeline import Author, Entry

_STATES = ("sent", "delivered", "read")


_FLOOD = 1_500
_THIN = 200
_WINDOWS = 6
_COLD = 20
# Messages whose statuses go out together: all sent, then all delivered, then all read.
_BLOCK = 300
_SAMPLED = 25
_PATIENCE_SECONDS = 60.0
_TOLD_READ = re.compile(rb'"entry":\{"id":"([^"]+)".*?"status":"read"')


async def measure(
    report: Report, opened: Stage, runtime: Runtime, shop: Shop, urls: tuple[str, str], quick: bool
) -> None:
    """`urls` are the floor's and Parley's."""
    bare, real = Http(urls[0]), Http(urls[1])
    seconds = 3 if quick else 10
    thin = await _prepare(runtime, shop, _THIN * seconds // len(_STATES), "thin")
    bodies = _bodies(thin)
    theirs, ours = list[float](), list[float]()

    async def answers(late: list[float], http: Http, path: str, some: Sequence[bytes]) -> None:
        late += await _answers(some, _THIN, lambda body: post_signed(http, path, body))

    # The first few find cold caches and connections on both sides.
    await answers([], bare, "/status", bodies[:_COLD])
    await answers([], real, shop.webhook, bodies[:_COLD])
    # Both by turns: what else the machine does in one window tells nothing.
    for at in range(_WINDOWS):
        some = bodies[at * len(bodies) // _WINDOWS : (at + 1) * len(bodies) // _WINDOWS]
        await answers(theirs, bare, "/status", some)
        await answers(ours, real, shop.webhook, some)
    for name, late in (("bare", theirs), ("parley", ours)):
        report.row(
            f"{name} statuses {_THIN}/s", _THIN, quantile(late, 0.5) * 1000, quantile(late, 0.99) * 1000, *[""] * 5
        )
    report.at_most(f"status p99 at {_THIN}/s, × bare Starlette's", quantile(ours, 0.99) / quantile(theirs, 0.99), 3)
    await _flood(report, opened, runtime, shop, real, _FLOOD * seconds // len(_STATES))


async def _flood(report: Report, opened: Stage, runtime: Runtime, shop: Shop, real: Http, messages: int) -> None:
    entries = await _prepare(runtime, shop, messages, "flood")
    bodies = _bodies(entries)
    posted: dict[str, float] = {}
    # The block's last status of a sampled message is its `read`.
    marks = {id(body): entry.id for body, entry in _reads(bodies, entries)}

    async def post(body: bytes) -> int:
        status = await post_signed(real, shop.webhook, body)
        if id(body) in marks:
            posted[marks[id(body)]] = perf_counter()
        return status

    before = opened.cpu()
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(_applied(runtime, shop, posted, len(marks)))
        late = await _answers(bodies, _FLOOD, post)
    applied = watching.result()
    after = opened.cpu()
    cpu = {name: (after[name] - before[name]) * 1000 / len(bodies) for name in after}
    shares = (cpu["web"], cpu["worker"], cpu.get("database", 0.0), cpu.get("valkey", 0.0))
    figures = (quantile(late, 0.5) * 1000, quantile(late, 0.99) * 1000, sum(shares))
    report.row(f"parley statuses {_FLOOD}/s", _FLOOD, *figures, *shares)
    report.notes.append(
        f"Flood of {len(bodies)} statuses: applied after p50 {quantile(applied, 0.5):.2f} s, most {max(applied):.2f} s."
    )
    report.at_most(f"status p99 at {_FLOOD}/s, seconds to acknowledge", quantile(late, 0.99), 2)
    report.at_most(f"status at {_FLOOD}/s, seconds until applied (p99)", quantile(applied, 0.99), 2)


def _bodies(entries: Sequence[Entry]) -> list[bytes]:
    bodies = []
    for first in range(0, len(entries), _BLOCK):
        for state in _STATES:
            for entry in entries[first : first + _BLOCK]:
                external_id = entry.external_ids[0].partition(":")[2]
                bodies.append(status_webhook(external_id, entry.id, 1, state))
    return bodies


def _reads(bodies: Sequence[bytes], entries: Sequence[Entry]) -> list[tuple[bytes, Entry]]:
    """The `read` of every so many messages."""
    found = []
    for first in range(0, len(entries), _BLOCK):
        block = entries[first : first + _BLOCK]
        at = first * len(_STATES) + len(block) * (len(_STATES) - 1)
        found += [(bodies[at + i], entry) for i, entry in enumerate(block) if i % _SAMPLED == 0]
    return found


async def _answers(bodies: Sequence[bytes], rate: float, post: Callable[[bytes], Awaitable[int]]) -> list[float]:
    """Posts at this rate whatever the answers do; seconds from when each was due to its 200."""
    loop = asyncio.get_running_loop()
    start, began = loop.time(), perf_counter()
    late: list[float] = []

    async def one(body: bytes, due: float) -> None:
        status = await post(body)
        assert status == 200, status
        late.append(perf_counter() - due)

    async with asyncio.TaskGroup() as group:
        for at, body in enumerate(bodies):
            wait = start + at / rate - loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
            group.create_task(one(body, began + at / rate))
    return late


async def _applied(runtime: Runtime, shop: Shop, posted: dict[str, float], count: int) -> list[float]:
    """
    Seconds from acknowledgement until screens are told that the message was read, which is after it was stored. Heard
    on the event stream, because asking the database would cost more than what is measured.
    """
    found: dict[str, float] = {}
    at = (await runtime.stream.position(shop.ws.id)).number
    deadline = perf_counter() + _PATIENCE_SECONDS
    while len(found) < count and perf_counter() < deadline:
        events = await runtime.stream.wait(shop.ws.id, at, seconds=1)
        now = perf_counter()
        for number, event in events:
            at = number
            told = _TOLD_READ.search(event)
            entry_id = told[1].decode() if told else ""
            if entry_id in posted and entry_id not in found:
                found[entry_id] = now - posted[entry_id]
    return [*found.values(), *[_PATIENCE_SECONDS] * (count - len(found))]


async def _prepare(runtime: Runtime, shop: Shop, count: int, prefix: str) -> list[Entry]:
    """
    Messages of ours, on their way, as a broadcast leaves them: stored an hour ago, so that search and segments, which
    follow what is stored, are done with them and what they cost is not charged to the reports.
    """
    now = runtime.clock.now() - timedelta(hours=1)
    entries = [
        Entry(
            id=f"ent_{prefix}{at:08d}",
            contact_id=f"con_{prefix}{at % 500:04d}",
            conversation_id=f"cnv_{prefix}{at % 500:04d}",
            number=at // 500 + 1,
            at=now,
            created_at=now,
            kind="message",
            direction="out",
            channel="whatsapp",
            account_id=shop.account.id,
            address=f"whatsapp:{phone(at % 500)}",
            author=Author("member", shop.owner.id, shop.owner.name),
            content={"type": "text", "text": "Your order is on its way."},
            purpose="service",
            status="sending",
            status_times={"queued": now},
            external_ids=(store.external_key(shop.account.id, f"wamid.{prefix}{at}"),),
        )
        for at in range(count)
    ]
    for first in range(0, count, 1_000):
        await shop.ws.db.entries.insert_new([store.to_row(entry) for entry in entries[first : first + 1_000]])
    return entries
