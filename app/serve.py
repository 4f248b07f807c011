"""`python -m app serve`: one web process, with the server's options in one place."""

import socket

import uvicorn

from app.http_protocol import HttpProtocol

# Frames from screens and widgets are small; files go over HTTP.
_MOST_FRAME_BYTES = 262_144
# A connection that is dead but not closed is noticed after at most this long, twice.
_PING_SECONDS = 20.0
# Browsers and providers are told to come back; what they sent is stored or was not acknowledged.
_GRACEFUL_SECONDS = 5


def run(host: str, port: int, fd: int | None = None) -> int:
    """Serves until told to stop. `fd` is a socket that the parent listens on already."""
    config = uvicorn.Config(
        "app.asgi:app",
        host=host,
        port=port,
        loop="uvloop",
        http=HttpProtocol,
        ws="websockets-sansio",
        ws_max_size=_MOST_FRAME_BYTES,
        ws_ping_interval=_PING_SECONDS,
        ws_ping_timeout=_PING_SECONDS,
        lifespan="on",
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=_GRACEFUL_SECONDS,
    )
    server = uvicorn.Server(config)
    server.run(sockets=[socket.socket(fileno=fd)] if fd is not None else None)
    return 0 if server.started else 1
