"""/bot{token}/{method} and /file/bot{token}/{path}, and the table of methods."""

from __future__ import annotations

import hmac
import re
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.accounts import TelegramBot
from sandbox.faults import lost_answer, pause, strikes, world_of
from sandbox.shapes import JsonResponse
from sandbox.telegram import edits, errors, files, messages, params, settings, updates
from sandbox.telegram.errors import TelegramError
from sandbox.telegram.messages import Call, Method
from sandbox.world import World

_TOKEN = re.compile(r"[0-9]+:[A-Za-z0-9_-]+")

METHODS: dict[str, Method] = {
    "getme": settings.get_me,
    "getupdates": settings.get_updates,
    "setwebhook": settings.set_webhook,
    "deletewebhook": settings.delete_webhook,
    "getwebhookinfo": settings.get_webhook_info,
    "getfile": settings.get_file,
    "getchat": settings.get_chat,
    "getuserprofilephotos": settings.get_profile_photos,
    "setmycommands": settings.set_commands,
    "getmycommands": settings.get_commands,
    "deletemycommands": settings.agree,
    "setmydescription": settings.agree,
    "setmyshortdescription": settings.agree,
    "setmyname": settings.agree,
    "setchatmenubutton": settings.agree,
    "sendmessage": messages.send_message,
    "sendphoto": messages.send_file("photo"),
    "sendvideo": messages.send_file("video"),
    "sendanimation": messages.send_file("animation"),
    "senddocument": messages.send_file("document"),
    "sendaudio": messages.send_file("audio"),
    "sendvoice": messages.send_file("voice"),
    "sendvideonote": messages.send_file("video_note"),
    "sendsticker": messages.send_file("sticker"),
    "sendmediagroup": messages.send_media_group,
    "sendlocation": messages.send_location,
    "sendvenue": messages.send_venue,
    "sendcontact": messages.send_contact,
    "sendchataction": messages.send_chat_action,
    "editmessagetext": edits.edit_text,
    "editmessagecaption": edits.edit_caption,
    "editmessagemedia": edits.edit_media,
    "editmessagereplymarkup": edits.edit_markup,
    "deletemessage": edits.delete_message,
    "deletemessages": edits.delete_messages,
    "setmessagereaction": edits.set_reaction,
    "answercallbackquery": edits.answer_callback,
}


def _bot(world: World, token: str) -> TelegramBot:
    """The bot of a token: 404 when it cannot be one, 401 when it is nobody's."""
    if not _TOKEN.fullmatch(token):
        raise TelegramError(404, "Not Found")
    bot = world.account("telegram", token.partition(":")[0], TelegramBot)
    if bot is None or not hmac.compare_digest(bot.token.encode(), token.encode()):
        raise TelegramError(401, "Unauthorized")
    return bot


async def call_method(request: Request) -> Response:
    """Run one method; names are case-insensitive."""
    world = world_of(request)
    bot = _bot(world, request.path_params["token"])
    name = request.path_params["method"].lower()
    method = METHODS.get(name)
    if method is None:
        raise TelegramError(404, "Not Found: method not found")
    given = await params.read(request)
    sends = name.startswith("send") and name != "sendchataction"
    customer = _customer(world, given)
    knobs = world.knobs.of("telegram", customer)
    if knobs.outage:
        raise TelegramError(503, "Service Unavailable")
    if sends:
        await pause(knobs)
        if knobs.throttle:
            raise errors.too_many(3)
        code = world.knobs.take_failure("telegram", customer)
        if not code and strikes(world, knobs.error_rate):
            code = knobs.error_code or 500
        if code:
            raise errors.of_code(code)
    result = await method(Call(world, bot, given))
    if sends and (lost := lost_answer(world, knobs)) is not None:
        return lost
    return JsonResponse({"ok": True, "result": result})


def _customer(world: World, given: params.Params) -> str:
    person = world.customers.by_telegram(given.whole("chat_id"))
    return person.id if person else ""


async def download(request: Request) -> Response:
    """GET /file/bot{token}/{path}"""
    world = world_of(request)
    return files.download(world, _bot(world, request.path_params["token"]), request.path_params["path"])


async def not_found(request: Request) -> Response:
    """Everything else."""
    raise TelegramError(404, "Not Found")


API: list[BaseRoute] = [
    Route("/bot{token}/{method}", call_method, methods=["GET", "POST"]),
    Route("/file/bot{token}/{path:path}", download, methods=["GET"]),
    Route("/{path:path}", not_found, methods=["GET", "POST"]),
]

HANDLERS: dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {
    errors.TelegramError: errors.answer
}


def resume(world: World) -> None:
    """Go on after a restart."""
    updates.resume(world)
