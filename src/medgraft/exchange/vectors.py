"""Test vectors: inputs with the answers that a model gave for them where it was packed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from medgraft.core.errors import WeightsError
from medgraft.core.seeds import rng
from medgraft.exchange.tensors import read_tensors, write_tensors
from medgraft.networks.mode import in_eval_mode

#: How far an answer may be from the one that was packed: what other processors and versions differ by.
TOLERANCE = 1e-5


@dataclass(frozen=True, kw_only=True, eq=False)
class TestVectors:
    """inputs: (N, C, ...) in 0..1, as the network reads them. expected: (N, K, ...) probabilities, softmax over K."""

    __test__ = False  # pytest takes names that begin so for its own

    inputs: Tensor
    expected: Tensor


def make_vectors(model: nn.Module, shape: Sequence[int]) -> TestVectors:
    """What a model answers to two random inputs of a shape (C, ...), always the same.

    >>> make_vectors(nn.Flatten(), (1, 2, 2)).expected.shape
    torch.Size([2, 4])
    """
    drawn = rng(0, "test vectors").uniform(size=(2, *shape)).astype(np.float32)
    inputs = torch.from_numpy(drawn)
    return TestVectors(inputs=inputs, expected=_answers(model, inputs))


def vectors_error(model: nn.Module, vectors: TestVectors) -> float:
    """The largest difference of a model's answers from those expected; infinite where it has none of their shape.

    Without any it is infinite too: nothing is known then.
    """
    try:
        answers = _answers(model, vectors.inputs)
    except (RuntimeError, IndexError):  # inputs of another shape or type than the model reads
        return float("inf")
    if answers.shape != vectors.expected.shape or not answers.numel():
        return float("inf")
    return float((answers - vectors.expected.float()).abs().max())


def write_vectors(vectors: TestVectors, path: Path) -> None:
    """Write vectors as safetensors."""
    write_tensors({"inputs": vectors.inputs, "expected": vectors.expected}, path)


def read_vectors(path: Path) -> TestVectors:
    """Read what `write_vectors` wrote. Raises `WeightsError` for anything else."""
    tensors = read_tensors(path)
    if set(tensors) != {"inputs", "expected"}:
        raise WeightsError(f"Expected inputs and expected answers in {path}, got {', '.join(tensors) or 'nothing'}.")
    return TestVectors(**tensors)


def _answers(model: nn.Module, inputs: Tensor) -> Tensor:
    with in_eval_mode(model), torch.inference_mode():
        answers: Tensor = model(inputs).softmax(dim=1)
    return answers
