"""Settings: environment and `.env`, read once at start; a wrong value stops the start with a plain message."""

import os
import sys
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

_PREFIX = "PARLEY_"
_ENV_FILE = ".env"
# Names that are less alike than this are not ours: some platforms give a service variables by its name.
_ALIKE = 0.8


class SettingsError(Exception):
    """A setting is missing or wrong; the message names it and says what to write."""


class Settings(BaseSettings):
    """Every setting of Parley. Each is `PARLEY_` + its name in capitals, save the two that the field knows by name."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        env_file=_ENV_FILE,
        env_file_encoding="utf-8",
        extra="ignore",
        frozen=True,
        populate_by_name=True,
    )

    mongodb_uri: SecretStr = Field(
        SecretStr(""),
        validation_alias=AliasChoices("MONGODB_URI", "mongodb_uri"),
        description="MongoDB to use. Empty: `make run` starts an embedded one.",
    )
    redis_url: SecretStr = Field(
        SecretStr(""),
        validation_alias=AliasChoices("REDIS_URL", "redis_url"),
        description="Redis or Valkey to use, redis:// or unix://. Empty: `make run` starts an embedded one.",
    )
    database: str = Field("parley", pattern=r"^[A-Za-z0-9_-]{1,60}$", description="Name of the MongoDB database.")
    secret_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (), description="Comma-separated keys of 32 characters or more; the first encrypts, all decrypt (rotation)."
    )
    public_url: str = Field(
        "", description="Where providers and browsers reach Parley from outside, such as https://inbox.example.com."
    )
    host: str = Field("127.0.0.1", description="Address the web process listens on.")
    port: int = Field(0, ge=0, le=65535, description="Port of the web process; 0 picks a free one (8000 if free).")
    data_dir: Path = Field(Path("data"), description="Folder of the embedded databases, files, spool and lock.")
    files_url: str = Field(
        "",
        description="Where media lives: empty for a folder under data_dir, or s3://bucket/prefix.",
    )
    max_webhook_bytes: int = Field(3_500_000, ge=10_000, description="Largest webhook body; Meta sends up to 3 MB.")
    max_upload_bytes: int = Field(100_000_000, ge=10_000, description="Largest file an agent may upload.")
    round_seconds: float = Field(
        5.0,
        ge=0.2,
        le=60,
        description="Seconds between two looks for what has fallen due or was left behind by a process that died.",
    )
    raw_retention_days: int = Field(30, ge=1, le=3650, description="How long raw provider payloads are kept.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least level that is logged.")
    log_json: bool = Field(True, description="JSON lines (true) or lines for people (false).")
    graph_url: str = Field(
        "https://graph.facebook.com", description="Base of Meta's Graph API; the sandbox stands in here."
    )
    graph_version: str = Field("v26.0", pattern=r"^v\d+\.\d+$", description="Version of Meta's Graph API.")
    twilio_url: str = Field("https://api.twilio.com", description="Base of Twilio's API; the sandbox stands in here.")
    telegram_url: str = Field("https://api.telegram.org", description="Base of Telegram's Bot API.")
    push_url: str = Field(
        "",
        description="A push service of your own, whose address may be a private one; those of browsers need nothing.",
    )
    libretranslate_url: str = Field(
        "",
        description="A LibreTranslate of your own, whose address may be a private one; public ones need nothing.",
    )
    deepl_url: str = Field("", description="Base of DeepL's API; empty: that of the plan which the key belongs to.")
    sandbox_url: str = Field("", description="The sandbox, if one runs: its phone page is linked from the demo.")
    sandbox_port: int = Field(0, ge=0, le=65535, description="Its port; 0 picks a free one (9100 if free).")
    demo: bool = Field(
        False,
        description="The demo: sandbox instead of real providers, and invented data. `make run` without it: true.",
    )
    owner_email: str = Field("", description="With the demo off: who gets the link that makes the first owner.")
    mongod_path: str = Field("", description="A MongoDB-compatible server program to run as the embedded database.")
    spool_max_bytes: int = Field(1_000_000_000, ge=1_000_000, description="Most that waits on disk without a database.")

    @field_validator("secret_keys", mode="before")
    @classmethod
    def _split_keys(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("secret_keys")
    @classmethod
    def _long_keys(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if any(len(key.get_secret_value()) < 32 for key in value):
            raise ValueError(
                "each key needs at least 32 characters; "
                "make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))'"
            )
        return value

    @field_validator(
        *("public_url", "graph_url", "twilio_url", "telegram_url", "push_url", "sandbox_url"),
        *("libretranslate_url", "deepl_url"),
    )
    @classmethod
    def _plain_url(cls, value: str) -> str:
        if value and (urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname):
            raise ValueError("write a full address such as https://inbox.example.com")
        return value.rstrip("/")

    @field_validator("mongodb_uri")
    @classmethod
    def _mongodb_scheme(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if text and not text.startswith(("mongodb://", "mongodb+srv://")):
            raise ValueError("write mongodb://host:27017 or mongodb+srv://…")
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis_scheme(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if text and not text.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("write redis://host:6379, rediss://… or unix:///path/to/socket")
        return value


def load_settings(overrides: Mapping[str, Any] | None = None) -> Settings:
    """
    The settings of this process. Raises SettingsError, whose message lists every wrong value in plain words.

    The values themselves are not repeated in the message: one of them may be a password.
    """
    try:
        return Settings(**(overrides or {}))
    except ValidationError as error:
        lines = [f"  {_variable(e['loc'])}: {e['msg'].removeprefix('Value error, ')}" for e in error.errors()]
        raise SettingsError("These settings need a look (environment or .env):\n" + "\n".join(lines)) from None
    except UnicodeDecodeError:
        raise SettingsError("The file .env is not UTF-8 text. Save it again in that encoding.") from None
    except OSError as error:
        raise SettingsError(f"The file .env cannot be read: {error.strerror}.") from None


def misspelt() -> list[str]:
    """
    A sentence for each variable whose name nearly is a setting's: it changes nothing, which nobody would notice. To be
    asked when the settings are read.
    """
    of_name = {name.upper(): _variable_of(name) for name in Settings.model_fields}
    given = {name.upper() for name in (*os.environ, *dotenv_values(_ENV_FILE))}
    sentences = []
    for variable in sorted(given - set(of_name.values())):
        if not variable.startswith(_PREFIX):
            continue
        if alike := get_close_matches(variable.removeprefix(_PREFIX), of_name, n=1, cutoff=_ALIKE):
            sentences.append(f"{variable} is not a setting, and changes nothing. Did you mean {of_name[alike[0]]}?")
    return sentences


def _variable_of(field: str) -> str:
    alias = Settings.model_fields[field].validation_alias
    return str(alias.choices[0]) if isinstance(alias, AliasChoices) else f"{_PREFIX}{field.upper()}"


def _variable(loc: tuple[int | str, ...]) -> str:
    name = str(loc[0]) if loc else "?"
    return name if name.isupper() else f"{_PREFIX}{name.upper()}"


def required_or_exit() -> Settings:
    """For a process that is started directly: prints what is wrong and ends with status 2."""
    try:
        settings = load_settings()
        missing = [
            name
            for name, value in (
                ("MONGODB_URI", settings.mongodb_uri.get_secret_value()),
                ("REDIS_URL", settings.redis_url.get_secret_value()),
                ("PARLEY_SECRET_KEYS", settings.secret_keys),
            )
            if not value
        ]
        if missing:
            raise SettingsError(
                f"Not set: {', '.join(missing)}. `python -m app up` (make run) starts everything with defaults; "
                "a web or worker process on its own needs them in the environment or .env."
            )
    except SettingsError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None
    return settings
