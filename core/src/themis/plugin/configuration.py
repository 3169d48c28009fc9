"""Which plugins may be used, and which provider is preferred: `[plugins]` and the environment."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, get_args

import attrs

from themis.errors import PluginError, SpecIssue
from themis.plugin.declarations import ComponentKind
from themis.plugin.refs import is_name, normalise

__all__ = ["PluginConfig"]

_LISTS = ("allow", "block")
_KEYS = (*_LISTS, "prefer", "prereleases")
_OFF = frozenset({"", "0", "false", "no", "off"})


def _normalised(names: Iterable[str]) -> frozenset[str]:
    return frozenset(normalise(name) for name in names)


def _normalised_or_none(names: Iterable[str] | None) -> frozenset[str] | None:
    return None if names is None else _normalised(names)


def _preferences(prefer: Mapping[str, str]) -> Mapping[str, str]:
    return {_preference_key(key): normalise(provider) for key, provider in prefer.items()}


def _preference_key(key: str) -> str:
    kind, _, name = key.partition(":")
    return f"{kind}:{normalise(name)}"


@attrs.frozen(slots=True, kw_only=True)
class PluginConfig:
    """The user's say in what is loaded and chosen. Names are distributions'.

    `allow` None means every installed plugin; `block` wins over it. `prefer` maps `kind:name` to a
    provider. `prereleases` lets pre-release versions compete with final ones.
    """

    allow: frozenset[str] | None = attrs.field(default=None, converter=_normalised_or_none)
    block: frozenset[str] = attrs.field(default=frozenset(), converter=_normalised)
    prefer: Mapping[str, str] = attrs.field(factory=dict, converter=_preferences)
    prereleases: bool = False

    @classmethod
    def from_table(
        cls, table: Mapping[str, Any], *, environ: Mapping[str, str] | None = None
    ) -> PluginConfig:
        """Read a file's `[plugins]` table, then the environment, which wins.

        THEMIS_PLUGINS lists the only distributions to load; THEMIS_DISABLE_PLUGIN_AUTOLOAD=1 loads
        none but those. Raises a PluginError with one issue for each key that cannot be used.
        """
        issues = list(_issues(table))
        if issues:
            msg = "[plugins] cannot be used: " + "; ".join(str(issue) for issue in issues)
            raise PluginError(msg, issues=issues)
        return _with_environment(cls(**table), os.environ if environ is None else environ)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> PluginConfig:
        """What the environment alone says."""
        return cls.from_table({}, environ=environ)

    def preferred(self, kind: ComponentKind, name: str) -> str | None:
        """The provider preferred for a component, or None."""
        return self.prefer.get(f"{kind}:{normalise(name)}")


def _with_environment(config: PluginConfig, environ: Mapping[str, str]) -> PluginConfig:
    disabled = environ.get("THEMIS_DISABLE_PLUGIN_AUTOLOAD", "").lower() not in _OFF
    listed = [name.strip() for name in environ.get("THEMIS_PLUGINS", "").split(",")]
    named = [name for name in listed if name]
    return attrs.evolve(config, allow=named) if named or disabled else config


def _issues(table: Mapping[str, Any]) -> Iterable[SpecIssue]:
    for key in table:
        if key not in _KEYS:
            yield SpecIssue(f"unknown key; known are {', '.join(_KEYS)}", key=f"plugins.{key}")
    for key in _LISTS:
        names = table.get(key, ())
        listed = isinstance(names, (list, tuple)) and all(isinstance(name, str) for name in names)
        if not listed:
            yield SpecIssue("must be a list of distributions' names", key=f"plugins.{key}")
    if not isinstance(table.get("prereleases", False), bool):
        yield SpecIssue("must be true or false", key="plugins.prereleases")
    yield from _preference_issues(table.get("prefer", {}))


def _preference_issues(prefer: Any) -> Iterable[SpecIssue]:
    if not isinstance(prefer, Mapping):
        yield SpecIssue(
            'must be a table such as {"engine:openai" = "themis-openai"}', key="plugins.prefer"
        )
        return
    for key, provider in prefer.items():
        kind, _, name = key.partition(":")
        if kind not in get_args(ComponentKind) or not is_name(name):
            msg = f"must be '<kind>:<name>', with kind one of {', '.join(get_args(ComponentKind))}"
            yield SpecIssue(msg, key=f"plugins.prefer.{key!r}")
        if not isinstance(provider, str) or not is_name(provider):
            yield SpecIssue("must be a distribution's name", key=f"plugins.prefer.{key!r}")
