"""`themis report --format NAME` with the exporter of a plugin."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from themis.cli import main
from themis.storage import SqliteRunStore
from themis.testing.recorded_runs import RecordedRun

PLUGIN = """
    from themis.plugin import ExporterDeclaration, PluginInfo, hookimpl

    @hookimpl
    def themis_plugin():
        return PluginInfo(core_api=">=1.0,<2", summary="Writes means.")

    @hookimpl
    def themis_exporters():
        return [ExporterDeclaration(
            name="means", implementation="{module}:Means", version="1.0", summary="Means."
        )]

    class Means:
        def export(self, result, path):
            means = [f"{row['model_id']} {row['mean']}" for row in result.leaderboard()]
            path.write_text("\\n".join(means), encoding="utf-8")
            return path
"""


@pytest.fixture
def report(tmp_path, site):
    """Runs `themis report` on a recorded run."""
    site.install("themis-means", PLUGIN)
    with SqliteRunStore(tmp_path / "store") as store:
        run = RecordedRun(outcome=lambda cell: float(cell.model == "alpha")).record(store)

    def run_command(*arguments):
        command = ["report", run, "--store", str(tmp_path / "store"), *arguments]
        return CliRunner().invoke(main, command)

    return run_command


def test_an_exporter_writes_the_report(report, tmp_path):
    done = report("--format", "means", "--output", str(tmp_path / "out" / "means.txt"))
    assert (done.exit_code, done.stderr) == (0, f"wrote {tmp_path}/out/means.txt\n")
    assert (tmp_path / "out" / "means.txt").read_text() == "alpha 1.0\nbeta 0.0"


def test_an_exporter_needs_a_place(report):
    done = report("--format", "means")
    assert done.exit_code == 2
    assert "--format means writes a file; name it with --output" in done.stderr


def test_an_unknown_format_lists_the_known_ones(report):
    done = report("--format", "pdf")
    assert done.exit_code == 2
    assert "unknown report format 'pdf'" in done.stderr
    assert "html, means" in " ".join(done.stderr.split())


def test_a_place_that_cannot_be_written_is_an_error(report, tmp_path):
    (tmp_path / "file").touch()
    done = report("--format", "means", "--output", str(tmp_path / "file" / "means.txt"))
    assert done.exit_code == 2
    assert "cannot be written" in done.stderr


def test_a_report_may_be_over_what_items_share(report):
    done = report("--cluster-by", "question", "--json")
    [first, _] = json.loads(done.stdout)["sections"]["leaderboard"]
    assert (first["n_clusters"], first["method"]) == (3, "wilson_clusters")


def test_a_field_that_no_item_has_is_told(report):
    done = report("--cluster-by", "passage")
    assert done.exit_code == 2
    assert "no field 'passage' to cluster by; it has: " in done.stderr


def test_an_exporter_is_not_told_of_clusters(report):
    done = report("--cluster-by", "question", "--format", "means", "--output", "x.txt")
    assert done.exit_code == 2
    assert "--cluster-by is for the built-in formats, not for 'means'" in done.stderr
