"""What a run is, and where it was made: its identity and its provenance, read from its manifest."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import attrs

from themis.planning.manifest import RunManifest

__all__ = [
    "ComponentRefs",
    "ComponentSnapshot",
    "DatasetRef",
    "RunIdentity",
    "RunProvenance",
    "RunSnapshot",
]


@attrs.frozen(slots=True, kw_only=True)
class DatasetRef:
    """A dataset as a run used it; `fingerprint` is a digest of its cases, whatever their order."""

    dataset_id: str
    source: str
    revision: str | None
    fingerprint: str
    case_count: int


@attrs.frozen(slots=True, kw_only=True)
class ComponentSnapshot:
    """A component as a run used it. `fingerprint` is that of one handed over in Python."""

    kind: str
    ref: str
    name: str
    version: str
    provider: str
    fingerprint: str | None = None
    config: Mapping[str, Any] = attrs.field(factory=dict)

    def __str__(self) -> str:
        return f"{self.provider}/{self.name}@{self.version}"


@attrs.frozen(slots=True, kw_only=True)
class ComponentRefs:
    """The components of a run by what they do. A judging model's engine is among the judges."""

    generators: tuple[ComponentSnapshot, ...] = ()
    selectors: tuple[ComponentSnapshot, ...] = ()
    reducers: tuple[ComponentSnapshot, ...] = ()
    parsers: tuple[ComponentSnapshot, ...] = ()
    metrics: tuple[ComponentSnapshot, ...] = ()
    judges: tuple[ComponentSnapshot, ...] = ()

    @classmethod
    def of(cls, manifest: RunManifest) -> ComponentRefs:
        """The components that a manifest lists."""
        asked = {model["provider"] for model in manifest.spec.get("models", ())}
        judging = set(_judging(manifest.spec.get("slices", ())))
        found: dict[str, list[ComponentSnapshot]] = {role.name: [] for role in attrs.fields(cls)}
        for described in manifest.components:
            component = _component(described)
            for role in _roles(component, asked=asked, judging=judging):
                found[role].append(component)
        return cls(**{role: tuple(components) for role, components in found.items()})

    def named(self) -> dict[str, ComponentSnapshot]:
        """Every component by its role and name: `metric exact_match`, a second one `... 2`."""
        named: dict[str, ComponentSnapshot] = {}
        for role in attrs.fields(type(self)):
            for component in getattr(self, role.name):
                words = f"{role.name.removesuffix('s')} {component.name}"
                number = sum(name == words or name.startswith(f"{words} ") for name in named)
                named[f"{words} {number + 1}" if number else words] = component
        return named


def _roles(
    component: ComponentSnapshot, *, asked: Collection[str], judging: Collection[str]
) -> Iterator[str]:
    """What a component does; one engine may be both a model's and a judge's."""
    if component.kind != "engine":
        yield _ROLES[component.kind]
        return
    if component.ref in asked:
        yield "generators"
    if component.ref in judging or component.ref not in asked:
        yield "judges"


def _judging(value: Any) -> Iterator[str]:
    """The engines of the judging models that are anywhere in a configuration."""
    if isinstance(value, Mapping):
        model = value.get("model")
        if isinstance(model, Mapping) and "provider" in model:
            yield str(model["provider"])
        for entry in value.values():
            yield from _judging(entry)
    elif isinstance(value, (list, tuple)):
        for entry in value:
            yield from _judging(entry)


_ROLES = {
    "engine": "generators",
    "selector": "selectors",
    "reducer": "reducers",
    "extractor": "parsers",
    "metric": "metrics",
    "judge": "judges",
}


@attrs.frozen(slots=True, kw_only=True)
class RunIdentity:
    """All that determines a run's results; its id is a hash of this.

    `candidate_policy` has the number of samples, how they are reduced and the sampling parameters;
    `seeds` are those that were given, or what every seed is derived from.
    """

    datasets: tuple[DatasetRef, ...]
    components: tuple[ComponentSnapshot, ...]
    models: tuple[str, ...]
    candidate_policy: Mapping[str, Any]
    prompts: tuple[Mapping[str, Any], ...]
    judge_config: Mapping[str, Any]
    workflow_overrides: Mapping[str, Any]
    seeds: tuple[int, ...]
    spec_hash: str


@attrs.frozen(slots=True, kw_only=True)
class RunProvenance:
    """Where a run was planned, and with what; it never changes the run's id.

    `git` has `commit` and `dirty`, or is None outside a checkout. `plugins` are distributions with
    version, digest and origin. Credentials are masked.
    """

    themis_version: str
    python_version: str
    platform: str
    git: Mapping[str, Any] | None
    plugins: Mapping[str, Mapping[str, Any]]
    storage: Mapping[str, Any] | None
    runtime: Mapping[str, Any]
    environment_metadata: Mapping[str, Any]
    provider_metadata: Mapping[str, Any]
    reproducible: bool
    reasons: tuple[str, ...] = ()


@attrs.frozen(slots=True, kw_only=True)
class RunSnapshot:
    """What a run is (identity) and where it was made (provenance)."""

    run_id: str
    identity: RunIdentity
    provenance: RunProvenance
    component_refs: ComponentRefs
    datasets: tuple[DatasetRef, ...]

    @classmethod
    def of(cls, manifest: RunManifest) -> RunSnapshot:
        """The snapshot of a planned run."""
        datasets = tuple(_datasets(manifest))
        components = ComponentRefs.of(manifest)
        return cls(
            run_id=manifest.run_id,
            identity=_identity(manifest, datasets, components),
            provenance=_provenance(manifest),
            component_refs=components,
            datasets=datasets,
        )

    def changes(self, other: RunSnapshot) -> list[str]:
        """What changed from this run to another, in words: what identifies them, then the rest."""
        from themis.planning.snapshot_changes import changes_in_words

        return changes_in_words(self, other)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return attrs.asdict(self, recurse=True)


def _datasets(manifest: RunManifest) -> Iterable[DatasetRef]:
    for summary in manifest.datasets:
        yield DatasetRef(
            dataset_id=summary.slice_id,
            source=str(summary.identity.get("source", "")),
            revision=summary.identity.get("revision"),
            fingerprint=summary.items_digest,
            case_count=summary.item_count,
        )


def _component(described: Mapping[str, Any]) -> ComponentSnapshot:
    identity = described["identity"]
    fields = ("kind", "ref", "name", "version", "provider")
    return ComponentSnapshot(
        **{name: described[name] for name in fields},
        fingerprint=identity.get("fingerprint"),
        config=identity.get("config") or {},
    )


def _identity(
    manifest: RunManifest, datasets: tuple[DatasetRef, ...], components: ComponentRefs
) -> RunIdentity:
    spec, given = manifest.spec, manifest.provenance.get("experiment", {})
    reductions = {
        entry["slice_id"]: entry["reduction"]
        for entry in spec.get("slices", ())
        if entry.get("reduction")
    }
    return RunIdentity(
        datasets=datasets,
        components=tuple(components.named().values()),
        models=tuple(model["model_id"] for model in spec.get("models", ())),
        candidate_policy={
            "num_samples": manifest.num_samples,
            "params": list(spec.get("params", ())),
            "reduction": reductions,
        },
        prompts=tuple(spec.get("prompt_variants", ())),
        judge_config=given.get("judge_config", {}),
        workflow_overrides=given.get("workflow_overrides", {}),
        seeds=tuple(given.get("seeds") or (manifest.global_seed,)),
        spec_hash=manifest.spec_hash,
    )


def _provenance(manifest: RunManifest) -> RunProvenance:
    recorded = manifest.provenance
    return RunProvenance(
        themis_version=recorded.get("themis", ""),
        python_version=recorded.get("python", ""),
        platform=recorded.get("platform", ""),
        git=recorded.get("git"),
        plugins=recorded.get("distributions", {}),
        storage=recorded.get("storage") or manifest.project.get("storage"),
        runtime=recorded.get("runtime") or manifest.project.get("execution_policy", {}),
        environment_metadata=recorded.get("environment_metadata", {}),
        provider_metadata=recorded.get("provider_metadata", {}),
        reproducible=recorded.get("reproducible", True),
        reasons=tuple(recorded.get("reasons", ())),
    )
