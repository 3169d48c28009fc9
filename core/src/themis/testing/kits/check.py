"""Checks: the methods of a kit that are run, each with an id that stays the same across releases.

Under pytest a check is an ordinary test method. Without it, `outcome_of` runs the same function.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

import attrs

if TYPE_CHECKING:
    from themis.testing.kits.kit import Kit

__all__ = ["Check", "CheckOutcome", "Level", "NotApplicableError", "check", "needs", "outcome_of"]

Level = Literal["static", "offline", "live"]
"""`static` reads declarations and imports, `offline` calls the component, `live` its service."""

Method = TypeVar("Method", bound=Callable[[Any], None])


class NotApplicableError(Exception):
    """The check says nothing about this component; the message says why."""


def needs(condition: object, otherwise: str) -> None:
    """Skip the check where it does not apply: `otherwise` is the reason given."""
    if not condition:
        raise NotApplicableError(otherwise)


@attrs.frozen(slots=True, kw_only=True)
class Check:
    """One check of a kit: what it is called, since which core it is made, and what it needs."""

    id: str
    since: str
    level: Level
    summary: str
    method: str
    function: Callable[[Any], None] = attrs.field(repr=False, eq=False)


@attrs.frozen(slots=True, kw_only=True)
class CheckOutcome:
    """How one check of one component ended.

    `known` is a failure that the author listed; a listed failure that passes is `failed`.
    """

    check: str
    subject: str
    state: Literal["passed", "failed", "known", "skipped"]
    message: str = ""


def check(check_id: str, *, since: str = "1.0", level: Level = "offline") -> Callable[..., Method]:
    """Make a method of a kit the check `check_id`; its docstring's first line is its summary."""

    def mark(function: Method) -> Method:
        @functools.wraps(function)
        def test(self: Kit) -> None:
            __tracebackhide__ = True
            _under_pytest(self, found)

        summary = (function.__doc__ or "").strip().partition("\n")[0]
        found = Check(
            id=check_id,
            since=since,
            level=level,
            summary=summary,
            method=function.__name__,
            function=function,
        )
        test.__themis_check__ = found  # type: ignore[attr-defined]
        return cast("Method", test)

    return mark


def outcome_of(kit: Kit, made: Check) -> CheckOutcome:
    """Run one check outside pytest; whatever the component raises is a failure."""
    known = kit.known_failures.get(made.id)
    subject = kit.subject()
    try:
        kit.check_level(made)
        made.function(kit)
    except NotApplicableError as why:
        return CheckOutcome(check=made.id, subject=subject, state="skipped", message=str(why))
    except (Exception, SystemExit) as problem:  # noqa: BLE001 (a component may raise anything)
        if known is not None:
            return CheckOutcome(check=made.id, subject=subject, state="known", message=known)
        return CheckOutcome(
            check=made.id, subject=subject, state="failed", message=described(problem)
        )
    if known is not None:
        return CheckOutcome(
            check=made.id, subject=subject, state="failed", message=_passes(made.id, known)
        )
    return CheckOutcome(check=made.id, subject=subject, state="passed")


def described(problem: BaseException) -> str:
    """A failure in words: an assertion's message, or what was raised; groups by their first."""
    while isinstance(problem, BaseExceptionGroup):
        problem = problem.exceptions[0]
    text = str(problem)
    plain = isinstance(problem, AssertionError) and text
    return text if plain else f"{type(problem).__name__}: {text}".removesuffix(": ")


def _under_pytest(kit: Kit, made: Check) -> None:
    __tracebackhide__ = True
    import pytest

    known = kit.known_failures.get(made.id)
    try:
        kit.check_level(made)
        made.function(kit)
    except NotApplicableError as why:
        pytest.skip(str(why))
    except Exception:
        if known is None:
            raise
        pytest.xfail(known)
    if known is not None:
        pytest.fail(_passes(made.id, known))


def _passes(check_id: str, reason: str) -> str:
    return f"{check_id} is in known_failures ({reason}) and passes; take it off the list"
