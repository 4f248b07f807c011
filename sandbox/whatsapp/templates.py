"""Message templates: create, list, edit, delete, review, and the rules for new ones."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from starlette.requests import Request

from sandbox.faults import world_of
from sandbox.shapes import Json, JsonResponse, load_object
from sandbox.whatsapp import hooks
from sandbox.whatsapp.auth import authorised_waba, number_of_waba
from sandbox.whatsapp.errors import GraphError, bad_parameter, missing
from sandbox.whatsapp.template_fill import VARIABLE, variables
from sandbox.whatsapp.template_seeds import SEEDS
from sandbox.world import World

KIND = "whatsapp_template"
_NAME = re.compile(r"[a-z0-9_]{1,512}")
_CATEGORIES = ("MARKETING", "UTILITY", "AUTHENTICATION")
_FIELDS = ("name", "parameter_format", "components", "language", "status", "category", "id")
_MAX_BUTTONS = 10


def all_of(world: World, waba_id: str) -> dict[str, Json]:
    """The templates of a business account by `name:language`; the seeds are made on first use."""
    if world.fact("whatsapp_seeded", waba_id) is None:
        world.put_fact("whatsapp_seeded", waba_id, {})
        for seed in SEEDS:
            _store(world, waba_id, {"status": "APPROVED", "parameter_format": "POSITIONAL", **seed})
    return {
        key.partition(":")[2]: found
        for key, found in world.facts.get(KIND, {}).items()
        if key.startswith(f"{waba_id}:")
    }


def find(world: World, waba_id: str, name: str, language: str) -> Json | None:
    """One template."""
    if world.fact("whatsapp_seeded", waba_id) is None:
        all_of(world, waba_id)
    return world.fact(KIND, f"{waba_id}:{name}:{language}")


def _store(world: World, waba_id: str, data: Json) -> Json:
    template = {"id": str(world.next_number("template", 600_000_000_000_001)), "rejected_reason": "NONE", **data}
    world.put_fact(KIND, f"{waba_id}:{template['name']}:{template['language']}", template)
    return template


def set_status(world: World, waba_id: str, template: Json, status: str, reason: str = "NONE") -> None:
    """Change the status and tell the business by webhook."""
    template = {**template, "status": status, "rejected_reason": reason}
    world.put_fact(KIND, f"{waba_id}:{template['name']}:{template['language']}", template)
    number = number_of_waba(world, waba_id)
    if number is None:
        return
    value: Json = {
        "event": status,
        "message_template_id": int(template["id"]),
        "message_template_name": template["name"],
        "message_template_language": template["language"],
        "message_template_category": template["category"],
        "reason": reason,
    }
    if status == "PAUSED":
        value["other_info"] = {"title": "FIRST_PAUSE", "description": "Paused for 3 hours because of low quality."}
    entry = {
        "id": waba_id,
        "time": int(world.clock.now()),
        "changes": [{"field": "message_template_status_update", "value": value}],
    }
    hooks.post(world, number, hooks.envelope([entry]), customer="templates")


# --- routes ---


async def collection(request: Request) -> JsonResponse:
    """GET, POST, DELETE /{version}/{waba_id}/message_templates"""
    world = world_of(request)
    waba_id = authorised_waba(world, request)
    if request.method == "GET":
        return _list(request, waba_id)
    if request.method == "DELETE":
        return _delete(request, waba_id)
    data = load_object(await request.body())
    if data is None:
        raise bad_parameter("Invalid parameter", "The body is not a JSON object.")
    _check_new(data)
    if find(world, waba_id, data["name"], data["language"]) is not None:
        raise GraphError(
            100,
            "There is already content in this language for this template.",
            "Invalid parameter",
            subcode=2388024,
        )
    template = _store(
        world,
        waba_id,
        {
            "name": data["name"],
            "language": data["language"],
            "category": data["category"],
            "parameter_format": data.get("parameter_format", "POSITIONAL"),
            "components": data["components"],
            "status": "PENDING",
        },
    )
    _review_later(world, waba_id, template)
    return JsonResponse({"id": template["id"], "status": "PENDING", "category": template["category"]})


async def one(request: Request, world: World, template_id: str) -> JsonResponse:
    """GET and POST /{version}/{template_id}: look at one, edit one."""
    waba_id, template = by_id(world, template_id)
    authorised_waba(world, request, waba_id)
    if request.method == "GET":
        return JsonResponse(_shown(template, request.query_params.get("fields", "")))
    if template["status"] not in ("APPROVED", "REJECTED", "PAUSED"):
        raise GraphError(100, "Only approved, rejected or paused templates can be edited.", "Invalid parameter")
    data = load_object(await request.body()) or {}
    changed: Json = {**template, "status": "PENDING"}
    changed.update({key: data[key] for key in ("category", "components") if key in data})
    _check_new(changed)
    world.put_fact(KIND, f"{waba_id}:{template['name']}:{template['language']}", changed)
    _review_later(world, waba_id, changed)
    return JsonResponse({"success": True, "id": template_id, "name": template["name"], "category": changed["category"]})


async def unpause(request: Request) -> JsonResponse:
    """POST /{version}/{template_id}/unpause"""
    world = world_of(request)
    waba_id, template = by_id(world, request.path_params["node"])
    authorised_waba(world, request, waba_id)
    if template["status"] != "PAUSED":
        raise GraphError(100, "The template is not paused.", "Invalid parameter")
    set_status(world, waba_id, template, "APPROVED")
    return JsonResponse({"success": True})


def by_id(world: World, template_id: str) -> tuple[str, Json]:
    """The business account and the template of an id; 100/33 when there is none."""
    for key, template in world.facts.get(KIND, {}).items():
        if template["id"] == template_id:
            return key.partition(":")[0], template
    raise GraphError(
        100,
        f"Object with ID '{template_id}' does not exist.",
        f"Unsupported get request. Object with ID '{template_id}' does not exist, cannot be loaded due to missing "
        "permissions, or does not support this operation",
        subcode=33,
        status=400,
    )


def _list(request: Request, waba_id: str) -> JsonResponse:
    world, query = world_of(request), request.query_params
    found = sorted(all_of(world, waba_id).values(), key=lambda item: int(item["id"]))
    for name in ("name", "status", "language", "category"):
        if query.get(name):
            found = [item for item in found if item[name] == query[name]]
    limit = int(query.get("limit", "25")) if query.get("limit", "25").isdigit() else 25
    after = query.get("after", "")
    start = next((at + 1 for at, item in enumerate(found) if item["id"] == after), 0) if after else 0
    page = found[start : start + limit]
    answer: Json = {"data": [_shown(item, query.get("fields", "")) for item in page]}
    if page:
        answer["paging"] = {"cursors": {"before": page[0]["id"], "after": page[-1]["id"]}}
        if start + limit < len(found):
            following = request.url.include_query_params(after=page[-1]["id"])
            answer["paging"]["next"] = str(following)
    return JsonResponse(answer)


def _delete(request: Request, waba_id: str) -> JsonResponse:
    world, query = world_of(request), request.query_params
    name = query.get("name", "")
    if not name:
        raise missing("name")
    gone = [item for item in all_of(world, waba_id).values() if item["name"] == name]
    if query.get("hsm_id"):
        gone = [item for item in gone if item["id"] == query["hsm_id"]]
    if not gone:
        raise GraphError(100, "Message template was not found.", "Invalid parameter", subcode=2593002)
    for item in gone:
        world.put_fact(KIND, f"{waba_id}:{item['name']}:{item['language']}", None)
    return JsonResponse({"success": True})


def _shown(template: Json, fields: str) -> Json:
    wanted: list[str] = [name.strip() for name in fields.split(",") if name.strip()] or list(_FIELDS)
    full = {**template, "quality_score": {"score": template.get("quality", "UNKNOWN"), "date": 1_790_000_000}}
    return {name: full[name] for name in [*wanted, "id"] if name in full}


def _review_later(world: World, waba_id: str, template: Json) -> None:
    knobs = world.knobs.of("whatsapp")

    def decide() -> None:
        current = find(world, waba_id, template["name"], template["language"])
        if current is None or current["status"] != "PENDING":
            return
        text = str(current["components"]).lower()
        # A word to try a rejection with, since no human reviews here.
        if "reject me" in text:
            set_status(world, waba_id, current, "REJECTED", "INVALID_FORMAT")
        else:
            set_status(world, waba_id, current, "APPROVED")

    asyncio.get_running_loop().call_later(knobs.template_review_ms / 1000, decide)


# --- rules for new templates ---


def _check_new(data: Json) -> None:
    if not isinstance(data.get("name"), str) or not _NAME.fullmatch(data["name"]):
        raise bad_parameter("Invalid parameter", "name: only lowercase letters, digits and underscores, at most 512.")
    if not isinstance(data.get("language"), str) or not data["language"]:
        raise missing("language")
    if data.get("category") not in _CATEGORIES:
        raise bad_parameter("Param category must be one of {MARKETING, UTILITY, AUTHENTICATION}")
    if data.get("parameter_format", "POSITIONAL") not in ("POSITIONAL", "NAMED"):
        raise bad_parameter("Param parameter_format must be one of {POSITIONAL, NAMED}")
    components = data.get("components")
    if not isinstance(components, list) or not components:
        raise missing("components")
    kinds = [str(item.get("type", "")).upper() if isinstance(item, dict) else "" for item in components]
    if kinds.count("BODY") != 1:
        raise GraphError(100, "A template needs exactly one BODY.", "Invalid parameter", subcode=2388072)
    for kind, component in zip(kinds, components, strict=True):
        _check_component(kind, component, data.get("parameter_format", "POSITIONAL"))


def _check_component(kind: str, component: Json, parameter_format: str) -> None:
    if kind == "BODY":
        _check_text(component.get("text"), 1024, 2388040)
        text = str(component["text"]).strip()
        if VARIABLE.match(text) or text.endswith("}}"):
            raise GraphError(100, "Variables can't be at the start or end.", "Invalid parameter", subcode=2388299)
        if re.search(r"\}\}\s*\{\{", text):
            raise GraphError(100, "Variables can't be next to each other.", "Invalid parameter", subcode=2388072)
        names = variables(text)
        if parameter_format == "POSITIONAL" and names != [str(at + 1) for at in range(len(names))]:
            raise GraphError(100, "Variables must be {{1}}, {{2}} in order.", "Invalid parameter", subcode=2388072)
        if len(names) * 3 > len(VARIABLE.sub("", text).split()):
            raise GraphError(100, "Too many variables for the length.", "Invalid parameter", subcode=2388293)
        if names and not component.get("example"):
            raise GraphError(100, "Variables need an example.", "Invalid parameter", subcode=2388043)
    elif kind == "HEADER":
        if component.get("format") not in ("TEXT", "IMAGE", "VIDEO", "DOCUMENT", "LOCATION"):
            raise GraphError(100, "Header format is not known.", "Invalid parameter", subcode=2388047)
        if component["format"] == "TEXT":
            _check_text(component.get("text"), 60, 2388047)
            if len(variables(str(component["text"]))) > 1:
                raise GraphError(100, "A header has at most one variable.", "Invalid parameter", subcode=2388047)
    elif kind == "FOOTER":
        _check_text(component.get("text"), 60, 2388073)
        if variables(str(component["text"])):
            raise GraphError(100, "A footer has no variables.", "Invalid parameter", subcode=2388073)
    elif kind == "BUTTONS":
        _check_buttons(component.get("buttons"))
    else:
        raise bad_parameter("Param components[type] is not known", kind)


def _check_text(value: Any, limit: int, subcode: int) -> None:
    if not isinstance(value, str) or not 1 <= len(value) <= limit:
        raise GraphError(100, f"Text of 1 to {limit} characters needed.", "Invalid parameter", subcode=subcode)


def _check_buttons(buttons: Any) -> None:
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= _MAX_BUTTONS:
        raise bad_parameter("Invalid parameter", "1 to 10 buttons needed.")
    kinds = [button.get("type") if isinstance(button, dict) else None for button in buttons]
    if kinds.count("URL") > 2 or kinds.count("PHONE_NUMBER") > 1 or kinds.count("COPY_CODE") > 1:
        raise bad_parameter("Invalid parameter", "At most 2 URL, 1 phone and 1 copy code button.")
    quick = [at for at, kind in enumerate(kinds) if kind == "QUICK_REPLY"]
    if quick and quick[-1] - quick[0] + 1 != len(quick):
        raise bad_parameter("Invalid parameter", "Quick replies must be grouped together.")
    for button in buttons:
        if not isinstance(button.get("text", "x"), str) or len(button.get("text", "x")) > 25:
            raise bad_parameter("Invalid parameter", "A button's label has at most 25 characters.")
