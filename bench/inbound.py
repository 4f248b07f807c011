"""
Webhook → agent's screen through the real pipeline (a web and a worker process, 100 screens), against the floor on the
same database in the same run; and floods of status webhooks.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from app.core.runtime import open_runtime
from bench import floor, statuses
from bench.report import Report
from bench.shop import Shop, external_id, open_screens, open_shop, post_signed, text_webhook
from bench.stage import Stage, stage
from bench.traffic import Arrivals, Numbers, Result, Send, flat_out, steady
from bench.wire import Http
from inbox.store.entries import inbound_id

SCREENS = 100
LISTENING = 5
CUSTOMERS = 200
RATES = (5, 20, 50)
# Windows of each side by turns, and of how many messages at least: figures are the median of the windows' ratios, so
# that what else the machine did in one of them tells nothing.
_WINDOWS = 3
_FEWEST = 9
_ON_THEIR_WAY = 64
# The same while customers are made known, which nobody measures.
_AT_FIRST = 32
_FOLLOWED_SECONDS = 60.0

COLUMNS = ("stream", "messages/s", "p50 ms", "p99 ms", "CPU ms", "web", "worker", "database", "valkey")


@dataclass(slots=True)
class Side:
    """One of the two that are compared: how a message is sent to it, and where its arrivals are noted."""

    name: str
    url: str
    send: Send
    arrivals: Arrivals
    close: Callable[[], None]


async def run(quick: bool) -> Report:
    report = Report(f"Webhook → stored → {SCREENS} agents' screens, against the floor in the same run", COLUMNS)
    numbers = Numbers()
    async with stage() as opened, open_runtime(opened.settings()) as runtime:
        shop = await open_shop(runtime, screens=SCREENS)
        floor_url, real_url, _ = await asyncio.gather(floor.start(opened), opened.web(), opened.wake_worker())
        # First of all, while no screen is there to be told, and search has nothing to follow.
        await statuses.measure(report, opened, runtime, shop, (floor_url, real_url), quick)
        bare, real = await asyncio.gather(_floor(floor_url), _real(real_url, shop))
        turns = Turns(opened, working=True)
        # The floor's known customers and ours, before anything is measured.
        await turns.take(real)
        known = numbers.take(CUSTOMERS)
        await flat_out(opened, real.arrivals, known, _AT_FIRST, real.send)
        await _followed(shop, known[-1])
        await _idle(report, opened, 3 if quick else 15)
        await turns.take(bare)
        await flat_out(opened, bare.arrivals, numbers.take(CUSTOMERS), _AT_FIRST, bare.send)
        for rate in RATES:
            await _compare(report, turns, (bare, real), numbers, rate, quick)
        await _saturate(report, turns, (bare, real), numbers, 900 if quick else 3_000)
        _memory(report, opened)
        for side in (bare, real):
            side.close()
    return report


@dataclass(slots=True)
class Turns:
    """Whose turn it is: the worker works only while Parley is measured, so its polling is not charged to the floor."""

    opened: Stage
    working: bool = False

    async def take(self, side: Side) -> None:
        if side.name != "floor" and not self.working:
            await self.opened.wake_worker()
        elif side.name == "floor" and self.working:
            self.opened.programs["worker"].hold()
        self.working = side.name != "floor"


async def _followed(shop: Shop, number: int) -> None:
    """
    Returns when search, which follows a few seconds behind, has taken a message in: those that only make customers
    known are not charged to the first that are measured.
    """
    entry_id = inbound_id(shop.account.id, external_id(number))
    async with asyncio.timeout(_FOLLOWED_SECONDS):
        while True:
            if await shop.ws.db.search.get(entry_id):
                return
            await asyncio.sleep(0.1)


async def _floor(url: str) -> Side:
    arrivals, load = Arrivals(LISTENING), Http(url)
    sockets = await floor.open_sockets(url, SCREENS, arrivals, LISTENING)

    async def send(number: int) -> None:
        assert await post_signed(load, "/webhook", text_webhook(number, number % CUSTOMERS)) == 200

    def close() -> None:
        for socket in sockets:
            socket.close()

    return Side("floor", url, send, arrivals, close)


async def _real(url: str, shop: Shop) -> Side:
    arrivals, load = Arrivals(LISTENING), Http(url)
    screens = await open_screens(shop, url, arrivals.hear, listening=LISTENING)

    async def keep_alive() -> None:
        # As every screen does.
        while True:
            await asyncio.sleep(25 / len(screens))
            screens.append(screens.pop(0))
            screens[-1].send('{"type":"ping"}')

    pinging = asyncio.create_task(keep_alive())

    def close() -> None:
        pinging.cancel()
        for screen in screens:
            screen.close()

    async def send(number: int) -> None:
        assert await post_signed(load, shop.webhook, text_webhook(number, number % CUSTOMERS)) == 200

    return Side("parley", url, send, arrivals, close)


async def _compare(
    report: Report, turns: Turns, sides: tuple[Side, Side], numbers: Numbers, rate: int, quick: bool
) -> None:
    """Both at one rate, by turns, so that what else the machine does meets both."""
    bare, real = sides
    messages = max(_FEWEST, rate) if quick else rate * 10
    windows: list[tuple[Result, Result]] = []
    for order in _orders(sides):
        found: dict[str, Result] = {}
        for side in order:
            await turns.take(side)
            found[side.name] = await _stream(turns.opened, side, numbers, rate, messages)
        windows.append((found[real.name], found[bare.name]))
    ours, theirs = Result(), Result()
    for mine, its in windows:
        ours.add(mine)
        theirs.add(its)
    row(report, f"{bare.name} {rate}/s", theirs)
    row(report, f"{real.name} {rate}/s", ours)
    p50 = median(mine.late_ms(0.5) / its.late_ms(0.5) for mine, its in windows)
    cpu = median(mine.cpu_ms / its.cpu_ms for mine, its in windows)
    report.at_most(f"p50 at {rate}/s, × the floor's", p50, 2.5)
    report.at_most(f"p99 at {rate}/s, × the floor's", ours.late_ms(0.99) / theirs.late_ms(0.99), 3)
    report.at_most(f"CPU a message at {rate}/s, × the floor's", cpu, 3)


def _orders(sides: tuple[Side, Side]) -> list[tuple[Side, Side]]:
    """Who is first in each pair of windows: in every other one Parley, which spares the worker to be woken again."""
    bare, real = sides
    return [(bare, real) if at % 2 == 0 else (real, bare) for at in range(_WINDOWS)]


async def _stream(opened: Stage, side: Side, numbers: Numbers, rate: int, messages: int) -> Result:
    # The first few find cold caches and connections on both sides.
    await steady(opened, side.arrivals, numbers.take(5), 20, side.send)
    return await steady(opened, side.arrivals, numbers.take(messages), rate, side.send)


async def _saturate(report: Report, turns: Turns, sides: tuple[Side, Side], numbers: Numbers, messages: int) -> None:
    bare, real = sides
    windows: list[tuple[Result, Result]] = []
    for order in _orders(sides):
        found: dict[str, Result] = {}
        for side in order:
            await turns.take(side)
            await flat_out(turns.opened, side.arrivals, numbers.take(20), 8, side.send)
            some = numbers.take(messages // _WINDOWS)
            found[side.name] = await flat_out(turns.opened, side.arrivals, some, _ON_THEIR_WAY, side.send)
        windows.append((found[real.name], found[bare.name]))
    floors, ours = Result(), Result()
    for mine, its in windows:
        ours.add(mine)
        floors.add(its)
    row(report, "floor flat out", floors)
    row(report, "parley flat out", ours)
    report.at_least("saturation, × the floor's", median(mine.per_second / its.per_second for mine, its in windows), 0.4)


async def _idle(report: Report, opened: Stage, seconds: float) -> None:
    """With nothing to do: what follows behind the messages (search, segments) has come to its end."""
    await asyncio.sleep(2)
    before = opened.cpu()
    await asyncio.sleep(seconds)
    after = opened.cpu()
    share = {name: (after[name] - before[name]) / seconds for name in after if name != "floor"}
    parts = ", ".join(f"{name} {value:.1%}" for name, value in share.items())
    report.notes.append(f"Idle, with {SCREENS} screens, of one core: {parts} (together {sum(share.values()):.1%}).")


def _memory(report: Report, opened: Stage) -> None:
    memory = ", ".join(
        f"{name} {program.memory_bytes() / 2**20:.0f} MB"
        for name, program in opened.programs.items()
        if name != "floor"
    )
    report.notes.append(f"Private memory: {memory}.")


def row(report: Report, name: str, found: Result) -> None:
    web = found.share_ms("web") + found.share_ms("floor")
    figures = (found.late_ms(0.5), found.late_ms(0.99), found.cpu_ms, web, found.share_ms("worker"))
    report.row(name, found.per_second, *figures, found.share_ms("database"), found.share_ms("valkey"))
