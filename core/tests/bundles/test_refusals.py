"""What is not as it was exported, or is of something else, is refused before it is stored."""

from __future__ import annotations

import json
import os

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import themis
from themis import InMemoryRunStore
from themis.bundles import GenerationBundle, ScoreBundle
from themis.errors import SpecValidationError, StorageError
from themis.planning.manifest import RunManifest
from themis.runtime.importing import import_candidates
from themis.testing.recorded_runs import RecordedRun

from .conftest import CASES, PURE, STAGES, Lab, exported, imported


def edited(tmp_path, bundle, line, change):
    """The file of a bundle after somebody has changed one of its lines by hand."""
    path = bundle.write(tmp_path / "bundle.jsonl")
    lines = [json.loads(text) for text in path.read_text().splitlines()]
    change(lines[line])
    path.write_text("".join(json.dumps(one) + "\n" for one in lines))
    return path


def rehashed(bundle, **changes):
    """A bundle of somebody who knows how hashes are made: its first record changed."""
    first, *others = bundle.records
    record = attrs.evolve(first, **changes)
    records = (attrs.evolve(record, content_hash=record.computed_hash()), *others)
    changed = attrs.evolve(bundle, records=records)
    return attrs.evolve(changed, content_hash=changed.computed_hash())


def replanned(bundle, change):
    """A bundle of somebody who knows how hashes are made: its plan changed."""
    planned = json.loads(json.dumps(bundle.plan.planned))
    change(planned)
    changed = attrs.evolve(bundle, plan=attrs.evolve(bundle.plan, planned=planned))
    return attrs.evolve(changed, content_hash=changed.computed_hash())


def refuses(there, bundle, text, stage="generation"):
    with pytest.raises(SpecValidationError, match=text):
        getattr(themis, f"import_{stage}_bundle")(there, bundle)
    assert there.runs() == []


def test_a_line_without_an_end_is_refused_before_it_fills_the_memory(tmp_path, there):
    endless = tmp_path / "endless.jsonl"
    with endless.open("wb") as file:
        file.truncate(3 * 2**30)
    refuses(there, endless, "the bundle is refused: it is longer than 268,435,456 bytes")


def test_what_is_no_regular_file_is_not_read(tmp_path, there):
    device, pipe = tmp_path / "device.jsonl", tmp_path / "pipe.jsonl"
    device.symlink_to("/dev/zero")
    os.mkfifo(pipe)
    for path in (device, pipe, tmp_path):
        refuses(there, path, "the bundle is refused: it is no regular file")


@pytest.mark.parametrize("stage", STAGES)
def test_a_changed_record_is_refused(tmp_path, there, bundles, stage):
    def change(line):
        line["content"]["timeline"] = []

    path = edited(tmp_path, bundles[stage], -1, change)
    refuses(there, path, "has other content than its hash says", stage)


@pytest.mark.parametrize(
    ("line", "change", "text"),
    [
        (0, lambda v: v.update(format="other"), r"bundle\.jsonl:1: .*its format is 'other'"),
        (0, lambda v: v.update(version=2), "it is of version 2; this Themis reads version 1"),
        (0, lambda v: v.update(stage="score"), "it holds the 'score' stage"),
        (0, lambda v: v.update(extra=1), "its first line has wrong fields: extra"),
        (0, lambda v: v.update(run_id="0" * 64), "its first line is of another bundle"),
        (0, lambda v: v.update(content_hash="0" * 64), "it is not as it was exported"),
        (0, lambda v: v["plan"].update(run_id="../../etc"), "'../../etc' is no run id"),
        (0, lambda v: v["plan"].update(run_id="0" * 64), "its plan is not that of run 0000"),
        (0, lambda v: v["plan"]["arms"][0].update(model_id="gpt"), "its arms are not those"),
        (0, lambda v: v["plan"]["metrics"][0].update(metric_id="m"), "its metric columns are not"),
        (0, lambda v: v["plan"]["manifest"].update(global_seed=7), "its plan is not that of run"),
        (0, lambda v: v["plan"]["manifest"]["spec"].update(num_samples=9), "its spec was changed"),
        (0, lambda v: v["plan"].pop("arms"), "it is not built like one: KeyError: 'arms'"),
        (1, lambda v: v["trials"].pop(), "it does not have the trials that were planned"),
        (1, lambda v: v["trials"][0].__setitem__(3, "0" * 64), "the key of a trial of item 'c0'"),
        (1, lambda v: v["trials"][0].__setitem__(1, "../x"), "has another id than its trials say"),
        (1, lambda v: v["trials"].append([1]), r"bundle\.jsonl:2: .*\[1\] is no trial"),
        (2, lambda v: v["item"]["payload"].update(input="?"), "has other content than its hash"),
        (2, lambda v: v.update(item_hash="../../blob"), "'../../blob' is of none of its trials"),
        (-1, lambda v: v.update(line="blob"), "neither trials, an item nor a record"),
        (-1, lambda v: v.update(path="../../x"), "lacks fields, or has others: path"),
        (-1, lambda v: v.update(trial="0"), "the trial of a generation record is '0'"),
    ],
)  # fmt: skip
def test_a_changed_file_is_refused(tmp_path, there, bundles, line, change, text):
    refuses(there, edited(tmp_path, bundles["generation"], line, change), text)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The files of the five bundles of one run."""
    folder = tmp_path_factory.mktemp("bundles")
    with InMemoryRunStore() as store:
        run = Lab().run(store)
        made = exported(store, run.run_id)
        return [(type(one), one.write(folder / f"{stage}.jsonl")) for stage, one in made.items()]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_file_in_which_any_bytes_are_replaced_is_refused_or_says_the_same(written, data):
    kind, path = data.draw(st.sampled_from(written))
    content = path.read_bytes()
    at = data.draw(st.integers(0, len(content) - 1))
    size = data.draw(st.integers(1, 20))
    put = data.draw(st.binary(max_size=20))
    changed = path.with_suffix(".changed")
    changed.write_bytes(content[:at] + put + content[at + size :])
    try:
        read = kind.read(changed)
    except SpecValidationError:
        return
    assert list(read.lines()) == list(kind.read(path).lines())  # 1.0 may be written 1.00


def test_a_missing_record_is_refused(tmp_path, there, bundles):
    path = bundles["generation"].write(tmp_path / "bundle.jsonl")
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    refuses(there, path, "it is not as it was exported; export it again")


@pytest.mark.parametrize("content", ["", "nonsense\n", "[1]\n", '{"$bytes": 3}\n'])
def test_a_file_that_is_no_bundle_is_refused(tmp_path, there, content):
    path = tmp_path / "bundle.jsonl"
    path.write_text(content)
    refuses(there, path, r"bundle\.jsonl.*the bundle is refused")


def test_a_file_that_is_not_there_is_refused(tmp_path, there):
    refuses(there, tmp_path / "none.jsonl", "it cannot be read: No such file")


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"key": "../../../etc/passwd"}, "'../../../etc' is not that of what it stands for"),
        ({"key": "0" * 64}, "is not that of what it stands for"),
        ({"trial": 99}, "is of no trial and sample of the plan"),
        ({"sample": 2}, "is not that of what it stands for"),
        ({"sample": -1}, "is of no trial and sample of the plan"),
    ],
)
def test_a_key_that_is_not_the_runs_is_refused_however_well_it_is_hashed(
    there, bundles, changes, text
):
    refuses(there, rehashed(bundles["generation"], **changes), text)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"inference": None}, "its status does not fit what it holds"),
        ({"inference": {}}, "cannot be recorded"),
        ({"seed": "7"}, "its seed is '7'"),
        ({"timeline": [{"stage": "generate"}]}, "cannot be recorded"),
        ({"blob": "../../x"}, "lacks contents, or has others: blob"),
        ({"inference": {"raw_text": "0", "more": 1}}, "is not as runs record it"),
        ({"inference": {"raw_text": 7}}, "is not as runs record it"),
        ({"timeline": [{"stage": "nowhere"}]}, "cannot be recorded"),
    ],
)
def test_content_that_no_run_records_is_refused(there, bundles, change, text):
    bundle = bundles["generation"]
    content = {**bundle.records[0].content, **change}
    refuses(there, rehashed(bundle, content=content), text)


def test_a_score_that_is_no_number_is_refused(there, bundles):
    bundle = bundles["score"]
    content = {**bundle.records[0].content, "value": float("nan")}
    refuses(there, rehashed(bundle, content=content), "a score is a finite number", "score")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"judge_spec": "me"}, "cannot be recorded: stored value is no JudgeAuditTrail"),
        ({"response": {"text": 7}}, "is not as runs record it"),
    ],
)
def test_a_judge_call_that_no_run_records_is_refused(there, bundles, change, text):
    bundle = bundles["evaluation"]
    content = dict(bundle.records[0].content)
    [trail] = content["judge_audits"]
    [entry] = trail["entries"]
    content["judge_audits"] = [{**trail, "entries": [{**entry, **change}]}]
    refuses(there, rehashed(bundle, content=content), text, "evaluation")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda m: m["counts"].update(reduce=1), "it counts other reductions than it has"),
        (lambda m: m["keys"]["transforms"].update(x={}), "reductions and parses are not those"),
        (lambda m: m["keys"]["reductions"].update(data="0" * 64), "its plan is not that of run"),
        (lambda m: m["keys"]["arms"].append("0" * 64), "its plan is not that of run"),
        (lambda m: m["metrics"][0].update(stage="judge"), "its metric columns are not those"),
        (lambda m: m["components"][0].pop("kind"), "is not built like one: KeyError: 'kind'"),
        (lambda m: m.update(project=None), "its project or provenance is no table"),
        (lambda m: m.update(more=1), "is not built like one: TypeError"),
    ],
)
def test_a_plan_that_does_not_hold_together_is_refused_however_well_it_is_hashed(
    there, bundles, change, text
):
    refuses(
        there, replanned(bundles["generation"], lambda planned: change(planned["manifest"])), text
    )


def test_a_key_that_is_no_hash_is_refused_though_the_run_is_named_after_it(there, bundles):
    def change(planned):
        manifest = planned["manifest"]
        manifest["keys"]["reductions"]["data"] = "../x"
        planned["run_id"] = manifest["run_id"] = RunManifest.from_dict(manifest).identity()

    refuses(there, replanned(bundles["generation"], change), "a key of its plan is no hash")


def test_a_judged_score_in_a_bundle_of_scores_is_refused(there, bundles):
    refuses(there, rehashed(bundles["score"], metric=1), "is not of the score stage", "score")


def test_records_of_another_run_are_refused(lab, there, here, bundles):
    other = lab.run(here, **PURE, data=CASES[:1])
    foreign = themis.export_generation_bundle(here, other.run_id)
    mixed = attrs.evolve(bundles["generation"], records=foreign.records[1:])
    mixed = attrs.evolve(mixed, plan=attrs.evolve(foreign.plan, trials=mixed.plan.trials))
    refuses(there, mixed, "it does not have the trials that were planned")


def test_a_bundle_of_another_stage_is_refused(there, bundles):
    refuses(there, bundles["score"], "it is a ScoreBundle; a GenerationBundle or its file")


@pytest.mark.parametrize("stage", STAGES[1:])
def test_a_later_stage_needs_the_runs_candidates(there, bundles, stage):
    refuses(there, bundles[stage], "import the run's generation bundle first", stage)


def test_scores_of_a_reduced_candidate_need_the_reduction(there, bundles):
    themis.import_generation_bundle(there, bundles["generation"])
    with pytest.raises(SpecValidationError, match="import the run's reduction bundle first"):
        themis.import_score_bundle(there, bundles["score"])


def test_an_unknown_run_cannot_be_exported(here):
    with pytest.raises(StorageError, match="has no run 'nope'"):
        themis.export_generation_bundle(here, "nope")


def test_a_bundle_reads_only_files_of_its_own_stage(tmp_path, bundles):
    path = bundles["generation"].write(tmp_path / "bundle.jsonl")
    assert GenerationBundle.read(path).counts() == bundles["generation"].counts()
    with pytest.raises(SpecValidationError, match="a score bundle is asked for"):
        ScoreBundle.read(path)


def test_writing_leaves_no_half_file(tmp_path, bundles):
    bundles["generation"].write(tmp_path / "bundle.jsonl")
    assert [path.name for path in tmp_path.iterdir()] == ["bundle.jsonl"]


def test_stages_are_imported_in_any_grouping(there, bundles):
    imported(there, {s: bundles[s] for s in ("generation", "reduction")})
    imported(there, {s: bundles[s] for s in ("evaluation", "score", "parse")})
    assert there.runs()[0].status == "partial_failure"


def test_a_plan_whose_trials_were_cut_short_is_not_exported(there, bundles):
    plan = bundles["generation"].plan
    there.append([plan.event()])
    with pytest.raises(SpecValidationError, match="was interrupted; run or resume it"):
        themis.export_generation_bundle(there, plan.run_id)


def test_a_run_without_recorded_keys_is_not_exported(there):
    run_id = RecordedRun(outcome=lambda cell: 1.0).record(there)
    with pytest.raises(SpecValidationError, match="was planned by an earlier version, which did"):
        themis.export_generation_bundle(there, run_id)


def test_an_import_of_candidates_is_not_exported(there, here, result):
    record = result.get_trial(result.trial_hashes[0])
    import_candidates(there, [record])
    [row] = there.runs()
    with pytest.raises(SpecValidationError, match="export the run that took them over"):
        themis.export_generation_bundle(there, row.run_id)
