"""Label schemas as rows: a task written as JSON and read back."""

import dataclasses
import json

from medgraft.core.task import ClassLabel, Task


def task_to_json(task: Task) -> str:
    """A task as canonical JSON: equal tasks give equal text."""
    return json.dumps(dataclasses.asdict(task), sort_keys=True, ensure_ascii=False)


def task_from_json(definition: str) -> Task:
    """What `task_to_json` wrote.

    >>> from medgraft.core.task import SAX_RANGE
    >>> task_from_json(task_to_json(SAX_RANGE)) == SAX_RANGE
    True
    """
    fields = json.loads(definition)
    fields["classes"] = tuple(ClassLabel(**item) for item in fields["classes"])
    for name in ("along_stack", "phases"):
        fields[name] = tuple(fields[name])
    return Task(**fields)
