"""The built-in components, declared like any plugin's. Importing this imports none of them."""

from __future__ import annotations

from themis.plugin import (
    ExtractorDeclaration,
    InferenceEngineDeclaration,
    MetricDeclaration,
    PluginInfo,
    hookimpl,
)

__all__ = [
    "themis_extractors",
    "themis_inference_engines",
    "themis_metrics",
    "themis_plugin",
]

_TOKENS = "themis.builtins.engines.tokens:count_tokens"


@hookimpl
def themis_plugin() -> PluginInfo:
    """The plugin itself."""
    return PluginInfo(core_api=">=1.0,<2", summary="The components that come with Themis.")


@hookimpl
def themis_inference_engines() -> list[InferenceEngineDeclaration]:
    """Simulated, echoed, replayed and Python-function engines."""
    return [
        InferenceEngineDeclaration(
            name="echo",
            implementation="themis.builtins.engines.echo:EchoEngine",
            version="1.0.0",
            token_estimator=_TOKENS,
            summary="Answers with the text of the last message.",
        ),
    ]


@hookimpl
def themis_extractors() -> list[ExtractorDeclaration]:
    """Readers of answers."""
    return [
        ExtractorDeclaration(
            name="first_number",
            implementation="themis.builtins.extractors.first_number:FirstNumber",
            config="themis.builtins.extractors.first_number:FirstNumberSettings",
            version="1.0.0",
            summary="The first number of the text.",
        ),
    ]


@hookimpl
def themis_metrics() -> list[MetricDeclaration]:
    """Metrics of answers, of cost, and of a judge's opinion."""
    return [
        MetricDeclaration(
            name="exact_match",
            implementation="themis.builtins.metrics.exact:ExactMatch",
            config="themis.builtins.metrics.exact:ExactMatchSettings",
            version="1.0.0",
            bounds=(0.0, 1.0),
            summary="1.0 when answer and reference are the same text.",
        ),
    ]
