"""Does a server answer? Each probe returns when it does and raises when it does not."""

import asyncio
from urllib.parse import urlsplit

from redis.asyncio import Redis

from app.core import mongo
from app.core.queue import Lane, health_key


class NoAnswer(Exception):
    """The server answered, but not as a healthy one does."""


async def http_ok(url: str) -> None:
    """
    A GET that is answered with 200. Raises NoAnswer, OSError.

    Written by hand for one request to this machine: an HTTP client would double this process's memory.
    """
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        request = f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n"
        writer.write(request.encode())
        await writer.drain()
        status = (await reader.readline()).split(b" ")
    finally:
        writer.close()
    if len(status) < 2 or status[1] != b"200":
        raise NoAnswer(f"{parts.path} answers {b' '.join(status).decode('latin-1').strip() or 'nothing'}")


async def port_open(host: str, port: int) -> None:
    """Something accepts connections there. Raises OSError."""
    _, writer = await asyncio.open_connection(host, port)
    writer.close()


async def database_answers(client: mongo.Client) -> None:
    await client.admin.command("ping")


async def workers_alive(redis: Redis) -> None:
    """Every lane is served by some worker. Raises NoAnswer."""
    present = await redis.mget([health_key(lane) for lane in Lane])
    missing = [lane.value for lane, value in zip(Lane, present, strict=True) if value is None]
    if missing:
        raise NoAnswer(f"no worker serves: {', '.join(missing)}")


async def forget_workers(redis: Redis) -> None:
    """Takes away what earlier workers said of themselves, so that only a new one counts."""
    await redis.delete(*(health_key(lane) for lane in Lane))
