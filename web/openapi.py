"""The OpenAPI 3.1 document of the REST API, made from the endpoints' own models."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from app.core.errors import (
    AppError,
    Forbidden,
    Invalid,
    NotFound,
    SignedOut,
    TooLarge,
    TooManyRequests,
    Unavailable,
    UnsupportedMedia,
)
from app.core.permissions import Permission
from web import auth
from web.api.endpoint import PREFIX, Access, Endpoint
from web.api.inbox_shapes import FileShape
from web.errors import CONTENT_TYPE, BadRequest
from web.idempotency import KeyReused

VERSION = "1"

_REFERENCE = "#/components/schemas/{model}"
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable; for programs."},
        "detail": {"type": "string", "description": "For people."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
        "changed": {
            "type": "array",
            "description": "With `changed_meanwhile`: what a colleague has changed, who and when, and what it is now.",
            "items": {
                "type": "object",
                "required": ["what", "by", "name", "at", "value"],
                "properties": {
                    "what": {"type": "string"},
                    "by": {"type": ["string", "null"]},
                    "name": {"type": ["string", "null"]},
                    "at": {"type": ["string", "null"], "format": "date-time"},
                    "value": {},
                },
            },
        },
        "retry_after_seconds": {"type": "integer"},
        "workspaces": {
            "type": "array",
            "description": "With `choose_workspace`: those in which email and password are right.",
            "items": {
                "type": "object",
                "required": ["id", "name"],
                "properties": {"id": {"type": "string"}, "name": {"type": "string"}},
            },
        },
    },
}
# Files come as multipart, so their route is not an Endpoint.
_UPLOAD = {
    "operationId": "files_upload",
    "summary": "Upload a file to send",
    "tags": ["files"],
    "description": f"Needs the permission `{Permission.INBOX_REPLY.value}`.",
    "x-permission": Permission.INBOX_REPLY.value,
    "security": [{"token": []}, {"session": []}],
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            }
        },
    },
}
# Tables of people, which are streams: see web/tables.py.
_CONTACTS = Permission.CONTACTS_WRITE.value
_TABLE = {"type": "string", "format": "binary"}
_TABLES: Mapping[str, Mapping[str, Any]] = {
    f"{PREFIX}/import-files": {
        "operationId": "imports_upload",
        "summary": "Upload a table of people; nothing is imported yet",
        "method": "post",
        "parameters": [{"name": "name", "in": "query", "schema": {"type": "string", "maxLength": 200}}],
        "requestBody": {"required": True, "content": {"text/csv": {"schema": _TABLE}}},
        "answer": ("201", "application/json", {"type": "object", "properties": {"id": {"type": "string"}}}),
    },
    f"{PREFIX}/imports/{{import_id}}/results": {
        "operationId": "imports_results",
        "summary": "What became of each row, as CSV",
        "method": "get",
        "answer": ("200", "text/csv", _TABLE),
    },
    f"{PREFIX}/exports/{{export_id}}/file": {
        "operationId": "exports_file",
        "summary": "The table of an export, as CSV",
        "method": "get",
        "answer": ("200", "text/csv", _TABLE),
    },
    f"{PREFIX}/broadcasts/{{broadcast_id}}/table": {
        "operationId": "broadcasts_table",
        "summary": "Everybody in the audience of a broadcast, and what became of them, as CSV",
        "method": "get",
        "permission": Permission.BROADCASTS_READ.value,
        "answer": ("200", "text/csv", _TABLE),
    },
}
_UPLOAD_REFUSALS = (SignedOut, Forbidden, Invalid, TooLarge, UnsupportedMedia, Unavailable)


def document(endpoints: Sequence[Endpoint]) -> bytes:
    """The whole document as JSON."""
    schemas, components = _schemas(endpoints)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, schemas)
    stored = {"description": "Done.", "content": {"application/json": {"schema": schemas["files", "answer"]}}}
    paths[f"{PREFIX}/files"] = {"post": {**_UPLOAD, "responses": {"201": stored, **_problems(_UPLOAD_REFUSALS)}}}
    for path, table in _TABLES.items():
        paths.setdefault(path, {})[table["method"]] = _table_operation(path, table)
    return orjson.dumps(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Parley",
                "version": VERSION,
                "description": "Every action of the screens. Errors are application/problem+json with a stable code.",
            },
            "paths": paths,
            "components": {
                "schemas": {**components, "Problem": _PROBLEM},
                "securitySchemes": {
                    "token": {"type": "http", "scheme": "bearer", "description": "An API token, pat_…"},
                    "session": {"type": "apiKey", "in": "cookie", "name": auth.COOKIE},
                },
            },
        }
    )


_Key = tuple[str, str]


def _table_operation(path: str, table: Mapping[str, Any]) -> dict[str, Any]:
    status, media, schema = table["answer"]
    named = [each[1:-1] for each in path.split("/") if each.startswith("{")]
    parameters = [{"name": each, "in": "path", "required": True, "schema": {"type": "string"}} for each in named]
    done = {"description": "Done.", "content": {media: {"schema": schema}}}
    permission = table.get("permission", _CONTACTS)
    return {
        **{name: value for name, value in table.items() if name not in ("method", "answer", "permission")},
        "tags": ["imports"],
        "description": f"Needs the permission `{permission}`, and to see all contacts unmasked.",
        "x-permission": permission,
        "security": [{"token": []}, {"session": []}],
        "parameters": [*parameters, *table.get("parameters", ())],
        "responses": {status: done, **_problems((SignedOut, Forbidden, NotFound, Invalid))},
    }


def _schemas(endpoints: Iterable[Endpoint]) -> tuple[dict[_Key, Any], dict[str, Any]]:
    """The schema of each endpoint's body, query and answer by (name, part), and the shared definitions."""
    wanted: list[tuple[_Key, JsonSchemaMode, TypeAdapter[Any]]] = [
        (("files", "answer"), "serialization", TypeAdapter(FileShape))
    ]
    for endpoint in endpoints:
        if endpoint.body_model is not None:
            wanted.append(((endpoint.name, "body"), "validation", TypeAdapter(endpoint.body_model)))
        if endpoint.query_model is not None:
            wanted.append(((endpoint.name, "query"), "validation", TypeAdapter(endpoint.query_model)))
        if endpoint.answer_adapter is not None:
            wanted.append(((endpoint.name, "answer"), "serialization", endpoint.answer_adapter))
    schemas, shared = TypeAdapter.json_schemas(wanted, ref_template=_REFERENCE)
    return {key: schema for (key, _), schema in schemas.items()}, shared.get("$defs", {})


def _operation(endpoint: Endpoint, schemas: dict[_Key, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": endpoint.name.replace(".", "_"),
        "summary": endpoint.summary,
        "tags": [endpoint.noun],
        "responses": _responses(endpoint, schemas),
    }
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1, "maxLength": 200}}
        for name in endpoint.path_names
    ]
    if endpoint.query_model is not None:
        properties = endpoint.query_model.model_json_schema(ref_template=_REFERENCE).get("properties", {})
        parameters += [
            {"name": name, "in": "query", "required": False, "schema": _without_null(schema)}
            for name, schema in properties.items()
        ]
    if endpoint.idempotent:
        schema = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^ *[!-~][ -~]*$"}
        parameters.append({"name": "Idempotency-Key", "in": "header", "required": False, "schema": schema})
    if parameters:
        operation["parameters"] = parameters
    if endpoint.body_model is not None:
        content = {"application/json": {"schema": schemas[endpoint.name, "body"]}}
        operation["requestBody"] = {"required": endpoint.needs_body, "content": content}
    if endpoint.permission is Access.PUBLIC:
        operation["security"] = []
    elif endpoint.permission is Access.MEMBER:
        operation["security"] = [{"session": []}]
    else:
        operation["security"] = [{"token": []}, {"session": []}]
    if isinstance(endpoint.permission, Permission):
        operation["description"] = f"Needs the permission `{endpoint.permission.value}`."
        operation["x-permission"] = endpoint.permission.value
    return operation


def _responses(endpoint: Endpoint, schemas: dict[_Key, Any]) -> dict[str, Any]:
    done: dict[str, Any] = {"description": "Done."}
    if endpoint.answer_adapter is not None:
        done["content"] = {endpoint.media_type: {"schema": schemas[endpoint.name, "answer"]}}
    return {str(endpoint.status): done, **_problems(_refusals(endpoint))}


def _problems(refusals: Iterable[type[AppError]]) -> dict[str, Any]:
    """The answers of refusals by status; of several with one status, the first names it."""
    responses: dict[str, Any] = {}
    for refusal in refusals:
        responses.setdefault(
            str(refusal.status),
            {
                "description": f"{refusal.title}.",
                "content": {CONTENT_TYPE: {"schema": {"$ref": _REFERENCE.format(model="Problem")}}},
            },
        )
    return responses


def _refusals(endpoint: Endpoint) -> Iterable[type[AppError]]:
    """Those of the endpoint, and those that come with what it takes."""
    yield from endpoint.errors
    yield Unavailable
    if endpoint.permission is not Access.PUBLIC:
        yield SignedOut
        yield Forbidden
    if endpoint.method not in auth.SAFE_METHODS:
        yield Forbidden
    if endpoint.path_names:
        yield NotFound
    if endpoint.body_model is not None:
        yield from (BadRequest, Invalid, TooLarge, UnsupportedMedia)
    if endpoint.query_model is not None:
        yield from (BadRequest, Invalid)
    if endpoint.idempotent:
        yield from (KeyReused, Invalid)
    if endpoint.permission is Access.PUBLIC and endpoint.body_model is not None:
        yield TooManyRequests


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A query parameter that is not given is left out; it has no way to be null."""
    options = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    if len(options) != len(schema.get("anyOf", ())):
        rest = {key: value for key, value in schema.items() if key not in ("anyOf", "default")}
        return {**rest, **(options[0] if len(options) == 1 else {"anyOf": options})}
    return schema
