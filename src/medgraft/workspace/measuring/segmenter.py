"""A model at work on the stacks of a project: its masks, as figures are made of them."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from medgraft.core.cohort import StackEntry
from medgraft.core.errors import InputError
from medgraft.core.progress import Report, silent
from medgraft.core.task import MASK_CODES
from medgraft.exchange.package import ModelPackage
from medgraft.inference import predict_masks
from medgraft.networks import spec
from medgraft.networks.model import Model
from medgraft.samples import mask_of_task
from medgraft.study import Compute
from medgraft.workspace.measuring.one_stack import DrawnMask


@dataclass(frozen=True, kw_only=True, eq=False)
class StackSegmenter:
    """A model that gives masks."""

    package: ModelPackage
    model: Model
    device: torch.device

    @classmethod
    def of(cls, package: ModelPackage) -> "StackSegmenter":
        """Of a package. Raises `InputError` for one that shows neither pool nor myocardium."""
        if not {"pool", "myocardium"} & set(package.task.codes):
            raise InputError(
                f"Expected a model that segments pool or myocardium, got {package.name} for {package.task.name}."
            )
        return cls(package=package, model=package.segmenter(), device=Compute().prepare())

    def mask(
        self,
        pixels: NDArray[np.generic],
        entry: StackEntry,
        phases: tuple[int, ...],
        *,
        out: NDArray[np.uint8] | None = None,
        report: Report = silent,
    ) -> DrawnMask:
        """The model's mask at some phases, 0 at others.

        Args:
            pixels: (T, Z, Y, X) of the stack, which may be memory-mapped.
            entry: the stack.
            phases: their indices.
            out: (T, Z, Y, X) uint8 of 0 to write to, such as a memory-mapped file.
            report: told after every phase.

        Raises:
            InputError: the model's recipe speaks of mm and the stack does not.
        """
        task = self.package.task
        mask = predict_masks(
            self.model,
            self.package.volume_recipe,
            pixels,
            entry.even_spacing,
            dims=spec(self.package.network).dims,
            phases=phases,
            out=out,
            device=self.device,
            report=report,
        )
        for phase in phases:  # one at a time: a whole study has billions of voxels
            mask[phase] = mask_of_task(mask[phase], task)
        classes = tuple(code for code in task.codes[1:] if code in MASK_CODES)
        return DrawnMask(source="model", mask=mask, phases=phases, classes=classes)
