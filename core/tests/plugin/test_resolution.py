from __future__ import annotations

import pytest

from themis.errors import PluginError
from themis.plugin.configuration import PluginConfig
from themis.plugin.resolution import (
    ComponentRequest,
    LockedComponent,
    PrereleaseWarning,
    resolve,
    resolve_all,
)

OPENAI = [f"themis-openai/engine:openai@{version}" for version in ("0.9", "1.4", "1.5rc1", "2.0")]
TWO = ["themis-openai/engine:openai@1.4", "acme-openai/engine:openai@1.6"]


def reasons(resolution):
    return {str(each.registration): each.reason for each in resolution.rejected}


def test_the_highest_final_version_that_satisfies_is_chosen(snapshot_of):
    found = resolve(snapshot_of(*OPENAI), "engine", "openai@>=1,<2")
    assert str(found.chosen) == "themis-openai/openai@1.4"
    assert found.rule == "only provider"
    assert reasons(found) == {
        "themis-openai/openai@0.9": "its version does not satisfy @>=1,<2",
        "themis-openai/openai@2.0": "its version does not satisfy @>=1,<2",
        "themis-openai/openai@1.5rc1": "it is a pre-release",
    }


@pytest.mark.parametrize(
    ("ref", "chosen"),
    [
        ("openai", "2.0"),
        ("openai@1", "1.4"),
        ("openai@>=1.5rc1,<2", "1.5rc1"),
        ("openai@1.5rc1", "1.5rc1"),
        ("openai@<1", "0.9"),
        ("openai@<2,!=1.5a1", "1.4"),
        ("openai@>=1.5a1,<2,!=1.5a2", "1.5rc1"),
        ("OpenAI@==0.*", "0.9"),
    ],
)
def test_a_reference_narrows_the_versions(snapshot_of, ref, chosen):
    assert str(resolve(snapshot_of(*OPENAI), "engine", ref).chosen).endswith(f"@{chosen}")


def test_a_prerelease_is_chosen_with_a_warning_where_there_is_nothing_else(snapshot_of):
    found = resolve(snapshot_of("dist/metric:m@1.0rc1", "dist/metric:m@1.0rc2"), "metric", "m@1")
    with pytest.warns(PrereleaseWarning, match=r"dist/m@1.0rc2 is a pre-release.*write 'm@1.0rc2'"):
        assert found.component().version == "1.0rc2"


def test_prereleases_compete_where_the_configuration_asks_for_them(snapshot_of):
    found = resolve(snapshot_of(*OPENAI), "engine", "openai@1", PluginConfig(prereleases=True))
    assert str(found.chosen) == "themis-openai/openai@1.5rc1"
    assert found.warnings == ()


def test_two_providers_are_an_ambiguity_that_names_both_and_three_ways_out(snapshot_of):
    found = resolve(snapshot_of(*TWO), "engine", "openai@1")
    assert found.error == (
        "engine 'openai@1' is ambiguous: acme-openai and themis-openai provide it. Choose one: "
        "write 'acme-openai/openai@1' in the reference; or put "
        'prefer = {"engine:openai" = "acme-openai"} under [plugins] in the project file; or '
        "uninstall (or list under [plugins] block) all but one"
    )
    assert set(reasons(found).values()) == {"no rule ranks its provider before the others"}
    with pytest.raises(PluginError, match="is ambiguous"):
        found.component()


def test_way_out_one_the_reference_names_the_provider(snapshot_of):
    found = resolve(snapshot_of(*TWO), "engine", "themis_openai/openai")
    assert (str(found.chosen), found.rule) == ("themis-openai/openai@1.4", "explicit provider")
    assert reasons(found) == {"acme-openai/openai@1.6": "the reference names themis_openai"}


def test_way_out_two_the_configuration_prefers_a_provider(snapshot_of):
    config = PluginConfig(prefer={"engine:OpenAI": "Themis.OpenAI"})
    found = resolve(snapshot_of(*TWO), "engine", "openai", config)
    assert (str(found.chosen), found.rule) == ("themis-openai/openai@1.4", "configured preference")
    assert reasons(found) == {"acme-openai/openai@1.6": "the configuration prefers themis-openai"}


def test_way_out_three_only_one_provider_is_left(snapshot_of):
    found = resolve(snapshot_of(*TWO[:1]), "engine", "openai")
    assert (str(found.chosen), found.rule) == ("themis-openai/openai@1.4", "only provider")


def test_a_version_that_one_provider_alone_satisfies_decides(snapshot_of):
    found = resolve(snapshot_of(*TWO), "engine", "openai@1.6")
    assert str(found.chosen) == "acme-openai/openai@1.6"


def test_a_built_in_goes_before_an_installed_plugin_of_any_version(snapshot_of):
    snapshot = snapshot_of("new-plugin/extractor:regex@9.0", "builtin/extractor:regex@1.0")
    found = resolve(snapshot, "extractor", "regex")
    assert (str(found.chosen), found.rule) == ("builtin/regex@1.0", "built-in")


def test_a_local_registration_goes_before_preference_and_built_in(snapshot_of):
    snapshot = snapshot_of("builtin/metric:m@3.0", "dist/metric:m@2.0", "local/metric:m@1.0")
    found = resolve(snapshot, "metric", "m", PluginConfig(prefer={"metric:m": "dist"}))
    assert (str(found.chosen), found.rule) == ("local/m@1.0", "local registration")


def test_a_preference_goes_before_a_built_in(snapshot_of):
    snapshot = snapshot_of("builtin/metric:m@3.0", "dist/metric:m@2.0")
    found = resolve(snapshot, "metric", "m", PluginConfig(prefer={"metric:m": "dist"}))
    assert str(found.chosen) == "dist/m@2.0"


def test_a_preferred_provider_that_is_absent_is_an_error(snapshot_of):
    config = PluginConfig(prefer={"metric:m": "dist"})
    assert resolve(snapshot_of("builtin/metric:m@3.0"), "metric", "m", config).error == (
        "metric 'm': [plugins] prefer names dist, which provides none that satisfies; install or "
        "upgrade dist, or remove the preference 'metric:m'"
    )


def test_a_lock_goes_before_everything_else(snapshot_of):
    snapshot = snapshot_of("local/metric:m@9.0", "dist/metric:m@1.0", "dist/metric:m@2.0")
    lock = [LockedComponent(kind="metric", name="m", version="1.0", provider="dist")]
    found = resolve(snapshot, "metric", "m", lock=lock)
    assert (str(found.chosen), found.rule) == ("dist/m@1.0", "lock")
    assert set(reasons(found).values()) == {"the lock holds dist/m@1.0"}


def test_a_locked_component_that_is_not_installed_is_an_error(snapshot_of):
    lock = [LockedComponent(kind="metric", name="m", version="1.0", provider="dist")]
    found = resolve(snapshot_of("dist/metric:m@2.0"), "metric", "m", lock=lock)
    assert found.error == (
        "metric dist/m@1.0 is locked but not installed; install the release of dist that the lock "
        "names, or lock again"
    )


def test_a_lock_entry_that_the_reference_refuses_does_not_count(snapshot_of):
    lock = [LockedComponent(kind="metric", name="m", version="1.0", provider="dist")]
    snapshot = snapshot_of("dist/metric:m@1.0", "dist/metric:m@2.0")
    assert str(resolve(snapshot, "metric", "m@2", lock=lock).chosen) == "dist/m@2.0"


def test_a_provider_with_final_versions_is_left_where_the_other_has_none(snapshot_of):
    snapshot = snapshot_of("one/metric:m@1.0", "two/metric:m@2.0rc1")
    found = resolve(snapshot, "metric", "m")
    assert str(found.chosen) == "one/m@1.0"
    assert reasons(found) == {"two/m@2.0rc1": "it has pre-releases only, and one has not"}


def test_resolve_all_reports_every_failure_at_once(snapshot_of):
    requests = [
        ComponentRequest(kind="metric", ref="m", where="slices[0].scores[0]"),
        ComponentRequest(kind="metric", ref="nope", where="slices[0].scores[1]"),
        ComponentRequest(kind="engine", ref="m@latest", where="models[0].provider"),
    ]
    with pytest.raises(PluginError) as caught:
        resolve_all(snapshot_of("dist/metric:m@1.0"), requests)
    assert [issue.key for issue in caught.value.issues] == [
        "slices[0].scores[1]",
        "models[0].provider",
    ]
    assert "slices[0].scores[1]: no metric is named 'nope'" in str(caught.value)


def test_resolve_all_gives_the_components_in_order(snapshot_of):
    snapshot = snapshot_of("dist/metric:a@1.0", "dist/metric:b@2.0")
    requests = [ComponentRequest(kind="metric", ref=name) for name in ("b", "a")]
    assert [each.label for each in resolve_all(snapshot, requests)] == [
        "metric dist/b@2.0",
        "metric dist/a@1.0",
    ]
