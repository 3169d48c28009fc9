"""Snapshots made of declarations."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from themis.plugin.declarations import KINDS
from themis.plugin.registration import Distribution
from themis.plugin.snapshot import InstalledPlugin, RegistrySnapshot


@pytest.fixture
def snapshot_of() -> Callable[..., RegistrySnapshot]:
    """Makes a snapshot of lines such as `themis-openai/engine:openai@1.4`."""

    def make(*lines: str, unusable: tuple[InstalledPlugin, ...] = ()) -> RegistrySnapshot:
        return RegistrySnapshot.of([*map(plugin_of, lines), *unusable])

    def plugin_of(line: str) -> InstalledPlugin:
        provider, _, rest = line.partition("/")
        kind, _, component = rest.partition(":")
        name, _, version = component.partition("@")
        declaration = KINDS[kind](name=name, implementation="m:C", version=version)
        return InstalledPlugin(
            distribution=Distribution(name=provider),
            entry_point=name,
            target="m",
            declarations=(declaration,),
        )

    return make
