"""
Settings for an operator command: those of the environment, or of the instance that `make run` has going.

Without MONGODB_URI, a command looks into the data folder: what runs there has left its address, and its passwords lie
beside it for whoever may read that folder.
"""

from typing import Any

from app.core.settings import Settings, SettingsError, load_settings
from app.up import database, instance, programs
from app.up.instance import InstanceError, Running

_NOT_RUNNING = """There is no MONGODB_URI, and nothing runs on {folder}.
Start Parley with `make run` and try again in another terminal, or set MONGODB_URI, REDIS_URL and PARLEY_SECRET_KEYS."""


def operator_settings() -> tuple[Settings, Running | None]:
    """The settings, and the running instance they were taken from, if so. Raises SettingsError."""
    settings = load_settings()
    running = instance.running(settings.data_dir.resolve())
    if running is None:
        if not settings.mongodb_uri.get_secret_value():
            raise SettingsError(_NOT_RUNNING.format(folder=settings.data_dir))
        return settings, None
    try:
        kept = instance.kept(settings.data_dir.resolve())
    except InstanceError as error:
        raise SettingsError(str(error)) from None
    overrides: dict[str, Any] = {
        "data_dir": settings.data_dir.resolve(),
        "public_url": running.public_url,
        "sandbox_url": running.sandbox_url,
        "demo": running.demo,
    }
    if running.database_port:
        overrides["mongodb_uri"] = database.uri(kept)
    if running.redis_url:
        overrides["redis_url"] = running.redis_url
    if not settings.secret_keys:
        overrides["secret_keys"] = kept.secret_keys
    return load_settings(overrides | programs.provider_urls(settings, running.sandbox_url)), running
