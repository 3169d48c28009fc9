"""How a slice's candidates are generated: tools, MCP servers and scripted follow-up turns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field

from themis.records.secrets import is_reference, looks_secret
from themis.specs.frozen import FrozenDict, FrozenList
from themis.specs.prompt import PromptTurnSpec
from themis.specs.spec import Items, Labels, Problem, Settings, Spec, Text, repeats

__all__ = ["GenerationSpec", "McpServerSpec", "ToolSpec"]

_HANDLER = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


def _any_object() -> FrozenDict[str, object]:
    return FrozenDict({"type": "object", "properties": FrozenDict()})


class ToolSpec(Spec):
    """A function that the model may call."""

    name: Text = Field(description="The tool's name, unique in its slice.")
    description: str = Field(default="", description="What the tool does, for the model to read.")
    parameters: Settings = Field(
        default_factory=_any_object, description="The JSON schema of the tool's arguments."
    )
    handler: Text | None = Field(
        default=None,
        description='The function that is called, "package.module:function"; '
        "None: one of this name is given at run time.",
    )

    def problems(self) -> Iterator[Problem]:
        """A handler that cannot be imported by name."""
        if self.handler is not None and not _HANDLER.fullmatch(self.handler):
            yield Problem(
                ("handler",),
                f'{self.handler!r} names no function; write "package.module:function"',
            )


class McpServerSpec(Spec):
    """A tool server that the provider calls itself: by URL, or by the id of a connector."""

    server_label: Text | None = Field(
        default=None, description="The server's name for the model; None: its host or connector."
    )
    server_url: Text | None = Field(default=None, description="The server's http(s) URL.")
    connector_id: Text | None = Field(default=None, description="The provider's connector.")
    require_approval: Literal["always", "never"] = Field(
        description="Whether each call of a tool waits for approval."
    )
    headers: Labels = Field(
        default_factory=FrozenDict,
        description='HTTP headers; a credential is a reference: "env:NAME" or "Bearer env:NAME".',
    )
    allowed_tools: Items[Text] = Field(
        default_factory=FrozenList, description="The tools that may be used; empty: all."
    )

    @property
    def label(self) -> str:
        """`server_label`, or else the connector's id or the URL's host."""
        host = urlsplit(self.server_url).hostname if self.server_url else None
        return self.server_label or self.connector_id or host or ""

    def problems(self) -> Iterator[Problem]:
        """The one address a server has, and credentials written out."""
        if (self.server_url is None) == (self.connector_id is None):
            found = "neither" if self.server_url is None else "both"
            yield Problem(
                ("server_url",),
                f"an MCP server has exactly one of server_url and connector_id; {found} was given",
            )
        if self.server_url is not None:
            yield from _address(self.server_url)
        for name, value in self.headers.items():
            if looks_secret(name) and not is_reference(value):
                yield Problem(
                    ("headers", name),
                    'a credential is never written into a spec; write "env:NAME" and set NAME',
                )


def _address(url: str) -> Iterator[Problem]:
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        yield Problem(("server_url",), "is no http(s) URL; write https://host/path")


class GenerationSpec(Spec):
    """The generation stage of a slice."""

    tools: Items[ToolSpec] = Field(
        default_factory=FrozenList, description="Functions that the model may call."
    )
    mcp_servers: Items[McpServerSpec] = Field(
        default_factory=FrozenList, description="Tool servers that the provider calls."
    )
    follow_ups: Items[PromptTurnSpec] = Field(
        default_factory=FrozenList, description="Scripted later turns, played one by one."
    )
    max_tool_rounds: int = Field(
        default=8, ge=1, description="How many times in a row the model may call tools."
    )

    def problems(self) -> Iterator[Problem]:
        """Tools and servers that the model could not tell apart."""
        for index, name in repeats(tool.name for tool in self.tools):
            yield Problem(("tools", index, "name"), f"{name!r} is used twice; rename one tool")
        for index, label in repeats(server.label for server in self.mcp_servers):
            yield Problem(
                ("mcp_servers", index, "server_label"),
                f"{label!r} is used twice; give one server a server_label of its own",
            )
