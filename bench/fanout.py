"""
One event to many agents' screens: numbered, read from the stream by the hub, pushed to each socket; against a bare
websocket server that sends the same text to as many sockets in the same run.
"""

import asyncio
from collections.abc import Awaitable, Callable
from time import perf_counter

import orjson

from app.core.runtime import Runtime, open_runtime
from bench import floor
from bench.report import Report
from bench.shop import Shop, open_screens, open_shop
from bench.stage import Stage, stage
from bench.traffic import Arrivals
from bench.wire import Http, Socket

SCREENS = (100, 1_000)
_WARM = 20
_LISTENING = 1
_COLUMNS = (
    "server",
    "screens",
    "events",
    "deliveries/CPU s",
    "µs a delivery",
    "last screen p50 ms",
    "KiB a connection",
)


async def run(quick: bool) -> Report:
    report = Report("One event to many screens, against a bare websocket server in the same run", _COLUMNS)
    async with stage() as opened, open_runtime(opened.settings()) as runtime:
        shop = await open_shop(runtime, screens=max(SCREENS))
        urls = await floor.start(opened), await opened.web()
        for screens in SCREENS:
            events = (20_000 if quick else 100_000) // screens
            bare = await _bare(report, opened, urls[0], screens, events)
            ours = await _parley(report, opened, runtime, shop, urls[1], screens, events)
            report.at_least(
                f"deliveries a CPU second to {screens} screens, × the bare server's", ours[0] / bare[0], 0.7
            )
            if screens == max(SCREENS):
                # Of a hundred sockets too few pages are new to tell their share.
                report.at_most("KiB a connection", ours[1], 40)
    return report


def _frame(number: int) -> bytes:
    """The size of an entry with its conversation, as a screen gets it."""
    return orjson.dumps({"type": "entry", "data": {"text": f"~{number:08d}~", "rest": "x" * 1_400}})


async def _bare(report: Report, opened: Stage, url: str, screens: int, events: int) -> tuple[float, float]:
    arrivals, load = Arrivals(_LISTENING), Http(url)

    async def connect() -> list[Socket]:
        return await floor.open_sockets(url, screens, arrivals, _LISTENING)

    async def publish(number: int) -> None:
        await load.request("POST", "/push", _frame(number))

    try:
        return await _measure(report, opened, "floor", arrivals, connect, publish, events)
    finally:
        load.close()


async def _parley(
    report: Report, opened: Stage, runtime: Runtime, shop: Shop, url: str, screens: int, events: int
) -> tuple[float, float]:
    arrivals = Arrivals(_LISTENING)

    async def connect() -> list[Socket]:
        return await open_screens(shop, url, arrivals.hear, screens=screens, listening=_LISTENING)

    async def publish(number: int) -> None:
        await runtime.stream.publish(shop.ws.id, [_frame(number)])

    return await _measure(report, opened, "web", arrivals, connect, publish, events)


async def _measure(
    report: Report,
    opened: Stage,
    name: str,
    arrivals: Arrivals,
    connect: Callable[[], Awaitable[list[Socket]]],
    publish: Callable[[int], Awaitable[None]],
    events: int,
) -> tuple[float, float]:
    """Deliveries a CPU second, and KiB a connection."""
    program = opened.programs[name]
    memory = program.memory_bytes()
    sockets = await connect()
    for number in range(_WARM):
        await publish(number)
        await arrivals.of(number)
    await _all_have(sockets, _WARM)
    each = (program.memory_bytes() - memory) / 1024 / len(sockets)
    counted = [socket.frames for socket in sockets]
    before, late = program.cpu_seconds(), []
    for number in range(_WARM, _WARM + events):
        began = perf_counter()
        await publish(number)
        late.append(await arrivals.of(number) - began)
    await _all_have(sockets, _WARM + events)
    spent = program.cpu_seconds() - before
    deliveries = sum(socket.frames - had for socket, had in zip(sockets, counted, strict=True))
    for socket in sockets:
        socket.close()
    await asyncio.sleep(0.5)
    shown = "bare" if name == "floor" else "parley"
    p50 = sorted(late)[len(late) // 2] * 1000
    report.row(shown, len(sockets), events, deliveries / spent, spent / deliveries * 1e6, p50, each)
    return deliveries / spent, each


async def _all_have(sockets: list[Socket], frames: int) -> None:
    async with asyncio.timeout(60):
        while True:
            if all(socket.frames >= frames for socket in sockets):
                return
            await asyncio.sleep(0.01)
