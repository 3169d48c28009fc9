"""Bundles of anybody's making: read, or refused with what is wrong; never anything else."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import themis
from themis import InMemoryRunStore
from themis.bundles import (
    EvaluationBundle,
    GenerationBundle,
    ParseBundle,
    ReductionBundle,
    ScoreBundle,
)
from themis.errors import ThemisError

from .seeds import WORDS

KINDS = {
    "generation": GenerationBundle,
    "reduction": ReductionBundle,
    "parse": ParseBundle,
    "score": ScoreBundle,
    "evaluation": EvaluationBundle,
}
HOSTILE = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5), st.just("../../etc/passwd"), st.just("0" * 64), st.just({}), st.just([]),
    st.just({"$map": {}}), st.just({"$float": "nan"}), st.just({"$int": "9" * 50}),
)  # fmt: skip


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A bundle of each stage, as written, in a folder to write others to."""
    folder = tmp_path_factory.mktemp("bundles")
    with InMemoryRunStore() as store:
        result = themis.evaluate(
            model=lambda question: f"it is {question}",
            data=[{"input": str(n), "expected_output": str(n)} for n in range(2)],
            parser="first_number",
            metric=["exact_match", "rubric_score"],
            judge=lambda prompt: "Verdict: 1",
            judge_config={"rubric": "r"},
            samples=2,
            reducer="majority_vote",
            store=store,
        )
        for stage in KINDS:
            bundle = getattr(themis, f"export_{stage}_bundle")(store, result.run_id)
            bundle.write(folder / f"{stage}.jsonl")
    return folder


def taken(kind, path, data):
    path.write_bytes(data)
    try:
        bundle = kind.read(path)
    except ThemisError:
        return
    with InMemoryRunStore() as store:
        stage = bundle.stage
        try:
            getattr(themis, f"import_{stage}_bundle")(store, bundle)
        except ThemisError:
            assert store.runs() == []


def quietly(**options):
    return settings(deadline=None, suppress_health_check=list(HealthCheck), **options)


@pytest.mark.parametrize("stage", KINDS)
def test_bytes_of_a_bundle_may_be_anything(files, stage):
    whole = (files / f"{stage}.jsonl").read_bytes()

    @quietly(max_examples=60)
    @given(st.data())
    def check(data):
        start = data.draw(st.integers(0, len(whole)))
        end = data.draw(st.integers(start, min(len(whole), start + 30)))
        piece = data.draw(st.one_of(st.sampled_from(WORDS), st.binary(max_size=6)))
        taken(KINDS[stage], files / "changed.jsonl", whole[:start] + piece + whole[end:])

    check()


def leaves_of(value):
    return [path for path in _walk(value, ()) if path]


def _walk(value, path):
    yield path
    pairs = ()
    if isinstance(value, dict):
        pairs = value.items()
    elif isinstance(value, list):
        pairs = enumerate(value)
    for key, entry in pairs:
        yield from _walk(entry, (*path, key))


@pytest.mark.parametrize("stage", KINDS)
def test_any_value_in_a_bundle_may_be_another(files, stage):
    lines = [json.loads(line) for line in (files / f"{stage}.jsonl").read_text().splitlines()]
    places = [(number, path) for number, line in enumerate(lines) for path in leaves_of(line)]

    @quietly(max_examples=100)
    @given(place=st.sampled_from(places), value=HOSTILE, gone=st.booleans())
    def check(place, value, gone):
        number, path = place
        changed = json.loads(json.dumps(lines))
        owner = changed[number]
        for key in path[:-1]:
            owner = owner[key]
        if gone and isinstance(owner, dict):
            del owner[path[-1]]
        else:
            owner[path[-1]] = value
        text = "".join(json.dumps(line) + "\n" for line in changed)
        taken(KINDS[stage], files / "changed.jsonl", text.encode())

    check()
