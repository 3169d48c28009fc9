"""What this distribution provides, as data. It is read often: import nothing heavy here."""

from __future__ import annotations

{% if cookiecutter.kind == "metric" -%}
from themis.plugin import MetricDeclaration, PluginInfo, hookimpl
{%- elif cookiecutter.kind == "engine" -%}
from themis.plugin import EngineCapabilities, InferenceEngineDeclaration, PluginInfo, hookimpl
{%- elif cookiecutter.kind == "extractor" -%}
from themis.plugin import ExtractorDeclaration, PluginInfo, hookimpl
{%- elif cookiecutter.kind == "judge" -%}
from themis.plugin import JudgeDeclaration, PluginInfo, hookimpl
{%- elif cookiecutter.kind == "dataset" -%}
from themis.plugin import DatasetProviderDeclaration, PluginInfo, hookimpl
{%- elif cookiecutter.kind == "reducer" -%}
from themis.plugin import PluginInfo, ReducerDeclaration, hookimpl
{%- elif cookiecutter.kind == "store" -%}
from themis.plugin import PluginInfo, StorageBackendDeclaration, hookimpl
{%- elif cookiecutter.kind == "backend" -%}
from themis.plugin import ExecutionBackendDeclaration, PluginInfo, hookimpl
{%- endif %}

{% set hook = {"metric": "themis_metrics", "engine": "themis_inference_engines", "extractor": "themis_extractors", "judge": "themis_judges", "dataset": "themis_dataset_providers", "reducer": "themis_reducers", "store": "themis_storage_backends", "backend": "themis_execution_backends"}[cookiecutter.kind] -%}
{% set declaration = {"metric": "MetricDeclaration", "engine": "InferenceEngineDeclaration", "extractor": "ExtractorDeclaration", "judge": "JudgeDeclaration", "dataset": "DatasetProviderDeclaration", "reducer": "ReducerDeclaration", "store": "StorageBackendDeclaration", "backend": "ExecutionBackendDeclaration"}[cookiecutter.kind] -%}
{% set class = {"metric": "KeywordRecall", "engine": "ChatEngine", "extractor": "TaggedText", "judge": "ContainmentJudge", "dataset": "SqliteTable", "reducer": "MajorityVote", "store": "JournalStore", "backend": "PartitionPool"}[cookiecutter.kind] -%}
__all__ = ["{{ [hook, "themis_plugin"] | sort | join('", "') }}"]


@hookimpl
def themis_plugin() -> PluginInfo:
    """The core API this plugin was written for."""
    return PluginInfo(
        core_api=">=1.0,<2",
        summary={{ cookiecutter.__summary | python_string }},
    )


@hookimpl
def {{ hook }}() -> list[{{ declaration }}]:
    """The {{ cookiecutter.kind }} of this plugin.

    `version` is the version of its behaviour and part of every key: raise it whenever {{ "items" if cookiecutter.kind == "dataset" else "results" }} may
    change.
    """
    return [
        {{ declaration }}(
            name="{{ cookiecutter.__component }}",
            implementation="{{ cookiecutter.__package }}.{{ cookiecutter.kind }}:{{ class }}",
{%- if cookiecutter.kind in ["backend", "dataset", "engine", "extractor", "metric", "store"] %}
            config="{{ cookiecutter.__package }}.{{ cookiecutter.kind }}:{{ class }}Config",
{%- endif %}
            version="1.0.0",
            summary={{ cookiecutter.kind | summary_of | python_string }},
{%- if cookiecutter.kind == "metric" %}
            bounds=(0.0, 1.0),
{%- elif cookiecutter.kind == "engine" %}
            capabilities=EngineCapabilities(response_formats=("text",), seed=True),
{%- endif %}
        )
    ]
