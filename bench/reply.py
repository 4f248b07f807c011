"""
An agent's send → the provider's door: a POST to the API, through consent, outbox and worker, to the request that a
pretend provider gets; against the floor's insert, update and call on the same database in the same run.
"""

import uuid

import orjson

from app.core.addresses import Address
from app.core.runtime import open_runtime
from bench import floor, provider
from bench.inbound import COLUMNS, Side, Turns, row
from bench.report import Report
from bench.shop import Shop, browser_headers, known_conversations, open_shop, phone
from bench.stage import Stage, stage
from bench.traffic import Arrivals, Numbers, Result, flat_out, steady
from bench.wire import Http

CUSTOMERS = 100
RATES = (5, 20)


async def run(quick: bool) -> Report:
    report = Report("Agent's send → provider's door, against the floor in the same run", COLUMNS)
    numbers, arrivals = Numbers(), Arrivals(1)
    async with stage() as opened, open_runtime(opened.settings()) as runtime:
        shop = await open_shop(runtime)
        ids = await known_conversations(shop, [Address("whatsapp", phone(at)) for at in range(CUSTOMERS)])
        door, server = await provider.open_door(arrivals.hear)
        bare = await _floor(opened, arrivals, door)
        real = await _real(opened, arrivals, door, shop, ids)
        turns = Turns(opened)
        for rate in RATES:
            await _compare(report, turns, (bare, real), numbers, rate, quick)
        server.close()
    return report


def _text(number: int) -> str:
    return f"It is on its way and comes tomorrow. ~{number:08d}~"


async def _floor(opened: Stage, arrivals: Arrivals, door: str) -> Side:
    url = await floor.start(opened)
    load = Http(url)

    async def send(number: int) -> None:
        body = {
            "client_id": str(uuid.uuid4()),
            "to": phone(number % CUSTOMERS),
            "text": _text(number),
            "provider": f"{door}/messages",
        }
        status, _ = await load.request("POST", "/reply", orjson.dumps(body), {"content-type": "application/json"})
        assert status == 202, status

    return Side("floor", url, send, arrivals, load.close)


async def _real(opened: Stage, arrivals: Arrivals, door: str, shop: Shop, ids: list[str]) -> Side:
    opened.shared_env["PARLEY_GRAPH_URL"] = door
    url = await opened.web()
    load = Http(url)
    headers = browser_headers(shop.cookies[0], url) | {"content-type": "application/json"}
    _, me = await load.request("GET", "/api/v1/me", headers=headers)
    headers["x-parley-csrf"] = orjson.loads(me)["csrf"]

    async def send(number: int) -> None:
        body = {"client_id": str(uuid.uuid4()), "content": {"type": "text", "text": _text(number)}}
        path = f"/api/v1/conversations/{ids[number % CUSTOMERS]}/messages"
        status, answer = await load.request("POST", path, orjson.dumps(body), headers)
        assert status in (200, 201, 202), (status, answer)

    return Side("parley", url, send, arrivals, load.close)


async def _compare(
    report: Report, turns: Turns, sides: tuple[Side, Side], numbers: Numbers, rate: int, quick: bool
) -> None:
    found = {side.name: Result() for side in sides}
    for _ in range(1 if quick else 3):
        for side in sides:
            await turns.take(side)
            await flat_out(turns.opened, side.arrivals, numbers.take(10), 2, side.send)
            some = numbers.take(rate * (6 if quick else 10))
            found[side.name].add(await steady(turns.opened, side.arrivals, some, rate, side.send))
    for side in sides:
        row(report, f"{side.name} {rate}/s", found[side.name])
    ours, theirs = found["parley"], found["floor"]
    report.at_most(f"p50 at {rate}/s, × the floor's", ours.late_ms(0.5) / theirs.late_ms(0.5), 3)
