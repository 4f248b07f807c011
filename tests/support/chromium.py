"""
A Chromium for the browser tests: $CHROMIUM, one on PATH, else the one inside npm's @sparticuz/chromium.

The last needs neither root nor a browser's download host, so that `make test` works on a bare machine (x86-64 Linux;
elsewhere: `playwright install chromium` and $CHROMIUM). Fetched once, with the Node that also builds the front end.
"""

import os
import shutil
import subprocess
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

from web import build

VERSION = "153.0.0"
FOLDER = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "parley" / f"chromium-{VERSION}"
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
]
# A test's page lives for seconds, in which the last tier of compiled code costs more than it saves.
OF_TESTS = [*ARGS, "--js-flags=--no-opt"]

_INFLATE = """
const zlib = require('node:zlib'), fs = require('node:fs')
const [from, to] = process.argv.slice(1)
const files = [['al2023.tar', 'lib.tar'], ['fonts.tar', 'fonts.tar'], ['chromium', 'chromium.part', 0o755]]
for (const [name, file, mode] of files) {
  const packed = fs.readFileSync(from + '/' + name + '.br')
  fs.writeFileSync(to + '/' + file, zlib.brotliDecompressSync(packed), { mode })
}
"""


@dataclass(frozen=True, slots=True)
class Chromium:
    path: str
    env: dict[str, str] = field(default_factory=dict)


def find() -> Chromium:
    """Raises CalledProcessError when it has to be fetched and cannot be."""
    for known in (os.environ.get("CHROMIUM"), *map(shutil.which, NAMES)):
        if known and Path(known).exists():
            return Chromium(known)
    program = FOLDER / "chromium"
    if not program.exists():
        _fetch(program)
    return Chromium(str(program), {"LD_LIBRARY_PATH": str(FOLDER / "lib")})


def _fetch(program: Path) -> None:
    node = build.find_node()
    npm = FOLDER / "npm"
    npm.mkdir(parents=True, exist_ok=True)
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-save"]
    install = [node.program, node.npm, "install", "--prefix", npm, *options, f"@sparticuz/chromium@{VERSION}"]
    subprocess.run([str(part) for part in install], check=True, env=node.env)
    packed = npm / "node_modules" / "@sparticuz" / "chromium" / "bin"
    subprocess.run([str(node.program), "-e", _INFLATE, str(packed), str(FOLDER)], check=True, env=node.env)
    for name in ("lib", "fonts"):
        with tarfile.open(FOLDER / f"{name}.tar") as archive:
            archive.extractall(FOLDER, filter="data")
        (FOLDER / f"{name}.tar").unlink()
    shutil.rmtree(npm)
    # Last: a half-fetched one must not look whole.
    (FOLDER / "chromium.part").rename(program)
