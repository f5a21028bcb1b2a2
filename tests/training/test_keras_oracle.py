"""Keras itself, on its torch backend, as the oracle for the updates."""

import os
import warnings
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import nn

from medgraft.training import Batch, Plan, fit

INPUTS = torch.rand(24, 6, generator=torch.Generator().manual_seed(1))
TARGETS = torch.arange(24) % 3


def batches(_: int) -> Iterator[Batch]:
    for first in range(0, 24, 8):
        yield Batch(inputs=(INPUTS[first : first + 8],), targets=TARGETS[first : first + 8])


@pytest.mark.slow
def test_updates_are_those_of_keras_sgd_with_nesterov_and_decay() -> None:
    os.environ["KERAS_BACKEND"] = "torch"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras' own deprecations are not ours
        import keras
    layer = nn.Linear(6, 3)
    start = np.random.default_rng(3).normal(size=(3, 6)).astype(np.float32)
    layer.weight.data, layer.bias.data = torch.from_numpy(start.copy()), torch.zeros(3)
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3)])
    model.set_weights([start.T, np.zeros(3, np.float32)])
    rate = keras.optimizers.schedules.InverseTimeDecay(0.3, decay_steps=1, decay_rate=1e-6)
    model.compile(
        optimizer=keras.optimizers.SGD(rate, momentum=0.9, nesterov=True),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    model.fit(INPUTS.numpy(), TARGETS.numpy(), batch_size=8, epochs=5, shuffle=False, verbose=0)
    fit(layer, batches, Plan(rate=0.3, epochs=5, decay=1e-6), key=(1,))
    kernel, bias = (variable.value.detach().numpy() for variable in model.weights)
    np.testing.assert_allclose(layer.weight.detach().numpy(), kernel.T, rtol=2e-5, atol=2e-6)
    np.testing.assert_allclose(layer.bias.detach().numpy(), bias, rtol=2e-5, atol=2e-6)
