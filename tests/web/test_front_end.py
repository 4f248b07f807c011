"""The front end's own checks: TypeScript against the API's types, and the unit tests that need no browser."""

import asyncio
import gzip
import re

from web import build

FIRST_LOAD_BYTES = 250_000
WIDGET_BYTES = 15_000


async def test_it_agrees_with_the_api_and_its_unit_tests_pass() -> None:
    await asyncio.to_thread(build.check)


def _gzipped(name: str) -> int:
    return len(gzip.compress((build.DIST / name).read_bytes(), 9))


async def test_the_first_load_and_the_widget_stay_small() -> None:
    await asyncio.to_thread(build.build)
    page = (build.DIST / "index.html").read_text()
    assets = re.findall(r'(?:src|href)="/(assets/[^"]+)"', page)
    assert {name.rpartition(".")[2] for name in assets} == {"js", "css"}
    assert sum(map(_gzipped, assets)) <= FIRST_LOAD_BYTES
    assert _gzipped("widget.js") <= WIDGET_BYTES
