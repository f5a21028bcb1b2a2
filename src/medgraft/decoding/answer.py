"""Answers: the class of every row of a table of predictions, by a named rule."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from medgraft.core.errors import InputError
from medgraft.core.predictions import Predictions
from medgraft.core.task import Task
from medgraft.decoding.ordered import decode_stack

Rule = Literal["argmax", "stack"]


def decode(predictions: Predictions, task: Task, rule: Rule = "argmax") -> NDArray[np.int64]:
    """The class of every row (N,), by a rule of `RULES`.

    "argmax": the highest score of each slice alone. "stack": the best labelling of each (stack, phase) under
    `task.along_stack`, decided as one. Raises `InputError` for an unknown rule, classes that are not the task's,
    or "stack" where the task has no order along the stack.
    """
    if rule not in RULES:
        raise InputError(f"Expected a decoding rule, got {rule!r}. Available: {', '.join(RULES)}.")
    return RULES[rule](predictions, _fitting(task, predictions))


def _argmax(predictions: Predictions, _task: Task) -> NDArray[np.int64]:
    return predictions.y_pred


def _stack(predictions: Predictions, task: Task) -> NDArray[np.int64]:
    answer, order = predictions.y_pred, _order(task)
    for rows in predictions.stacks():
        answer[rows] = decode_stack(predictions.y_score[rows], order)
    return answer


RULES: Mapping[str, Callable[[Predictions, Task], NDArray[np.int64]]] = MappingProxyType(
    {"argmax": _argmax, "stack": _stack}
)


def _order(task: Task) -> tuple[int, ...]:
    if not task.stack_order:
        raise InputError(
            f"Expected a task whose classes follow each other along a stack, got {task.name}. Do decode with argmax."
        )
    return task.stack_order


def _fitting(task: Task, predictions: Predictions) -> Task:
    if task.codes != predictions.classes:
        raise InputError(f"Expected the classes of {task.name}, {task.codes}, got {predictions.classes}.")
    return task
