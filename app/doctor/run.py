"""placeholder"""


async def run(*, as_json: bool) -> int:
    return 0
