"""The Jinja environment of all templates: sandboxed, strict about names, and paid from a budget."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from types import BuiltinMethodType
from typing import Any

from jinja2 import StrictUndefined, Undefined, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

from themis.planning.template_filters import template_filters
from themis.planning.template_limits import Budget, check_method

__all__ = ["Fields", "TemplateEnvironment", "closest"]

_SHOWN_FIELDS = 20


class Fields(dict[str, Any]):
    """A namespace of a template: named values, and what to call them in a message."""

    __slots__ = ("label",)

    def __init__(self, label: str, values: Any) -> None:
        super().__init__(values)
        self.label = label


def closest(name: str, names: Iterable[str]) -> str:
    """` (did you mean 'x'?)`, or nothing when no name is near."""
    near = difflib.get_close_matches(name, [str(known) for known in names], n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""


class _MissingValue(StrictUndefined):
    """A value that is not there; using it says which field, and which fields there are."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        name, owner = self._undefined_name, self._undefined_obj
        if self._undefined_hint:
            return self._undefined_hint
        if owner is missing:
            return f"{name!r} is undefined"
        if not isinstance(owner, dict):
            return f"a value of type {type(owner).__name__} has no {name!r}"
        names = [str(key) for key in owner]
        shown = ", ".join(names[:_SHOWN_FIELDS]) + (", ..." if len(names) > _SHOWN_FIELDS else "")
        label = owner.label if isinstance(owner, Fields) else "the value there"
        near = closest(str(name), names)
        return f"{label} has no field {name!r}{near}; its fields: {shown or 'none'}"


class _PayingCode(CodeGenerator):
    """Writes code that pays for every round of a loop, and checks every `~` and every list made."""

    def blockvisit(self, nodes: Iterable[nodes.Node], frame: Frame) -> None:
        if frame.loop_frame:
            self.writeline("environment.budget.spend()")
        super().blockvisit(nodes, frame)

    def visit_For(self, node: nodes.For, frame: Frame) -> None:  # noqa: N802 (Jinja's name)
        if node.test is not None:  # rounds that the test rejects are paid for as well
            paid = nodes.EnvironmentAttribute("paid")
            node.test = nodes.And(paid, node.test, lineno=node.lineno)
        super().visit_For(node, frame)

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802 (Jinja's name)
        self.write("environment.joined((")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write("))")

    def visit_List(self, node: nodes.List, frame: Frame) -> None:  # noqa: N802 (Jinja's name)
        self.write("environment.weighed(")
        super().visit_List(node, frame)
        self.write(")")

    def visit_Dict(self, node: nodes.Dict, frame: Frame) -> None:  # noqa: N802 (Jinja's name)
        self.write("environment.weighed(")
        super().visit_Dict(node, frame)
        self.write(")")

    def visit_Tuple(self, node: nodes.Tuple, frame: Frame) -> None:  # noqa: N802 (Jinja's name)
        if node.ctx != "load":
            return super().visit_Tuple(node, frame)
        self.write("environment.weighed(")
        super().visit_Tuple(node, frame)
        return self.write(")")


class TemplateEnvironment(ImmutableSandboxedEnvironment):
    """Jinja's immutable sandbox, and stricter.

    * a dict's own keys come before its methods: `item.values` is the field named `values`
    * nothing is included, imported or extended: there is no loader
    * whatever may grow, loop or call is checked against `budget`
    * only text, numbers, booleans, none, lists and dicts can be written
    """

    code_generator_class = _PayingCode
    intercepted_binops = frozenset({"*", "**", "+", "%"})

    def __init__(self) -> None:
        super().__init__(undefined=_MissingValue, autoescape=False)
        self.budget = Budget()
        self.filters = template_filters(self.budget)
        self.finalize = self._written
        del self.globals["lipsum"]

    def getattr(self, obj: Any, attribute: str) -> Any:
        """The field of a dict, or else the attribute of a value."""
        if isinstance(obj, dict) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call what a template calls, after checking what it would make."""
        self.budget.spend()
        if isinstance(obj, BuiltinMethodType):
            args = check_method(self.budget, obj.__self__, obj.__name__, args, kwargs)
        result = super().call(context, obj, *args, **kwargs)
        if isinstance(result, (str, list, tuple, dict)):
            self.budget.weigh(result)
        return result

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Do an arithmetic operation, after checking what it would make."""
        self.budget.operate(operator, left, right)
        return super().call_binop(context, operator, left, right)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """`str.format` as the sandbox does it, after checking what it would make."""
        formatted = super().wrap_str_format(value)
        if formatted is None:
            return None
        if value.__name__ == "format_map":
            msg = "a template may not call str.format_map(); use str.format(**values)"
            raise SecurityError(msg)

        def checked(*args: Any, **kwargs: Any) -> str:
            self.budget.check_format(value.__self__, *args, **kwargs)
            return formatted(*args, **kwargs)

        return checked

    def concat(self, chunks: Iterable[str]) -> str:
        """The text of a macro, block or `set` block."""
        total, kept = 0, []
        for chunk in chunks:
            total += len(chunk)
            if total > self.budget.limit:
                self.budget.allow(total)
            kept.append(chunk)
        return "".join(kept)

    def joined(self, parts: Iterable[Any]) -> str:
        """What `~` makes."""
        texts = [str(self._written(part)) for part in parts]
        self.budget.allow(sum(map(len, texts)))
        return "".join(texts)

    def weighed(self, made: Any) -> Any:
        """A list, tuple or dict that the template made, if it is not too heavy."""
        self.budget.weigh(made)
        return made

    @property
    def paid(self) -> bool:
        """True, after paying for a round of a filtered loop."""
        self.budget.spend()
        return True

    def _written(self, value: Any) -> Any:
        """A value as it is about to be written."""
        if isinstance(value, str):
            self.budget.allow(len(value))
            return value
        if value is None or isinstance(value, (int, float, Undefined)):
            return value
        if isinstance(value, (list, tuple, dict)):
            self.budget.weigh(value)
            return str(value)
        if isinstance(value, bytes):
            msg = "bytes are no text; decode the field where the dataset is read, or write another"
            raise TypeError(msg)
        msg = (
            f"a {type(value).__name__} cannot be written; call it with (), or use the filter `list`"
        )
        raise TypeError(msg)
