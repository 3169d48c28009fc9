"""Names that look like SQL are names: in every store, every lookup and every report."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from themis import Orchestrator, ProjectSpec
from themis.cli import main
from themis.errors import ThemisError
from themis.results import BenchmarkResult
from themis.specs import BenchmarkSpec, SqliteBlobStorageSpec
from themis.storage import SqliteRunStore

NAMES = (
    "'; DROP TABLE events; --",
    '"; DELETE FROM runs; --',
    "%' OR '1'='1",
    "a%",
    "_",
    "\\",
    "x') UNION SELECT * FROM runs --",
    ":name",
    "%(name)s",
    "?",
    "$1",
    "{name}",
)


def benchmark(name):
    return BenchmarkSpec.model_validate(
        {
            "benchmark_id": name,
            "models": [{"model_id": each, "provider": "echo"} for each in NAMES],
            "prompt_variants": [
                {"id": name, "messages": [{"role": "user", "content": "{{ item.q }}"}]}
            ],
            "inference_grid": {"params": [{}]},
            "slices": [
                {
                    "slice_id": name,
                    "dataset": {"source": "memory"},
                    "dimensions": {name: name},
                    "generation": {},
                    "scores": [{"name": name, "metrics": ["exact_match"]}],
                }
            ],
        }
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A store with one run of each name."""
    folder = tmp_path_factory.mktemp("sql") / "store"
    rows = [{"item_id": name, "q": name, "answer": name, name: name} for name in NAMES]
    project = ProjectSpec(storage=SqliteBlobStorageSpec(root_dir=str(folder)))
    with Orchestrator.from_project_spec(project, dataset_loader=lambda _: rows) as orchestrator:
        for name in NAMES[:4]:
            assert orchestrator.run_benchmark(benchmark(name)).status == "completed"
    return folder


def test_every_row_of_every_run_is_there(store):
    with SqliteRunStore(store, read_only=True) as opened:
        runs = opened.runs()
        assert {run.benchmark_id for run in runs} == set(NAMES[:4])
        for run in runs:
            result = BenchmarkResult(opened, run.run_id)
            board = result.leaderboard()
            assert {row["model_id"] for row in board} == set(NAMES)
            assert all((row["mean"], row["n_items"]) == (1.0, len(NAMES)) for row in board)
            assert result.aggregate(group_by=["model_id", run.benchmark_id])


@pytest.mark.parametrize("name", ["%", "_", "' OR 1=1 --", "%%", "?", "[a-f]*", *NAMES[4:]])
def test_a_pattern_or_a_condition_is_the_beginning_of_no_run(store, name):
    with SqliteRunStore(store, read_only=True) as opened, pytest.raises(ThemisError):
        opened.run(name)
    for command in (("report",), ("inspect", "state"), ("quickcheck",)):
        done = CliRunner().invoke(main, [*command, name, "--store", str(store)])
        assert done.exit_code == 2
        assert "OperationalError" not in done.output


def test_a_store_of_such_names_is_intact(store):
    done = CliRunner().invoke(main, ["store", "verify", "--store", str(store)])
    assert done.exit_code == 0, done.output
