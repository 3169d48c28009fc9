"""The broken components of `bad/`, as plugins of one distribution."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from themis.plugin.discovery import load_plugin
from themis.plugin.registration import Distribution
from themis.plugin.registry import PluginRegistry
from themis.plugin.snapshot import InstalledPlugin
from themis.testing.kits.check import outcome_of

BAD = Path(__file__).parent / "bad"


@pytest.fixture(autouse=True, scope="session")
def _bad_components_can_be_imported():
    sys.path.insert(0, str(BAD))
    yield
    sys.path.remove(str(BAD))


@pytest.fixture(scope="session")
def registry_of(_bad_components_can_be_imported):
    """A registry with the built-ins and one module of `bad/`."""

    def build(module):
        plugin = load_plugin(
            InstalledPlugin(
                distribution=Distribution(name="kit-examples", version="1.0"),
                entry_point=module,
                target=module,
            )
        )
        assert plugin.state == "ok", plugin.reason
        return PluginRegistry(plugins=(plugin,))

    return build


@pytest.fixture(scope="session")
def tested(registry_of):
    """Runs a kit on a component of a module of `bad/`: the outcomes, by check id."""

    def run(kit, module, name, *, without=(), **attributes):
        registry = registry_of(module)
        given = {
            "ref": f"kit-examples/{name}",
            "live": True,
            "registry": classmethod(lambda cls: registry),
            **attributes,
        }
        made = type("Tested", (kit,), given)()
        asked = [check for check in made.checks() if check.id not in without]
        return {check.id: outcome_of(made, check) for check in asked}

    return run
