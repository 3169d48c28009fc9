"""References to components: `[provider/]name[@version]`.

The kind comes from the field a reference is written in, never from the reference. Names and
providers are compared case-insensitively, with `-`, `_` and `.` alike. A version of digits only is
a prefix (`@1` is any 1.x), a full version is exact, anything else is a PEP 440 specifier set.
"""

from __future__ import annotations

import re
from functools import cached_property

import attrs
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from themis.errors import PluginError

__all__ = ["ComponentRef", "is_name", "is_version", "normalise", "parse_ref", "split_model_ref"]

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*", re.IGNORECASE | re.ASCII)
_SEPARATORS = re.compile(r"[-_.]+")
_MAX_CHARS = 300
_OPERATOR_WITHOUT_AT = re.compile(r"([\w.-]+?)\s*([<>=!~].*)")
_CARET = re.compile(r"\^\s*v?(\d+)(?:\.(\d+))?([\w.]*)")
_TILDE = re.compile(r"~\s*v?(\d+(?:\.\d+)?)[\w.]*")
_WILDCARD = re.compile(r"v?(\d+(?:\.\d+)*)\.[*xX]")
_NEWEST = frozenset({"*", "x", "latest", "newest", "any", "stable", "current", "default"})


def normalise(name: str) -> str:
    """The form in which names are compared (PEP 503): `Exact_Match` is `exact-match`."""
    return _SEPARATORS.sub("-", name).lower()


def is_name(text: object) -> bool:
    """Whether `text` is a string that may name a component or a provider."""
    return isinstance(text, str) and _NAME.fullmatch(text) is not None


def is_version(text: object) -> bool:
    """Whether `text` is a string that holds a PEP 440 version."""
    try:
        Version(text)  # type: ignore[arg-type]  # what is no string is caught below
    except (InvalidVersion, TypeError):
        return False
    return True


@attrs.frozen(slots=True)
class ComponentRef:
    """A parsed reference. Two are equal when they mean the same, however they are written."""

    name: str = attrs.field(eq=normalise)
    provider: str | None = attrs.field(
        default=None, eq=lambda provider: provider and normalise(provider)
    )
    version: str | None = attrs.field(
        default=None, eq=lambda version: None if version is None else _specifiers(version)
    )

    @cached_property
    def specifiers(self) -> SpecifierSet:
        """What the version may be; empty means any."""
        return SpecifierSet() if self.version is None else _specifiers(self.version)

    @cached_property
    def names_prerelease(self) -> bool:
        """Whether the reference names a pre-release version; to exclude one is not to name it."""
        return any(
            _is_prerelease(specifier.version)
            for specifier in self.specifiers
            if specifier.operator != "!="
        )

    def accepts(self, version: Version) -> bool:
        """Whether `version` satisfies the reference; pre-releases are judged like any other."""
        return self.specifiers.contains(version, prereleases=True)

    def __str__(self) -> str:
        provider = f"{self.provider}/" if self.provider else ""
        version = f"@{self.version}" if self.version is not None else ""
        return f"{provider}{self.name}{version}"


def parse_ref(text: str) -> ComponentRef:
    """Read a reference; a PluginError says what to write instead."""
    if ":" in text:
        raise _instead(
            text, "':' starts a model id, and this field takes none", text.split(":", maxsplit=1)[0]
        )
    return _parse(text)


def split_model_ref(text: str) -> tuple[ComponentRef, str]:
    """Read `engine:model id`, as in `themis-openai/openai@1:org/model:tag`."""
    engine, colon, model = text.partition(":")
    if not colon:
        suggestion = engine.replace("/", ":") if engine.count("/") == 1 else "<engine>:<model id>"
        raise _instead(text, "no ':' separates the engine from the model id", suggestion)
    if not model.strip():
        raise _instead(text, "there is no model id after ':'", f"{engine}:<model id>")
    return _parse(engine), model


def _parse(text: str) -> ComponentRef:
    if len(text) > _MAX_CHARS:
        msg = (
            f"{text[:40]!r}... cannot be used as a reference: it has {len(text):,} characters; "
            f"one has at most {_MAX_CHARS}"
        )
        raise PluginError(msg)
    head, at, version = text.partition("@")
    provider, slash, name = head.rpartition("/")
    if not head.strip():
        raise _instead(text, "it names no component", "<name>' or '<name>@1")
    if "/" in provider:
        raise _instead(
            text, "it has more than one '/'", "/".join(head.split("/")[:2]) + at + version
        )
    if slash and not provider:
        raise _instead(text, "the provider before '/' is missing", name + at + version)
    if slash and not name:
        raise _instead(text, "the name after '/' is missing", f"{provider}/<name>")
    _check_name(text, name, version)
    if slash:
        _check_provider(text, provider)
    return ComponentRef(name, provider or None, _check_version(text, head, version) if at else None)


def _check_name(text: str, name: str, version: str) -> None:
    if is_name(name):
        return
    if operator := _OPERATOR_WITHOUT_AT.fullmatch(text):
        raise _instead(text, "a version follows '@'", f"{operator[1]}@{operator[2]}")
    suggestion = _as_name(name) + (f"@{version}" if version else "")
    raise _instead(
        text, f"{name!r} is no name (letters, digits, '.', '_', '-', and no '-' first)", suggestion
    )


def _check_provider(text: str, provider: str) -> None:
    if not is_name(provider):
        suggestion = _as_name(provider) + text[len(provider) :]
        raise _instead(text, f"{provider!r} is no distribution's name", suggestion)


def _as_name(text: str) -> str:
    cleaned = re.sub(r"[^A-Za-z0-9._]+", "-", text).strip("-._")
    return cleaned or "<name>"


def _check_version(text: str, head: str, version: str) -> str:
    stripped = version.strip()
    if not stripped:
        raise _instead(text, "no version follows '@'", head)
    if "@" in stripped:
        raise _instead(text, "it has more than one '@'", f"{head}@{stripped.split('@')[0]}")
    if "/" in stripped:
        number, _, model = stripped.partition("/")
        raise _instead(text, "a model id comes after ':'", f"{head}@{number}:{model}")
    try:
        _specifiers(stripped)
    except InvalidSpecifier:
        raise _wrong_version(text, head, stripped) from None
    return stripped


def _wrong_version(text: str, head: str, version: str) -> PluginError:
    if version.lower() in _NEWEST:
        return _instead(text, "without a version the newest installed one is used", head)
    reason = f"{version!r} is no version and no PEP 440 specifier"
    if caret := _CARET.fullmatch(version):
        return _instead(text, reason, f"{head}@{_caret(*caret.groups())}")
    if tilde := _TILDE.fullmatch(version):
        return _instead(text, reason, f"{head}@{_prefix(tilde[1])}")
    if wildcard := _WILDCARD.fullmatch(version):
        return _instead(text, reason, f"{head}@{_prefix(wildcard[1])}")
    if is_version(number := version.lstrip("=vV ")):
        return _instead(text, reason, f"{head}@{number}")
    return _instead(text, reason, f"{head}@1', '{head}@1.4.2' or '{head}@>=1.2,<2")


def _caret(major: str, minor: str | None, rest: str) -> str:
    if minor is None:
        return major
    ceiling = f"{int(major) + 1}" if int(major) else f"0.{int(minor) + 1}"
    return f">={major}.{minor}{rest},<{ceiling}"


def _prefix(version: str) -> str:
    return version if version.isdigit() else f"=={version}.*"


def _specifiers(version: str) -> SpecifierSet:
    if version.isascii() and version.isdigit():
        return SpecifierSet(f"=={version}.*")
    if is_version(version) and version[0] not in "vV":
        return SpecifierSet(f"=={version}")
    return SpecifierSet(version)


def _is_prerelease(version: str) -> bool:
    number = version.removesuffix(".*")
    return is_version(number) and Version(number).is_prerelease


def _instead(text: str, reason: str, suggestion: str) -> PluginError:
    return PluginError(f"{text!r} cannot be used as a reference: {reason}; write '{suggestion}'")
