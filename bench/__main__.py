"""`python -m bench NAME [--quick] [--rows N] [--json]`: run one bench; status 0 only if its bars hold."""

import argparse
import importlib
import sys
from collections.abc import Awaitable, Callable
from keyword import iskeyword

import uvloop

from bench.report import Report

# Each is a module of this package with `async def run(quick: bool) -> Report`.
NAMES = {
    "floor": "the least that a message can cost on this database",
    "inbound": "webhook to agent's screen, and floods of statuses, against the floor",
    "reply": "agent's send to the provider's door, against the floor",
    "fanout": "one event to many screens, against a bare websocket server",
    "timeline": "pages of a long timeline against those of a short one",
    "chaos": "messages in and out while every process is killed at random, and what must still hold",
    "broadcast": "a mailing through one worker, against bare arq loops; its pace, and answers meanwhile",
    "audience": "the audience of a broadcast as a stream into rows, killed half way",
    "havoc": "a mailing while every process is killed at random: nobody twice, nobody missed",
    "lists": "pages of a long inbox against those of a short one",
    "segments": "a segment over many contacts against one over few, and how soon a change is in it",
    "import": "a table of people against bare bulk inserts, and the same table once more",
    "screen": "an agent's screen in Chromium: from key to paint in a full workspace",
    "start": "make run: how soon it is ready, cold and warm, and its memory",
}

# Those of which one may say how many rows they have at most.
SIZED = frozenset(("audience", "import", "segments"))


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(f"{name:<10} {about}" for name, about in NAMES.items()),
    )
    parser.add_argument("name", choices=NAMES, metavar="NAME")
    parser.add_argument(
        "--quick", action="store_true", help="end within about a minute, with figures that are less sure"
    )
    sized = ", ".join(sorted(SIZED))
    parser.add_argument("--rows", type=int, metavar="N", help=f"at most so many rows ({sized})")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    if options.rows is not None and options.name not in SIZED:
        parser.error(f"{options.name} has one size")
    # What the language keeps for itself is no name of a module.
    module = f"{options.name}s" if iskeyword(options.name) else options.name
    run: Callable[..., Awaitable[Report]] = importlib.import_module(f"bench.{module}").run

    async def measure() -> Report:
        return await (run(options.quick) if options.rows is None else run(options.quick, options.rows))

    report = uvloop.run(measure())
    print(report.to_json() if options.json else report.to_text())
    return 0 if report.holds else 1


if __name__ == "__main__":
    sys.exit(main())
