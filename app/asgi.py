"""The web process: `uvicorn app.asgi:app`, or `python -m app serve`. Settings come from the environment and `.env`."""

from app.core import garbage, log
from app.core.settings import required_or_exit
from web.app import create_app

_settings = required_or_exit()
log.configure(level=_settings.log_level, json=_settings.log_json)
app = create_app(_settings)
garbage.spare_what_is_loaded()
