"""A judge without a model: right is what contains the reference answer."""

from __future__ import annotations

import re

from themis.plugin import ErrorCode, InferenceError, InferenceRecord, JudgeRequest, JudgeResponse

__all__ = ["ContainmentJudge"]

_ANSWER_ENDS = re.compile(r"</answer(-\w{1,64})?>")


class ContainmentJudge:
    """Answers the prompts of Themis's metric `reference_grading` by comparing words.

    It costs nothing and always says the same, so a benchmark can be tried out before real judges
    are paid for. For a judge that asks a model, send `request.prompt` to it with `request.seed`.
    """

    component_id = "{{ cookiecutter.__component }}"

    def judge(self, request: JudgeRequest) -> JudgeResponse:
        """The verdict `correct` or `incorrect`.

        Nothing that the answer says is repeated, so that no verdict within it can become ours.

        Raises:
            InferenceError: the prompt marks no answer and reference. Never guess a verdict.
        """
        prompt = "\n".join(message.text for message in request.prompt if message.role == "user")
        mark = _mark(prompt)
        answer, reference = (_tagged(prompt, f"{name}{mark}") for name in ("answer", "reference"))
        if answer is None or reference is None:
            msg = "the prompt marks no answer and reference; ask with reference_grading"
            raise InferenceError(msg, code=ErrorCode.SCHEMA_MISMATCH)
        text = _verdict(right=any(_contains(answer, one) for one in _alternatives(reference)))
        return JudgeResponse(text=text, inference=InferenceRecord(raw_text=text))


def _verdict(*, right: bool) -> str:
    said = "contains" if right else "does not contain"
    return f"The answer {said} the reference.\nVerdict: {'correct' if right else 'incorrect'}"


def _mark(prompt: str) -> str:
    """What the names of the tags end in: an answer cannot know it, so its own tags do not count."""
    ends = [found[1] or "" for found in _ANSWER_ENDS.finditer(prompt)]
    return ends[-1] if ends else ""


def _tagged(prompt: str, tag: str) -> str | None:
    _, opened, rest = prompt.partition(f"<{tag}>")
    text, closed, _ = rest.rpartition(f"</{tag}>")
    return text if opened and closed else None


def _alternatives(reference: str) -> list[str]:
    """The reference; where it is a list of several, each of them."""
    lines = reference.strip().splitlines()
    listed = bool(lines) and all(line.startswith("- ") for line in lines)
    return [line.removeprefix("- ") for line in lines] if listed else [reference]


def _contains(answer: str, reference: str) -> bool:
    """Whether the reference's words stand in the answer, one after the other."""
    return f" {_words(reference)} " in f" {_words(answer)} "


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))
