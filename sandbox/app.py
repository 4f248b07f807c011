"""Every route on one page, and the ASGI application made of them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from sandbox import control, phone, push
from sandbox.faults import ConnectionCloser
from sandbox.shapes import ControlError
from sandbox.telegram import routes as telegram
from sandbox.translating import routes as translating
from sandbox.twilio import routes as twilio
from sandbox.whatsapp import account, errors, files, messages, templates, usage
from sandbox.whatsapp import inbound as whatsapp_inbound
from sandbox.whatsapp import statuses as whatsapp_statuses
from sandbox.world import World

GRAPH: list[BaseRoute] = [
    Route("/{node}/messages", usage.counted(messages.endpoint), methods=["POST"]),
    Route("/{node}/marketing_messages", usage.counted(messages.marketing_endpoint), methods=["POST"]),
    Route("/{node}/media", usage.managed(files.upload), methods=["POST"]),
    Route("/{node}/block_users", usage.managed(account.block_users), methods=["GET", "POST", "DELETE"]),
    Route("/{node}/contact_book", usage.managed(account.contact_book), methods=["DELETE"]),
    Route("/{node}/phone_numbers", usage.managed(account.phone_numbers), methods=["GET"]),
    Route("/{node}/subscribed_apps", usage.managed(account.subscribed_apps), methods=["GET", "POST", "DELETE"]),
    Route("/{node}/subscriptions", account.subscriptions, methods=["GET", "POST"]),
    Route("/{node}/message_templates", usage.managed(templates.collection), methods=["GET", "POST", "DELETE"]),
    Route("/{node}/unpause", usage.managed(templates.unpause), methods=["POST"]),
    Route("/{node}/uploads", usage.managed(files.start_upload), methods=["POST"]),
    Route("/{node}", usage.managed(account.node), methods=["GET", "POST", "DELETE"]),
    Route("/{node}/{edge:path}", account.unknown, methods=["GET", "POST", "DELETE"]),
]

CONTROL: list[BaseRoute] = [
    Route("/accounts", control.account_list, methods=["GET"]),
    Route("/accounts/whatsapp/{id}/verify", control.verify, methods=["POST"]),
    Route("/accounts/{kind}/{id}", control.account, methods=["GET", "PUT", "DELETE"]),
    Route("/customers", control.customer_list, methods=["GET", "PUT", "POST"]),
    Route("/customers/{id}", control.customer, methods=["GET", "PUT", "DELETE"]),
    Route("/inbound", control.inbound, methods=["POST"]),
    Route("/inbound/batch", control.inbound_batch, methods=["POST"]),
    Route("/status", control.status, methods=["POST"]),
    Route("/release", control.release, methods=["POST"]),
    Route("/template_status", control.template_status, methods=["POST"]),
    Route("/ledger", control.ledger, methods=["GET"]),
    Route("/knobs", control.knobs, methods=["GET", "PUT"]),
    Route("/clock", control.clock, methods=["GET", "POST"]),
    Route("/reset", control.reset, methods=["POST"]),
    Route("/state", control.state, methods=["GET"]),
    Route("/events", control.events, methods=["GET"]),
    Route("/media/{id}", control.media_file, methods=["GET"]),
    Route("/push/{id}", push.control, methods=["GET", "PUT", "DELETE"]),
    Route("/translating", translating.control, methods=["GET", "PUT"]),
    Route("/samples", control.samples, methods=["GET"]),
]


def build(data_dir: Path | None = None, *, seed: bool = True) -> ASGIApp:
    """The application; with `data_dir` it remembers phones and ledger across restarts."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        world: World = app.state.world
        whatsapp_inbound.resume(world)
        whatsapp_statuses.resume(world)
        twilio.resume(world)
        telegram.resume(world)
        try:
            yield
        finally:
            await world.close()

    handlers: dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {
        errors.GraphError: errors.answer,
        ControlError: control.refuse,
        **twilio.HANDLERS,
        **telegram.HANDLERS,
    }
    routes: list[BaseRoute] = [
        # The busiest first: Starlette tries them in order.
        Mount("/graph/{version}", routes=GRAPH),
        Mount("/twilio", routes=twilio.API),
        Mount("/telegram", routes=telegram.API),
        Route("/push/{id}", push.take, methods=["POST"]),
        Mount("/libretranslate", routes=translating.LIBRETRANSLATE),
        Mount("/deepl", routes=translating.DEEPL),
        Mount("/_sandbox", routes=CONTROL),
        Mount("/twilio-content/v1", routes=twilio.CONTENT),
        Route("/graph-media/{path:path}", files.download, methods=["GET"]),
        *phone.ROUTES,
    ]
    app = Starlette(routes=routes, exception_handlers=handlers, lifespan=lifespan)
    app.state.world = World(data_dir, seed=seed)
    return ConnectionCloser(app)
