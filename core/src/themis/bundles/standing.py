"""How a record stands to what a store has: new, there already, or about other outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import attrs

from themis.bundles.records import (
    GenerationBundleRecord,
    ParseBundleRecord,
    ReductionBundleRecord,
    ScoreBundleRecord,
)
from themis.bundles.refusal import refused
from themis.records import WHOLE_TRIAL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from themis.bundles.plan import BundlePlan
    from themis.bundles.records import BundleRecord
    from themis.bundles.trials import StoredTrial

__all__ = ["Standing", "Standings"]

Standing = Literal["new", "present", "outdated"]


@attrs.frozen(slots=True)
class Standings:
    """Judges records by a store's artifacts; `known` are the events of those that it has."""

    plan: BundlePlan
    known: Mapping[bytes, int]

    def of(self, record: BundleRecord, trial: StoredTrial) -> Standing:
        """How a record stands to `trial`, as the store has it.

        Raises:
            SpecValidationError: the store lacks the candidates that it is made of.
        """
        if isinstance(record, GenerationBundleRecord):
            return _outcome(record, trial)
        if self._made_from(record, trial) != getattr(record, "made_from", None):
            return "outdated"
        if isinstance(record, ParseBundleRecord):
            return "present" if bytes.fromhex(record.key) in self.known else "new"
        if isinstance(record, ScoreBundleRecord):
            return self._scored(record, trial)
        return self._reduced(record, trial)

    def _made_from(self, record: BundleRecord, trial: StoredTrial) -> str | None:
        """The hash of the store's outputs that the record has to be made of."""
        of_set = isinstance(record, ReductionBundleRecord) or (
            isinstance(record, ScoreBundleRecord)
            and self.plan.metrics[record.metric].subject == "candidates"
        )
        if record.sample == WHOLE_TRIAL:
            if not trial.keys:
                raise _lacking(record, "generation", "candidates")
            if trial.members != list(getattr(record, "members", ())):
                return None
            if of_set:
                return trial.outputs_of_members()
        if record.sample not in trial.made:
            stage = "reduction" if record.sample == WHOLE_TRIAL else "generation"
            raise _lacking(record, stage, "candidate")
        if trial.keys[record.sample] != getattr(record, "candidate_id", None):
            return None
        return trial.output_of(record.sample)

    def _scored(self, record: ScoreBundleRecord, trial: StoredTrial) -> Standing:
        row = trial.scores.get((record.metric, record.sample))
        if row is None:
            return "new"
        if row.ok:  # of a whole trial it may be the score of fewer candidates
            own = self.known.get(bytes.fromhex(record.key)) == row.seq
            return "present" if own or record.sample != WHOLE_TRIAL else "new"
        return "new" if record.ok else "present"

    def _reduced(self, record: BundleRecord, trial: StoredTrial) -> Standing:
        if trial.keys.get(WHOLE_TRIAL) != record.key:
            return "new"
        return _outcome(record, trial)


def _outcome(record: BundleRecord, trial: StoredTrial) -> Standing:
    """A success is not replaced, and a failure only by a success."""
    if record.sample in trial.made:
        return "present"
    return "new" if record.ok or record.sample not in trial.keys else "present"


def _lacking(record: BundleRecord, stage: str, what: str) -> Exception:
    return refused(
        f"the store lacks the {what} that record {record.key[:12]!r} is made of; import the "
        f"run's {stage} bundle first"
    )
