"""Starts programs in order, sees that they stay well, starts again those that fall, and stops all in reverse order."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app.core.tasks import end
from app.up import process
from app.up.process import Process
from app.up.terminal import Terminal

_POLL_SECONDS = 0.04
_PROBE_SECONDS = 3.0
# A server that answers nothing for so long hangs: it is killed and started again.
_HEALTH_EVERY_SECONDS = 5.0
_HANGING_SECONDS = 60.0
_LONGEST_BACKOFF_SECONDS = 30.0
# After so long without a fall, the next one is the first again.
_WELL_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """
    What to run, and how to see that it is well. `probe` raises while it is not; `hint` says what a person can do when
    it does not come up; `on_line` hears each line it writes.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    probe: Callable[[], Awaitable[None]]
    log_path: Path
    start_seconds: float = 30.0
    stop_seconds: float = 6.0
    stop_signal: int = signal.SIGTERM
    pass_fds: tuple[int, ...] = ()
    hint: str = ""
    on_line: Callable[[str], None] = lambda line: None


class DidNotStart(Exception):
    """A program did not come up; the message has its last lines and what to do."""


class _Child:
    """A program and its current process."""

    def __init__(self, program: Program, folder: Path) -> None:
        self.program = program
        self._folder = folder
        self.process: Process | None = None

    async def start(self) -> None:
        """Raises DidNotStart."""
        program = self.program
        try:
            self.process = await process.start(
                program.argv,
                env=program.env,
                folder=self._folder,
                log_path=program.log_path,
                pass_fds=program.pass_fds,
                on_line=program.on_line,
            )
        except OSError as error:
            raise DidNotStart(f"The {program.name} could not be started: {error}\n{program.hint}".strip()) from None
        deadline = time.monotonic() + program.start_seconds
        while not await self.is_well():
            if self.process.ended or time.monotonic() > deadline:
                reason = await self._why(self.process)
                await self.stop()
                raise DidNotStart(reason)
            await asyncio.sleep(_POLL_SECONDS)

    async def is_well(self) -> bool:
        try:
            async with asyncio.timeout(_PROBE_SECONDS):
                await self.program.probe()
        except Exception:
            # Whatever the reason: it does not answer as it should.
            return False
        return True

    async def stop(self) -> bool:
        """False if it had to be killed."""
        if self.process is None:
            return True
        return await self.process.stop(self.program.stop_signal, self.program.stop_seconds)

    async def _why(self, failed: Process) -> str:
        program = self.program
        if failed.ended:
            what = f"The {program.name} ended at once ({_code(await failed.wait())})."
        else:
            what = f"The {program.name} did not answer within {program.start_seconds:.0f} seconds."
        lines = [what]
        if failed.last_lines:
            lines += ["Its last lines:", *(f"    {line[:300]}" for line in failed.last_lines)]
        return "\n".join([*lines, f"All of its log: {program.log_path}", program.hint]).strip()


class Supervisor:
    """Keeps children running. `changed` is called whenever a process id is new."""

    def __init__(self, folder: Path, terminal: Terminal, changed: Callable[[], None] = lambda: None) -> None:
        self._folder = folder
        self._terminal = terminal
        self._changed = changed
        self._tiers: list[list[_Child]] = []
        self._watchers: list[asyncio.Task[None]] = []

    @property
    def pids(self) -> dict[str, int]:
        return {
            child.program.name: child.process.pid for tier in self._tiers for child in tier if child.process is not None
        }

    async def start(self, *programs: Program) -> None:
        """Starts these side by side, as one step of the order. Raises DidNotStart with the first that does not."""
        tier = [_Child(program, self._folder) for program in programs]
        self._tiers.append(tier)
        results = await asyncio.gather(*(child.start() for child in tier), return_exceptions=True)
        self._changed()
        for result in results:
            if isinstance(result, BaseException):
                raise result
        self._watchers += [
            asyncio.create_task(self._watch(child), name=f"watch-{child.program.name}") for child in tier
        ]

    async def stop_watching(self) -> None:
        """From now on nobody is asked how they are, or started again."""
        await end(self._watchers)

    async def stop(self) -> None:
        """The last started first; those of one step side by side."""
        await self.stop_watching()
        for tier in reversed(self._tiers):
            for child, polite in zip(tier, await asyncio.gather(*(child.stop() for child in tier)), strict=True):
                if not polite:
                    self._terminal.trouble(child.program.name, "did not stop in time and was killed")

    async def kill(self) -> None:
        """At once, for somebody who does not want to wait."""
        await self.stop_watching()
        running = [child.process for tier in self._tiers for child in tier if child.process is not None]
        await asyncio.gather(*(each.stop(signal.SIGKILL, 2) for each in running), return_exceptions=True)

    async def _watch(self, child: _Child) -> None:
        """Waits for the child to fall, and starts it again, for ever."""
        falls = 0
        while True:
            started = time.monotonic()
            what = await self._fall_of(child)
            falls = 0 if time.monotonic() - started > _WELL_SECONDS else falls
            await child.stop()
            while True:
                pause = min(_LONGEST_BACKOFF_SECONDS, 2.0**falls - 1)
                falls += 1
                again = f"starting it again in {pause:.0f} s" if pause >= 1 else "starting it again"
                self._terminal.trouble(child.program.name, f"{what}; {again}")
                await asyncio.sleep(pause)
                try:
                    await child.start()
                except DidNotStart as error:
                    what = str(error).splitlines()[0].removeprefix(f"The {child.program.name} ").rstrip(".")
                    continue
                break
            self._changed()
            self._terminal.line(f"  {child.program.name} is running again")

    async def _fall_of(self, child: _Child) -> str:
        """How it fell: it ended, or it hung."""
        running = child.process
        if running is None:
            return "is not there"
        ending = asyncio.create_task(running.wait())
        well_at = time.monotonic()
        try:
            while True:
                done, _ = await asyncio.wait({ending}, timeout=_HEALTH_EVERY_SECONDS)
                if done:
                    return f"ended ({_code(ending.result())})"
                if await child.is_well():
                    well_at = time.monotonic()
                elif time.monotonic() - well_at > _HANGING_SECONDS:
                    return f"does not answer since {_HANGING_SECONDS:.0f} s"
        finally:
            ending.cancel()


def _code(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"
