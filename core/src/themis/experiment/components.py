"""What a component field takes: a reference, or a component or plain function of this process."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Discriminator, PlainSerializer, Tag

from themis.builtins.engines.function import AsyncFunctionEngine, FunctionEngine
from themis.experiment.functions import (
    AsyncFunctionJudge,
    FunctionJudge,
    FunctionMetric,
    FunctionParser,
    FunctionReducer,
    FunctionSelector,
)
from themis.plugin.contract import METHODS, required_method
from themis.plugin.declarations import ComponentKind
from themis.plugin.fingerprints import fingerprint
from themis.plugin.refs import split_model_ref
from themis.plugin.source import label, own_fingerprint
from themis.specs import (
    ExtractorRefSpec,
    JudgeInferenceSpec,
    MetricRefSpec,
    ModelSpec,
    ReducerRefSpec,
    SelectorRefSpec,
    Spec,
)

__all__ = [
    "GivenGenerator",
    "GivenJudge",
    "GivenMetric",
    "GivenParser",
    "GivenReducer",
    "GivenSelector",
    "as_component",
    "judge_kind",
    "local_name",
]

_NO_NAME = re.compile(r"[^a-z0-9_-]+")
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def _form(value: Any) -> str:
    return "reference" if isinstance(value, (str, Mapping, Spec)) else "python"


def _checked(value: Any, *, kinds: tuple[ComponentKind, ...]) -> Any:
    if not any(_is_component(value, kind) for kind in kinds) and not callable(value):
        methods = " or ".join(str(METHODS[kind]) for kind in kinds)
        msg = (
            f"is a {type(value).__name__}; give a reference, a plain function, or a component with "
            f"{methods}"
        )
        raise ValueError(msg)
    try:
        own_fingerprint(value)
    except Exception as error:
        msg = f"cannot be told from another one: {type(error).__name__}: {error!s:.200}"
        raise ValueError(msg) from error
    return value


def _described(value: Any) -> dict[str, str]:
    """What stands for a component of this process in hashes and snapshots: its source's hash."""
    own = own_fingerprint(value)
    return {"python": label(value), "fingerprint": own or fingerprint(value)}


def _as_model(value: Any) -> Any:
    """`openai:gpt-4o-mini` as a model; a name alone is the engine's and the model's."""
    if not isinstance(value, str):
        return value
    if ":" not in value:
        return {"model_id": value, "provider": value}
    engine, model = split_model_ref(value)
    return {"model_id": model, "provider": str(engine)}


def _as_judge(value: Any) -> Any:
    """`openai:gpt-4o-mini` as a judging model; a name alone is a judge component's."""
    if isinstance(value, str) and ":" in value:
        return {"model": _as_model(value)}
    if isinstance(value, ModelSpec) or (isinstance(value, Mapping) and "model" not in value):
        return {"model": value}
    return value


def _judge_form(value: Any) -> str:
    return "by_name" if isinstance(value, str) else _form(value)


GivenGenerator = Annotated[
    Annotated[ModelSpec, BeforeValidator(_as_model), Tag("reference")]
    | Annotated[
        Any,
        AfterValidator(partial(_checked, kinds=("engine",))),
        PlainSerializer(_described),
        Tag("python"),
    ],
    Discriminator(_form),
]
"""A model: `openai:gpt-4o-mini`, a table of a ModelSpec, an engine, or `f(input)`."""

GivenParser = Annotated[
    Annotated[ExtractorRefSpec, Tag("reference")]
    | Annotated[
        Any,
        AfterValidator(partial(_checked, kinds=("extractor",))),
        PlainSerializer(_described),
        Tag("python"),
    ],
    Discriminator(_form),
]
"""A reader of answers: a reference, a table with `id` and `config`, an extractor, or `f(text)`."""

GivenSelector = Annotated[
    Annotated[SelectorRefSpec, Tag("reference")]
    | Annotated[
        Any,
        AfterValidator(partial(_checked, kinds=("selector",))),
        PlainSerializer(_described),
        Tag("python"),
    ],
    Discriminator(_form),
]
"""A selector: a reference, a table with `id` and `config`, a selector, or `f(outputs)`."""

GivenReducer = Annotated[
    Annotated[ReducerRefSpec, Tag("reference")]
    | Annotated[
        Any,
        AfterValidator(partial(_checked, kinds=("reducer",))),
        PlainSerializer(_described),
        Tag("python"),
    ],
    Discriminator(_form),
]
"""A reducer: a reference, a table with `id` and `config`, a reducer, or `f(outputs)`."""

GivenMetric = Annotated[
    Annotated[MetricRefSpec, Tag("reference")]
    | Annotated[
        Any,
        AfterValidator(partial(_checked, kinds=("metric",))),
        PlainSerializer(_described),
        Tag("python"),
    ],
    Discriminator(_form),
]
"""A metric: a reference, a table with `id` and `config`, a metric, or `f(parsed, expected)`."""

GivenJudge = Annotated[
    Annotated[
        Annotated[JudgeInferenceSpec, Tag("reference")]
        | Annotated[str, Tag("by_name")]
        | Annotated[
            Any,
            AfterValidator(
                partial(
                    _checked,
                    kinds=(
                        "judge",
                        "engine",
                    ),
                )
            ),
            PlainSerializer(_described),
            Tag("python"),
        ],
        Discriminator(_judge_form),
    ],
    BeforeValidator(_as_judge),
]
"""A judge: `openai:gpt-4o-mini`, a judge's reference, a table, a judge, an engine, `f(prompt)`."""


def _is_component(value: Any, kind: ComponentKind) -> bool:
    method = required_method(kind, value)
    return method is not None and hasattr(value, method.name)


def judge_kind(value: Any) -> ComponentKind:
    """Whether what was given as a judge is a judge (a plain function is), or a model's engine."""
    engine = _is_component(value, "engine") and not _is_component(value, "judge")
    return "engine" if engine else "judge"


def as_component(value: Any, kind: ComponentKind, *, name: str, field: str | None = None) -> Any:
    """The component itself, or the one that asks a plain function.

    `field` is the item's field that a model's function is given; None: the prompt's text.
    """
    if _is_component(value, kind):
        return value
    waits = inspect.iscoroutinefunction(value)
    makers: Mapping[ComponentKind, Callable[..., Any]] = {
        "engine": partial(AsyncFunctionEngine if waits else FunctionEngine, field=field),
        "extractor": FunctionParser,
        "metric": partial(FunctionMetric, metric_id=name),
        "judge": AsyncFunctionJudge if waits else FunctionJudge,
        "selector": FunctionSelector,
        "reducer": FunctionReducer,
    }
    return makers[kind](value)


def local_name(value: Any) -> str:
    """A name for a component of this process: its own, or its function's or class's."""
    own = getattr(value, "component_id", None) or getattr(value, "metric_id", None)
    named = value if hasattr(value, "__name__") else type(value)
    text = own if isinstance(own, str) else _WORD.sub("_", named.__name__)
    name = _NO_NAME.sub("", text.lower()).strip("_-")
    return name or "component"
