"""What a browser's form sends (`application/x-www-form-urlencoded`), read within bounds."""

from urllib.parse import parse_qs

from starlette.requests import Request

from app.core.errors import TooLarge
from web.errors import BadRequest

MOST_BYTES = 20_000
MOST_FIELDS = 300


async def read(request: Request) -> dict[str, list[str]]:
    """The values of each field that is not empty. Raises TooLarge, BadRequest."""
    body = await request.body()
    if len(body) > MOST_BYTES:
        raise TooLarge("This is more than a form holds.")
    try:
        return parse_qs(body.decode("utf-8", "replace"), max_num_fields=MOST_FIELDS)
    except ValueError:
        raise BadRequest(f"A form has at most {MOST_FIELDS} fields.") from None
