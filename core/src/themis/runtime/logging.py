"""Logs: structlog to stderr for the command line; a library's user keeps their own set-up."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any, TextIO

import structlog

from themis.runtime.masking import Masks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from structlog.typing import EventDict, Processor

__all__ = ["configure_logging", "get_logger"]

_SHARED: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
)


def get_logger(name: str = "themis") -> Any:
    """A structlog logger.

    It follows structlog's configuration if the program has one. Otherwise it writes to the standard
    library's logger `name`, where a program that configures nothing sees warnings on stderr
    (structlog's own default is everything on stdout, which belongs to results).
    """
    if structlog.is_configured():
        return structlog.get_logger(name)
    return structlog.wrap_logger(
        logging.getLogger(name),
        processors=[structlog.stdlib.filter_by_level, structlog.stdlib.render_to_log_kwargs],
        wrapper_class=structlog.stdlib.BoundLogger,
        context_class=dict,
    )


def configure_logging(
    *,
    as_json: bool = False,
    level: str = "info",
    stream: TextIO | None = None,
    masks: Masks | None = None,
) -> None:
    """Send logs to stderr as readable lines or as JSON; for the command line alone.

    Other libraries' logs are shown from warnings on, and Python's warnings, in the same form. What
    `masks` know is shown of none.

    Args:
        as_json: One JSON object a line.
        level: The least level of Themis' own logs: `debug`, `info`, `warning` or `error`.
        stream: Where to; stderr by default.
        masks: The secrets; by default those of the environment.
    """
    out = stream or sys.stderr
    handler = logging.StreamHandler(out)
    known = Masks.of({}) if masks is None else masks
    handler.setFormatter(_formatter(known, as_json=as_json, colors=out.isatty()))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.captureWarnings(capture=True)
    logging.getLogger("themis").setLevel(level.upper())
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def _formatter(masks: Masks, *, as_json: bool, colors: bool) -> logging.Formatter:
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(colors=colors)
    )

    def masked(_: Any, __: str, event: EventDict) -> EventDict:
        shown: EventDict = masks.value(event)
        return shown

    def rendered(logger: Any, name: str, event: EventDict) -> str:
        """The line, masked again: the renderer asks objects for their repr."""
        return masks.text(str(renderer(logger, name, event)))

    last: Sequence[Processor] = (
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        masked,
        rendered,
    )
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=_SHARED, processors=last)
