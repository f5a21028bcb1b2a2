"""fastai's frozen phase where it can do the job: the depth-0 grid, its time from whole epochs."""

from dataclasses import dataclass
from importlib.util import find_spec
from statistics import mean

from benchmarks.child import Child
from benchmarks.depth_zero import NETWORK, DepthZero, depth_zero_study, trained_epochs
from benchmarks.peers.fastai_loop import Epochs, fastai_peer
from benchmarks.place import Place
from benchmarks.result import Measured, less_is_better, not_run
from benchmarks.slices import acdc_or_random

_NAME = f"depth 0, {NETWORK}, V = 4: whole grid, against fastai"
_DRAWS = 4
_OURS = f"depth0-v{_DRAWS}"
_EPOCHS = 3
_CANNOT = (
    "fastai cannot: keep the frozen part's batch norm still (it trains it, so the backward pass goes through the whole "
    "body), train block by block, group folds by patient, repeat recorded draws, run a grid, go on after a kill; "
    "random weights here, and its own head (512 wide, two norms)"
)


@dataclass(frozen=True, kw_only=True)
class FastaiFrozen:
    """The piece; our time is that of `depth0-v4`, measured now if it was not."""

    def measure(self, place: Place) -> Measured:
        """Epochs of one fold; the grid is that many times as long."""
        if find_spec("fastai") is None:
            return Measured(results=(not_run(_NAME, "s", "fastai is not installed: pip install fastai"),))
        ours = place.kept.parts(_OURS) or DepthZero(draws=_DRAWS).measure(place).parts
        study, source = depth_zero_study(place, _DRAWS), acdc_or_random(place)
        with Child(fastai_peer, source, study) as child:
            epochs: Epochs = child.ask(_EPOCHS)
        seconds = epochs.seconds[1:]  # the first warms up
        note = (
            f"{source.name}; {trained_epochs(study)} epochs x the mean of {len(seconds)} timed "
            f"({', '.join(f'{value:.1f}' for value in seconds)} s), pictures in memory; it trains {epochs.trained:,} "
            f"parameters in its frozen phase, {epochs.trained_outside_head:,} of them outside the head; {_CANNOT}"
        )
        job = mean(seconds) * trained_epochs(study)
        return Measured(results=(less_is_better(_NAME, float(ours["ours_s"]), job, "s", note),))
