"""What changed between two runs, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from themis.planning.diff import describe_changes

if TYPE_CHECKING:
    from themis.planning.snapshot import ComponentSnapshot, DatasetRef, RunSnapshot

__all__ = ["changes_in_words"]

_DIGITS = 12
_SETTINGS = (
    ("models", "the models"),
    ("candidate_policy", "the candidate policy"),
    ("prompts", "the prompts"),
    ("judge_config", "the judge configuration"),
    ("workflow_overrides", "the workflow overrides"),
    ("seeds", "the seeds"),
)
_SURROUNDINGS = (
    ("themis_version", "Themis"),
    ("python_version", "Python"),
    ("platform", "the platform"),
    ("git", "the checkout"),
    ("storage", "the storage"),
    ("runtime", "the runtime"),
    ("environment_metadata", "the environment's labels"),
    ("provider_metadata", "the provider's labels"),
)


def changes_in_words(before: RunSnapshot, after: RunSnapshot) -> list[str]:
    """One sentence per difference: of identity first, of provenance after that."""
    return [
        *_dataset_changes(before, after),
        *_component_changes(before, after),
        *_setting_changes(before.identity, after.identity, _SETTINGS),
        *_setting_changes(before.provenance, after.provenance, _SURROUNDINGS),
        *_plugin_changes(before, after),
    ]


def _dataset_changes(before: RunSnapshot, after: RunSnapshot) -> Iterator[str]:
    old = {dataset.dataset_id: dataset for dataset in before.datasets}
    new = {dataset.dataset_id: dataset for dataset in after.datasets}
    yield from _comings_and_goings(old, new, "dataset ")
    for name in old.keys() & new.keys():
        yield from _dataset(name, old[name], new[name])


def _dataset(name: str, old: DatasetRef, new: DatasetRef) -> Iterator[str]:
    if old.revision != new.revision:
        yield f"dataset {name}: revision {old.revision} became {new.revision}"
    if old.source != new.source:
        yield f"dataset {name}: it came from {old.source}, now from {new.source}"
    if old.case_count != new.case_count:
        yield f"dataset {name}: {old.case_count} cases became {new.case_count}"
    elif old.fingerprint != new.fingerprint:
        yield f"dataset {name}: its {new.case_count} cases are not the same ones"


def _component_changes(before: RunSnapshot, after: RunSnapshot) -> Iterator[str]:
    old, new = before.component_refs.named(), after.component_refs.named()
    yield from _comings_and_goings(old, new, "")
    for name in (name for name in old if name in new):
        yield from _component(name, old[name], new[name])


def _component(name: str, old: ComponentSnapshot, new: ComponentSnapshot) -> Iterator[str]:
    if old.version != new.version:
        yield f"{name}: version {old.version} became {new.version}"
    if old.fingerprint != new.fingerprint:
        yield f"{name}: its code changed"
    if old.provider != new.provider:
        yield f"{name}: it came from {old.provider}, now from {new.provider}"
    yield from _settings(name, old.config, new.config)


def _setting_changes(old: Any, new: Any, named: tuple[tuple[str, str], ...]) -> Iterator[str]:
    for field, words in named:
        yield from _settings(words, getattr(old, field), getattr(new, field))


def _plugin_changes(before: RunSnapshot, after: RunSnapshot) -> Iterator[str]:
    old, new = before.provenance.plugins, after.provenance.plugins
    yield from _comings_and_goings(old, new, "distribution ")
    for name in (name for name in old if name in new):
        if old[name].get("version") != new[name].get("version"):
            versions = f"{old[name].get('version')} became {new[name].get('version')}"
            yield f"distribution {name}: version {versions}"
        elif old[name] != new[name]:
            yield f"distribution {name}: the same version, but not the same files"


def _comings_and_goings(old: Mapping[str, Any], new: Mapping[str, Any], kind: str) -> Iterator[str]:
    yield from (f"{kind}{name} is gone" for name in old if name not in new)
    yield from (f"{kind}{name} is new" for name in new if name not in old)


def _settings(words: str, old: Any, new: Any) -> Iterator[str]:
    for change in describe_changes(old, new):
        where = f"{words}: {change.path} " if change.path else f"{words}: "
        yield f"{where}{_shown(change.before)} became {_shown(change.after)}"


def _shown(value: Any) -> str:
    if isinstance(value, str) and len(value) == 40 and value.isalnum():  # a commit
        return value[:_DIGITS]
    return "nothing" if value is None else f"{value!r:.80}"
