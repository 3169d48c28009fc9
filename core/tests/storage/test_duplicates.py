from __future__ import annotations

from sqlalchemy import func, select

from themis import storage
from themis.storage import schema


def event_kinds(store):
    with store.reader() as connection:
        return list(connection.scalars(select(schema.events.c.kind).order_by(schema.events.c.seq)))


def score_values(store, run):
    with store.reader() as connection:
        rows = connection.execute(
            select(schema.scores.c.trial, schema.scores.c.metric, schema.scores.c.value)
            .where(schema.scores.c.run == run)
            .order_by(schema.scores.c.trial, schema.scores.c.metric)
        )
        return [tuple(row) for row in rows]


def test_a_run_is_planned_once(store, plan):
    first, again = plan(store), plan(store)
    assert first == again
    assert event_kinds(store) == ["run_planned", "trials_planned"]


def test_a_candidate_appended_again_gives_the_number_it_has(store, plan):
    script = plan(store)
    (seq,) = store.append([script.generated(0)])
    assert store.append([script.generated(0)]) == (seq,)
    assert event_kinds(store).count("generated") == 1


def test_twins_in_one_submission_are_stored_once(store, plan):
    script = plan(store)
    assert store.append([script.generated(0), script.generated(0)]) == (3, 3)


def test_a_failure_after_the_candidate_is_there_adds_nothing(store, plan):
    script = plan(store)
    (seq,) = store.append([script.generated(0)])
    assert store.append([script.generated(0, ok=False)]) == (seq,)
    assert [row.ok for row in store.iter_candidates(script.run)] == [True]


def test_a_failure_may_be_recorded_again_and_then_succeed(store, plan):
    script = plan(store)
    seqs = store.append([script.generated(0, ok=False), script.generated(0, ok=False)])
    assert store.append([script.generated(0)]) == (seqs[1] + 1,)
    assert [row.ok for row in store.iter_candidates(script.run)] == [True]


def test_an_evaluation_appended_again_gives_the_number_it_has(store, plan):
    script = plan(store)
    _, seq = store.append([script.generated(0), script.evaluated(0)])
    assert store.append([script.evaluated(0)]) == (seq,)


def test_an_evaluation_with_a_failed_score_is_tried_again(store, plan):
    script = plan(store)
    store.append([script.generated(0), script.evaluated(0, values=(None, 0.5))])
    store.append([script.evaluated(0, values=(1.0, 0.5))])
    assert score_values(store, script.run) == [(0, 0, 1.0), (0, 1, 0.5)]


def test_a_candidate_of_another_run_is_taken_over_instead_of_stored_again(store, plan):
    first, second = plan(store, "one"), plan(store, "two")
    (seq,) = store.append([first.generated(0)])
    assert store.append([second.generated(0)]) == (seq,)
    assert event_kinds(store)[-1] == "reused"
    (row,) = store.iter_candidates(second.run)
    assert (row.ok, row.generated_seq) == (True, seq)


def test_scores_of_another_run_are_taken_over_instead_of_stored_again(store, plan):
    first, second = plan(store, "one"), plan(store, "two")
    _, seq = store.append([first.generated(0), first.evaluated(0)])
    assert store.append([second.generated(0), second.evaluated(0)])[1] == seq
    assert event_kinds(store)[-2:] == ["reused", "reused"]
    assert score_values(store, second.run) == [(0, 0, 1.0), (0, 1, 0.5)]
    assert next(iter(store.iter_candidates(second.run))).evaluated_seq == seq


def test_a_candidate_imported_for_no_run_is_taken_over_by_one(store, plan):
    script = plan(store)
    imported = storage.generated(
        None,
        candidate_id=script.generated(0).key.hex(),
        trial=0,
        sample=0,
        seed=None,
        inference=None,
    )
    (seq,) = store.append([imported])
    assert store.known([imported.key]) == {imported.key: seq}
    assert store.event(seq).run is None
    assert store.append([script.generated(0)]) == (seq,)
    assert [row.generated_seq for row in store.iter_candidates(script.run)] == [seq]


def test_items_submitted_again_are_stored_once(store):
    item = storage.Item.of("a", {"q": 1})
    for _ in range(2):
        store.append([], items=[item])
    with store.reader() as connection:
        assert connection.scalar(select(func.count()).select_from(schema.items)) == 1
