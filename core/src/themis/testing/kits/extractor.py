"""The kit of extractors."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from themis.plugin.declarations import ComponentKind
from themis.records import CandidateRecord, ExtractionRecord
from themis.records.canonical import plain
from themis.runtime.outcomes import as_extraction
from themis.testing.fakes import make_candidate, make_trial
from themis.testing.kits.check import check, described, needs
from themis.testing.kits.kit import ComponentKit
from themis.testing.kits.texts import HOSTILE_UNITS, ORDINARY, arbitrary_texts
from themis.testing.kits.timing import cpu_seconds

__all__ = ["ExtractorKit"]

_MEGABYTE = 2**20
_GROWTH = 4
_MOST_GROWTH = 9.0
"""Four times the text may take nine times as long: 4 is linear, 16 quadratic."""
_LEAST_SECONDS = 0.05
"""Shorter measurements say nothing of growth."""


class ExtractorKit(ComponentKit):
    """Checks of an extractor.

    Example::

        class TestYamlBlock(ExtractorKit):
            ref = "my-dist/yaml_block"
            examples = {"answer: 42": 42}

    `examples` maps texts to the answers that must be read out of them.
    """

    kind: ClassVar[ComponentKind] = "extractor"
    examples: ClassVar[Mapping[str, Any]] = {}

    @check("extractor.total")
    def test_any_text_is_read_or_refused(self) -> None:
        """Any text gives an answer or a failed extraction; nothing is raised."""
        extractor = self.make()
        for text in arbitrary_texts():
            self._read(extractor, make_candidate(text))

    @check("extractor.no_output")
    def test_a_candidate_without_text_is_no_crash(self) -> None:
        """A candidate without any output, or with structured output only, raises nothing."""
        extractor = self.make()
        self._read(extractor, make_candidate(None))
        self._read(extractor, _structured())

    @check("extractor.examples")
    def test_the_examples_are_read(self) -> None:
        """The author's examples are read as they say."""
        needs(self.examples, "no examples are given")
        for text, expected in self.examples.items():
            record = self._read(self.make(), make_candidate(text))
            assert record.success, f"{text!r} was not read: {record.failure_reason}"
            found = record.parsed_answer
            assert found == expected, f"{text!r} was read as {found!r}, not {expected!r}"

    @check("extractor.deterministic")
    def test_two_extractors_read_a_text_alike(self) -> None:
        """Two new extractors read every text alike."""
        for text in self._texts():
            first, second = (self._read(self.make(), make_candidate(text)) for _ in range(2))
            assert _same(first, second), f"{text[:200]!r} was read as {first}, then as {second}"

    @check("extractor.pure")
    def test_what_was_read_before_changes_nothing(self) -> None:
        """A used extractor reads every text as a new one does."""
        used = self.make()
        for text in (*self._texts(), *reversed(self._texts())):
            expected, again = (self._read(self.make(), make_candidate(text)) for _ in range(2))
            needs(_same(expected, again), "new extractors differ already")
            found = self._read(used, make_candidate(text))
            assert _same(found, expected), (
                f"a new extractor reads {text[:200]!r} as {expected}, a used one as {found}"
            )

    @check("extractor.no_mutation")
    def test_candidate_and_configuration_stay_as_they_are(self) -> None:
        """Neither the candidate nor the configuration is changed."""
        config = self._config()
        before = copy.deepcopy(config)
        for candidate in (_structured("42"), *map(make_candidate, self._texts())):
            untouched = copy.deepcopy(candidate)
            self._read(self.make(), candidate, config)
            assert candidate == untouched, f"the candidate became {candidate!r:.300}"
        assert config == before, f"the configuration became {config!r:.300}"

    @check("extractor.linear")
    def test_a_megabyte_of_hostile_text_takes_linear_time(self) -> None:
        """The time grows no faster than the text, up to a megabyte of hostile text."""
        slowest = max(HOSTILE_UNITS, key=lambda unit: self._grows_with(unit, _MEGABYTE // _GROWTH))
        self._grows_with(slowest, _MEGABYTE)

    @check("extractor.storable")
    def test_every_answer_can_be_stored(self) -> None:
        """Every answer is JSON-like, so that it can be stored."""
        extractor = self.make()
        for text in self._texts():
            answer = self._raw(extractor, make_candidate(text), self._config())
            value = answer.parsed_answer if isinstance(answer, ExtractionRecord) else answer
            try:
                plain(value)
            except TypeError as problem:
                msg = f"the answer {value!r:.200} to {text[:200]!r} cannot be stored: {problem}"
                raise AssertionError(msg) from problem

    @check("extractor.reasons")
    def test_a_failure_says_why(self) -> None:
        """A failed extraction has a failure_reason, and no answer."""
        extractor = self.make()
        for text in self._texts():
            record = self._read(extractor, make_candidate(text))
            if not record.success:
                assert record.failure_reason, f"{text[:200]!r} failed without a failure_reason"
                assert record.parsed_answer is None, (
                    f"{text[:200]!r} failed, and has the answer {record.parsed_answer!r:.200}"
                )

    @check("extractor.config", level="static")
    def test_an_unknown_setting_is_refused(self) -> None:
        """A setting that does not exist is refused."""
        self.refuses_unknown_settings()

    def _texts(self) -> tuple[str, ...]:
        return (*self.examples, *ORDINARY)

    def _config(self) -> Any:
        """The configuration as a run hands it over: None where there is none."""
        settings = self.configured()
        return settings if self.component.config_model is not None else (settings or None)

    def _read(
        self, extractor: Any, candidate: CandidateRecord, config: Any = None
    ) -> ExtractionRecord:
        given = self._config() if config is None else config
        value = self._raw(extractor, candidate, given)
        return as_extraction(value, extractor=self.component.name)

    def _raw(self, extractor: Any, candidate: CandidateRecord, config: Any) -> Any:
        try:
            return self.value(extractor.extract, make_trial(), candidate, config)
        except AssertionError:
            raise
        except Exception as problem:
            text = candidate.inference.raw_text if candidate.inference else None
            msg = f"reading {text!r:.200} raised {described(problem)}; return a failed extraction"
            raise AssertionError(msg) from problem

    def _grows_with(self, unit: str, most: int) -> float:
        """The seconds that `most` characters of `unit`s take.

        Fails when four times as many take much more than four times as long.
        """
        extractor, config, before = self.make(), self._config(), 0.0
        size = most // _GROWTH**4
        while True:
            allowed = max(_MOST_GROWTH * before, _LEAST_SECONDS) if before else math.inf
            candidate = make_candidate(unit * (size // len(unit)))
            took = cpu_seconds(partial(self._raw, extractor, candidate, config), allowed=allowed)
            assert took < allowed, (
                f"{size // 1024} KB of {unit!r} take {took:.3f} s, a quarter of it "
                f"{before:.3f} s: the time grows faster than the text"
            )
            if size == most:
                return took
            size, before = size * _GROWTH, max(took, _LEAST_SECONDS / _GROWTH)


def _structured(text: str | None = None) -> CandidateRecord:
    from themis.records import InferenceRecord

    output = {"answer": [1, {"deep": "42"}], "confidence": 0.5}
    return make_candidate("", inference=InferenceRecord(raw_text=text, structured_output=output))


def _same(first: ExtractionRecord, second: ExtractionRecord) -> bool:
    """Equality in which NaN equals itself."""
    return (first.success, repr(first.parsed_answer)) == (
        second.success,
        repr(second.parsed_answer),
    )
