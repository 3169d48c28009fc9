"""Engines of model providers, each from a distribution of its own: a namespace, no logic of theirs.

`OpenAIEngine`, `VLLMEngine` and `LangGraphEngine` are the engines' classes; `openai`, `vllm` and
`langgraph` make the model of `evaluate` and `Experiment` with settings:
`openai("gpt-4o-mini", base_url="http://localhost:8000/v1")`. Where the distribution is not
installed, using a name says which one to install. Nothing is imported before that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from themis.errors import OptionalDependencyError, PluginError

if TYPE_CHECKING:
    from themis.specs import ModelSpec

__all__ = ["LangGraphEngine", "OpenAIEngine", "VLLMEngine", "langgraph", "openai", "vllm"]  # noqa: F822 (the classes are looked up)


@attrs.frozen(slots=True)
class _Adapter:
    """An engine's name, the distribution that brings it, and what else there is to do."""

    engine: str
    distribution: str
    otherwise: str = ""

    def load(self) -> Any:
        """The engine's class.

        Raises:
            OptionalDependencyError: the distribution is not installed.
            PluginError: it is, and cannot be used.
        """
        from themis.plugin.registry import PluginRegistry

        registry = PluginRegistry()
        reference = f"{self.distribution}/{self.engine}"
        if registry.has("engine", reference):
            return registry.resolve("engine", reference).load()
        for plugin in registry.plugins():
            if plugin.provider == self.distribution:
                msg = f"{self.distribution} is installed and not in use: {plugin.reason}"
                raise PluginError(msg)
        msg = (
            f"the engine {self.engine!r} comes with the distribution {self.distribution}, which is "
            f"not installed; pip install {self.distribution}{self.otherwise}"
        )
        raise OptionalDependencyError(msg)

    def model(self, model_id: str, settings: dict[str, Any]) -> ModelSpec:
        """A model of the engine."""
        from themis.specs import ModelSpec

        self.load()
        return ModelSpec(model_id=model_id, provider=self.engine, extras=settings)


_OPENAI = _Adapter("openai", "themis-openai")
_VLLM = _Adapter(
    "vllm", "themis-vllm", ". A vLLM server is reached by openai(model, base_url=...) as well"
)
_LANGGRAPH = _Adapter("langgraph", "themis-langgraph")
_CLASSES = {"OpenAIEngine": _OPENAI, "VLLMEngine": _VLLM, "LangGraphEngine": _LANGGRAPH}


def openai(model_id: str, **settings: Any) -> ModelSpec:
    """A model behind an OpenAI-compatible API; `settings` are the engine's, `base_url` say."""
    return _OPENAI.model(model_id, settings)


def vllm(model_id: str, **settings: Any) -> ModelSpec:
    """A model that vLLM runs."""
    return _VLLM.model(model_id, settings)


def langgraph(graph_id: str, **settings: Any) -> ModelSpec:
    """A LangGraph graph."""
    return _LANGGRAPH.model(graph_id, settings)


def __getattr__(name: str) -> Any:
    if name in _CLASSES:
        return _CLASSES[name].load()
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
