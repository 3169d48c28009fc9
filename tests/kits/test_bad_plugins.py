"""PluginKit against plugins that are broken in one way each: exactly the named check fails."""

from __future__ import annotations

import pytest

from themis.plugin.discovery import load_plugin
from themis.plugin.registration import Distribution
from themis.plugin.registry import PluginRegistry
from themis.plugin.snapshot import InstalledPlugin
from themis.testing.kits import PluginKit
from themis.testing.kits.check import outcome_of


@pytest.fixture
def failures():
    """Runs PluginKit on a module of `bad/bad_plugins`: messages of failed checks, by id."""

    def run(name):
        found = InstalledPlugin(
            distribution=Distribution(name=f"kit-{name}", version="1.0"),
            entry_point=name,
            target=f"bad_plugins.{name}",
        )
        registry = PluginRegistry(plugins=(load_plugin(found),))
        given = {"distribution": f"kit_{name}", "registry": classmethod(lambda cls: registry)}
        kit = type("Tested", (PluginKit,), given)()
        outcomes = [outcome_of(kit, check) for check in kit.checks()]
        return {one.check: one.message for one in outcomes if one.state == "failed"}

    return run


@pytest.mark.parametrize("check_id", [check.id for check in PluginKit.checks()])
def test_a_plugin_with_one_fault_fails_exactly_that_check(failures, check_id):
    failed = failures(check_id.partition(".")[2])
    assert set(failed) == {check_id}, failed


def test_a_good_plugin_passes_every_check(failures):
    assert failures("good") == {}


def test_what_is_not_installed_does_not_load():
    class Absent(PluginKit):
        distribution = "no-such-distribution"

    [loads, *others] = [outcome_of(Absent(), check) for check in Absent.checks()]
    assert loads.state == "failed"
    assert loads.message.startswith("no-such-distribution is not installed, or has no entry point")
    assert {one.state for one in others} == {"skipped"}
