"""What a run is and where it was made, as a page for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from themis.records.secrets import redact
from themis.results.tables import format_value, markdown_table

if TYPE_CHECKING:
    from themis.planning.snapshot import ComponentSnapshot, RunSnapshot

__all__ = ["snapshot_report"]

_SHORT = 16


def snapshot_report(snapshot: RunSnapshot, run_metadata: Mapping[str, Any] | None = None) -> str:
    """A snapshot as Markdown: datasets, components, policy, prompts and provenance.

    Args:
        snapshot: That of a run in a store, or of a compiled experiment.
        run_metadata: What else to say of the run, as a table of names and values; credentials in it
            are masked.
    """
    parts = [f"# Run {snapshot.run_id[:_SHORT]}", f"`{snapshot.run_id}`"]
    for title, rows in _sections(snapshot, run_metadata or {}):
        if rows:
            parts += [f"## {title}", markdown_table(rows)]
    return "\n\n".join(parts) + "\n"


def _sections(
    snapshot: RunSnapshot, run_metadata: Mapping[str, Any]
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    identity = snapshot.identity
    yield "Run", _named(redact(dict(run_metadata)))
    yield (
        "Datasets",
        [
            {
                "dataset": dataset.dataset_id,
                "source": dataset.source,
                "revision": dataset.revision,
                "cases": dataset.case_count,
                "fingerprint": dataset.fingerprint[:_SHORT],
            }
            for dataset in snapshot.datasets
        ],
    )
    yield (
        "Components",
        [
            _component(role, component)
            for role, component in snapshot.component_refs.named().items()
        ],
    )
    yield (
        "Identity",
        _named(
            {
                "models": identity.models,
                **identity.candidate_policy,
                "seeds": identity.seeds,
                "judge_config": identity.judge_config,
                "workflow_overrides": identity.workflow_overrides,
                "spec_hash": identity.spec_hash,
            }
        ),
    )
    yield "Prompts", [_prompt(prompt) for prompt in identity.prompts]
    yield "Provenance", list(_provenance(snapshot))


def _named(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = ((name, format_value(value)) for name, value in values.items())
    return [{"name": name, "value": text} for name, text in found if text != "-"]


def _component(role: str, component: ComponentSnapshot) -> dict[str, Any]:
    return {
        "component": role,
        "reference": component.ref,
        "version": str(component),
        "fingerprint": component.fingerprint and component.fingerprint[:_SHORT],
        "config": format_value(component.config),
    }


def _prompt(prompt: Mapping[str, Any]) -> dict[str, Any]:
    messages = prompt.get("messages", ())
    texts = (f"{one.get('role')}: {one.get('content')}" for one in messages)
    return {"prompt": prompt.get("id"), "messages": " / ".join(texts)}


def _provenance(snapshot: RunSnapshot) -> Iterator[dict[str, Any]]:
    made = snapshot.provenance
    git = made.git and f"{made.git['commit']}{' (changed)' if made.git.get('dirty') else ''}"
    reasons = f"no: {'; '.join(made.reasons)}"
    yield from _named(
        {
            "themis": made.themis_version,
            "python": made.python_version,
            "platform": made.platform,
            "git": git,
            "storage": made.storage,
            "runtime": made.runtime,
            "environment": made.environment_metadata,
            "provider": made.provider_metadata,
            "reproducible": "yes" if made.reproducible else reasons,
        }
    )
    for name, found in made.plugins.items():
        yield {"name": f"distribution {name}", "value": format_value(found.get("version"))}
