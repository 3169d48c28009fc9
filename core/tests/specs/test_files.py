from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tomlkit
import yaml

from themis.errors import SpecValidationError
from themis.specs import BenchmarkSpec, ProjectSpec
from themis.specs.files import load_benchmark_file, load_project_file

WRITERS: dict[str, Callable[[Any], str]] = {
    "toml": tomlkit.dumps,
    "yaml": yaml.safe_dump,
    "yml": yaml.safe_dump,
    "json": json.dumps,
}
PROJECT = {"project_name": "p", "global_seed": 7}


@pytest.fixture
def fields(benchmark: Callable[..., BenchmarkSpec]) -> dict[str, Any]:
    dumped = benchmark().model_dump(mode="json", exclude_defaults=True)
    dumped["slices"][0]["generation"] = {}
    return dumped


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def write(content: Any, suffix: str = "toml") -> Path:
        path = tmp_path / f"file.{suffix}"
        path.write_text(content if isinstance(content, str) else WRITERS[suffix](content))
        return path

    return write


@pytest.mark.parametrize("suffix", WRITERS)
def test_a_file_is_the_same_benchmark_in_every_format(
    fields: dict[str, Any],
    write: Callable[..., Path],
    benchmark: Callable[..., BenchmarkSpec],
    suffix: str,
) -> None:
    loaded = load_benchmark_file(write(fields, suffix))
    assert loaded.benchmark == benchmark()
    assert loaded.project == ProjectSpec()


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize("nested", [True, False])
def test_one_file_may_hold_both(
    fields: dict[str, Any], write: Callable[..., Path], suffix: str, nested: bool
) -> None:
    held = {"benchmark": fields} if nested else fields
    path = write({**held, "project": PROJECT, "prices": {"m": 1.5}}, suffix)
    loaded = load_benchmark_file(path)
    assert loaded.benchmark == BenchmarkSpec.model_validate(fields)
    assert loaded.project == ProjectSpec(**PROJECT)
    assert (loaded.prices, loaded.runtime, loaded.plugins) == ({"m": 1.5}, {}, {})


@pytest.mark.parametrize(
    "content",
    [
        PROJECT,
        {"project": PROJECT},
        {**PROJECT, "plugins": {"prefer": {}}},
        {"project": PROJECT, "benchmark": {"not": "read"}},
        {"project": PROJECT, "benchmark_id": "not read"},
    ],
)
def test_a_project_file_holds_a_project(write: Callable[..., Path], content: Any) -> None:
    assert load_project_file(write(content)).project == ProjectSpec(**PROJECT)


def test_a_file_with_only_plugin_settings_is_the_default_project(
    write: Callable[..., Path],
) -> None:
    assert load_project_file(write({"plugins": {"block": ["x"]}})).project == ProjectSpec()


def test_a_caller_may_take_fewer_formats(write: Callable[..., Path]) -> None:
    path = write(PROJECT, "yaml")
    with pytest.raises(
        SpecValidationError, match=r".yaml is not read here; use one of .toml, .json"
    ):
        load_project_file(path, suffixes=(".toml", ".json"))


@pytest.mark.parametrize(
    ("load", "content", "message"),
    [
        (
            load_benchmark_file,
            PROJECT,
            "describes a project and no benchmark; pass it as the project",
        ),
        (
            load_project_file,
            {"benchmark_id": "b"},
            "describes a benchmark and no project; add a table",
        ),
        (load_project_file, {"benchmark": {}}, "describes a benchmark and no project; add a table"),
    ],
)
def test_a_file_of_the_other_kind_is_recognised(
    write: Callable[..., Path], load: Callable[[Path], Any], content: Any, message: str
) -> None:
    with pytest.raises(SpecValidationError, match=message):
        load(write(content))


def test_paths_are_kept_as_written_and_resolved_beside_the_file(
    fields: dict[str, Any], write: Callable[..., Path], tmp_path: Path
) -> None:
    fields["slices"][0]["dataset"] = {"source": "local", "data_dir": "data/x.jsonl"}
    loaded = load_benchmark_file(write(fields))
    written = loaded.benchmark.slices[0].dataset.data_dir
    assert written == "data/x.jsonl"
    assert loaded.resolve(written) == tmp_path / "data/x.jsonl"
    assert loaded.resolve("/abs/x") == Path("/abs/x")


BROKEN = """\
benchmark_id = "b"
num_samples = "3"

[project]
global_sed = 1
[project.storage]
backend = "postgres_blob"
blob_root_dir = "x"

[[models]]
model_id = "m"

[[slices]]
slice_id = "s"
dataset = { source = "memory", transforms = [{ kind = "sql", field = "a" }] }
[[slices.scores]]
name = "s"
parse = "p"
metrics = ["x", { id = "y", conf = 1 }]

[[prompt_variants]]
id = "v"
messages = [{ role = "usr", content = "hi" }]

[inference_grid]
params = [{ temperature = -1.0 }]
"""


FINDINGS = """\
2:1: num_samples: Input should be a valid integer; got '3'
5:1: project.global_sed: is no field; did you mean 'global_seed'?
6:1: project.storage.database_url: is required and missing; add it \
(The database: postgresql://user@host/name, or env:NAME.)
10:1: models[0].provider: is required and missing; add it \
(The inference engine: [provider/]name[@version].)
15:48: slices[0].dataset.transforms[0].kind: 'sql' is unknown; use one of \
'rename', 'jinja', 'python'
19:29: slices[0].scores[0].metrics[1].conf: is no field; did you mean 'config'?
23:15: prompt_variants[0].messages[0].role: Input should be 'system', 'developer', 'user', \
'assistant' or 'tool'; got 'usr'
26:13: inference_grid.params[0].temperature: Input should be greater than or equal to 0; got -1.0
"""


def test_everything_that_is_wrong_is_reported_at_once_with_its_line(
    write: Callable[..., Path],
) -> None:
    path = write(BROKEN)
    with pytest.raises(SpecValidationError) as caught:
        load_benchmark_file(path)
    heading, *lines = str(caught.value).splitlines()
    assert heading == f"{path} has 8 problems:"
    assert lines == [f"  {path}:{finding}" for finding in FINDINGS.splitlines()]
    assert [issue.line for issue in caught.value.issues] == [2, 5, 6, 10, 15, 19, 23, 26]


def test_problems_between_fields_point_to_their_lines(
    fields: dict[str, Any], write: Callable[..., Path]
) -> None:
    fields["prompt_variants"].append(fields["prompt_variants"][0])
    fields["slices"][0]["prompt_variant_ids"] = ["nope"]
    with pytest.raises(SpecValidationError) as caught:
        load_benchmark_file(write({"benchmark": fields}, "json"))
    assert [(issue.key, issue.line) for issue in caught.value.issues] == [
        ("benchmark.slices[0].prompt_variant_ids", 1),
        ("benchmark.prompt_variants[2].id", 1),
    ]


def test_a_single_problem_is_one_line(fields: dict[str, Any], write: Callable[..., Path]) -> None:
    path = write({**fields, "num_samples": 0}, "yaml")
    with pytest.raises(SpecValidationError) as caught:
        load_benchmark_file(path)
    assert str(caught.value).startswith(f"{path}:")
    assert "num_samples: Input should be greater than or equal to 1; got 0" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"project": 5}, "project: is a table; write keys and values under it"),
        ({"runtime": []}, "runtime: is a table; write keys and values under it"),
        ({"benchmark": {}, "num_samples": 3}, "num_samples: belongs into the benchmark table"),
        ({"benchmark": {}, "projct": {}}, "projct: is no table; did you mean 'project'?"),
        ({"benchmark_id": "b", "projct": {}}, "projct: is no field; did you mean 'project'?"),
        (
            {"benchmark_id": "b", "zzz": {}},
            "zzz: is no field; known are benchmark, benchmark_id, catalog, inf",
        ),
    ],
)
def test_misplaced_tables_are_named(write: Callable[..., Path], content: Any, message: str) -> None:
    with pytest.raises(SpecValidationError) as caught:
        load_benchmark_file(write(content, "json"))
    assert message in str(caught.value)


def test_a_value_that_settings_cannot_hold_is_named(write: Callable[..., Path]) -> None:
    with pytest.raises(SpecValidationError, match="runtime: since is a datetime, which is no JSON"):
        load_project_file(write("[runtime]\nsince = 2024-01-01T00:00:00Z\n"))


def test_a_refused_credential_is_not_shown(write: Callable[..., Path]) -> None:
    content = {"storage": {"backend": "postgres_blob", "database_url": 5, "pasword": "hunter2"}}
    with pytest.raises(SpecValidationError) as caught:
        load_project_file(write(content))
    assert "hunter2" not in str(caught.value)


def test_a_message_part_is_named_by_its_place_in_the_file(
    fields: dict[str, Any], write: Callable[..., Path]
) -> None:
    fields["prompt_variants"][0]["messages"][0]["content"] = [{"type": "image"}, {"text": "x"}]
    with pytest.raises(SpecValidationError) as caught:
        load_benchmark_file(write(fields, "yaml"))
    assert {issue.key for issue in caught.value.issues} == {
        "prompt_variants[0].messages[0].content[0].image_url",
        "prompt_variants[0].messages[0].content[1].type",
    }


def test_an_issue_of_an_open_table_points_to_its_line(write: Callable[..., Path]) -> None:
    loaded = load_project_file(write("project_name = 'p'\n[runtime]\nspeed = 1\n"))
    issue = loaded.issue(("runtime", "speed"), "is no option")
    assert str(issue).endswith("file.toml:3:1: runtime.speed: is no option")


def test_a_project_file_goes_before_the_project_beside_the_benchmark(
    fields: dict[str, Any], write: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "home").mkdir()
    project = tmp_path / "home" / "project.json"
    project.write_text(json.dumps({"project_name": "q", "runtime": {"a": 1, "b": 1}}))
    path = write({**fields, "project": PROJECT, "runtime": {"b": 2}})
    loaded = load_benchmark_file(path, project_file=project)
    assert loaded.project.project_name == "q"
    assert (loaded.base_dir, loaded.project_dir) == (tmp_path, tmp_path / "home")
    assert loaded.runtime == {"a": 1, "b": 2}
    assert loaded.issue(("runtime", "a"), "is no option").file == str(project)
    assert loaded.issue(("runtime", "b"), "is no option").file == str(path)


def test_the_default_project_is_where_you_are(
    fields: dict[str, Any],
    write: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert load_benchmark_file(write(fields)).project_dir == tmp_path / "here"
    assert load_benchmark_file(write({**fields, "project": {}})).project_dir == tmp_path


def test_a_default_project_file_counts_where_a_benchmark_has_no_project_of_its_own(
    fields: dict[str, Any], write: Callable[..., Path], tmp_path: Path
) -> None:
    default = tmp_path / "themis.toml"
    default.write_text('project_name = "default"\n[plugins]\nblock = ["a"]\n')
    bare = load_benchmark_file(write(fields), default_project_file=default)
    own = load_benchmark_file(
        write({**fields, "project": PROJECT}, "json"), default_project_file=default
    )
    assert [each.project.project_name for each in (bare, own)] == ["default", "p"]
    assert [list(each.plugins["block"]) for each in (bare, own)] == [["a"], ["a"]]
