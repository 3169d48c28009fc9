from __future__ import annotations

import pytest

from themis.plugin.registration import Distribution
from themis.plugin.resolution import resolve
from themis.plugin.snapshot import InstalledPlugin

BROKEN = InstalledPlugin(
    distribution=Distribution(name="themis-openai"),
    entry_point="openai",
    target="m",
    state="broken",
    reason="importing m raised ImportError: no aiohttp",
    fix="reinstall or upgrade themis-openai, or block it under [plugins]",
)


def error(snapshot, kind, ref):
    return resolve(snapshot, kind, ref).error


def test_an_unknown_name_suggests_near_names(snapshot_of):
    snapshot = snapshot_of("builtin/metric:exact_match@1.0")
    assert error(snapshot, "metric", "exactmatch") == (
        "no metric is named 'exactmatch': did you mean 'exact_match'?"
    )


def test_a_name_of_another_kind_is_said_to_be_that(snapshot_of):
    snapshot = snapshot_of("builtin/metric:exact_match@1.0", "builtin/engine:demo@1.0")
    assert error(snapshot, "engine", "exact_match") == (
        "no engine is named 'exact_match': it exists as a metric, which this field does not take"
    )


def test_a_known_plugin_is_named_with_the_command_that_installs_it(snapshot_of):
    assert error(snapshot_of(), "engine", "openai") == (
        "no engine is named 'openai': it comes with themis-openai; run: pip install themis-openai"
    )


def test_a_name_like_no_other_lists_what_there_is(snapshot_of):
    snapshot = snapshot_of("builtin/judge:strict@1.0", "builtin/judge:kind@1.0")
    assert error(snapshot, "judge", "zzz") == (
        "no judge is named 'zzz'; there are kind and strict. Register yours, or install the plugin "
        "that provides it"
    )
    assert error(snapshot, "reducer", "zzz") == (
        "no reducer is named 'zzz': no reducer is registered or installed at all"
    )


@pytest.mark.parametrize("ref", ["openai", "themis-openai/openai", "themis-openai/other"])
def test_a_broken_provider_says_so_with_the_fix(snapshot_of, ref):
    assert error(snapshot_of(unusable=(BROKEN,)), "engine", ref).endswith(
        ": themis-openai is broken (importing m raised ImportError: no aiohttp); reinstall or "
        "upgrade themis-openai, or block it under [plugins]"
    )


def test_a_plugin_not_in_use_is_mentioned_for_any_unknown_name(snapshot_of):
    assert error(snapshot_of(unusable=(BROKEN,)), "metric", "shiny").startswith(
        "no metric is named 'shiny': a plugin that is not in use may have it: themis-openai is"
    )


def test_a_provider_without_the_component_names_who_has_it(snapshot_of):
    snapshot = snapshot_of("dist/metric:m@1.0", "other/metric:n@1.0")
    assert error(snapshot, "metric", "other/m") == (
        "other provides no metric named 'm'; dist has one: write 'dist/m'"
    )


def test_a_provider_that_is_not_installed_says_how_to_install_it(snapshot_of):
    assert error(snapshot_of("dist/metric:m@1.0"), "metric", "other/m") == (
        "other provides no metric named 'm': no plugin of a distribution other is installed; run: "
        "pip install other; dist has one: write 'dist/m'"
    )


def test_a_version_nobody_has_lists_the_versions_there_are(snapshot_of):
    snapshot = snapshot_of("dist/metric:m@1.10", "dist/metric:m@1.9")
    assert error(snapshot, "metric", "m@2") == (
        "no metric 'm' satisfies @2: there is dist/m@1.9 and dist/m@1.10; install a release that "
        "provides it, or change the reference"
    )


def test_a_short_exact_version_suggests_the_prefix_that_was_meant(snapshot_of):
    assert error(snapshot_of("dist/metric:m@1.4.2"), "metric", "m@1.4").endswith(
        "write 'm@==1.4.*' for any 1.4 release"
    )
