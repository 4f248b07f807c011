"""
Bare arq workers for bench/broadcast.py: what sending costs when nothing is asked, kept or promised.

`send_batch` sends a hundred over the HTTP client that Parley has, as many at once; `send_one` is one job a message.
"""

import asyncio
import os
from typing import Any

from arq.connections import RedisSettings
from arq.worker import func

from app.core import http
from app.core.addresses import Address
from app.core.log import get
from bench.shop import PHONE_NUMBER_ID
from channels import graph
from channels.contract import ChannelIO
from channels.whatsapp import rendering

BATCH = 100
FIRST_PHONE = 12_025_600_000


async def startup(ctx: dict[str, Any]) -> None:
    ctx["io"] = ChannelIO(
        http=http.provider_client(),
        log=get("bench"),
        public_url="",
        graph_url=os.environ["PARLEY_GRAPH_URL"],
        graph_version="v26.0",
        twilio_url="",
        telegram_url="",
    )


async def send_one(ctx: dict[str, Any], number: int) -> None:
    to = rendering.addressed(Address("whatsapp", f"+{FIRST_PHONE + number}"))
    words = {"type": "body", "parameters": [{"type": "text", "text": f"{number}"}]}
    template = {"name": "advert", "language": {"code": "en_US"}, "components": [words]}
    body = {**to, "type": "template", "template": template, "biz_opaque_callback_data": f"bare{number}"}
    await graph.call(ctx["io"], "bench", "POST", f"{PHONE_NUMBER_ID}/messages", json=body)


async def send_batch(ctx: dict[str, Any], first: int) -> None:
    await asyncio.gather(*(send_one(ctx, number) for number in range(first, first + BATCH)))


_OPTIONS: dict[str, Any] = {
    "functions": (func(send_batch, keep_result=0), func(send_one, keep_result=0)),
    "redis_settings": RedisSettings.from_dsn(os.environ.get("REDIS_URL", "redis://")),
    "queue_name": "bench:bare",
    "on_startup": startup,
    "poll_delay": 0.05,
}
# arq reads a class's own values, and none that it has inherited.
Batches = type("Batches", (), {**_OPTIONS, "max_jobs": 4})
OneByOne = type("OneByOne", (), {**_OPTIONS, "max_jobs": 100})
