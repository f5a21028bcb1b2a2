"""The synthetic short-axis heart beside real ones, at one scale: `phantom_beside_real.py ACDC PIG_CINE OUT.png`.

ACDC is a folder of patientNNN folders with true spacing, PIG_CINE a folder of DICOM files; neither is part of medgraft.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
import nibabel as nib
import numpy as np
from matplotlib import pyplot as plt

from medgraft.images import read_dicom_tree
from medgraft.phantoms import SITES, short_axis_heart

SIDE_MM, COLUMNS = 280, 10
Row = tuple[str, np.ndarray, float]


def main(acdc: Path, pig: Path, out: Path) -> None:
    rows = [*real_patients(acdc, 3), *pig_rows(pig), *phantom_rows()]
    mpl.use("Agg")
    figure, axes = plt.subplots(len(rows), COLUMNS, figsize=(2 * COLUMNS, 2.12 * len(rows)), squeeze=False)
    for line, (name, pixels, pixel_mm) in zip(axes, rows, strict=True):
        for axis, z in zip(line, np.linspace(0, len(pixels) - 1, COLUMNS).round().astype(int), strict=True):
            side = SIDE_MM / 2
            half_y, half_x = (n * pixel_mm / 2 for n in pixels.shape[1:])
            axis.imshow(
                pixels[z],
                cmap="gray",
                vmin=0,
                vmax=np.percentile(pixels, 99),
                extent=(-half_x, half_x, half_y, -half_y),
            )
            axis.set(xlim=(-side, side), ylim=(side, -side), xticks=[], yticks=[], facecolor="black")
        line[0].set_ylabel(name, fontsize=9)
    figure.tight_layout(pad=0.2)
    figure.savefig(out, dpi=75)


def real_patients(acdc: Path, count: int) -> Iterator[Row]:
    for folder in sorted(acdc.glob("patient0[01]*"))[::4][:count]:
        frame = min(path for path in folder.glob("*_frame*.nii.gz") if "_gt" not in path.name)
        image = nib.load(frame)
        yield f"ACDC {folder.name[-3:]} ED", np.asarray(image.dataobj).transpose(2, 1, 0), image.header.get_zooms()[0]


def pig_rows(pig: Path) -> Iterator[Row]:
    files = [path for path in sorted(pig.rglob("*")) if path.is_file()]
    for found in read_dicom_tree(files, pig, [].append):
        if found.stack.spacing is not None and found.stack.pixels.shape[1] > 1:
            yield "pig", found.stack.pixels[0], found.stack.spacing[1]


def phantom_rows() -> Iterator[Row]:
    for name in SITES:
        for subject, phase in ((1, "ed"), (4, "es")):
            stack = short_axis_heart(subject=subject, site=name, n_phases=2).stack
            assert stack.spacing is not None
            yield f"phantom {name}{subject} {phase}", stack.pixels[stack.phases[phase]], stack.spacing[1]


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:4]))
