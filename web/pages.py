"""
The front end as files: what Vite built into web/dist, served from memory of what is there, never from a path that a
request names.

Files in assets/ carry a hash in their name and never change. Beside each text file lies a .br and a .gz of it, chosen
by Accept-Encoding. Every other address that is no file and none of ours is a screen, and gets index.html.
"""

import hashlib
import mimetypes
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

RELEASE = "0.1.0"
DIST = Path(__file__).resolve().parent / "dist"

_IMMUTABLE = "public, max-age=31536000, immutable"
# The page names the hashed files, so it must be asked for each time; mostly the answer is 304.
_REVALIDATE = "no-cache"
_WIDGET = "public, max-age=300"

# First parts of paths that are not screens.
_NOT_SCREENS = frozenset({"api", "assets", "files", "webhooks", "ws", "w", "t", "help", "metrics", "healthz", "readyz"})
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
_NOT_BUILT = (
    b"<!doctype html><meta charset=utf-8><title>Parley</title><h1>The front end is not built yet</h1>"
    b"<p>Run <code>make run</code>, which builds it, or <code>python -m web.build</code>, and reload this page.</p>"
)


@dataclass(frozen=True, slots=True)
class _Asset:
    """One file in its encodings, by name of the encoding; "" is the plain one."""

    media_type: str
    etag: str
    bodies: dict[str, bytes] = field(repr=False)


def version() -> str:
    """Changes with each release and each build, so that an open screen learns that it is out of date."""
    index = _file("index.html")
    return f"{RELEASE}+{index.etag[1:9]}" if index else RELEASE


async def fallback(scope: Scope, receive: Receive, send: Send) -> None:
    """What no route took: a file of the front end, a screen, or nothing."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 4404})
        return
    request = Request(scope, receive)
    path = request.url.path.strip("/")
    if scope["method"] not in ("GET", "HEAD") or path.partition("/")[0] in _NOT_SCREENS:
        raise HTTPException(404)
    name = path or "index.html"
    found = _file(name) if "/" not in name else None
    if found is None:
        if "." in name.rpartition("/")[2]:
            raise HTTPException(404)
        found = _file("index.html")
    response = _answer(request, found, _REVALIDATE) if found else Response(_NOT_BUILT, 503, media_type="text/html")
    await response(scope, receive, send)


async def asset(request: Request) -> Response:
    """/assets/…"""
    found = _file("assets/" + request.path_params["path"])
    if found is None:
        raise HTTPException(404)
    return _answer(request, found, _IMMUTABLE)


async def widget(request: Request) -> Response:
    """/widget.js and /widget-more.js, the two files that other sites load."""
    found = _file(request.url.path.strip("/"))
    if found is None:
        raise HTTPException(404)
    response = _answer(request, found, _WIDGET)
    response.headers["cross-origin-resource-policy"] = "cross-origin"
    # The second is imported, and browsers import only what is meant for everybody.
    response.headers["access-control-allow-origin"] = "*"
    return response


def _answer(request: Request, found: _Asset, cache_control: str) -> Response:
    headers = {"cache-control": cache_control, "etag": found.etag, "vary": "accept-encoding"}
    if found.etag in (tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")):
        return Response(status_code=304, headers=headers)
    encoding = _encoding(request.headers.get("accept-encoding", ""), found)
    if encoding:
        headers["content-encoding"] = encoding
    return Response(found.bodies[encoding], headers=headers, media_type=found.media_type)


def _encoding(accepted: str, found: _Asset) -> str:
    offers = {}
    for part in accepted.lower().split(","):
        name, _, parameters = part.partition(";")
        offers[name.strip()] = parameters.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return next((name for name, _ in _ENCODINGS if name in found.bodies and offers.get(name)), "")


def _file(name: str) -> _Asset | None:
    """A file of the build, by its name in the build's own listing."""
    try:
        built = DIST.stat().st_mtime_ns, (DIST / "index.html").stat().st_mtime_ns
    except OSError:
        return None
    return _load(name, built) if name in _names(built) else None


@lru_cache(maxsize=2)
def _names(built: tuple[int, int]) -> frozenset[str]:
    """Every servable file of this build. `built` changes with each build."""
    names = (path.relative_to(DIST) for path in DIST.rglob("*") if path.is_file() and not path.is_symlink())
    hidden = (".br", ".gz")
    return frozenset(
        name.as_posix()
        for name in names
        if name.suffix not in hidden and not any(part.startswith(".") for part in name.parts)
    )


@lru_cache(maxsize=256)
def _load(name: str, built: tuple[int, int]) -> _Asset | None:
    path = DIST / name
    try:
        plain = path.read_bytes()
        bodies = {"": plain}
        for encoding, suffix in _ENCODINGS:
            compressed = path.with_name(path.name + suffix)
            if compressed.is_file():
                bodies[encoding] = compressed.read_bytes()
    except OSError:
        return None
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return _Asset(media_type, f'"{hashlib.sha256(plain).hexdigest()[:24]}"', bodies)
