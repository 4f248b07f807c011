"""
HTTP/1.1 on one connection: uvicorn's, with the bounds that it leaves to a proxy in front. Whoever can open a connection
must be able neither to fill up the process nor to keep something waiting in it for ever.
"""

from asyncio import TimerHandle, Transport
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# The request line and the headers: browsers and providers send a few thousand. More than is ever read at once, as what
# came before in the same read is counted as well.
MOST_HEAD_BYTES = 400_000
# Who sends less than this between two looks is given up.
PATIENCE_SECONDS = 20.0
LEAST_BYTES = 10_000
# Who takes nothing of an answer for so many looks is left. What the kernel holds for a slow line is not seen from here,
# and may last for a minute.
LOOKS_AT_AN_ANSWER = 6


class _Complete(list[tuple[bytes, bytes]]):
    """A request's headers once they are all there: what trails after its body is not kept."""

    def append(self, _: tuple[bytes, bytes]) -> None: ...


class HttpProtocol(HttpToolsProtocol):
    """A look every `PATIENCE_SECONDS`, and no timer for each request: there are thousands a second."""

    patience_seconds: ClassVar[float] = PATIENCE_SECONDS

    _look: TimerHandle

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._in_head, self._in_body = True, False
        self._head_bytes = 0
        # Which request it is, and what has come since the last look.
        self._number = 0
        self._came = 0
        # At the last look: the request that was waited for, and what had not been taken of an answer.
        self._waited: int | None = None
        self._untaken, self._looks = 0, 0

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._look = self.loop.call_later(self.patience_seconds, self._look_again)

    def connection_lost(self, exc: Exception | None) -> None:
        self._look.cancel()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        self._look.cancel()
        super().handle_websocket_upgrade()

    def data_received(self, data: bytes) -> None:
        self._came += len(data)
        super().data_received(data)
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MOST_HEAD_BYTES:
                self._give_up(b"431 Request Header Fields Too Large")

    def on_message_begin(self) -> None:
        self._number += 1
        self._in_head, self._head_bytes = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head, self._in_body = False, True
        self.headers = _Complete(self.headers)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_body = False
        super().on_message_complete()

    def _look_again(self) -> None:
        if self.transport.is_closing():
            return
        waited = self._number if self._expects_more() else None
        untaken = self.transport.get_write_buffer_size() if self.flow.write_paused else 0
        if waited is not None and waited == self._waited and self._came < LEAST_BYTES:
            self._give_up(b"408 Request Timeout")
            return
        self._looks = self._looks + 1 if untaken and untaken == self._untaken else 0
        if self._looks >= LOOKS_AT_AN_ANSWER:
            self.transport.abort()
        else:
            self._waited, self._untaken, self._came = waited, untaken, 0
            self._look = self.loop.call_later(self.patience_seconds, self._look_again)

    def _expects_more(self) -> bool:
        """Whether it is the other side's turn; between two requests uvicorn looks at its own clock."""
        if self._in_head:
            return True
        # Who was not told to go on, or is not read from, cannot send.
        return self._in_body and not self.cycle.waiting_for_100_continue and not self.flow.read_paused

    def _give_up(self, status: bytes) -> None:
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            self.transport.write(b"HTTP/1.1 " + status + b"\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
        self.transport.close()
