from __future__ import annotations

import json


def test_the_bundle_has_the_means_by_model_slice_metric_and_prompt(result_of, tmp_path):
    result = result_of(slices=("easy", "hard"), prompts=("direct", "cot"))

    bundle = result.persist_artifacts(storage_root=tmp_path)

    document = json.loads(bundle.aggregate_json_path.read_text())
    assert (document["schema_version"], document["run_id"]) == (1, result.run_id)
    assert len(document["rows"]) == 8
    assert document["rows"][0]["model_id"] == "alpha"
    assert {"slice_id", "metric_id", "prompt_variant_id", "mean", "ci_lower"} <= {
        *document["rows"][0]
    }


def test_the_summary_is_a_markdown_table_with_a_count_of_failures(result_of, timed_out, tmp_path):
    result = result_of(
        lambda cell: timed_out if cell.model == "beta" else 1.0, benchmark_id="<my> *bench*"
    )

    bundle = result.persist_artifacts(storage_root=str(tmp_path))

    text = bundle.summary_markdown_path.read_text()
    assert text.startswith("# &lt;my&gt; \\*bench\\*\n")
    assert "| alpha | main | accuracy | direct | 1.0000 |" in text
    assert "3 failed (provider_timeout 3)" in text


def test_a_second_bundle_replaces_the_first(result_of, tmp_path):
    result = result_of()

    first = result.persist_artifacts(storage_root=tmp_path)
    second = result.persist_artifacts(storage_root=tmp_path)

    assert first == second
    assert sorted(path.name for path in second.aggregate_json_path.parent.iterdir()) == [
        "aggregate.json",
        "summary.md",
    ]


def test_a_run_without_scores_says_so(result_of, tmp_path):
    bundle = result_of(lambda cell: None).persist_artifacts(storage_root=tmp_path)

    assert "No scores yet." in bundle.summary_markdown_path.read_text()


def test_what_is_undefined_is_null_in_the_json(result_of, timed_out, tmp_path):
    result = result_of(lambda cell: timed_out)

    document = json.loads(
        result.persist_artifacts(storage_root=tmp_path).aggregate_json_path.read_text()
    )

    assert {row["mean"] for row in document["rows"]} == {None}
