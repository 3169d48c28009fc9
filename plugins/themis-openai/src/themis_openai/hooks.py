"""What this distribution provides, as data."""

from __future__ import annotations

from themis.plugin import EngineCapabilities, InferenceEngineDeclaration, PluginInfo, hookimpl

__all__ = ["themis_inference_engines", "themis_plugin"]


@hookimpl
def themis_plugin() -> PluginInfo:
    """The core API this plugin was written for."""
    return PluginInfo(
        core_api=">=1.0,<2", summary="OpenAI, and every server that speaks its HTTP API."
    )


@hookimpl
def themis_inference_engines() -> list[InferenceEngineDeclaration]:
    """The `openai` engine."""
    return [
        InferenceEngineDeclaration(
            name="openai",
            implementation="themis_openai.engine:OpenAIEngine",
            config="themis_openai.config:OpenAIConfig",
            version="1.0",
            summary="Chat completions or responses over HTTP: OpenAI, Azure, vLLM, Ollama, ...",
            capabilities=EngineCapabilities(
                response_formats=("text", "json"), logprobs=True, seed=True, tools=True, images=True
            ),
        )
    ]
