"""The engine's configuration: a model's `extras`. It names secrets and never holds one."""

from __future__ import annotations

import re
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from themis.records.secrets import is_reference, looks_secret

__all__ = ["DEFAULT_BASE_URL", "ENV_PREFIX", "RESERVED_PARAMETERS", "OpenAIConfig"]

DEFAULT_BASE_URL = "https://api.openai.com/v1"
ENV_PREFIX = "env:"
RESERVED_PARAMETERS = frozenset({"input", "messages", "model", "n", "stream"})
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ENDPOINTS = ("/chat/completions", "/completions", "/responses")


class OpenAIConfig(BaseModel):
    """How to reach a server, and how to speak to it.

    A plan records its configuration, so no field takes a secret: each names the environment
    variable (or the entry of the runtime's secrets) that holds one. Fields with `exclude=True`
    change no answer: they are no part of any key, and what is recorded is reused when they change.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    base_url: str = Field(
        DEFAULT_BASE_URL, description="Where the API is, up to and without /chat/completions."
    )
    api: Literal["chat", "responses"] = Field(
        "chat", description="Which API to speak: chat completions or responses."
    )
    api_key_env: str | None = Field(
        "OPENAI_API_KEY",
        exclude=True,
        description="Name of the secret or environment variable with the API key; null sends none.",
    )
    api_key_header: str = Field(
        "Authorization",
        exclude=True,
        description="Header for the key; Authorization sends 'Bearer KEY', others the key alone.",
    )
    organization: str | None = Field(None, description="Sent as OpenAI-Organization.")
    project: str | None = Field(None, description="Sent as OpenAI-Project.")
    headers: dict[str, str] = Field(
        default_factory=dict, description="More headers; 'env:NAME' takes the value from a secret."
    )
    query: dict[str, str] = Field(
        default_factory=dict,
        description="Query parameters, as Azure's api-version; 'env:NAME' takes a secret.",
    )
    timeout: float = Field(
        600.0, gt=0, exclude=True, description="Seconds a call may take, body included."
    )
    connect_timeout: float = Field(
        10.0, gt=0, exclude=True, description="Seconds to open a connection."
    )
    max_connections: int = Field(
        1024, ge=1, exclude=True, description="Connections at once; more calls wait for a free one."
    )
    proxy: str | None = Field(
        None,
        exclude=True,
        description="Proxy URL, or 'env:NAME'; null follows HTTPS_PROXY, HTTP_PROXY and NO_PROXY.",
    )
    stream: bool = Field(
        False, description="Stream the answer, which measures the time to the first token."
    )
    max_tokens_field: Literal["auto", "max_tokens", "max_completion_tokens"] = Field(
        "auto",
        description="Chat's name for max_tokens; auto: max_completion_tokens at api.openai.com.",
    )
    omit_params: tuple[str, ...] = Field(
        (), description="Body fields to leave out, for models that refuse them (temperature, seed)."
    )
    extra_body: dict[str, Any] = Field(
        default_factory=dict, description="More body fields; params.extras win over these."
    )
    max_response_bytes: int = Field(
        64 * 2**20,
        ge=1024,
        exclude=True,
        description="A larger answer is an error and is not read.",
    )

    @field_validator("base_url")
    @classmethod
    def _reachable(cls, value: str) -> str:
        value = value.rstrip("/")
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            msg = "write a whole URL, such as http://localhost:8000/v1"
            raise ValueError(msg)
        if parts.username is not None or parts.password is not None:
            msg = "a URL must not hold credentials; name their variable in api_key_env or headers"
            raise ValueError(msg)
        if parts.query or parts.fragment:
            msg = "a base URL has no query; write it in the field query"
            raise ValueError(msg)
        if value.endswith(_ENDPOINTS):
            msg = "leave the endpoint out; the field api chooses it"
            raise ValueError(msg)
        return value

    @field_validator("api_key_env")
    @classmethod
    def _is_a_name(cls, value: str | None) -> str | None:
        if not value:
            return None
        name = value.removeprefix(ENV_PREFIX)
        if not _ENV_NAME.fullmatch(name):
            msg = "write the NAME of an environment variable that holds the key, never the key"
            raise ValueError(msg)
        return name

    @field_validator("headers", "query")
    @classmethod
    def _names_its_secrets(cls, value: dict[str, str]) -> dict[str, str]:
        for name, text in value.items():
            if looks_secret(name) and not is_reference(text):
                msg = f"{name}: its value looks like a secret and would be recorded; write env:NAME"
                raise ValueError(msg)
        return value

    @field_validator("proxy")
    @classmethod
    def _proxy_without_credentials(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(ENV_PREFIX) and "@" in value:
            msg = "a proxy URL with credentials would be recorded; write env:NAME"
            raise ValueError(msg)
        return value

    @model_validator(mode="after")
    def _leaves_the_engine_its_fields(self) -> Self:
        taken = sorted(RESERVED_PARAMETERS & self.extra_body.keys())
        if taken:
            msg = f"extra_body: the engine itself sets {', '.join(taken)}; take them out"
            raise ValueError(msg)
        return self

    @property
    def tokens_field(self) -> str:
        """The body field of chat completions that limits the answer's length."""
        if self.max_tokens_field != "auto":
            return self.max_tokens_field
        ours = urlsplit(self.base_url).hostname == "api.openai.com"
        return "max_completion_tokens" if ours else "max_tokens"
