"""Secrets: looked up by name, sent where they belong, removed from whatever comes back."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping

import attrs
from pydantic import SecretStr

from themis.plugin import ErrorCode, InferenceError
from themis.records.secrets import REDACTED
from themis_openai import __version__
from themis_openai.config import DEFAULT_BASE_URL, OpenAIConfig

__all__ = ["Credentials", "Keyring"]

_REFERENCE = re.compile(r"((?:[A-Za-z]+ )?)env:([A-Za-z_]\w*)")
_SHORTEST = 8  # shorter values are placeholders ("EMPTY", "none"), which answers may well contain


@attrs.frozen(slots=True, kw_only=True)
class Credentials:
    """What a call sends, and the secret values in it."""

    headers: Mapping[str, str] = attrs.field(repr=False)
    query: Mapping[str, str] = attrs.field(repr=False)
    proxy: str | None = attrs.field(repr=False)
    values: Mapping[str, SecretStr] = attrs.field(repr=False)
    secrets: tuple[str, ...] = attrs.field(repr=False)

    def scrub(self, text: str) -> str:
        """`text` with every secret replaced."""
        for secret in self.secrets:
            text = text.replace(secret, REDACTED)
        return text

    def scrub_body(self, data: bytes) -> bytes:
        """`data` with every secret replaced."""
        for secret in self.secrets:
            data = data.replace(secret.encode(), REDACTED.encode())
        return data

    def filled(self, texts: Mapping[str, str]) -> dict[str, str]:
        """`texts` with the values for their references (`env:NAME`, `Bearer env:NAME`)."""
        return {field: _filled(field, text, self.values) for field, text in texts.items()}


class Keyring:
    """Makes a configuration's credentials, and keeps them while the values stay the same."""

    def __init__(self, config: OpenAIConfig) -> None:
        self._config = config
        self._names = _names((*config.headers.values(), *config.query.values(), config.proxy or ""))
        if config.api_key_env is not None:
            self._names += (config.api_key_env,)
        self._found: dict[str, SecretStr] = {}
        self._credentials: Credentials | None = None

    def credentials(self, secrets: Mapping[str, str], more: Iterable[str] = ()) -> Credentials:
        """Credentials from the runtime's `secrets`, else the environment.

        `more` are texts beyond the configuration that may hold references.
        """
        found = {}
        for name in (*self._names, *_names(more)):
            value = _lookup(name, secrets)
            if value is not None:
                found[name] = value
        if self._credentials is None or found != self._found:
            self._credentials = self._made(found)
            self._found = found
        return self._credentials

    def _made(self, values: Mapping[str, SecretStr]) -> Credentials:
        config = self._config
        proxy = None if config.proxy is None else _filled("proxy", config.proxy, values)
        query = {name: _filled(name, text, values) for name, text in config.query.items()}
        headers = {name: _filled(name, text, values) for name, text in config.headers.items()}
        plain = (value.get_secret_value() for value in values.values())
        return Credentials(
            headers={**self._fixed_headers(), **headers, **self._key(values)},
            query=query,
            proxy=proxy,
            values=values,
            secrets=tuple(sorted((v for v in plain if len(v) >= _SHORTEST), key=len, reverse=True)),
        )

    def _fixed_headers(self) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",  # answers are small: inflating costs more than it saves
            "User-Agent": f"themis-openai/{__version__}",
        }
        if self._config.organization is not None:
            headers["OpenAI-Organization"] = self._config.organization
        if self._config.project is not None:
            headers["OpenAI-Project"] = self._config.project
        return headers

    def _key(self, values: Mapping[str, SecretStr]) -> dict[str, str]:
        name, header = self._config.api_key_env, self._config.api_key_header
        if name is None:
            return {}
        if name not in values:
            if self._config.base_url == DEFAULT_BASE_URL:
                raise _missing("the API key", name)
            return {}
        key = values[name].get_secret_value()
        return {header: f"Bearer {key}" if header.lower() == "authorization" else key}


def _names(texts: Iterable[str]) -> tuple[str, ...]:
    found = (_REFERENCE.fullmatch(text) for text in texts)
    return tuple(match[2] for match in found if match is not None)


def _lookup(name: str, secrets: Mapping[str, str]) -> SecretStr | None:
    value = (secrets.get(name) or os.environ.get(name, "")).strip()
    if not value:
        return None
    if not (value.isascii() and value.isprintable()):
        msg = f"{name}: its value holds characters that an HTTP header cannot; set it anew"
        raise InferenceError(msg, code=ErrorCode.PROVIDER_AUTH)
    return SecretStr(value)


def _filled(field: str, text: str, values: Mapping[str, SecretStr]) -> str:
    match = _REFERENCE.fullmatch(text)
    if match is None:
        return text
    if match[2] not in values:
        raise _missing(field, match[2])
    return match[1] + values[match[2]].get_secret_value()


def _missing(what: str, name: str) -> InferenceError:
    msg = f"{what} is taken from {name}, which is not set; export it or add it to the run's secrets"
    return InferenceError(msg, code=ErrorCode.PROVIDER_AUTH)
