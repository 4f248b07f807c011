"""`python -m sandbox`: the pretend providers and the phone on one port."""

from __future__ import annotations

import argparse
import gc
from pathlib import Path

import uvicorn

from sandbox import app

# What is new is looked through after so many objects, and what is old seldom: a ledger of a hundred thousand messages
# only grows, and to look through it again and again was a twentieth of what an answer cost.
_YOUNG = 20_000


def main() -> None:
    """Read the command line and serve until stopped."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, default=9100)
    parser.add_argument(
        "--data-dir", type=Path, help="remember phones, files and ledger here; without it, in memory only"
    )
    parser.add_argument("--empty", action="store_true", help="start without the demo accounts and customers")
    parser.add_argument("--log-level", default="warning", choices=["debug", "info", "warning", "error"])
    options = parser.parse_args()
    application = app.build(options.data_dir, seed=not options.empty)
    gc.freeze()
    gc.set_threshold(_YOUNG, 20, 50)
    # No access log: at a thousand messages a second it would cost more than the answers.
    uvicorn.run(
        application,
        host=options.host,
        port=options.port,
        log_level=options.log_level,
        access_log=False,
        ws="none",
        timeout_graceful_shutdown=2,
        timeout_keep_alive=30,
    )


if __name__ == "__main__":
    main()
