"""The front end's own checks: TypeScript against the API's types, and the unit tests that need no browser."""

import asyncio

from web import build


async def test_it_agrees_with_the_api_and_its_unit_tests_pass() -> None:
    await asyncio.to_thread(build.check)
