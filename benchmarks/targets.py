"""What is to be reached, and who says so. Measured figures stand nowhere in the source."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Target:
    """A ratio to reach. source: who set it."""

    ratio: float
    source: str

    def verdict(self, ratio: float) -> str:
        """Whether it is reached, in words."""
        return f"target {self.ratio:g}x {'met' if ratio >= self.ratio else 'MISSED'} ({self.source})"


_ISSUE = "issue 3, Shown by"

#: Depth 0, whole job, by the number of recorded draws.
DEPTH_ZERO = {4: Target(ratio=100, source=_ISSUE), 50: Target(ratio=10, source=_ISSUE)}
#: Share of validation slices with the same argmax.
AGREEMENT = 0.999
#: Geometric means over the nine networks at depth 1.
DEPTH_ONE_EPOCH = Target(ratio=4, source=_ISSUE)
DEPTH_ONE_JOB = Target(ratio=3, source=_ISSUE)
#: Most times longer for twice the images.
TWICE_THE_IMAGES = 2.1
#: Most times more memory for twice the images, as "flat" is understood here.
FLAT_MEMORY = 1.1
#: Most memory for the masks of a study of 512 x 512 x 249 voxels and 20 phases (issue 5, Shown by).
FULL_SIZE_GIB = 8.0
#: Minutes of the nine networks on a Quadro P5000: Ho and Kim 2021, doi 10.1038/s41598-021-81525-9, Table 1, summed.
PAPER_MINUTES = 2541
#: Minutes the same grid, and depth 0 besides, may take on a GPU.
GPU_MINUTES = 30

#: The paper's grid.
RATES_DEPTH_ZERO = (1e-2, 1e-3, 1e-4)
RATES_DEPTH_ONE = (1e-3, 1e-4, 1e-5)
FOLDS = 5
EPOCHS = 50
BATCH = 32

#: The paper's nine networks in the order of its Table 1's small to large.
NINE = (
    "mobilenetv1_025",
    "mobilenetv2_035",
    "nasnetmobile",
    "densenet121",
    "resnet50v2",
    "inceptionv3",
    "xception",
    "inceptionresnetv2",
    "vgg16",
)
