"""The lock of a plan: what it resolved to, as it is installed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from themis.plugin.lock import Lock
from themis.plugin.registration import BUILTIN

if TYPE_CHECKING:
    from themis.planning.plan import Plan
    from themis.plugin.component import ResolvedComponent
    from themis.plugin.registry import PluginRegistry

__all__ = ["lock_plan"]


def lock_plan(
    plan: Plan,
    *,
    datasets: Mapping[str, ResolvedComponent],
    backends: Sequence[tuple[str, ResolvedComponent]],
    registry: PluginRegistry,
) -> Lock:
    """The lock of a plan's components, and by reference of its dataset providers and backends."""
    chosen = [(entry.ref, entry.resolved.registration) for entry in plan.components]
    chosen += [(ref, found.registration) for ref, found in (*datasets.items(), *backends)]
    core = next(
        each for each in registry.plugins() if each.provider == BUILTIN and each.state == "ok"
    )
    return Lock.of(core.distribution, chosen)
