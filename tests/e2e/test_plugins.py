"""Three installed plugins, of which two are broken: the third works, and all three are shown."""

from __future__ import annotations

import textwrap

import pytest

pytestmark = pytest.mark.slow

GOOD = """
    from themis.plugin import MetricDeclaration, PluginInfo, hookimpl

    @hookimpl
    def themis_plugin():
        return PluginInfo(core_api=">=1.0,<2", summary="Counts letters.")

    @hookimpl
    def themis_metrics():
        return [
            MetricDeclaration(name="letters", implementation="plug_good:Letters", version="1.0")
        ]

    class Letters:
        def score(self, trial, candidate, context):
            return float(len(candidate.inference.raw_text))
"""
RAISING = "raise RuntimeError('the licence has run out')"
MISSPELT = """
    from themis.plugin import PluginInfo, hookimpl

    @hookimpl
    def themis_plugin():
        return PluginInfo(core_api=">=1.0,<2", summary="Would count words.")

    @hookimpl
    def themis_metrix():
        return []
"""


@pytest.fixture
def three_plugins(tmp_path, monkeypatch):
    """Distributions in a folder of their own, as pip would have put them there."""
    site = tmp_path / "site"
    for name, source in {"good": GOOD, "raising": RAISING, "misspelt": MISSPELT}.items():
        folder = site / f"plug_{name}-1.0.dist-info"
        folder.mkdir(parents=True)
        (site / f"plug_{name}.py").write_text(textwrap.dedent(source))
        (folder / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: plug-{name}\nVersion: 1.0\n"
        )
        (folder / "entry_points.txt").write_text(f"[themis.plugins]\n{name} = plug_{name}\n")
    monkeypatch.setenv("PYTHONPATH", str(site))


@pytest.mark.usefixtures("three_plugins")
def test_all_three_are_listed_with_the_reason(desk):
    listed = desk.themis("plugins", "list", "--json").json["plugins"]
    found = {plugin["distribution"]: plugin for plugin in listed}
    states = {name: found[f"plug-{name}"]["state"] for name in ("good", "raising", "misspelt")}
    assert states == {"good": "ok", "raising": "broken", "misspelt": "invalid"}
    assert "RuntimeError: the licence has run out" in found["plug-raising"]["reason"]
    assert "themis_metrix; did you mean themis_metrics?" in found["plug-misspelt"]["reason"]


@pytest.mark.usefixtures("three_plugins")
def test_a_run_uses_the_good_one(desk):
    text = desk.benchmark.read_text().replace('["numeric_match"]', '["numeric_match", "letters"]')
    desk.benchmark.write_text(text)
    desk.draw(5)
    ended = desk.run()
    assert ended.code == 0, ended.err
    rows = ended.json["sections"]["leaderboard"]
    counts = {row["metric_id"]: row["count"] for row in rows}
    assert counts["letters"] == counts["numeric_match"] == 30
    assert all(row["mean"] >= 1 for row in rows if row["metric_id"] == "letters")
