"""Public pages without a script: one look, in light and dark, and no more rights in the browser than they need."""

from collections.abc import Collection
from html import escape
from string import Template

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

_PAGE = Template("""<!doctype html>
<html lang="$language">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>$title</title>
<style>
:root { color-scheme: light dark; --line: #e3e6eb; --text-2: #4f5665; --accent: #4a50d8; --on: #fff; --bg: #f7f8fa;
  --card: #fff; --danger: #b3261e }
@media (prefers-color-scheme: dark) {
  :root { --line: #2b2f37; --text-2: #aeb4c0; --accent: #a9aeff; --on: #101215; --bg: #101215; --card: #16181c;
    --danger: #ff9d94 }
}
body { margin: 0; background: var(--bg); font: 16px/1.5 system-ui, sans-serif }
main { max-width: 560px; margin: 0 auto; padding: 40px 20px }
article { padding: 28px; border: 1px solid var(--line); border-radius: 14px; background: var(--card) }
h1 { margin: 0 0 8px; font-size: 22px; line-height: 1.3 }
p { margin: 0 0 20px; color: var(--text-2) }
.saved { padding: 10px 14px; border: 1px solid var(--accent); border-radius: 10px; color: inherit }
label, .blocked { display: flex; gap: 12px; align-items: flex-start; padding: 14px 0;
  border-top: 1px solid var(--line) }
input[type=checkbox], input[type=radio] { flex: none; width: 22px; height: 22px; margin: 1px 0 0;
  accent-color: var(--accent) }
b { display: block; overflow-wrap: anywhere }
small { color: var(--text-2); font-size: 14px }
.field { display: block; padding: 0 0 16px; border: 0 }
.field input { box-sizing: border-box; width: 100%; min-height: 44px; margin-top: 6px; padding: 0 12px; font: inherit;
  border: 1px solid var(--line); border-radius: 10px; background: var(--bg); color: inherit }
.trap { position: absolute; left: -9999px }
.wrong { color: var(--danger) }
a.app { display: inline-flex; align-items: center; min-height: 44px; padding: 0 20px; border: 1px solid var(--accent);
  border-radius: 10px; color: var(--accent); font-weight: 600; text-decoration: none }
.buttons { display: flex; flex-wrap: wrap; gap: 12px; padding-top: 20px; border-top: 1px solid var(--line) }
button { min-height: 44px; padding: 0 20px; border: 1px solid var(--accent); border-radius: 10px;
  background: var(--accent); color: var(--on); font: inherit; font-weight: 600; cursor: pointer }
fieldset { margin: 8px 0 0; padding: 14px 0 0; border: 0; border-top: 1px solid var(--line) }
legend { float: left; padding: 0 0 4px; font-weight: 600 }
legend + * { clear: both }
fieldset label { padding: 8px 0; border: 0; clear: both }
button.quiet { background: none; color: var(--accent) }
button[value=all] { border-color: var(--danger); background: none; color: var(--danger) }
</style>
</head>
<body><main><article>$body</article></main></body>
</html>
""")


def language(request: Request, known: Collection[str]) -> str:
    """The first of the reader's that is known, else English."""
    asked = request.headers.get("accept-language", "").split(",")[:10]
    wanted = [part.partition(";")[0].strip()[:2].lower() for part in asked]
    return next((each for each in wanted if each in known), "en")


def answer(status: int, language: str, title: str, body: str, *, framed_by: Collection[str] = ()) -> Response:
    """`body` is HTML. `framed_by` are origins that may show it in a frame."""
    page = _PAGE.substitute(language=language, title=escape(title), body=body)
    frames = " ".join(framed_by) or "'none'"
    headers = {
        "cache-control": "no-store",
        "vary": "accept-language",
        "content-security-policy": (
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
            f"frame-ancestors {frames}; base-uri 'none'"
        ),
        "referrer-policy": "no-referrer",
    }
    return HTMLResponse(page, status, headers)
