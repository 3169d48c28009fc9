"""The kit of candidate reducers."""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from themis.errors import ThemisError
from themis.plugin.contexts import MetricContext
from themis.plugin.declarations import ComponentKind
from themis.records import CandidateRecord
from themis.testing.fakes import make_candidate, make_trial
from themis.testing.kits.check import check, described, needs
from themis.testing.kits.kit import ComponentKit
from themis.testing.kits.reading import KitReader
from themis.testing.kits.timing import cpu_seconds

__all__ = ["ReducerKit"]

_GROWTH = 4
_MOST_GROWTH = 9.0
_LEAST_SECONDS = 0.05
_MANY = 2048


class ReducerKit(ComponentKit):
    """Checks of a candidate reducer.

    Example::

        class TestMajority(ReducerKit):
            ref = "my-dist/majority"
            order_independent = True

    `outputs` are the texts of the candidates that are reduced.
    """

    kind: ClassVar[ComponentKind] = "reducer"
    outputs: ClassVar[Sequence[str]] = ("42", "41", "42", "43", "42")
    item: ClassVar[Mapping[str, Any]] = {"item_id": "item-1", "question": "What is 6 * 7?"}
    order_independent: ClassVar[bool] = False
    """Whether the candidates' order makes no difference to the reduced text."""

    def context(self) -> Any:
        """The context that the reducer is given."""
        item = MetricContext(self.item, seed=1, config=self.settings())
        reader = KitReader(
            settings=self.configured(),
            registry=self.registry(),
            trial=make_trial(),
            item=item,
            call=self.call,
        )
        return MetricContext(self.item, seed=1, config=self.settings(), reader=reader)

    @check("reducer.one")
    def test_many_candidates_become_one(self) -> None:
        """Many candidates become one CandidateRecord with an output."""
        reduced = self._reduce(self._candidates())
        shaped = isinstance(reduced, CandidateRecord) or hasattr(reduced, "source_candidate_ids")
        assert shaped, f"it gave {reduced!r:.200}; give one CandidateRecord"
        assert reduced.inference is not None, f"the reduced candidate {reduced!r} has no inference"

    @check("reducer.single")
    def test_a_single_candidate_keeps_its_output(self) -> None:
        """A single candidate is reduced to its own output."""
        [candidate] = self._candidates(["only this"])
        text = _text(self._reduce([candidate]))
        assert text == "only this", f"of the one output 'only this' it made {text!r}"

    @check("reducer.sources")
    def test_it_names_the_candidates_it_comes_from(self) -> None:
        """`source_candidate_ids` (or the id, where there is none) names candidates it was given."""
        given = self._candidates()
        reduced = self._reduce(given)
        sources = getattr(reduced, "source_candidate_ids", None) or (reduced.candidate_id,)
        ids = [candidate.candidate_id for candidate in given]
        unknown = [source for source in sources if source not in ids]
        assert not unknown, f"it names {unknown}, which it was not given; it was given {ids}"

    @check("reducer.order")
    def test_the_order_of_candidates_changes_nothing(self) -> None:
        """Where it is declared, the order of the candidates does not change the output."""
        needs(self.order_independent, "its result may depend on the candidates' order")
        candidates = self._candidates()
        expected = self._repeatable()
        shuffled = list(candidates)
        for number in range(8):
            random.Random(number).shuffle(shuffled)  # noqa: S311 (no secret)
            text = _text(self._reduce(shuffled))
            outputs = [_text(candidate) for candidate in shuffled]
            assert text == expected, f"{self.outputs} become {expected!r}, {outputs} {text!r}"

    @check("reducer.empty")
    def test_no_candidates_are_a_typed_error(self) -> None:
        """No candidates at all are a ThemisError."""
        outcome = self._outcome([])
        assert isinstance(outcome, ThemisError), f"no candidates became {outcome!r:.200}"

    @check("reducer.failed")
    def test_failed_candidates_are_no_crash(self) -> None:
        """Candidates without output, alone or among others, raise nothing but a ThemisError."""
        failed = make_candidate(None, status="error", sample_index=9)
        self._outcome([failed, *self._candidates()])
        self._outcome([failed])

    @check("reducer.no_mutation")
    def test_the_candidates_stay_as_they_are(self) -> None:
        """The candidates, and their list, stay as they are."""
        candidates = self._candidates()
        before = copy.deepcopy(candidates)
        self._reduce(candidates)
        assert candidates == before, "the candidates were changed; copy what you change"

    @check("reducer.deterministic")
    def test_equal_candidates_become_the_same(self) -> None:
        """New reducers make the same of the same candidates."""
        first, second = (_text(self._reduce(self._candidates())) for _ in range(2))
        assert first == second, f"it made {first!r}, then {second!r}"

    @check("reducer.pure")
    def test_what_was_reduced_before_changes_nothing(self) -> None:
        """A used reducer makes the same as a new one."""
        used = self.make()
        self._reduce(self._candidates(["7", "7", "8"]), used)
        expected = self._repeatable()
        text = _text(self._reduce(self._candidates(), used))
        assert text == expected, f"a new reducer makes {expected!r}, a used one {text!r}"

    @check("reducer.cost")
    def test_the_time_grows_with_the_candidates(self) -> None:
        """Thousands of candidates take time in proportion to their number, or nearly so."""
        size, before = _MANY // _GROWTH**3, math.inf
        while size <= _MANY:
            candidates = self._candidates([f"{number % 97}" for number in range(size)])
            allowed = max(_MOST_GROWTH * before, _LEAST_SECONDS)
            took = cpu_seconds(partial(self._reduce, candidates), allowed=allowed)
            assert took < allowed, (
                f"{size} candidates take {took:.3f} s, a quarter of them {before:.3f} s"
            )
            size, before = size * _GROWTH, max(took, _LEAST_SECONDS / _GROWTH)

    @check("reducer.config", level="static")
    def test_an_unknown_setting_is_refused(self) -> None:
        """A setting that does not exist is refused."""
        self.refuses_unknown_settings()

    def _candidates(self, outputs: Sequence[str] | None = None) -> list[CandidateRecord]:
        texts = self.outputs if outputs is None else outputs
        return [
            make_candidate(text, sample_index=number, parsed_answer=text)
            for number, text in enumerate(texts)
        ]

    def _reduce(self, candidates: Sequence[CandidateRecord], reducer: Any = None) -> Any:
        outcome = self._outcome(candidates, reducer)
        if isinstance(outcome, ThemisError):
            needs(not self.tentative, f"it cannot reduce without configuration: {outcome}")
            raise outcome
        return outcome

    def _repeatable(self) -> str | None:
        """What two new reducers both make; the check is skipped where they differ."""
        first, second = (_text(self._reduce(self._candidates())) for _ in range(2))
        needs(first == second, "new reducers differ already")
        return first

    def _outcome(self, candidates: Sequence[CandidateRecord], reducer: Any = None) -> Any:
        made = self.make() if reducer is None else reducer
        try:
            return self.value(made.reduce, candidates, self.context())
        except ThemisError as error:
            return error
        except AssertionError:
            raise
        except Exception as problem:
            msg = f"reducing {len(candidates)} candidates raised {described(problem)}"
            raise AssertionError(msg) from problem


def _text(candidate: Any) -> str | None:
    inference = getattr(candidate, "inference", None)
    return inference.raw_text if inference else None
