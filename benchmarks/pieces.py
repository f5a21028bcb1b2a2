"""The table of benchmarks: every piece can be measured alone."""

from typing import Protocol

from benchmarks import targets
from benchmarks.depth_one import DepthOne, DepthOneMeans
from benchmarks.depth_zero import DepthZero
from benchmarks.fastai_frozen import FastaiFrozen
from benchmarks.full_size import FullSize
from benchmarks.gpu import Gpu
from benchmarks.over_time import OverTime
from benchmarks.place import Place
from benchmarks.result import Measured
from benchmarks.roofline import Roofline
from benchmarks.scaling import Scaling
from benchmarks.thickness import WallThickness
from benchmarks.two_hospitals import TwoHospitals


class Piece(Protocol):
    """One benchmark."""

    def measure(self, place: Place) -> Measured:
        """Measure and give the lines; keep nothing but files under `place.work`."""
        ...


#: By name, in the order they are run; later ones may build on parts that earlier ones left.
PIECES: dict[str, Piece] = {
    "depth0-v4": DepthZero(draws=4),
    **{f"depth1-{network}": DepthOne(network=network) for network in targets.NINE},
    "depth1": DepthOneMeans(),
    "roofline": Roofline(),
    "fastai": FastaiFrozen(),
    "scaling": Scaling(),
    "depth0-v50": DepthZero(draws=50),
    "thickness": WallThickness(),
    "gpu": Gpu(),
    "over-time": OverTime(),
    "two-hospitals": TwoHospitals(),
    "full-size": FullSize(),
}

#: Pieces that take many minutes or much of the disk: measured where their name is given.
ON_REQUEST = frozenset({"over-time", "two-hospitals", "full-size"})

#: Pieces that only add up what others left: quick, so they are always done again.
SUMMARIES = frozenset({"depth1", "roofline"})


def chosen(names: list[str]) -> list[str]:
    """Pieces of these names, or whose names begin with one and a hyphen; without names all but those `ON_REQUEST`.

    Empty if none fits.
    """
    if not names:
        return [piece for piece in PIECES if piece not in ON_REQUEST]
    return [piece for piece in PIECES if any(piece == name or piece.startswith(f"{name}-") for name in names)]
