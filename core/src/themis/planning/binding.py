"""Binds the references of a spec to components, and collects everything that is wrong at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
from pydantic import BaseModel, ValidationError

from themis.errors import ErrorCode, PluginError, SpecIssue, SpecValidationError, ThemisError
from themis.planning.identities import identity_of
from themis.plugin.component import ResolvedComponent
from themis.plugin.declarations import ComponentKind
from themis.records.canonical import canonical_bytes
from themis.records.secrets import redact
from themis.specs import ExtractorRefSpec, JudgeInferenceSpec, MetricRefSpec

if TYPE_CHECKING:
    from themis.plugin.registry import PluginRegistry
    from themis.plugin.resolution import LockedComponent

__all__ = ["Binder", "BoundComponent", "judges_in", "specs_in"]

SpecT = TypeVar("SpecT", bound=BaseModel)


@attrs.frozen(slots=True, kw_only=True, eq=False)
class BoundComponent:
    """A resolved component with its validated configuration.

    `ref` is the reference that it was bound for. `identity` is what goes into keys. Calls to one
    name and address share limits and a breaker. `builds_workflow` says of a metric that it does not
    score by itself: it builds an evaluation workflow, which the run works through.
    """

    ref: str
    resolved: ResolvedComponent
    raw_config: Mapping[str, Any]
    config: Any
    identity: Mapping[str, Any]
    builds_workflow: bool = False

    @property
    def kind(self) -> ComponentKind:
        """The component's kind."""
        return self.resolved.kind

    @property
    def name(self) -> str:
        """The component's name, as declared."""
        return self.resolved.name

    @property
    def version(self) -> str:
        """Its behaviour's version."""
        return self.resolved.version

    @property
    def blocking(self) -> bool:
        """Whether its method takes long without awaiting."""
        return self.resolved.declaration.blocking

    @property
    def address(self) -> str | None:
        """Where the service is that its calls go to, if its configuration has a `base_url`."""
        url = getattr(self.config, "base_url", None)
        return redact(str(url)) if url else None

    def make(self) -> Any:
        """A working instance."""
        return self.resolved.make(self.config)

    def describe(self) -> dict[str, Any]:
        """What a manifest records: what it is and where it came from."""
        return {
            "ref": self.ref,
            "kind": self.kind,
            "name": self.name,
            "version": self.version,
            "provider": self.resolved.provider,
            "distribution_version": self.resolved.distribution_version,
            "identity": dict(self.identity),
        }


class Binder:
    """Resolves references against one registry; each distinct component is bound once.

    `pinned` components are chosen before anything else.
    """

    def __init__(
        self, registry: PluginRegistry, *, pinned: Iterable[LockedComponent] | None = None
    ) -> None:
        self._registry = registry
        self._pinned = pinned if pinned is None else tuple(pinned)
        self._bound: dict[tuple[str, str, bytes], BoundComponent | None] = {}
        self.issues: list[SpecIssue] = []
        self.warnings: list[str] = []
        self.code = ErrorCode.SCHEMA_MISMATCH

    @property
    def bound(self) -> tuple[BoundComponent, ...]:
        """Every component that was bound."""
        return tuple(component for component in self._bound.values() if component is not None)

    def bind(
        self, kind: ComponentKind, ref: str, config: Mapping[str, Any], where: str
    ) -> BoundComponent | None:
        """The component that `ref` names; None after reporting why there is none."""
        key = (kind, ref, canonical_bytes(config))
        if key not in self._bound:
            try:
                self._bound[key] = self._resolve(kind, ref, config)
            except ThemisError as error:
                self.report(error, where)
                self._bound[key] = None
        return self._bound[key]

    def judge_specs(
        self, metric: BoundComponent, where: str
    ) -> tuple[JudgeInferenceSpec | str, ...]:
        """The judges that a metric's configuration names: models, and references."""
        try:
            return tuple(judges_in(metric.config))
        except ValidationError as problem:
            faults = "; ".join(
                f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in problem.errors()
            )
            self.issues.append(SpecIssue(f"one of its judges is wrong: {faults}", key=where))
            return ()

    def judges(
        self, specs: Iterable[JudgeInferenceSpec | str], where: str
    ) -> dict[str, BoundComponent]:
        """The components behind judges: by spec hash, or by reference."""
        judges: dict[str, BoundComponent] = {}
        for judge in specs:
            bound = (
                self.bind("judge", judge, {}, where)
                if isinstance(judge, str)
                else self.bind("engine", judge.model.provider, judge.model.extras, where)
            )
            if bound is not None:
                judges[judge if isinstance(judge, str) else judge.canonical_hash] = bound
        return judges

    def extractors(self, component: BoundComponent, where: str) -> tuple[BoundComponent, ...]:
        """The extractors that a component's configuration names, in order."""
        links = specs_in(component.config, ExtractorRefSpec)
        bound = (self.bind("extractor", link.id, link.config, where) for link in links)
        return tuple(link for link in bound if link is not None)

    def metrics(
        self, component: BoundComponent, where: str
    ) -> Iterator[tuple[MetricRefSpec, BoundComponent]]:
        """The metrics that a component's configuration names."""
        for reference in specs_in(component.config, MetricRefSpec):
            bound = self.bind("metric", reference.id, reference.config, where)
            if bound is not None:
                yield reference, bound

    def report(self, error: ThemisError, where: str) -> None:
        """Keep a finding; compilation goes on to find the others."""
        if error.code is ErrorCode.PLUGIN_INCOMPATIBLE:
            self.code = error.code
        self.issues.append(SpecIssue(error.message, key=where))

    def check_registry(self) -> None:
        """Report plugins that are asked for by name and absent, and any drift from the lock."""
        for name in self._registry.absent():
            self._find(
                f"no plugin of a distribution {name} is installed, and it is among the only ones "
                f"allowed; install it, or take it off THEMIS_PLUGINS or [plugins] allow",
                "plugins.allow",
            )
        lock = self._registry.lock
        for difference in lock.drift(self._registry.plugins()) if lock is not None else ():
            self._find(difference, "lock")

    def _find(self, message: str, where: str) -> None:
        self.report(PluginError(message), where)

    def raise_issues(self) -> None:
        """Raise one error with everything that was reported.

        Raises:
            SpecValidationError: if there is anything.
        """
        if self.issues:
            message = "\n".join(dict.fromkeys(map(str, self.issues)))
            raise SpecValidationError(message, code=self.code, issues=self.issues)

    def _resolve(self, kind: ComponentKind, ref: str, config: Mapping[str, Any]) -> BoundComponent:
        resolution = self._registry.choose(kind, ref, lock=self._pinned)
        self.warnings.extend(resolution.warnings)
        resolved = resolution.component()
        settings = resolved.configure(config)
        return BoundComponent(
            ref=ref,
            resolved=resolved,
            raw_config=config,
            config=settings if resolved.config_model is not None else (dict(config) or None),
            identity=identity_of(f"{kind} {resolved.name!r}", lambda: resolved.identity(settings)),
            builds_workflow=resolved.builds_workflow(settings),
        )


def specs_in(config: Any, kind: type[SpecT]) -> Iterator[SpecT]:
    """The specs of one kind that are fields of a configuration, or members of its lists."""
    if not isinstance(config, BaseModel):
        return
    for name in type(config).model_fields:
        value = getattr(config, name)
        for entry in value if isinstance(value, (list, tuple)) else (value,):
            if isinstance(entry, kind):
                yield entry


def judges_in(config: Any) -> Iterator[JudgeInferenceSpec | str]:
    """The judge specs anywhere in a configuration, and the references in a field `judges`.

    In a configuration without a model, `judges` may hold specs as they are written.
    """
    if isinstance(config, JudgeInferenceSpec):
        yield config
    elif isinstance(config, BaseModel):
        for name in type(config).model_fields:
            value = getattr(config, name)
            if name == "judges":
                yield from (entry for entry in value if isinstance(entry, str))
            yield from judges_in(value)
    elif isinstance(config, Mapping):
        for name, value in config.items():
            if name == "judges" and isinstance(value, (list, tuple)):
                yield from _listed(value)
            yield from judges_in(value)
    elif isinstance(config, (list, tuple)):
        for value in config:
            yield from judges_in(value)


def _listed(judges: Sequence[Any]) -> Iterator[JudgeInferenceSpec | str]:
    """The references and the specs as written among the entries of a list `judges`."""
    for entry in judges:
        if isinstance(entry, str):
            yield entry
        elif isinstance(entry, Mapping) and "model" in entry:
            yield JudgeInferenceSpec.model_validate(dict(entry))
