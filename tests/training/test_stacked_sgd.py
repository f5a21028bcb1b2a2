"""`StackedSGD` against torch's own optimizer, place by place."""

import torch
from torch import nn
from torch.optim import SGD

from medgraft.training.stacked_sgd import StackedSGD

SHAPES = ((3, 4, 5), (3, 4))
MOMENTA = (0.9, 0.0, 0.5)
#: Rates of each place and step; None: it rests.
RATES = ((0.1, 0.01, 0.3), (0.05, None, 0.2), (None, None, 0.1), (0.025, 0.02, None))


def test_each_place_is_what_torch_makes_of_it_and_rests_untouched() -> None:
    generator = torch.Generator().manual_seed(5)
    stacks = [torch.randn(shape, generator=generator) for shape in SHAPES]
    models = [[nn.Parameter(stack[place].clone()) for stack in stacks] for place in range(3)]
    alone = [SGD(model, momentum=m, nesterov=m > 0) for model, m in zip(models, MOMENTA, strict=True)]
    gradients = [torch.zeros(shape) for shape in SHAPES]
    together = StackedSGD(stacks, gradients, torch.tensor(MOMENTA))
    for rates in RATES:
        for gradient in gradients:
            gradient.copy_(torch.randn(gradient.shape, generator=generator))
        resting = [place for place, rate in enumerate(rates) if rate is None]
        for place, rate in enumerate(rates):
            for parameter, gradient in zip(models[place], gradients, strict=True):
                parameter.grad = None if rate is None else gradient[place].clone()
            alone[place].param_groups[0]["lr"] = rate
            if rate is not None:
                alone[place].step()
        before = [stack[resting].clone() for stack in stacks]
        for gradient in gradients:
            gradient[resting] = torch.nan
        together.step(torch.tensor([rate or 0.0 for rate in rates]), resting)
        assert all(torch.equal(stack[resting], old) for stack, old in zip(stacks, before, strict=True))
        for place, model in enumerate(models):
            for parameter, stack in zip(model, stacks, strict=True):
                torch.testing.assert_close(stack[place], parameter.detach())
