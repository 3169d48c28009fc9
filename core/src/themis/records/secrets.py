"""Which values are credentials, and how they are masked before anyone can read them.

A key decides for its whole value (`api_key`, `Authorization`, `client_secret`); strings are
searched for credentials in their own form (a password in a URL, a bearer token, a private key).
Settings that count tokens (`max_tokens`, `token_usage`, `eos_token`) are none, and neither is the
name of where a credential is (`env:OPENAI_API_KEY`, `api_key_env`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = [
    "REDACTED",
    "is_reference",
    "literal_secrets",
    "looks_random",
    "looks_secret",
    "redact",
]

REDACTED = "[redacted]"

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+|[0-9]+")

_ANYWHERE = frozenset(
    {
        "accesstoken", "apikey", "apitoken", "authorization", "authtoken", "bearer", "cookie",
        "cookies", "credential", "credentials", "passphrase", "passwd", "password", "passwords",
        "pwd", "secret", "secrets",
    }
)  # fmt: skip
_KEYS = frozenset(
    {
        "access", "account", "api", "auth", "client", "encryption", "master", "private", "secret",
        "service", "shared", "signing", "ssh", "storage", "subscription",
    }
)  # fmt: skip
_NO_CREDENTIAL_TOKENS = frozenset(
    {
        "begin", "bos", "by", "cls", "completion", "each", "end", "eos", "eot", "first", "input",
        "last", "mask", "max", "min", "next", "output", "pad", "per", "prompt", "reasoning", "sep",
        "special", "start", "stop", "unk",
    }
)  # fmt: skip
_POINTERS = frozenset(
    {
        "count", "enabled", "env", "file", "id", "kind", "length", "limit", "name", "path", "ref",
        "required", "type", "uri", "url", "usage", "var", "variable", "version",
    }
)  # fmt: skip

_REFERENCE = re.compile(r"(?:[A-Za-z]+ )?env:[A-Za-z_]\w*")
_USERINFO = re.compile(r"://[^\s/?#]*@")
_QUERY = re.compile(
    r"([?&;](?:[\w-]*(?:key|token|secret|password)|sig|signature)=)[^&;\s#]+", re.IGNORECASE
)
_HEADER = re.compile(r"\b(Bearer|Basic) (?!env:)[\w+/.~=-]{8,}", re.IGNORECASE)
_ISSUED = re.compile(
    r"(?<![\w-])(?:sk-(?=[\w-]*\d)[\w-]{16,}|gh[pousr]_\w{20,}|github_pat_\w{20,}"
    r"|hf_[A-Za-z0-9]{20,}|AKIA[0-9A-Z]{16}|AIza[\w-]{35}|xox[abeoprs]-[\w-]{10,}"
    r"|eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]+)"
)
_PEM = re.compile(
    r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"
    r".*?(?:-----END [A-Z0-9 ]{0,40}-----|\Z)",
    re.DOTALL,
)
_DATABASE_USER = re.compile(r"\b(postgres(?:ql)?(?:\+\w+)?://)[^\s/?#@:]+@")
_RANDOM = re.compile(r"(?=[\w+/=]*\d)(?=[\w+/=]*[A-Za-z])[\w+/=]{20,}")


def looks_secret(key: str) -> bool:
    """Whether a setting of this name holds a credential."""
    words = [word.lower() for word in _WORDS.findall(key)]
    if not words or words[-1] in _POINTERS:
        return False
    if not _ANYWHERE.isdisjoint(words) or words == ["auth"]:
        return True
    before = words[-2] if len(words) > 1 else ""
    if words[-1] == "token":
        return before not in _NO_CREDENTIAL_TOKENS
    return words[-1] in {"key", "keys"} and before in _KEYS


def redact(value: Any) -> Any:
    """The value with every credential replaced by `REDACTED`.

    Mappings come back as dicts, lists and tuples as lists; nothing is changed in place.
    """
    if isinstance(value, str):
        return _redact_text(value)
    if isinstance(value, Mapping):
        return {key: _redact_entry(key, entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [redact(entry) for entry in value]
    return value


def is_reference(value: str) -> bool:
    """Whether a value only says where a credential is: `env:NAME`, `Bearer env:NAME`."""
    return _REFERENCE.fullmatch(value) is not None


def literal_secrets(value: Any, path: str = "") -> Iterator[str]:
    """The dotted paths at which a value holds a credential itself, not a reference to one.

    In a mapping of headers, a value that looks random is one too, whatever the header's name. The
    user of a database is none.
    """
    if isinstance(value, Mapping):
        headers = path.lower().endswith("headers")
        for key, entry in value.items():
            below = f"{path}.{key}" if path else str(key)
            named = isinstance(key, str) and looks_secret(key) and _mask(entry) == REDACTED
            if named or (headers and looks_random(entry)):
                yield below
            else:
                yield from literal_secrets(entry, below)
    elif isinstance(value, (list, tuple)):
        for position, entry in enumerate(value):
            yield from literal_secrets(entry, f"{path}[{position}]")
    elif isinstance(value, str):
        text = _DATABASE_USER.sub(r"\1", value)
        if _redact_text(text) != text:
            yield path


def looks_random(value: Any) -> bool:
    """Whether a value is text with 20 letters and digits in a row, and names no credential."""
    return isinstance(value, str) and _RANDOM.search(value) is not None and not is_reference(value)


def _redact_entry(key: object, value: Any) -> Any:
    if isinstance(key, str) and looks_secret(key):
        return _mask(value)
    return redact(value)


def _mask(value: Any) -> Any:
    """Masked, unless the value cannot be a credential or only says where one is."""
    if value is None or isinstance(value, bool) or value in ("", [], {}):
        return value
    if isinstance(value, str) and is_reference(value):
        return value
    return REDACTED


def _redact_text(text: str) -> str:
    text = _USERINFO.sub(f"://{REDACTED}@", text)
    text = _QUERY.sub(rf"\1{REDACTED}", text)
    text = _HEADER.sub(rf"\1 {REDACTED}", text)
    text = _PEM.sub(REDACTED, text)
    return _ISSUED.sub(REDACTED, text)
