"""
The phone: a page on which a person writes as a customer on any channel.

`static/` holds it: index.html, phone.css and five small modules (api, state, bubbles, composer, panels, main);
`shop.html` is the
invented shop that carries Parley's web-chat widget. No framework, no build step, nothing from elsewhere.
"""

from __future__ import annotations

import html
from pathlib import Path
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.accounts import LiveChatSite
from sandbox.faults import world_of
from sandbox.shapes import ControlError

_FOLDER = Path(__file__).parent / "static"
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FILES = {path.name: path for path in _FOLDER.iterdir() if path.suffix in _TYPES}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'"
)
_HEADERS = {"cache-control": "no-cache", "x-content-type-options": "nosniff", "content-security-policy": _POLICY}


def _answer(name: str) -> Response:
    path = _FILES[name]
    return Response(path.read_bytes(), media_type=_TYPES[path.suffix], headers=_HEADERS)


async def page(request: Request) -> Response:
    """GET / and /phone"""
    return _answer("index.html")


async def static(request: Request) -> Response:
    """GET /phone/static/{name}"""
    name = request.path_params["name"]
    if name not in _FILES:
        raise ControlError("no such file", 404)
    return _answer(name)


async def icon(request: Request) -> Response:
    """GET /favicon.ico, which browsers ask for whatever the page says."""
    return _answer("icon.svg")


async def shop(request: Request) -> Response:
    """GET /phone/web/{customer}?site_key=…: the shop page with the widget, in the frame of the Web chat tab."""
    world = world_of(request)
    customer = world.customer(request.path_params["customer"])
    site = world.account("livechat", request.query_params.get("site_key", ""), LiveChatSite)
    if site is None:
        raise ControlError("no such web-chat site; register it with PUT /_sandbox/accounts/livechat/{site_key}", 404)
    script = (
        f'<script async src="{html.escape(site.base_url)}/widget.js" data-key="{html.escape(site.id)}" '
        f'data-profile="{html.escape(customer.id)}"></script>'
    )
    source = _FILES["shop.html"].read_text("utf-8")
    body = source.replace("<!--customer-->", html.escape(customer.name.split()[0])).replace("<!--widget-->", script)
    parts = urlsplit(site.base_url)
    origin = f"{parts.scheme}://{parts.netloc}"
    socket = f"{'wss' if parts.scheme == 'https' else 'ws'}://{parts.netloc}"
    policy = (
        f"default-src 'none'; script-src {origin}; style-src 'self' 'unsafe-inline' {origin}; "
        f"img-src 'self' data: blob: {origin}; media-src blob: {origin}; font-src {origin}; "
        f"connect-src {origin} {socket}; frame-src {origin}"
    )
    headers = {"cache-control": "no-store", "content-security-policy": policy, "referrer-policy": "origin"}
    return Response(body, media_type="text/html", headers=headers)


ROUTES: list[BaseRoute] = [
    Route("/", page, methods=["GET"]),
    Route("/phone", page, methods=["GET"]),
    Route("/phone/static/{name}", static, methods=["GET"]),
    Route("/phone/web/{customer}", shop, methods=["GET"]),
    Route("/favicon.ico", icon, methods=["GET"]),
]
