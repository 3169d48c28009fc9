"""Handing pending work to another process, and taking prebuilt candidates."""

from __future__ import annotations

import json
import subprocess
import sys

import attrs
import pytest

from themis.errors import SpecValidationError
from themis.plugin.hook_points import HOOK_POINTS
from themis.records import CandidateRecord, InferenceRecord, Message, TrialRecord
from themis.runtime.handoff_files import EvaluationHandOff, GenerationHandOff
from themis.specs import GenerationSpec, PromptMessage, PromptTurnSpec

from .conftest import rows, sums_benchmark, sums_slice

SOMEBODY_ELSE = """
import json, sys
path = sys.argv[1]
header, *tasks = map(json.loads, open(path, encoding="utf-8"))
for task in tasks[: int(sys.argv[2])]:
    left, right = task["messages"][0]["content"].rstrip("?").split(" + ")
    task["result"] = {"raw_text": str(int(left) + int(right)), "finish_reason": "stop"}
with open(path, "w", encoding="utf-8") as file:
    for entry in (header, *tasks):
        file.write(json.dumps(entry) + "\\n")
"""


def hook(**methods):
    """A hook with these methods; the others change nothing."""

    def unchanged(self, trial, subject):
        return subject

    named = {**dict.fromkeys(HOOK_POINTS, unchanged), **methods}
    return type("Hook", (), {**named, "fingerprint": lambda self: "hook"})()


def same(self, trial, subject):
    """Takes part, and changes nothing."""
    assert trial.item_id
    return subject


def edit(path, change):
    """Change the tasks of a bundle's file by hand."""
    header, *tasks = [json.loads(line) for line in path.read_text().splitlines()]
    change(tasks)
    path.write_text("\n".join(json.dumps(entry) for entry in (header, *tasks)))


def done_elsewhere(bundle, path, count=6):
    """The bundle after another process has filled in `count` of its tasks."""
    bundle.write(path)
    command = [sys.executable, "-c", SOMEBODY_ELSE, str(path), str(count)]
    subprocess.run(command, check=True)
    return GenerationHandOff.read(path)


def mean(result):
    [row] = result.aggregate(group_by=["metric_id"])
    return row["mean"], row["count"], row["errors"]


def test_generations_are_made_elsewhere_and_scored_here(make, engine, tmp_path):
    orchestrator, spec = make(), sums_benchmark()
    bundle = orchestrator.export_generation_bundle(spec)
    filled = done_elsewhere(bundle, tmp_path / "sub" / "work.jsonl")
    summary = orchestrator.import_generation_results(filled, filled.records())
    assert (summary.imported, summary.already_present) == (6, 0)
    result = orchestrator.run_benchmark(spec)
    assert (result.status, mean(result), engine.calls) == ("completed", (1.0, 6, 0), [])
    candidate = result.get_trial(result.trial_hashes[0]).candidates[0]
    assert candidate.effective_seed == bundle.tasks[0]["seed"]
    assert candidate.inference.finish_reason == "stop"


def test_a_partly_filled_bundle_leaves_the_rest_to_the_run(make, engine, tmp_path):
    orchestrator, spec = make(), sums_benchmark()
    filled = done_elsewhere(
        orchestrator.export_generation_bundle(spec), tmp_path / "work.jsonl", count=2
    )
    orchestrator.import_generation_results(filled, filled.records())
    assert len(orchestrator.export_generation_bundle(spec).tasks) == 4
    assert orchestrator.run_benchmark(spec).status == "completed"
    assert len(engine.calls) == 4


def test_importing_twice_changes_nothing(make, tmp_path):
    orchestrator, spec = make(), sums_benchmark()
    bundle = done_elsewhere(orchestrator.export_generation_bundle(spec), tmp_path / "work.jsonl")
    orchestrator.import_generation_results(bundle, bundle.records())
    again = orchestrator.import_generation_results(bundle, bundle.records())
    assert (again.imported, again.already_present) == (0, 6)
    assert mean(orchestrator.run_benchmark(spec)) == (1.0, 6, 0)


def test_an_error_is_a_recorded_failure_and_tried_again_by_a_run(make, engine, tmp_path):
    orchestrator, spec = make(), sums_benchmark()
    path = orchestrator.export_generation_bundle(spec).write(tmp_path / "work.jsonl")
    edit(path, lambda tasks: tasks[0].update(result={"error": "their server was down"}))
    bundle = GenerationHandOff.read(path)
    assert orchestrator.import_generation_results(bundle, bundle.records()).imported == 1
    assert orchestrator.import_generation_results(bundle, bundle.records()).already_present == 1
    [failure] = orchestrator.result(bundle.run_id).iter_failures()
    assert failure["message"] == "their server was down"
    assert orchestrator.run_benchmark(spec).status == "completed"
    assert len(engine.calls) == 6


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda tasks: tasks[0]["messages"][0].update(content="9 + 9?"), "not those that were"),
        (lambda tasks: tasks.pop(), "not those that were exported; export again"),
        (lambda tasks: tasks[1].update(seed=7), "not those that were exported"),
    ],
)
def test_changed_tasks_are_refused_with_the_file(make, tmp_path, change, text):
    path = make().export_generation_bundle(sums_benchmark()).write(tmp_path / "work.jsonl")
    edit(path, change)
    with pytest.raises(SpecValidationError, match=rf"work\.jsonl:1: .*{text}"):
        GenerationHandOff.read(path)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("", r"work\.jsonl:1: the bundle is empty"),
        ("{nonsense", r"work\.jsonl:1: not JSON"),
        ('{"format": "other/1"}', "expected format 'themis-generation-hand-off/1', got 'other/1'"),
        ("[1]", "every line of a bundle is a JSON object"),
    ],
)
def test_a_file_that_is_no_bundle_is_refused(tmp_path, content, text):
    path = tmp_path / "work.jsonl"
    path.write_text(content)
    with pytest.raises(SpecValidationError, match=text):
        GenerationHandOff.read(path)


def test_a_result_of_unknown_fields_names_the_file_and_line(make, tmp_path):
    path = make().export_generation_bundle(sums_benchmark()).write(tmp_path / "work.jsonl")
    edit(path, lambda tasks: tasks[1].update(result={"text": "typo"}))
    bundle = GenerationHandOff.read(path)
    with pytest.raises(SpecValidationError, match=r"item '1'.*text"):
        bundle.records()


@pytest.mark.parametrize(
    ("result", "problem"),
    [
        ({"raw_text": 5}, "raw_text is int: 5"),
        (5, "raw_text is int: 5"),
        ({"raw_text": "5", "latency_ms": "12"}, "latency_ms is str: '12'"),
    ],
    ids=str,
)
def test_a_result_of_another_type_names_the_item_and_field(make, tmp_path, result, problem):
    path = make().export_generation_bundle(sums_benchmark()).write(tmp_path / "work.jsonl")
    edit(path, lambda tasks: tasks[1].update(result=result))
    bundle = GenerationHandOff.read(path)
    with pytest.raises(SpecValidationError, match=rf"for item '1' .* cannot be used: {problem}"):
        bundle.records()


def test_a_missing_file_is_a_clear_error(tmp_path):
    with pytest.raises(SpecValidationError, match="the bundle cannot be read"):
        GenerationHandOff.read(tmp_path / "none.jsonl")


def test_a_candidate_of_another_bundle_is_refused(make):
    orchestrator = make()
    bundle = orchestrator.export_generation_bundle(sums_benchmark())
    foreign = CandidateRecord(candidate_id="f" * 64, inference=InferenceRecord(raw_text="4"))
    with pytest.raises(SpecValidationError, match="the bundle has no such task"):
        orchestrator.import_generation_results(bundle, [foreign])


def test_a_bundle_of_an_unknown_run_is_refused(make, tmp_path):
    from themis.storage import InMemoryRunStore

    bundle = make().export_generation_bundle(sums_benchmark())
    with InMemoryRunStore() as other, pytest.raises(SpecValidationError, match="has no run"):
        make(storage_bundle=other).import_generation_results(bundle, [])


def test_a_bundle_has_what_the_run_would_send_hooks_and_turns_included(make, registry):
    def shout(self, trial, prompt):
        return tuple(Message(message.role, message.text.upper() + "!") for message in prompt)

    registry.register_hook("shout", hook(pre_inference=shout))
    turn = PromptTurnSpec(messages=[PromptMessage(role="user", content="and {{ item.answer }}?")])
    spec = sums_benchmark(slices=[sums_slice(generation=GenerationSpec(follow_ups=[turn]))])
    task = make(items=rows(3)[2:]).export_generation_bundle(spec).tasks[0]
    assert task["messages"] == [{"role": "user", "content": "2 + 2?!"}]
    assert task["follow_ups"] == [[{"role": "user", "content": "and 4?"}]]


@pytest.mark.parametrize(
    ("point", "export"),
    [
        ("post_inference", "export_generation_bundle"),
        ("pre_eval", "export_evaluation_bundle"),
        ("post_eval", "export_evaluation_bundle"),
    ],
)
def test_work_that_hooks_would_change_afterwards_is_not_handed_off(make, registry, point, export):
    registry.register_hook("late", hook(**{point: same}))
    with pytest.raises(SpecValidationError, match=f"hooks take part in {point}"):
        getattr(make(), export)(sums_benchmark())


def test_an_item_that_cannot_be_rendered_is_left_to_the_run(make):
    orchestrator = make(items=[*rows(2), {"item_id": "x", "answer": "1"}])
    tasks = orchestrator.export_generation_bundle(sums_benchmark()).tasks
    assert [task["item_id"] for task in tasks] == ["0", "1"]


def scored_elsewhere(bundle, path):
    bundle.write(path)

    def score(tasks):
        for task in tasks:
            right = task["extractions"][0]["parsed_answer"] == float(task["item"]["answer"])
            task["result"] = dict.fromkeys(task["metrics"], 1.0 if right else 0.0)

    edit(path, score)
    return EvaluationHandOff.read(path)


def test_scores_are_made_elsewhere(make, tmp_path):
    orchestrator, spec = make(), sums_benchmark()
    orchestrator.generate(spec)
    bundle = scored_elsewhere(
        orchestrator.export_evaluation_bundle(spec), tmp_path / "scores.jsonl"
    )
    assert orchestrator.import_evaluation_results(bundle, bundle.records()).imported == 6
    again = orchestrator.import_evaluation_results(bundle, bundle.records())
    assert (again.imported, again.already_present) == (0, 6)
    result = orchestrator.run_benchmark(spec)
    assert (result.status, mean(result)) == ("completed", (1.0, 6, 0))


def test_only_candidates_that_there_are_can_be_scored_elsewhere(make):
    assert make().export_evaluation_bundle(sums_benchmark()).tasks == ()


def test_a_score_that_failed_elsewhere_is_an_error_and_made_by_a_run(make, tmp_path):
    orchestrator, spec = make(), sums_benchmark()
    orchestrator.generate(spec)
    path = orchestrator.export_evaluation_bundle(spec).write(tmp_path / "scores.jsonl")
    edit(path, lambda tasks: tasks[0].update(result={"numeric_match": {"error": "no idea"}}))
    bundle = EvaluationHandOff.read(path)
    orchestrator.import_evaluation_results(bundle, bundle.records())
    assert mean(orchestrator.result(bundle.run_id))[1:] == (0, 1)
    assert mean(orchestrator.run_benchmark(spec)) == (1.0, 6, 0)


def test_a_score_that_was_not_asked_for_is_refused(make, tmp_path):
    orchestrator, spec = make(), sums_benchmark()
    orchestrator.generate(spec)
    path = orchestrator.export_evaluation_bundle(spec).write(tmp_path / "scores.jsonl")
    edit(path, lambda tasks: tasks[0].update(result={"beauty": 1.0}))
    bundle = EvaluationHandOff.read(path)
    with pytest.raises(SpecValidationError, match=r"metric 'beauty' was not asked for \(numeric"):
        orchestrator.import_evaluation_results(bundle, bundle.records())


def prebuilt(trial, text, **fields):
    record = CandidateRecord(
        candidate_id="mine", inference=InferenceRecord(raw_text=text), **fields
    )
    return TrialRecord(trial_spec=trial, status="ok", candidates=(record,))


def imported_benchmark():
    return sums_benchmark(slices=[sums_slice(generation=None)])


@pytest.mark.parametrize("seed", [None, 7])
def test_prebuilt_candidates_are_scored_without_a_generation_stage(make, engine, seed):
    orchestrator, spec = make(), imported_benchmark()
    records = [
        prebuilt(trial, trial.prompt[0].text.split(" + ")[0], effective_seed=seed)
        for trial in orchestrator.trials(spec)
    ]
    assert orchestrator.import_candidates(records).imported == 6
    assert orchestrator.import_candidates(records).already_present == 6
    result = orchestrator.run_benchmark(spec)
    assert (result.status, mean(result)) == ("completed", (pytest.approx(1 / 6), 6, 0))
    assert engine.calls == []
    candidate = result.get_trial(result.trial_hashes[0]).candidates[0]
    assert candidate.effective_seed == seed


def test_an_item_without_an_imported_candidate_says_how_to_import_one(make):
    orchestrator, spec = make(items=rows(2)), imported_benchmark()
    [first, _] = orchestrator.trials(spec)
    orchestrator.import_candidates([prebuilt(first, "0")])
    result = orchestrator.run_benchmark(spec)
    [failure] = result.iter_failures()
    assert failure["item_id"] == "1"
    assert "pass one to import_candidates()" in failure["message"]


def test_a_trial_that_is_no_plans_is_refused(make):
    orchestrator = make(items=rows(1))
    [trial] = orchestrator.trials(imported_benchmark())
    broken = attrs.evolve(trial, trial_hash="mine")
    with pytest.raises(SpecValidationError, match=r"take trial specs from\s+Orchestrator.trials"):
        orchestrator.import_candidates([prebuilt(broken, "0")])


def forged(bundle, path, **changes):
    """The bundle of somebody who knows how its hash is made: a result, and other fields."""
    tasks = tuple({**task, "result": {"raw_text": "0"}, **changes} for task in bundle.tasks)
    return GenerationHandOff.read(attrs.evolve(bundle, tasks=tasks).write(path))


@pytest.mark.parametrize(
    "changes",
    [
        {"candidate_id": "ab" * 32},
        {"trial_hash": "ab" * 32},
        {"trial": 10**6},
        {"trial": -1},
        {"trial": 2**70},
        {"sample": 1},
        {"seed": 5},
    ],
    ids=str,
)
def test_a_forged_task_brings_no_candidate_of_another_trial(make, tmp_path, changes):
    orchestrator, spec = make(), sums_benchmark()
    bundle = orchestrator.export_generation_bundle(spec)
    bad = forged(attrs.evolve(bundle, tasks=bundle.tasks[:1]), tmp_path / "work.jsonl", **changes)
    with pytest.raises(
        SpecValidationError, match=r"imported: (its trial is not|it is not that of)"
    ):
        orchestrator.import_generation_results(bad, bad.records())


@pytest.mark.parametrize(
    "changes",
    [{"trial": "0"}, {"sample": None}, {"seed": True}, {"item_id": 1}, {"trial_hash": ""}],
)
def test_a_task_with_fields_of_another_kind_is_refused(make, tmp_path, changes):
    bundle = make().export_generation_bundle(sums_benchmark())
    with pytest.raises(SpecValidationError, match="task 1 is none: "):
        forged(bundle, tmp_path / "work.jsonl", **changes)


def take_scores(orchestrator, path):
    bundle = EvaluationHandOff.read(path)
    orchestrator.import_evaluation_results(bundle, bundle.records())


@pytest.mark.parametrize(
    "place", [{"metric": 99}, {"metric": -1}, {"key": "../x"}, {"metric": "0"}]
)
def test_a_forged_score_of_another_metric_is_refused(make, tmp_path, place):
    orchestrator, spec = make(), sums_benchmark()
    filled = done_elsewhere(orchestrator.export_generation_bundle(spec), tmp_path / "work.jsonl")
    orchestrator.import_generation_results(filled, filled.records())
    bundle = orchestrator.export_evaluation_bundle(spec)
    first, *_ = bundle.tasks
    metrics = {name: {**entry, **place} for name, entry in first["metrics"].items()}
    task = {**first, "metrics": metrics, "result": dict.fromkeys(metrics, 1.0)}
    path = attrs.evolve(bundle, tasks=(task,)).write(tmp_path / "scores.jsonl")
    with pytest.raises(SpecValidationError, match=r"is not the run's|task 1 is none"):
        take_scores(orchestrator, path)
