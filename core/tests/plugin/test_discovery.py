from __future__ import annotations

import sys

import pytest

from themis.plugin import PluginRegistry
from themis.plugin.configuration import PluginConfig
from themis.plugin.discovery import discover

RAISING = "raise RuntimeError('no licence')"
EXITING = "raise SystemExit(3)"
INFO = """
    from themis.plugin import MetricDeclaration, PluginInfo, hookimpl

    @hookimpl
    def themis_plugin():
        return PluginInfo(core_api=">=1.0,<2")
"""
MISSPELT = (
    INFO
    + """
    @hookimpl
    def themis_metric():
        return []
"""
)


def found(config=None):
    """Every fake plugin by its distribution's name."""
    plugins = discover(config or PluginConfig())
    return {
        each.distribution.name: each for each in plugins if each.distribution.version == "0.3.1"
    }


def test_one_plugin_raises_one_misspells_a_hook_and_the_good_one_works(site):
    site.install("broken-one", RAISING)
    site.install("misspelt-one", MISSPELT)
    module = site.install("good-one")
    plugins = found()
    assert {name: plugin.state for name, plugin in plugins.items()} == {
        "broken-one": "broken",
        "good-one": "ok",
        "misspelt-one": "invalid",
    }
    assert plugins["broken-one"].reason.endswith("raised RuntimeError: no licence")
    assert plugins["misspelt-one"].reason == (
        "there is no hook themis_metric; did you mean themis_metrics?"
    )
    metric = PluginRegistry().resolve("metric", "good-one/good")
    assert metric.make().score(None, None, None) == 1.0
    assert metric.implementation == f"{module}:Good"


def test_what_the_distribution_says_of_itself_is_recorded(site):
    site.install("good-one")
    plugin = found()["good-one"]
    assert plugin.distribution.summary == "About good-one."
    assert plugin.info.summary == "Good."
    assert plugin.import_seconds > 0
    assert PluginRegistry().resolve("metric", "good").distribution_version == "0.3.1"


def test_system_exit_at_import_is_survived(site):
    site.install("exiting-one", EXITING)
    site.install("good-one")
    assert found()["exiting-one"].reason.endswith("raised SystemExit: 3")
    assert found()["good-one"].state == "ok"


@pytest.mark.parametrize(
    "source",
    [
        "class Panic(BaseException): pass\nraise Panic('boom')",
        "import pytest\npytest.skip('boom', allow_module_level=True)",
        INFO + "    @hookimpl\n    def themis_metrics():\n        raise GeneratorExit('boom')\n",
        INFO
        + """
    class Hostile:
        def __repr__(self):
            raise SystemExit("boom")

    @hookimpl
    def themis_metrics():
        return [Hostile()]
    """,
    ],
    ids=["panic", "skip", "hook", "repr"],
)
def test_what_is_no_exception_is_survived_too(site, source):
    site.install("panicking-one", source)
    site.install("good-one")
    assert found()["panicking-one"].state == "broken"
    assert "boom" in found()["panicking-one"].reason
    assert found()["good-one"].state == "ok"


def test_ctrl_c_at_import_goes_through(site):
    site.install("slow-one", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        found()


def test_what_a_plugin_prints_goes_to_stderr(site, capsys):
    site.install(
        "talking-one",
        INFO.replace("return PluginInfo", "print('asked')\n        return PluginInfo")
        + "    print('imported')\n",
    )
    assert found()["talking-one"].state == "ok"
    print("after")
    assert capsys.readouterr() == ("after\n", "imported\nasked\n")


def test_a_plugin_for_another_core_api_is_incompatible_and_no_other_hook_is_called(site):
    site.install(
        "future-one",
        """
        from themis.plugin import PluginInfo, hookimpl

        @hookimpl
        def themis_plugin():
            return PluginInfo(core_api=">=2.0")

        @hookimpl
        def themis_brand_new():
            raise AssertionError
        """,
    )
    plugin = found()["future-one"]
    assert plugin.state == "incompatible"
    assert plugin.reason == "it needs core API >=2.0, and this core has 1.0"
    assert plugin.fix == "install a release of future-one for core API 1.0"


def test_a_declaration_that_cannot_even_be_shown_breaks_its_own_plugin_only(site):
    site.install(
        "hostile-one",
        INFO
        + """
    class Hostile:
        def __repr__(self):
            raise ValueError("no name")

    @hookimpl
    def themis_metrics():
        return [Hostile()]
    """,
    )
    site.install("good-one")
    assert found()["hostile-one"].reason == "reading it raised ValueError: no name"
    assert found()["good-one"].state == "ok"


def test_extras_after_an_entry_point_are_left_out(site):
    module = site.install("good-one")
    file = site.path / "good_one-0.3.1.dist-info" / "entry_points.txt"
    file.write_text(f"[themis.plugins]\nmain = {module} [fast]\n", encoding="utf-8")
    assert (found()["good-one"].target, found()["good-one"].state) == (module, "ok")


def test_a_blocked_plugin_is_never_imported(site):
    module = site.install("good-one")
    plugin = found(PluginConfig(block=["Good_One"], allow=["good-one"]))["good-one"]
    assert (plugin.state, plugin.fix) == ("blocked", "take good-one off the list")
    assert plugin.import_seconds is None
    assert module not in sys.modules


def test_a_plugin_off_the_allowlist_is_never_imported(site):
    good, other = site.install("good-one"), site.install("other-one")
    plugins = found(PluginConfig(allow=["good-one"]))
    assert (plugins["good-one"].state, plugins["other-one"].state) == ("ok", "not_allowed")
    assert plugins["other-one"].fix == "add other-one to THEMIS_PLUGINS, or to [plugins] allow"
    assert (good in sys.modules, other in sys.modules) == (True, False)


def test_the_built_ins_are_there_even_with_autoload_disabled(site, monkeypatch):
    site.install("good-one")
    monkeypatch.setenv("THEMIS_DISABLE_PLUGIN_AUTOLOAD", "1")
    registry = PluginRegistry()
    assert registry.has_metric("exact_match")
    assert not registry.has_metric("good")
    with pytest.raises(Exception, match=r"good-one is not allowed \(no plugin is allowed"):
        registry.get_metric("good-one/good")


def test_the_order_is_by_distribution_then_entry_point(site):
    for name in ("zeta", "Alpha", "midway"):
        site.install(name)
    assert list(found()) == ["Alpha", "midway", "zeta"]


def test_of_two_copies_on_the_path_the_first_counts(site, tmp_path_factory, monkeypatch):
    site.install("good-one")
    later = tmp_path_factory.mktemp("later")
    folder = later / "good_one-9.9.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: Good.One\nVersion: 9.9\n")
    (folder / "entry_points.txt").write_text("[themis.plugins]\nmain = not_there\n")
    monkeypatch.setattr(sys, "path", [*sys.path, str(later)])
    copies = [each for each in discover(PluginConfig()) if each.provider == "good-one"]
    assert [each.distribution.version for each in copies] == ["0.3.1"]


def test_a_malformed_entry_points_file_breaks_its_own_plugin_only(site):
    site.metadata("malformed", "[themis.plugins]\nno equals sign\n")
    site.install("good-one")
    assert found()["malformed"].state == "broken"
    assert "cannot be read" in found()["malformed"].reason
    assert found()["good-one"].state == "ok"


@pytest.mark.parametrize("header", ["[themis.plugins", "themis.plugins]", "[themis.plugins ]"])
def test_a_header_without_its_brackets_makes_a_broken_plugin_and_not_an_absent_one(site, header):
    site.metadata("malformed", f"{header}\nmain = module\n")
    plugin = found()["malformed"]
    assert plugin.state == "broken"
    assert plugin.reason.endswith(f"{header!r} of entry_points.txt is to be [themis.plugins]")


def test_a_group_whose_name_begins_alike_is_no_plugins(site):
    site.metadata("other-program", "[themis.plugins.other]\nmain = module\n")
    assert found() == {}


def test_metadata_without_a_name_breaks_its_own_plugin_only(site):
    (site.path / "nameless-1.dist-info").mkdir()
    file = site.path / "nameless-1.dist-info" / "entry_points.txt"
    file.write_text("[themis.plugins]\nmain = nameless\n", encoding="utf-8")
    site.install("good-one")
    assert found()["good-one"].state == "ok"
    (unreadable,) = [each for each in discover(PluginConfig()) if each.provider == "unreadable"]
    assert str(site.path) in unreadable.reason


def test_an_entry_point_that_repeats_another_of_its_distribution_is_refused(site):
    module = site.install("good-one")
    (site.path / "good_one-0.3.1.dist-info" / "entry_points.txt").write_text(
        f"[themis.plugins]\na = {module}\nb = {module}\n", encoding="utf-8"
    )
    first, second = [each for each in discover(PluginConfig()) if each.provider == "good-one"]
    assert (first.state, second.state) == ("ok", "invalid")
    assert second.reason == "metric 'good' 1.0 is declared twice in this distribution"
    assert second.declarations == ()


def test_a_distribution_cannot_pose_as_built_in(site):
    module = site.install("builtin")
    assert found()["builtin"].reason == (
        "'builtin' names the core's own components, not a distribution"
    )
    assert module not in sys.modules


def test_a_plugin_installed_later_is_found_and_takes_nothing_over(site):
    registry = PluginRegistry()
    before = registry.resolve("metric", "exact_match").identity()
    assert not registry.has_metric("good")
    site.install(
        "grabby",
        INFO
        + """
    @hookimpl
    def themis_metrics():
        return [MetricDeclaration(name="exact_match", implementation="m:C", version="99.0")]
    """,
    )
    later = PluginRegistry()
    assert later.has_metric("grabby/exact_match@99")
    assert later.resolve("metric", "exact_match").identity() == before
