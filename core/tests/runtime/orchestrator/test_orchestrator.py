"""The orchestrator over a real store: what runs, what is reused, and what is recorded."""

from __future__ import annotations

import pytest

from themis.errors import (
    ErrorCode,
    InferenceError,
    PluginError,
    SpecValidationError,
    StorageError,
)
from themis.plugin.hook_points import HOOK_POINTS
from themis.records import ScoreError
from themis.runtime.context import RuntimeContext
from themis.runtime.orchestrator import Orchestrator
from themis.specs import (
    BatchBackendSpec,
    ExecutionPolicySpec,
    InferenceGridSpec,
    InferenceParamsSpec,
    ModelSpec,
    ParseSpec,
    ProjectSpec,
    ReductionSpec,
    ScoreSpec,
    WorkerPoolBackendSpec,
)

from .conftest import rows, sums_benchmark, sums_slice


def mean(result, **options):
    [row] = result.aggregate(group_by=["metric_id"], **options)
    return row["mean"], row["count"]


def test_calling_the_class_says_how_to_make_one():
    with pytest.raises(TypeError, match="from_project_spec"):
        Orchestrator(ProjectSpec())


def test_what_is_no_spec_is_refused_with_what_was_expected(make):
    said = "what is to run is of type dict; give a BenchmarkSpec or ExperimentSpec, such as Bench"
    for act in (make().run_benchmark, make().plan, make().estimate, make().run_id):
        with pytest.raises(SpecValidationError, match=said):
            act({})


def test_what_is_no_project_is_refused_with_what_was_expected(registry):
    with pytest.raises(SpecValidationError, match="project is of type dict; give a ProjectSpec, s"):
        Orchestrator.from_project_spec({}, registry=registry)


def test_a_runtime_or_a_bus_that_is_none_is_refused_before_anything_runs(make, engine):
    with pytest.raises(SpecValidationError, match="runtime is of type int; give a RuntimeContext"):
        make().run_benchmark(sums_benchmark(), runtime=3)
    with pytest.raises(SpecValidationError, match="telemetry_bus is of type int; give a Telemetry"):
        make(telemetry_bus=3)
    assert engine.calls == []


class Unreadable:
    """A component of any kind whose fingerprint is broken."""

    version = "1.0"

    def infer(self, trial, context, runtime):
        return "4"

    extract = score = infer

    def reduce(self, candidates, ctx):
        return candidates[0]

    def fingerprint(self):
        raise RuntimeError("no text")


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("extractor", {"parses": [ParseSpec(name="number", extractors=["own"])]}),
        ("metric", {"scores": [ScoreSpec(name="exact", parse="number", metrics=["own"])]}),
        ("reducer", {"reduction": ReductionSpec(reducer={"id": "own"})}),
    ],
)
def test_a_component_whose_fingerprint_raises_is_named(make, registry, kind, fields):
    registry.register(kind, "own", Unreadable())
    said = f"{kind} 'own' cannot be told from an edited one: its fingerprint raised RuntimeError: "
    with pytest.raises(SpecValidationError, match=said + "no text; correct its fingerprint"):
        make().plan(sums_benchmark(slices=[sums_slice(**fields)]))


def test_a_hook_whose_fingerprint_raises_is_named(make, registry):
    def touched(self, trial, subject):
        assert trial
        return subject

    methods = dict.fromkeys(HOOK_POINTS, touched)
    registry.register_hook("own", type("Hook", (Unreadable,), methods)())
    with pytest.raises(PluginError, match="hook 'own' cannot be told from an edited one"):
        make().plan(sums_benchmark())


def test_a_run_generates_parses_and_scores(make, engine):
    result = make().run_benchmark(sums_benchmark())
    assert result.status == "completed"
    assert mean(result) == (1.0, 6)
    assert len(engine.calls) == 6


def test_planning_runs_nothing_and_is_deterministic(make, engine):
    manifest = make().plan(sums_benchmark())
    assert manifest == make().plan(sums_benchmark())
    assert (manifest.trial_count, manifest.counts["score"]) == (6, 6)
    assert engine.calls == []


def test_a_second_run_of_the_same_spec_calls_nothing(make, engine):
    first = make().run_benchmark(sums_benchmark())
    second = make().run_benchmark(sums_benchmark())
    assert second.run_id == first.run_id
    assert len(engine.calls) == 6


def test_changed_scoring_reuses_the_generations(make, engine):
    make().run_benchmark(sums_benchmark())
    changed = sums_slice(
        scores=[ScoreSpec(name="exact", parse="number", metrics=["numeric_match", "token_count"])],
        dimensions={"topic": "sums"},
    )
    result = make().run_benchmark(sums_benchmark(slices=[changed]))
    assert len(engine.calls) == 6
    assert {row["metric_id"] for row in result.aggregate(group_by=["metric_id"])} == {
        "numeric_match",
        "token_count",
    }


def test_more_samples_keep_those_there_are(make, engine):
    make().run_benchmark(sums_benchmark())
    result = make().run_benchmark(sums_benchmark(num_samples=3))
    assert len(engine.calls) == 18
    assert sorted({sample for _, _, sample in engine.calls}) == [0, 1, 2]
    assert mean(result)[1] == 18


def test_a_changed_item_alone_is_generated_again(make, engine):
    make().run_benchmark(sums_benchmark())
    changed = rows()
    changed[2] = {**changed[2], "q": "20 + 20", "answer": "40"}
    make(items=changed).run_benchmark(sums_benchmark())
    assert [item for item, _, _ in engine.calls[6:]] == ["2"]


def test_a_failed_generation_is_recorded_counted_and_tried_again(make, engine):
    engine.failing = {"1", "4"}
    result = make().run_benchmark(sums_benchmark())
    assert result.status == "partial_failure"
    [row] = result.aggregate(group_by=["metric_id"])
    assert (row["mean"], row["count"], row["errors"]) == (1.0, 4, 2)
    assert mean(result, on_error="zero")[0] == pytest.approx(4 / 6)
    engine.failing = set()
    calls = len(engine.calls)
    again = make().run_benchmark(sums_benchmark())
    assert (again.run_id, again.status) == (result.run_id, "completed")
    assert sorted(item for item, _, _ in engine.calls[calls:]) == ["1", "4"]
    assert mean(again) == (1.0, 6)


def test_a_retryable_failure_is_retried_and_another_is_not(make, engine):
    policy = ExecutionPolicySpec(max_retries=2)
    project = ProjectSpec(execution_policy=policy)
    engine.failing = {"1"}
    engine.error = InferenceError("bad key", code=ErrorCode.PROVIDER_AUTH)
    make(project=project).run_benchmark(sums_benchmark())
    assert [item for item, _, _ in engine.calls].count("1") == 1


def test_an_item_without_a_template_field_is_its_own_failure(make):
    items = [*rows(3), {"item_id": "x", "answer": "1"}]
    result = make(items=items).run_benchmark(sums_benchmark())
    [failure] = list(result.iter_failures())
    assert failure["item_id"] == "x"
    assert "q" in failure["message"]
    assert mean(result) == (1.0, 3)


def test_one_failing_metric_leaves_the_others(make, registry):
    class Broken:
        def score(self, trial, candidate, context):
            raise ZeroDivisionError("no")

    registry.register_metric("broken", Broken)
    spec = sums_slice(
        scores=[ScoreSpec(name="s", parse="number", metrics=["broken", "numeric_match"])]
    )
    result = make().run_benchmark(sums_benchmark(slices=[spec]))
    rows_by_metric = {row["metric_id"]: row for row in result.aggregate(group_by=["metric_id"])}
    assert rows_by_metric["numeric_match"]["mean"] == 1.0
    assert (rows_by_metric["broken"]["count"], rows_by_metric["broken"]["errors"]) == (0, 6)
    trial = result.get_trial(result.trial_hashes[0])
    [broken] = [s for s in trial.candidates[0].evaluation.scores if isinstance(s, ScoreError)]
    assert "raised ZeroDivisionError: no" in broken.message


def test_a_metric_that_calls_sys_exit_is_an_outcome(make, registry):
    class Leaving:
        def score(self, trial, candidate, context):
            raise SystemExit(3)

    registry.register_metric("leaving", Leaving)
    spec = sums_slice(scores=[ScoreSpec(name="s", metrics=["leaving"])])
    result = make().run_benchmark(sums_benchmark(slices=[spec]))
    [row] = result.aggregate(group_by=["metric_id"])
    assert row["errors"] == 6


def test_an_extractor_chain_goes_on_to_the_first_success(make, registry):
    class Never:
        def extract(self, trial, candidate, config=None):
            return None

    registry.register_extractor("never", Never)
    spec = sums_slice(parses=[ParseSpec(name="number", extractors=["never", "first_number"])])
    result = make().run_benchmark(sums_benchmark(slices=[spec]))
    extractions = result.get_trial(result.trial_hashes[0]).candidates[0].extractions
    assert [(e.extractor_id, e.success) for e in extractions] == [
        ("never", False),
        ("first_number", True),
    ]


def test_stages_can_run_one_by_one(make, engine):
    orchestrator, spec = make(), sums_benchmark()
    assert orchestrator.generate(spec).status == "pending"
    assert len(engine.calls) == 6
    assert orchestrator.transform(spec).status == "pending"
    result = orchestrator.evaluate(spec)
    assert result.status == "completed"
    assert len(engine.calls) == 6
    assert mean(result) == (1.0, 6)


def test_two_models_and_two_params_make_a_grid(make, engine):
    spec = sums_benchmark(
        models=[ModelSpec(model_id=name, provider="counting") for name in ("a", "b")],
        inference_grid=InferenceGridSpec(
            params=[InferenceParamsSpec()], overrides={"temperature": [0.0, 1.0]}
        ),
    )
    result = make().run_benchmark(spec)
    assert len(engine.calls) == 24
    assert [row["model_id"] for row in result.aggregate(group_by=["model_id"])] == ["a", "b"]


def test_a_run_is_resumed_by_its_id_or_a_part_of_it(make, engine):
    orchestrator = make()
    run_id = orchestrator.plan(sums_benchmark()).run_id
    result = make(items=[]).resume(run_id[:10])
    assert result.status == "completed"
    assert len(engine.calls) == 6


def test_resuming_with_another_engine_version_says_what_differs(make, registry, engine):
    run_id = make().plan(sums_benchmark()).run_id

    class Newer(type(engine)):
        version = "2.0"

    from themis.plugin.registry import PluginRegistry

    other = PluginRegistry(plugins=())
    other.register_inference_engine("counting", Newer())
    with pytest.raises(SpecValidationError, match=r"engine counting: planned .* here"):
        make(registry=other).resume(run_id)


def test_an_unknown_run_is_an_error(make):
    with pytest.raises(StorageError, match="has no run 'feed'"):
        make().resume("feed")


def test_submit_executes_only_on_the_local_backend(make, engine):
    handle = make().submit(sums_benchmark())
    assert (handle.status, handle.backend) == ("completed", "local")
    pool = ProjectSpec(
        global_seed=1,
        execution_backend=WorkerPoolBackendSpec(),
    )
    calls = len(engine.calls)
    elsewhere = make(project=pool).submit(sums_benchmark())
    assert (elsewhere.status, elsewhere.backend) == ("planned", "worker_pool")
    assert len(engine.calls) == calls
    assert make(project=pool).resume(elsewhere.run_id) == elsewhere


ELSEWHERE = [WorkerPoolBackendSpec(), BatchBackendSpec(provider="counting")]


@pytest.mark.parametrize("backend", ELSEWHERE, ids=lambda spec: spec.kind)
def test_a_run_that_ended_elsewhere_is_resumed_as_its_result(make, engine, backend):
    orchestrator = make(project=ProjectSpec(execution_backend=backend))
    handle = orchestrator.submit(sums_benchmark())
    assert orchestrator.resume(handle.run_id) == handle
    orchestrator.run_benchmark(sums_benchmark())
    result = orchestrator.resume(handle.run_id)
    assert (result.run_id, result.status, len(engine.calls)) == (handle.run_id, "completed", 6)


@pytest.mark.parametrize("backend", ELSEWHERE, ids=lambda spec: spec.kind)
def test_what_failed_elsewhere_is_in_the_result_and_not_tried_here(make, engine, backend):
    engine.failing = {"2"}
    project = ProjectSpec(
        execution_backend=backend, execution_policy=ExecutionPolicySpec(max_retries=0)
    )
    orchestrator = make(project=project)
    run_id = orchestrator.run_benchmark(sums_benchmark()).run_id
    result = orchestrator.resume(run_id)
    [failure] = result.iter_failures()
    assert (result.status, failure["item_id"], len(engine.calls)) == ("partial_failure", "2", 6)


def test_progress_is_persisted_and_reported(make):
    seen = []
    orchestrator = make()
    result = orchestrator.run_benchmark(sums_benchmark(), progress=seen.append)
    stored = orchestrator.get_run_progress(result.run_id)
    assert stored == seen[-1]
    assert (stored.status, stored.stages["score"].done, stored.prompt_tokens) == (
        "completed",
        6,
        18,
    )
    assert orchestrator.get_run_progress("0" * 64) is None


def test_runs_work_inside_a_running_event_loop(make):
    import asyncio

    async def notebook():
        return make().run_benchmark(sums_benchmark())

    assert asyncio.run(notebook()).status == "completed"


def test_two_equal_metrics_with_different_configuration_keep_both_results(make):
    metrics = [
        {"id": "numeric_match", "name": "strict"},
        {"id": "numeric_match", "name": "loose", "config": {"abs_tolerance": 100.0}},
    ]
    items = [{**row, "answer": "0"} for row in rows()]
    spec = sums_slice(scores=[ScoreSpec(name="s", parse="number", metrics=metrics)])
    result = make(items=items).run_benchmark(sums_benchmark(slices=[spec]))
    means = {row["metric_id"]: row["mean"] for row in result.aggregate(group_by=["metric_id"])}
    assert means == {"strict": pytest.approx(1 / 6), "loose": 1.0}


def test_a_dataset_loader_is_the_short_form_of_a_provider(registry, store):
    orchestrator = Orchestrator.from_project_spec(
        ProjectSpec(),
        registry=registry,
        storage_bundle=store,
        dataset_loader=lambda dataset: rows(2) if dataset.source == "memory" else [],
    )
    assert mean(orchestrator.run_benchmark(sums_benchmark())) == (1.0, 2)


def test_a_loader_beside_a_provider_is_refused(make):
    with pytest.raises(SpecValidationError, match="not both"):
        make(dataset_loader=lambda dataset: [])


def test_project_files_of_another_format_are_refused(tmp_path):
    path = tmp_path / "project.ini"
    path.write_text("[project]", encoding="utf-8")
    with pytest.raises(SpecValidationError) as error:
        Orchestrator.from_project_file(path)
    assert error.value.code is ErrorCode.SCHEMA_MISMATCH


def test_a_project_file_makes_an_orchestrator_with_its_store(tmp_path):
    path = tmp_path / "project.toml"
    path.write_text('project_name = "p"\n[storage]\nroot_dir = "runs"\n', encoding="utf-8")
    with Orchestrator.from_project_file(path) as orchestrator:
        assert orchestrator.db_manager.place == str(tmp_path / "runs")


def test_a_secret_that_an_engines_error_quotes_is_not_recorded(make, engine):
    engine.failing = {"0"}
    engine.error = ValueError("refused: hunter2hunter2 of Bearer abcdefgh12345678")
    context = RuntimeContext(secrets={"api_key": "hunter2hunter2"})
    result = make(items=rows(1)).run(sums_benchmark(), runtime=context)
    [trial] = result.trial_hashes
    message = result.get_trial(trial).candidates[0].failure.message
    assert "refused: <api_key> of Bearer" in message
    assert "abcdefgh12345678" not in message


def test_a_secret_that_an_engine_answers_with_is_not_recorded(make, engine, monkeypatch):
    async def telling(trial, context, runtime):
        return f"5, and my key is {runtime.secrets['api_key']}"

    monkeypatch.setattr(type(engine), "infer", staticmethod(telling))
    context = RuntimeContext(secrets={"api_key": "hunter2hunter2"})
    result = make(items=rows(1)).run(sums_benchmark(), runtime=context)
    [trial] = result.trial_hashes
    said = result.get_trial(trial).candidates[0].inference.raw_text
    assert said == "5, and my key is [redacted]"


NUMBER = ParseSpec(name="number", extractors=["first_number"])
TEXT = ParseSpec(name="a text", extractors=["normalized_text"])


def answers(result):
    """The parsed answers of the first trial's candidates."""
    trial = result.get_trial(result.trial_hashes[1])
    return [one.parsed_answer for candidate in trial.candidates for one in candidate.extractions]


def test_a_parse_that_nothing_scores_is_a_transform_of_the_result(make):
    result = make().run_benchmark(sums_benchmark(slices=[sums_slice(scores=[])]))
    [chain] = result.transform_hashes
    assert answers(result) == [2.0]
    assert answers(result.for_transform(chain)) == [2.0]


def test_each_parse_is_seen_alone_whether_it_is_scored_or_not(make):
    spec = sums_benchmark(slices=[sums_slice(parses=[NUMBER, TEXT])])
    result = make().run_benchmark(spec)
    scored, unscored = result.transform_hashes
    assert answers(result) == [2.0, "2"]
    assert answers(result.for_transform(scored)) == [2.0]
    assert answers(result.for_transform(unscored)) == ["2"]
    assert result.for_transform(unscored).aggregate(group_by=["metric_id"]) == []
    assert answers(result.for_evaluation(result.evaluation_hashes[0])) == [2.0]


def test_a_parse_of_another_run_that_nothing_scores_is_shown_too(make):
    make().run_benchmark(sums_benchmark(slices=[sums_slice(parses=[NUMBER, TEXT])]))
    other = sums_slice(parses=[TEXT], scores=[], dimensions={"taken": "over"})
    result = make().run_benchmark(sums_benchmark(slices=[other]))
    assert answers(result) == ["2"]


SMALL = InferenceGridSpec(params=[InferenceParamsSpec(temperature=1e-6, extras={"tau": 1e-9})])


def test_a_run_with_very_small_parameters_is_resumed_and_read(make, engine):
    run_id = make().plan(sums_benchmark(inference_grid=SMALL)).run_id
    result = make(items=[]).resume(run_id)
    assert (result.status, len(engine.calls)) == ("completed", 6)
    params = result.get_trial(result.trial_hashes[0]).trial_spec.params
    assert (params.temperature, dict(params.extras)) == (1e-6, {"tau": 1e-9})
