"""How to add a job type: a folder with a handler, one class for its input, one for its result."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from services.worker.failures import Failed
from services.worker.handlers import Resources, Task
from shared.models.job import JobFailure, Outcome


@dataclass(frozen=True, slots=True)
class Input:
    text: str

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        if not isinstance(stored.get("text"), str):
            raise ValueError("`text` must be a string")
        return cls(stored["text"])


@dataclass(frozen=True, slots=True)
class Result:
    words: int

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        return cls(words=int(stored["words"]))


@dataclass(frozen=True, slots=True)
class WordCountHandler:
    resources: Resources

    def run(self, task: Task) -> Outcome:
        given = Input.read(task.job.input)
        if not given.text:
            raise Failed(JobFailure.SOURCE_MISSING, "The text is empty.")
        return Outcome(asdict(Result(len(given.text.split()))))
