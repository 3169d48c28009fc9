from __future__ import annotations

import csv
import io
import json
import re

import pytest

from themis.records import FailureRecord
from themis.reporting.summary import FORMATS, headline, render_summary, summarise

HOSTILE = "<script>|`=x` \\end{tabular} \x1b[31m"


def keys(report):
    return [section.key for section in report.sections]


def test_a_plain_run_has_a_leaderboard_and_a_comparison(result_of):
    report = summarise(result_of())

    assert keys(report) == ["leaderboard", "comparison", "provenance"]
    assert report.note == "6 of 6 candidates; none failed."


def test_what_the_run_has_several_of_is_broken_down(result_of):
    result = result_of(
        slices=("easy", "hard"),
        prompts=("direct", "cot"),
        temperatures=(0.0, 0.7),
        dimensions={"easy": {"lang": "en"}},
    )

    report = summarise(result)

    assert keys(report)[1:5] == [
        "by_slice_id",
        "by_prompt_variant_id",
        "by_params_hash",
        "by_lang",
    ]
    assert [row["params"] for row in report.section("by_params_hash").rows] == [
        "temperature=0.0",
        "temperature=0.0",
        "temperature=0.7",
        "temperature=0.7",
    ]


def test_the_comparison_says_over_how_many_tests_it_was_adjusted(result_of):
    def graded(cell) -> float:
        return {"i1": 1.0, "i2": 2.0, "i3": 4.0}[cell.item_id] * {"a": 1, "b": 2, "c": 3}[
            cell.model
        ]

    section = summarise(result_of(graded, models=("a", "b", "c"))).section("comparison")

    assert section.note.endswith(
        "Interval and p-value are of one test. Adjusted by Holm over 3 comparisons."
    )
    assert {row["adjustment_method"] for row in section.rows} == {"holm"}


def test_one_model_is_compared_with_nobody(result_of):
    assert "comparison" not in keys(summarise(result_of(models=("one",))))


def test_failures_are_grouped_and_counted(result_of, timed_out, unscorable):
    outcomes = {"i1": timed_out, "i2": unscorable, "i3": 1.0}
    report = summarise(
        result_of(lambda cell: outcomes[cell.item_id], models=("one",), num_samples=2)
    )

    rows = report.section("failures").rows
    assert [(row["kind"], row["code"], row["count"]) for row in rows] == [
        ("candidate", "provider_timeout", 2),
        ("score", "metric_computation", 2),
    ]
    assert rows[0]["message"] == "no answer in 60 s"


def test_a_run_with_very_many_failures_groups_the_first_and_says_so(
    result_of, timed_out, monkeypatch
):
    monkeypatch.setattr("themis.reporting.sections._EXAMINED", 4)

    section = summarise(result_of(lambda cell: timed_out)).section("failures")

    assert sum(row["count"] for row in section.rows) == 4
    assert section.note.startswith("Of the first 4 of 6 failures.")


def test_a_run_without_scores_is_reported_too(result_of):
    report = summarise(result_of(lambda cell: None))

    assert keys(report) == ["comparison", "provenance"]
    for form in FORMATS:
        assert render_summary(report, form)


def test_the_text_has_every_section_with_intervals(result_of):
    text = render_summary(summarise(result_of(lambda cell: float(cell.item_id != "i1"))))

    assert text.splitlines()[0] == "bench"
    assert re.search(
        r"^accuracy +1 +1 +alpha +0\.6667 +0\.2077 to 0\.9385 +3 +3 +0$", text, re.MULTILINE
    )
    assert "PAIRED COMPARISON" in text
    assert "beta vs alpha" in text


def test_the_markdown_has_a_heading_per_section(result_of):
    text = render_summary(summarise(result_of()), "markdown")

    assert text.startswith("# bench\n\n* run_id: ")
    assert "\n## Leaderboard\n\n| metric_id | rank |" in text


def test_the_json_has_complete_rows_under_their_sections_key(result_of, timed_out):
    result = result_of(lambda cell: timed_out if cell.model == "beta" else 1.0)

    document = json.loads(render_summary(summarise(result), "json"))

    assert (document["schema_version"], document["run"]["status"]) == (1, "completed")
    assert document["counts"]["failed"] == 3
    first, second = document["sections"]["leaderboard"]
    assert (first["mean"], first["method"]) == (1.0, "wilson")
    assert (second["mean"], second["reason"]) == (None, "no scores")


def test_the_csv_is_one_table_with_the_section_in_front(result_of):
    text = render_summary(summarise(result_of()), "csv")

    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["model_id"] for row in rows if row["section"] == "leaderboard"] == ["alpha", "beta"]


def test_an_unknown_format_lists_the_known_ones(result_of):
    with pytest.raises(ValueError, match="unknown report format 'pdf'; known: text, markdown, csv"):
        render_summary(summarise(result_of()), "pdf")


@pytest.mark.parametrize(
    ("form", "forbidden"),
    [
        ("text", ["\x1b"]),
        ("markdown", ["\x1b", "<script>", "|`"]),
        ("latex", ["\x1b", "<script>", "\\end{tabular} \\"]),
        ("html", ["\x1b", "<script>"]),
    ],
)
def test_whatever_a_model_or_provider_said_is_escaped(result_of, timed_out, form, forbidden):
    failure = FailureRecord(code=timed_out.code, message=HOSTILE, stage="generate")
    result = result_of(
        lambda cell: failure if cell.model == HOSTILE else 1.0,
        models=(HOSTILE, "b"),
        benchmark_id=HOSTILE,
        items=("i1", "i2"),
    )

    text = render_summary(summarise(result), form)

    for part in forbidden:
        assert part not in text


def test_the_two_score_names_of_one_metric_are_shown(result_of):
    result = result_of(metrics=(("accuracy", "strict"), ("accuracy", "lenient")), slices=("a", "b"))

    text = render_summary(summarise(result))

    assert "score_name" in text
    assert "lenient" in text


def test_the_headline_has_no_breakdowns_and_no_provenance(result_of):
    report = headline(result_of(slices=("easy", "hard")))

    assert keys(report) == ["leaderboard", "comparison"]
    assert "method" not in report.section("comparison").readable()[0]
