"""Every URL of the web process, on one page. Routes are tried in this order, so what is hot comes first."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from web import chat_http, files, health, openapi, pages, preferences_page, tables, ticket_page
from web.agent_socket import agent_socket
from web.api import (
    accounts,
    agents,
    articles,
    audit,
    blocked,
    bulk,
    calendars,
    canned,
    closing,
    companies,
    consents,
    contacts,
    conversations,
    deferred,
    drafts,
    duplicates,
    entries,
    fields,
    help_centre,
    imports,
    incidents,
    invitations,
    lists,
    macros,
    me,
    members,
    merging,
    notifications,
    operations,
    pacing,
    previews,
    prices,
    proofs,
    push,
    reports,
    roles,
    roster,
    route_rules,
    search,
    sign_in,
    sla_policies,
    surveys,
    tags,
    teams,
    templates,
    ticket_forms,
    tickets,
    tokens,
    transcripts,
    variables,
    views,
)
from web.api.endpoint import PREFIX, Endpoint, routes_of
from web.chat_socket import chat_socket
from web.help import pages as help_pages
from web.webhooks import webhooks

# The REST API; each module ends in its list.
API: tuple[Endpoint, ...] = (
    *conversations.ENDPOINTS,
    *tickets.ENDPOINTS,
    *closing.ENDPOINTS,
    *surveys.ENDPOINTS,
    *ticket_forms.ENDPOINTS,
    *incidents.ENDPOINTS,
    *sla_policies.ENDPOINTS,
    *entries.ENDPOINTS,
    *previews.ENDPOINTS,
    *proofs.ENDPOINTS,
    *deferred.ENDPOINTS,
    *transcripts.ENDPOINTS,
    *blocked.ENDPOINTS,
    *contacts.ENDPOINTS,
    *fields.ENDPOINTS,
    *companies.ENDPOINTS,
    *consents.ENDPOINTS,
    *lists.ENDPOINTS,
    *imports.ENDPOINTS,
    *pacing.ENDPOINTS,
    *duplicates.ENDPOINTS,
    *merging.ENDPOINTS,
    *accounts.ENDPOINTS,
    *prices.ENDPOINTS,
    *templates.ENDPOINTS,
    *tags.ENDPOINTS,
    *search.ENDPOINTS,
    *bulk.ENDPOINTS,
    *views.ENDPOINTS,
    *sign_in.ENDPOINTS,
    *me.ENDPOINTS,
    *members.ENDPOINTS,
    *roles.ENDPOINTS,
    *calendars.ENDPOINTS,
    *roster.ENDPOINTS,
    *route_rules.ENDPOINTS,
    *teams.ENDPOINTS,
    *agents.ENDPOINTS,
    *invitations.ENDPOINTS,
    *tokens.ENDPOINTS,
    *audit.ENDPOINTS,
    *variables.ENDPOINTS,
    *canned.ENDPOINTS,
    *articles.ENDPOINTS,
    *help_centre.ENDPOINTS,
    *drafts.ENDPOINTS,
    *macros.ENDPOINTS,
    *operations.ENDPOINTS,
    *reports.ENDPOINTS,
    *notifications.ENDPOINTS,
    *push.ENDPOINTS,
)

_document: list[bytes] = []


async def _openapi(request: Request) -> Response:
    if not _document:
        _document.append(openapi.document(API))
    return Response(_document[0], media_type="application/json")


def table() -> list[BaseRoute]:
    return [
        Route("/webhooks/{kind}/{account_id}", webhooks, methods=["GET", "POST"]),
        Route("/webhooks/{kind}", webhooks, methods=["GET", "POST"]),
        WebSocketRoute("/ws/agent", agent_socket),
        WebSocketRoute("/ws/chat", chat_socket),
        *routes_of(API),
        Route(f"{PREFIX}/files", files.upload, methods=["POST"]),
        Route(f"{PREFIX}/import-files", tables.upload, methods=["POST"]),
        Route(f"{PREFIX}/imports/{{import_id}}/results", tables.results),
        Route(f"{PREFIX}/exports/{{export_id}}/file", tables.exported),
        Route("/files/{file_id}", files.download),
        Route("/w/site", chat_http.look),
        Route("/w/help", chat_http.find),
        Route("/w/uploads", chat_http.upload, methods=["POST", "OPTIONS"]),
        Route(f"{PREFIX}/openapi.json", _openapi),
        Route("/healthz", health.healthz),
        Route("/readyz", health.readyz),
        Route("/metrics", health.metrics),
        Route("/t/{workspace_id}/{ticket_id}/{signature}", ticket_page.show),
        Route("/p/{workspace_id}/{contact_id}/{signature}", preferences_page.show, methods=["GET"]),
        Route("/p/{workspace_id}/{contact_id}/{signature}", preferences_page.take, methods=["POST"]),
        Route("/help/{slug}", help_pages.show),
        Route("/help/{slug}/{path:path}", help_pages.show, methods=["GET"]),
        Route("/help/{slug}/{path:path}", help_pages.take, methods=["POST"]),
        Route("/widget.js", pages.widget),
        Route("/widget-more.js", pages.widget),
        Route("/assets/{path:path}", pages.asset),
    ]
