"""One good reducer, and one for every check of ReducerKit that fails exactly that check."""

from __future__ import annotations

import itertools
from collections import Counter

import attrs
from pydantic import BaseModel, ConfigDict, Field

from themis.plugin import InferenceRecord, MetricError, PluginInfo, ReducerDeclaration, hookimpl

_numbers = itertools.count()


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    least: int = Field(default=1, description="How many candidates there must be.")


class LooseSettings(BaseModel):
    least: int = Field(default=1, description="How many candidates there must be.")


class Good:
    def __init__(self, config):
        self.least = config.least

    def reduce(self, candidates, ctx):
        made = [candidate for candidate in candidates if candidate.inference is not None]
        if len(made) < self.least:
            raise MetricError("there is no candidate with an output")
        return self.chosen(made)

    def chosen(self, made):
        counted = Counter(candidate.inference.raw_text for candidate in made)
        text = min(counted, key=lambda one: (-counted[one], one))
        return next(candidate for candidate in made if candidate.inference.raw_text == text)


class One(Good):
    def chosen(self, made):
        chosen = super().chosen(made)
        return attrs.evolve(chosen, inference=None) if len(made) > 1 else chosen


class Single(Good):
    def chosen(self, made):
        chosen = super().chosen(made)
        nothing = InferenceRecord(raw_text="no majority")
        return attrs.evolve(chosen, inference=nothing) if len(made) == 1 else chosen


class Sources(Good):
    def chosen(self, made):
        return attrs.evolve(super().chosen(made), candidate_id="reduced")


class Order(Good):
    def chosen(self, made):
        return made[0]


class Empty(Good):
    def reduce(self, candidates, ctx):
        return super().reduce(candidates, ctx) if candidates else None


class Failed(Good):
    def reduce(self, candidates, ctx):
        any(candidate.inference.raw_text == "" for candidate in candidates)
        return super().reduce(candidates, ctx)


class NoMutation(Good):
    def reduce(self, candidates, ctx):
        candidates.sort(key=lambda candidate: candidate.candidate_id)
        return super().reduce(candidates, ctx)


class Deterministic(Good):
    def chosen(self, made):
        chosen = super().chosen(made)
        text = InferenceRecord(raw_text=f"{next(_numbers)}")
        return attrs.evolve(chosen, inference=text) if len(made) > 1 else chosen


class Pure(Good):
    def __init__(self, config):
        super().__init__(config)
        self.last = None

    def chosen(self, made):
        last, self.last = self.last, super().chosen(made)
        return attrs.evolve(self.last, inference=(last or self.last).inference)


class Cost(Good):
    def chosen(self, made):
        texts = [candidate.inference.raw_text for candidate in made]
        for _ in range(4):
            [sum(one == other for other in texts) for one in texts]
        return super().chosen(made)


class Config(Good):
    pass


CLASSES = {
    "good": Good,
    "one": One,
    "single": Single,
    "sources": Sources,
    "order": Order,
    "empty": Empty,
    "failed": Failed,
    "no_mutation": NoMutation,
    "deterministic": Deterministic,
    "pure": Pure,
    "cost": Cost,
    "config": Config,
}


@hookimpl
def themis_plugin():
    return PluginInfo(summary="Broken reducers.")


@hookimpl
def themis_reducers():
    return [
        ReducerDeclaration(
            name=name,
            implementation=f"bad_reducers:{implementation.__name__}",
            config=f"bad_reducers:{'Loose' if name == 'config' else ''}Settings",
            version="1.0",
        )
        for name, implementation in CLASSES.items()
    ]
