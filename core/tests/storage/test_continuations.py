from __future__ import annotations

from themis.storage import InMemoryRunStore, continuations, run_continued
from themis.testing.kits.events import planned


def test_continuations_come_in_order_however_many_there_are():
    with InMemoryRunStore() as store:
        [run] = store.append([planned()])
        [row] = store.runs()
        assert continuations(store, row.run_id) == []
        for number in range(40):
            event = run_continued(run, run_id=row.run_id, number=number, provenance={"n": number})
            [first], [again] = store.append([event]), store.append([event])
            assert first == again
        assert continuations(store, row.run_id) == [{"n": number} for number in range(40)]
        assert continuations(store, "another") == []
