"""`themis catalog`: what it shows, and how it exits."""

from __future__ import annotations


def test_benchmarks_are_listed_and_shown(shell):
    assert "word-problems  400    builtin" in shell("catalog", "list").stdout
    assert [each["benchmark_id"] for each in shell.json("catalog", "list")] == ["word-problems"]
    assert "licence   MIT" in shell("catalog", "show", "word-problems").stdout
    assert shell.json("catalog", "show", "word-problems")["item_count"] == 400


def test_an_unknown_name_exits_with_2_and_suggests_a_near_one(shell):
    for command in ("show", "run", "validate"):
        done = shell("catalog", command, "word-problem", code=2)
        assert "did you mean 'word-problems'?" in done.stderr


def test_a_benchmark_is_validated(shell):
    found = shell.json("catalog", "validate", "word-problems")
    assert (found["ok"], [step["name"] for step in found["steps"]]) == (
        True, ["load", "materialize", "score"],
    )  # fmt: skip


def test_a_benchmark_that_is_not_valid_exits_with_1(shell, site):
    site.install("themis-broken", BROKEN)
    (site.path / "broken.toml").write_text("benchmark_id = 1\n")
    assert "load        FAILED: " in shell("catalog", "validate", "broken", code=1).stdout
    listed = shell("catalog", "list")
    assert "broken" in listed.stdout
    assert "warning: broken: " in listed.stderr


def test_a_run_is_kept_in_the_store_and_asks_the_model_that_is_named(shell):
    command = ("catalog", "run", "word-problems", "--model", "demo:sim", "--progress", "none")
    report = shell.json(*command, "--store", "mine")
    assert {row["model_id"] for row in report["sections"]["leaderboard"]} == {"sim"}
    assert [row["status"] for row in shell.json("runs", "--store", "mine")] == ["completed"]


BROKEN = """
    from themis.plugin import BenchmarkDeclaration, PluginInfo, hookimpl

    @hookimpl
    def themis_plugin():
        return PluginInfo(core_api=">=1.0,<2", summary="A broken benchmark.")

    @hookimpl
    def themis_benchmarks():
        return [
            BenchmarkDeclaration(name="broken", implementation="{module}:broken.toml", version="1")
        ]
"""
