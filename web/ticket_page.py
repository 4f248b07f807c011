"""
The page on which a customer sees how their ticket stands: whoever has the signed link, without signing in.

Plain HTML without a script. It shows what the customer may know: number, title, status and when it changed; nothing
that colleagues wrote.
"""

from html import escape
from string import Template

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app.core.platform import workspaces
from inbox.store import tickets as store
from inbox.ticketing import ticket_news, tickets
from inbox.ticketing.tickets import Stand, Ticket
from web.state import state_of

_MOST_CHARS = 200

_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>$heading</title>
<style>
:root { color-scheme: light dark; --line: #e3e6eb; --text-2: #4f5665; --accent: #4a50d8; --bg: #f7f8fa; --card: #fff }
@media (prefers-color-scheme: dark) {
  :root { --line: #2b2f37; --text-2: #aeb4c0; --accent: #a9aeff; --bg: #101215; --card: #16181c }
}
body { margin: 0; background: var(--bg); font: 16px/1.5 system-ui, sans-serif }
main { max-width: 560px; margin: 0 auto; padding: 40px 20px }
article { padding: 28px; border: 1px solid var(--line); border-radius: 14px; background: var(--card) }
p { margin: 0; color: var(--text-2) }
h1 { margin: 4px 0 16px; font-size: 22px; line-height: 1.3; overflow-wrap: anywhere }
.now { display: inline-block; padding: 4px 12px; border: 1px solid var(--accent); border-radius: 99px;
  color: var(--accent); font-weight: 600 }
ol { margin: 26px 0 0; padding: 0; list-style: none }
li { position: relative; padding: 0 0 18px 24px; border-left: 2px solid var(--line); margin-left: 6px }
li:last-child { border-color: transparent; padding-bottom: 0 }
li::before { content: ""; position: absolute; left: -7px; top: 6px; width: 12px; height: 12px; border-radius: 50%;
  background: var(--line) }
li:first-child::before { background: var(--accent) }
time { display: block; color: var(--text-2); font-size: 14px }
footer { margin-top: 18px; color: var(--text-2); font-size: 14px; text-align: center }
</style>
</head>
<body>
<main>
$body
<footer>$footer</footer>
</main>
</body>
</html>
""")


_NOTHING = (
    "<article><h1>There is nothing here</h1>"
    "<p>This link is not complete. Please open it again from your messages.</p></article>"
)


async def show(request: Request) -> Response:
    """/t/{workspace_id}/{ticket_id}/{signature}"""
    runtime = state_of(request.scope)["runtime"]
    names = ("workspace_id", "ticket_id", "signature")
    workspace_id, ticket_id, signature = (request.path_params[name] for name in names)
    given = f"{workspace_id}{ticket_id}{signature}"
    if len(given) > _MOST_CHARS or not ticket_news.may_look(runtime, workspace_id, ticket_id, signature):
        return _answer(404, "Not found", _NOTHING, "")
    ws = runtime.workspace(workspace_id)
    ticket = await tickets.get(ws, ticket_id)
    if ticket.merged_into is not None:
        # The request goes on in another one; what became of it is what the customer wants to know.
        ticket = await store.get(ws, ticket.merged_into) or ticket
    workspace = await workspaces.get(runtime.mongo, workspace_id)
    return _answer(200, f"Request #{ticket.number}", _body(ticket), workspace.name if workspace else "")


def _body(ticket: Ticket) -> str:
    steps = _steps(ticket)
    shown = "".join(
        f"<li>{escape(words.capitalize())}"
        f'<time datetime="{stand.at.isoformat()}">{stand.at:%d %B %Y, %H:%M} UTC</time></li>'
        for words, stand in reversed(steps)
    )
    now = escape(steps[-1][0].capitalize())
    return (
        f"<article><p>Request #{ticket.number}</p><h1>{escape(ticket.title)}</h1>"
        f'<span class="now" role="status">{now}</span><ol aria-label="What happened so far">{shown}</ol></article>'
    )


def _steps(ticket: Ticket) -> list[tuple[str, Stand]]:
    """The statuses in the customer's words; two of ours that are one for them are one step."""
    steps: list[tuple[str, Stand]] = []
    for stand in ticket.stands:
        words = ticket_news.PUBLIC_WORDS[stand.status]
        if not steps or steps[-1][0] != words:
            steps.append((words, stand))
    return steps[-50:]


def _answer(status: int, heading: str, body: str, footer: str) -> Response:
    page = _PAGE.substitute(heading=escape(heading), body=body, footer=escape(footer))
    headers = {
        "cache-control": "no-store",
        "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        "referrer-policy": "no-referrer",
    }
    return HTMLResponse(page, status, headers)
