from __future__ import annotations

import random

import pytest

from themis.results import HumanLabel, read_labels
from themis.statistics import prediction_powered_mean

ITEMS = [f"i{number}" for number in range(40)]
JUDGED = {item: random.Random(item).random() for item in ITEMS}
LABELS = {item: min(1.0, JUDGED[item] + 0.1) ** 2 for item in ITEMS[::4]}


@pytest.fixture
def judged(result_of):
    def build(**fields):
        settings = {"models": ("one",), "items": ITEMS, **fields}
        return result_of(lambda cell: JUDGED[cell.item_id], **settings)

    return build


def labels(**more):
    return [HumanLabel(item_id=item, label=label, **more) for item, label in LABELS.items()]


def test_labels_and_scores_give_the_prediction_powered_mean(judged):
    [row] = judged().labelled_means(labels())
    expected = prediction_powered_mean(
        list(LABELS.values()),
        [JUDGED[item] for item in LABELS],
        unlabelled=[JUDGED[item] for item in ITEMS if item not in LABELS],
    )

    assert (row["metric_id"], row["model_id"]) == ("accuracy", "one")
    assert (row["n_labelled"], row["n_judged"], row["method"]) == (10, 30, "prediction_powered_t")
    assert row["mean"] == pytest.approx(expected.mean)
    assert (row["ci_lower"], row["ci_upper"]) == pytest.approx(
        (expected.ci_lower, expected.ci_upper)
    )


def test_samples_and_prompts_of_an_item_are_one_score(judged):
    often = judged(name="often", num_samples=3, prompts=("a", "b")).labelled_means(labels())
    once = judged().labelled_means(labels())

    assert often[0]["n_judged"] == once[0]["n_judged"]
    assert often[0]["mean"] == pytest.approx(once[0]["mean"])


def test_labels_of_one_model_say_nothing_of_another(judged):
    result = judged(models=("one", "two"))
    first, second = result.labelled_means(labels(model_id="one"))

    assert (first["n_labelled"], second["n_labelled"]) == (10, 0)
    assert second["mean"] is None
    assert "fewer than two labelled" in second["reason"]


def test_with_several_models_a_label_must_say_whose_answer_it_is_of(judged):
    with pytest.raises(ValueError, match="item 'i0' lacks its model_id; the run has: one, two"):
        judged(models=("one", "two")).labelled_means(labels())


def test_an_unknown_slice_lists_the_known_ones(judged):
    with pytest.raises(ValueError, match="has an unknown 'far' as slice_id; the run has: main"):
        judged().labelled_means(labels(slice_id="far"))


def test_an_item_labelled_twice_is_refused(judged):
    with pytest.raises(ValueError, match="item 'i0' of 'one' in 'main' is labelled twice"):
        judged().labelled_means([*labels(), HumanLabel(item_id="i0", label=1.0)])


def test_labels_without_a_score_are_counted(judged):
    [row] = judged().labelled_means([*labels(), HumanLabel(item_id="lost", label=1.0)])

    assert row["labels_without_score"] == 1


def test_labels_of_other_items_altogether_are_an_error(judged):
    with pytest.raises(ValueError, match="no label is of an item that has a score"):
        judged().labelled_means([HumanLabel(item_id="lost", label=1.0)])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("l.csv", "item_id,label,model_id\na,1,m\n7,0.5,\n"),
        (
            "l.jsonl",
            '{"item_id": "a", "label": true, "model_id": "m"}\n\n{"item_id": 7, "label": 0.5}\n',
        ),
    ],
)
def test_files_of_labels_are_read(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)

    assert read_labels(path) == [
        HumanLabel(item_id="a", label=1.0, model_id="m"),
        HumanLabel(item_id="7", label=0.5),
    ]


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("l.txt", "", r"labels are read from \.jsonl and \.csv files"),
        (
            "l.csv",
            "id,label\na,1\n",
            r"l\.csv:2: a label needs item_id and label; missing: item_id",
        ),
        ("l.csv", "item_id,label\na,good\n", r"l\.csv:2: label 'good' is no number"),
        ("l.csv", "item_id,label\na,nan\n", "is no number"),
        ("l.jsonl", '{"item_id"', r"l\.jsonl:1 is no JSON"),
        ("l.jsonl", "[1]", "missing: item_id, label"),
        ("l.jsonl", '{"item_id": "a", "label": 1' + "0" * 400 + "}", "is no number"),
        ("l.jsonl", "[" * 100_000, "cannot be read"),
    ],
)
def test_what_is_no_file_of_labels_says_where(tmp_path, name, text, problem):
    path = tmp_path / name
    path.write_text(text)

    with pytest.raises(ValueError, match=problem):
        read_labels(path)
