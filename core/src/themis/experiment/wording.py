"""Findings about what an experiment was compiled to, in the words of who wrote the experiment."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
from pydantic import BaseModel, ValidationError

from themis.errors import PluginError, SpecIssue, SpecValidationError
from themis.experiment.dataset import Dataset
from themis.specs import MetricRefSpec
from themis.specs.findings import value_findings
from themis.specs.positions import KeyPath, dotted, key_path

if TYPE_CHECKING:
    from themis.experiment.experiment import Experiment

__all__ = ["Say", "Wording", "as_fields", "read_as", "renamed"]

M = TypeVar("M", bound=BaseModel)

Say = Callable[[KeyPath, str], SpecIssue]
"""Makes a finding of a field of the experiment, and what is wrong with it."""

_FIELDS = (
    (r"slices\[\d+\]\.scores\[\w+\]\.metrics", "evaluation.metrics"),
    (r"slices\[\d+\]\.parses\[\w+\]\.extractors", "evaluation.parsers"),
    (r"slices\[\d+\]\.reduction\.(reducer|selector)", r"generation.\1"),
    (r"slices\[(\d+)\]\.dataset", r"datasets[\1]"),
    (r"models\[0\](\.provider$)?", "generation.generator"),
    (r"params\[0\]", "generation.params"),
    (r"prompt_variants\[0\]", "generation.prompt_spec"),
    (r"num_samples$", "generation.candidate_policy.num_samples"),
)
"""What an experiment is compiled to, and the field that it was made of."""

_SLICE = re.compile(r"slices\[\d+\]$")
_OF_PROMPT = re.compile(r"messages\[\d+\]\.content: prompt variant '[^']*': ")
_JUDGES = re.compile(
    r"(evaluation\.metrics\[(\d+)\]|generation\.(reducer|selector))\.config\.judges"
)


def as_fields(path: KeyPath, message: str) -> SpecIssue:
    """A finding at the experiment's own field."""
    return SpecIssue(message, key=dotted(path))


def renamed(path: KeyPath, names: Mapping[KeyPath, str], *, single: frozenset[str]) -> str:
    """The name of what a field was made of; of a `single` thing, without its index in a list."""
    for field, name in names.items():
        if path[: len(field)] == field:
            rest = path[len(field) :]
            numbered = bool(rest) and isinstance(rest[0], int)
            return dotted((name, *(rest[1:] if name in single and numbered else rest)))
    return dotted(path)


def read_as(model: type[M], values: Any, *, at: KeyPath = (), say: Say = as_fields) -> M:
    """What was given as a `model`; `at` is the field that it is given for.

    Raises:
        SpecValidationError: with a finding for everything that is wrong.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        found = value_findings(error, model=model, values=values)
        issues = [say((*at, *path), message) for path, message in found]
        raise SpecValidationError("\n".join(map(str, issues)), issues=issues) from error


@attrs.frozen(slots=True)
class Wording:
    """Says where in an experiment the findings about its plan are."""

    experiment: Experiment
    say: Say

    @contextmanager
    def used(self) -> Iterator[None]:
        """Findings that are raised within are said of what was written."""
        try:
            yield
        except SpecValidationError as error:
            if not error.issues or any(issue.file for issue in error.issues):
                raise
            issues = [self._said(issue) for issue in error.issues]
            message = "\n".join(dict.fromkeys(map(str, issues)))
            if isinstance(error, PluginError):
                raise PluginError(message, issues=issues) from error
            raise SpecValidationError(message, code=error.code, issues=issues) from error

    def _said(self, issue: SpecIssue) -> SpecIssue:
        key, message = issue.key, issue.message
        if _SLICE.match(key) and _OF_PROMPT.match(message):
            key, message = "generation.prompt_spec", _OF_PROMPT.sub("", message)
        for pattern, field in _FIELDS:
            found = re.match(pattern, key)
            if found is not None:
                key = found.expand(field) + key[found.end() :]
                break
        return self.say(key_path(self._written(key)), message)

    def _written(self, key: str) -> str:
        """The key, where what it is about was told to the component from elsewhere."""
        judges = _JUDGES.match(key)
        if judges is not None and not self._names_judges(judges):
            return "evaluation.judge_models"
        dataset = re.match(r"datasets\[(\d+)\]", key)
        if dataset is None or isinstance(self.experiment.datasets[int(dataset[1])], Dataset):
            return key
        return f"{dataset[0]}.source{key[dataset.end() :]}"

    def _names_judges(self, found: re.Match[str]) -> bool:
        """Whether the configuration of what was matched was written with judges of its own."""
        generation, evaluation = self.experiment.generation, self.experiment.evaluation
        given = getattr(generation, found[3]) if found[3] else evaluation.metrics[int(found[2])]
        config = getattr(given, "config", {})
        if isinstance(given, MetricRefSpec):
            overrides = evaluation.workflow_overrides.get(given.reported_name, {})
            config = {**evaluation.judge_config, **config, **overrides}
        return "judges" in config
