"""Pages of a long list against those of a short one: the same requests to both by turns, medians compared."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from time import perf_counter

from bench.report import Report, quantile

COLUMNS = ("page", "short ms", "long ms", "ratio")
MOST = 1.5
Request = Callable[[], Awaitable[None]]


async def pages(report: Report, requests: Mapping[str, Sequence[Request]], rounds: int, *, barred: bool = True) -> None:
    """`requests` is page → the request of the short list and that of the long one."""
    for name, (short, long) in requests.items():
        times: tuple[list[float], list[float]] = ([], [])
        for _ in range(rounds):
            for request, taken in zip((short, long), times, strict=True):
                began = perf_counter()
                await request()
                taken.append(perf_counter() - began)
        first, second = quantile(times[0], 0.5) * 1000, quantile(times[1], 0.5) * 1000
        report.row(name, first, second, second / first)
        if barred:
            report.at_most(f"{name}, long × short", second / first, MOST)
