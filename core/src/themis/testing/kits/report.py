"""Every check of everything that a distribution declares, without configuration or pytest."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import attrs

from themis.errors import PluginError
from themis.plugin.refs import normalise
from themis.plugin.registry import PluginRegistry
from themis.testing.kits.check import CheckOutcome, Level, outcome_of
from themis.testing.kits.kit import Kit
from themis.testing.kits.plugin import PluginKit
from themis.testing.kits.table import KITS

__all__ = ["CheckReport", "run_checks"]

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1", ""})


@attrs.frozen(slots=True, kw_only=True)
class CheckReport:
    """How every check of a distribution ended; `outcomes` by component, in order of declaration."""

    distribution: str
    outcomes: tuple[CheckOutcome, ...]

    @property
    def ok(self) -> bool:
        """Whether no check failed."""
        return not self.failed

    @property
    def failed(self) -> tuple[CheckOutcome, ...]:
        """The checks that failed."""
        return tuple(one for one in self.outcomes if one.state == "failed")

    def counts(self) -> dict[str, int]:
        """How many checks ended in each state."""
        counted = Counter(one.state for one in self.outcomes)
        return {state: counted[state] for state in ("passed", "failed", "known", "skipped")}

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON-like data."""
        return {
            "distribution": self.distribution,
            "ok": self.ok,
            "counts": self.counts(),
            "outcomes": [attrs.asdict(one) for one in self.outcomes],
        }


def run_checks(
    distribution: str,
    *,
    registry: PluginRegistry | None = None,
    levels: Sequence[Level] = ("static", "offline"),
) -> CheckReport:
    """Run the kits on a plugin and on each of its components, with no configuration.

    What needs configuration to be shown is skipped, with the reason. Unless `levels` has `live`,
    connections to anything but this machine are refused while the checks run.

    Raises:
        PluginError: no such distribution is installed, or it has no plugin.
    """
    known = registry if registry is not None else PluginRegistry()
    outcomes = []
    with _network(allowed="live" in levels):
        for kit in _kits(distribution, known, live="live" in levels):
            made = kit()
            outcomes += [outcome_of(made, one) for one in kit.checks() if one.level in levels]
    return CheckReport(distribution=distribution, outcomes=tuple(outcomes))


def _kits(distribution: str, registry: PluginRegistry, *, live: bool) -> Iterator[type[Kit]]:
    """The kit of the plugin, then one for each component of a kind that has a kit."""
    plugins = [each for each in registry.plugins() if each.provider == normalise(distribution)]
    if not plugins:
        msg = (
            f"no plugin of a distribution '{distribution}' is installed; "
            "`themis plugins list` shows what is"
        )
        raise PluginError(msg)
    given: dict[str, Any] = {"registry": classmethod(lambda _: registry), "live": live}
    yield type("Checked", (PluginKit,), {**given, "distribution": distribution})
    for plugin in plugins:
        for declaration in plugin.declarations:
            kit = KITS.get(declaration.kind)
            if kit is not None:
                ref = f"{plugin.provider}/{declaration.name}@{declaration.version}"
                yield type("Checked", (kit,), {**given, "ref": ref, "tentative": True})


@contextmanager
def _network(*, allowed: bool) -> Iterator[None]:
    """Refuse connections and look-ups beyond this machine, unless they are allowed."""
    if allowed:
        yield
        return
    looked_up = socket.getaddrinfo
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def refuse(address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else address
        local = not isinstance(address, tuple) or str(host) in _LOOPBACK
        if not local:
            msg = f"checks without the level live connect to nothing outside: {host}"
            raise ConnectionRefusedError(msg)

    def guarded_getaddrinfo(host: Any, *rest: Any, **options: Any) -> Any:
        refuse(("" if host is None else host, None))
        return looked_up(host, *rest, **options)

    def guarded_connect(self: socket.socket, address: Any) -> None:
        refuse(address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        refuse(address)
        return connect_ex(self, address)

    socket.getaddrinfo = guarded_getaddrinfo
    socket.socket.connect = guarded_connect  # type: ignore[method-assign, assignment]
    socket.socket.connect_ex = guarded_connect_ex  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        socket.getaddrinfo = looked_up
        socket.socket.connect = connect  # type: ignore[method-assign]
        socket.socket.connect_ex = connect_ex  # type: ignore[method-assign]
