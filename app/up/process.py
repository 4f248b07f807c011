"""One child process: started on a leash, its output kept in a log file of bounded size, stopped politely or not."""

import asyncio
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

_LEASH = Path(__file__).with_name("leash.py")
_LAST_LINES = 12
_MOST_LINE_BYTES = 16_384

MOST_LOG_BYTES = 5_000_000
KEPT_LOGS = 3


class LogFile:
    """A file that moves to `.1`, `.2` … when it is full; only so many are kept."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab", buffering=0)
        self._size = path.stat().st_size

    def write(self, data: bytes) -> None:
        if self._size + len(data) > MOST_LOG_BYTES and self._size:
            self._rotate()
        try:
            self._file.write(data)
        except OSError:
            # A full disk must not stop the child, which would wait for ever for its output to be read.
            return
        self._size += len(data)

    def close(self) -> None:
        self._file.close()

    def _rotate(self) -> None:
        self._file.close()
        for number in range(KEPT_LOGS - 1, 0, -1):
            with suppress(FileNotFoundError):
                self._numbered(number).replace(self._numbered(number + 1))
        self._path.replace(self._numbered(1))
        self._file = self._path.open("ab", buffering=0)
        self._size = 0

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")


class Process:
    """A running child. `last_lines` are the newest it has written, for telling why it ended."""

    def __init__(self, process: asyncio.subprocess.Process, log: LogFile, on_line: Callable[[str], None]) -> None:
        self._process = process
        self._log = log
        self._on_line = on_line
        self.last_lines: deque[str] = deque(maxlen=_LAST_LINES)
        self._reading = asyncio.create_task(self._read())

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ended(self) -> bool:
        return self._process.returncode is not None

    async def wait(self) -> int:
        """Its exit code, once it has ended and its last words are in the log."""
        code = await self._process.wait()
        # A grandchild may hold the pipe open; its words are not waited for.
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                await asyncio.shield(self._reading)
        return code

    async def stop(self, stop_signal: int, seconds: float) -> bool:
        """Asks it to end, and kills it with everything it started if it does not in time; False if it was killed."""
        polite = True
        if not self.ended:
            self._signal(stop_signal)
            try:
                async with asyncio.timeout(seconds):
                    await self._process.wait()
            except TimeoutError:
                polite = False
        self._signal(signal.SIGKILL, group=True)
        await self.wait()
        self._reading.cancel()
        with suppress(asyncio.CancelledError):
            await self._reading
        self._log.close()
        return polite

    def _signal(self, number: int, *, group: bool = False) -> None:
        with suppress(ProcessLookupError, PermissionError):
            if group:
                os.killpg(self._process.pid, number)
            elif not self.ended:
                os.kill(self._process.pid, number)

    async def _read(self) -> None:
        stream = self._process.stdout
        if stream is None:
            return
        rest = b""
        while data := await stream.read(65_536):
            self._log.write(data)
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                self._note(line)
            rest = rest[-_MOST_LINE_BYTES:]
        if rest:
            self._note(rest)

    def _note(self, line: bytes) -> None:
        text = line.decode("utf-8", "replace").rstrip()
        if text:
            self.last_lines.append(text)
            self._on_line(text)


async def start(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    folder: Path,
    log_path: Path,
    pass_fds: Sequence[int] = (),
    on_line: Callable[[str], None] = lambda line: None,
) -> Process:
    """
    Starts a program in a session of its own: Ctrl-C reaches only us, and we stop the children in order.

    Raises OSError when the program cannot be started at all.
    """
    log = LogFile(log_path)
    command = [sys.executable, "-I", "-S", str(_LEASH), str(os.getpid()), *argv]
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=dict(env),
            cwd=folder,
            pass_fds=tuple(pass_fds),
            start_new_session=True,
        )
    except OSError:
        log.close()
        raise
    return Process(process, log, on_line)
