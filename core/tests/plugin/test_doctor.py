"""What the doctor finds: each finding has a level, a topic, a subject and what to do."""

from __future__ import annotations

import pytest

from themis.plugin import Metric, TracingProvider, hookspecs
from themis.plugin.configuration import PluginConfig
from themis.plugin.deprecations import PluginDeprecationWarning, deprecated
from themis.plugin.doctor import diagnose
from themis.plugin.registration import Distribution
from themis.plugin.registry import PluginRegistry
from themis.plugin.snapshot import InstalledPlugin, RegistrySnapshot

OBSERVER = """
    from themis.plugin import ObserverDeclaration, PluginInfo, hookimpl

    @hookimpl
    def themis_plugin():
        return PluginInfo(core_api=">=1.0,<2")

    @hookimpl
    def themis_observers():
        return [ObserverDeclaration(name="spans", implementation="{module}:Spans", version="1.0")]

    class Spans:
        def start_span(self, span, parent):
            return None

        def end_span(self, handle, span):
            return None
"""


def findings(config=None, topic=None):
    """What the doctor says of what is installed, but for the core itself and this workspace."""
    config = config or PluginConfig()
    found = diagnose(PluginRegistry(config=config).snapshot(), config)
    return [each for each in found if each.topic == topic or topic is None]


def brief(found):
    return [(each.level, each.topic, each.subject) for each in found]


def test_a_broken_plugin_is_a_problem_with_its_reason_and_fix(site):
    site.install("acme", "raise RuntimeError('no licence')")
    [found] = findings(topic="broken")
    assert (found.level, found.subject) == ("problem", "acme")
    assert found.message.endswith("raised RuntimeError: no licence")
    assert found.fix == "reinstall or upgrade acme, or block it under [plugins]"


def test_a_blocked_plugin_is_a_note(site):
    site.install("acme", "raise RuntimeError")
    assert brief(findings(PluginConfig(block=["acme"]), "blocked")) == [("note", "blocked", "acme")]


@pytest.mark.parametrize(
    ("config", "level", "message"),
    [
        ({"allow": ["gone"]}, "problem", "it is allowed by name and not installed"),
        (
            {"prefer": {"engine:x": "gone"}},
            "problem",
            "[plugins] prefer names it for engine:x, and it is not installed",
        ),
        ({"block": ["gone"]}, "note", "it is blocked and not installed"),
    ],
)
def test_a_distribution_that_is_named_and_absent_is_found(site, config, level, message):
    [found] = findings(PluginConfig(**config), "absent")
    assert (found.level, found.subject, found.message) == (level, "gone", message)


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [
        ("themis-framework>=0.1,<2", []),
        ("Themis.Framework >= 99", [("problem", "requirement", "acme")]),
        ("themis-framework>=99 ; python_version>='3.8'", [("problem", "requirement", "acme")]),
        ("themis-framework>=0.1 ; python_version>='3.8'", []),
        ("themis-framework>=99 ; python_version<'3.8'", [("note", "requirement", "acme")]),
        ("themis-framework ; extra == 'core'", [("note", "requirement", "acme")]),
        ("themis-framework ; os_name ~= 'x'", [("note", "requirement", "acme")]),
        ("attrs", [("note", "requirement", "acme")]),
        ("not a requirement!", [("note", "requirement", "acme")]),
    ],
)
def test_a_requirement_on_another_core_is_a_problem_and_none_at_all_a_note(
    site, requirement, expected
):
    site.install("acme")
    metadata = site.path / "acme-0.3.1.dist-info" / "METADATA"
    metadata.write_text(metadata.read_text() + f"Requires-Dist: {requirement}\n")
    found = [each for each in findings(topic="requirement") if each.subject == "acme"]
    assert brief(found) == expected


def test_an_ambiguous_name_is_a_problem_until_a_provider_is_preferred(snapshot_of):
    snapshot = snapshot_of("acme/engine:quill@1.4", "apex/engine:quill@1.6")
    [found] = diagnose(snapshot, PluginConfig())
    assert brief([found]) == [("problem", "ambiguous", "engine quill")]
    assert "Choose one: write 'acme/quill' in the reference" in found.message
    [note] = diagnose(snapshot, PluginConfig(prefer={"engine:quill": "apex"}))
    assert (note.level, note.topic) == ("note", "shared")
    assert note.message == (
        "it is apex/quill@1.6 (configured preference); acme provides it as well"
    )


def test_a_builtin_that_a_plugin_provides_too_is_a_note(snapshot_of):
    snapshot = snapshot_of("builtin/metric:bleu@1.0", "acme/metric:BLEU@2.0")
    [found] = diagnose(snapshot, PluginConfig())
    assert brief([found]) == [("note", "shadowed", "metric bleu")]
    assert found.fix == "write 'acme/bleu' for the other one"


def test_a_slow_import_is_a_note():
    slow = InstalledPlugin(
        distribution=Distribution(name="acme"), entry_point="a", target="a", import_seconds=1.5
    )
    [found] = diagnose(RegistrySnapshot.of([slow]), PluginConfig())
    assert (found.topic, found.message) == (
        "import_time",
        "importing it takes 1500 ms of every command",
    )


def test_an_editable_install_is_a_note_that_says_what_it_means_for_runs(site, tmp_path):
    site.install("acme")
    site.record("acme", direct_url={"url": tmp_path.as_uri(), "dir_info": {"editable": True}})
    [found] = [each for each in findings(topic="editable") if each.subject == "acme"]
    assert found.message == f"it is an editable install of {tmp_path}, which is no git checkout"
    assert found.fix == (
        "runs that use it are marked not reproducible: commit, or install a release"
    )


def test_a_deprecated_hook_in_use_is_a_note(site, monkeypatch):
    def themis_metrics():
        return []

    mark = deprecated(since="1.2", instead="themis_scorers")
    monkeypatch.setattr(hookspecs, "themis_metrics", hookspecs.hookspec(mark(themis_metrics)))
    site.install("acme")
    with pytest.warns(PluginDeprecationWarning):
        found = [each for each in findings(topic="deprecation") if each.subject == "acme"]
    assert brief(found) == [("note", "deprecation", "acme")]
    assert found[0].fix == "upgrade acme, or ask its authors to use themis_scorers"


def test_a_deprecated_method_of_an_observer_in_use_is_a_note(site, monkeypatch):
    site.install("acme", OBSERVER)
    mark = deprecated(since="1.2", instead="Span.events")
    monkeypatch.setattr(TracingProvider, "end_span", mark(lambda self, handle, span: None))
    found = [each for each in findings(topic="deprecation") if each.subject == "acme"]
    assert brief(found) == [("note", "deprecation", "acme")]
    assert found[0].message.startswith("observer acme/spans@1.0 has ")


def test_a_deprecated_method_in_use_is_a_note(site, monkeypatch):
    site.install("acme")
    mark = deprecated(since="1.2", instead="Metric.rate")
    monkeypatch.setattr(Metric, "score", mark(lambda self, trial, candidate, context: 0.0))
    found = [each for each in findings(topic="deprecation") if each.subject == "acme"]
    assert brief(found) == [("note", "deprecation", "acme")]
    assert found[0].message.startswith("metric acme/good@1.0 has ")
    assert found[0].fix == "upgrade acme, or ask its authors to use Metric.rate"
