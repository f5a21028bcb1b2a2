"""The curve file: which starts are compared, at how many local cases, how they are trained. YAML, every key checked."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from medgraft.recipe import IN_HU, HuWindow, PercentileWindow, VolumeRecipe
from medgraft.recipe.volume import PHASES_AT_ONCE
from medgraft.study.settings import Settings, read_yaml, validated
from medgraft.study.study_file import FOLDER_NAME, Depth, HeldOut, Rate

#: Subjects to train on: a number of them, or all there are.
Size = Annotated[int, Field(ge=1)] | Literal["all"]


class ArmEntry(Settings):
    """One way to begin: what the weights are before the first update."""

    start: str = Field(
        "random",
        description="random; normal, the paper's N(0, 1), far too large and kept for repeating it; or package, the "
        "model that travels",
    )
    rates: tuple[Rate, ...] = Field(
        (1e-3, 1e-4), min_length=1, description="learning rates to try; validation subjects choose"
    )
    depth: Depth = Field("all", description="0 trains the head alone, k the last k stages too, all the whole network")

    @model_validator(mode="after")
    def _start_is_known(self) -> "ArmEntry":
        if self.start not in ("random", "normal", "package"):
            raise ValueError(f"expected random, normal or package, got {self.start!r}")
        return self


class Decay(Settings):
    """How the rate falls: times `factor` after every `epochs` epochs."""

    factor: float = Field(0.9, gt=0, le=1, description="the paper's 0.9; 1 keeps the rate")
    epochs: int = Field(10, ge=1, description="after how many epochs; the paper does not say")


class WindowEntry(Settings):
    """Grey levels that become 0 and 1."""

    low: float = Field(-200.0, description="HU, or percentile 0 to 100")
    high: float = Field(600.0, description="HU, or percentile 0 to 100")
    of: Literal["hu", "percentile"] = Field("hu", description="hu for CT, percentile for MR")


_PERCENTILES = WindowEntry(low=1.0, high=99.0, of="percentile")


class Home(Settings):
    """Subjects of the institution that the model comes from: never trained on, to see what the model forgets."""

    site: str = Field(description="stacks imported with this site are not trained on")
    split: str | None = Field(None, description="of these, who is measured; all of them if left out")


class CurveFile(Settings):
    """A learning curve over local cases, for each way to begin, beside the travelling model as it is."""

    name: str = Field("curve", pattern=FOLDER_NAME, description="folder under curves/; a name that no study has")
    task: str = Field("lv-wall", description="what is segmented")
    network: str = Field(description="a segmentation network of `medgraft networks`")
    spacing: float | None = Field(
        1.0,
        gt=0,
        description="isotropic grid in mm; stacks of unknown spacing or with slices not equally far apart are then "
        "left out; null stays on the pixels' own grid",
    )
    shape: tuple[int, int, int] = Field(description="slices, rows, columns that the network reads")
    centred: bool = Field(
        False,
        description="look at the middle of the image only, in training and afterwards; else `shape` is a patch that "
        "training takes anywhere, and the trained network slides over the whole image",
    )
    phases: int = Field(
        PHASES_AT_ONCE,
        ge=1,
        description="of a sequence that a network over time reads at once, in training and afterwards; others read one",
    )
    window: WindowEntry = Field(
        WindowEntry(),
        description="grey levels; where it is left out and an image says that it is no CT, "
        "{low: 1, high: 99, of: percentile}",
    )
    package: str | None = Field(None, description="the model that travels: PATH, or CURVE/MODEL of the project")
    rules: str | None = Field(
        None,
        description="annotation rules of this site (`medgraft sites rules`): where they differ from the package's "
        "is said before anything is trained",
    )
    arms: dict[str, ArmEntry] = Field(
        {"scratch": ArmEntry(), "fine-tuned": ArmEntry(start="package")},
        min_length=1,
        description="ways to begin, by name",
    )
    sizes: tuple[Size, ...] = Field(
        (5, 10, 15, 20, 25, 30),
        min_length=1,
        description="subjects to train on, nested: of those whose split is `train` or not given",
    )
    draws: int = Field(3, ge=1, le=100, description="how often subjects are drawn anew")
    validation: HeldOut = Field(HeldOut(split="validation"), description="who chooses rate and epoch")
    test: HeldOut = Field(HeldOut(split="test"), description="who is measured")
    home: Home | None = Field(None, description="subjects of the home site, to see what is forgotten")
    sites: tuple[str, ...] | None = Field(
        None,
        description="sites whose subjects are trained and measured on here, '' for those of none; others are left "
        "alone. To be given where the project holds more than one beside the home site",
    )
    epochs: int = Field(500, ge=1, description="epochs; the best on the validation subjects is kept")
    updates: int | None = Field(
        None,
        ge=1,
        description="updates of one epoch whatever the size, so that few cases are trained as long as many; "
        "null sees every case once, as in the paper, and some twice where the last batch is filled up",
    )
    batch_size: int = Field(2, ge=1, description="images per update")
    decay: Decay = Field(Decay(), description="of the learning rate")
    augment: bool = Field(True, description="small random rotations, shifts, scales, contrast and noise")
    thickness: bool = Field(True, description="measure the wall of test subjects")
    notes: tuple[str, ...] = Field((), description="what a reader of the report must know before believing it")
    seed: int = Field(7, description="of subjects drawn, weights and augmentation")

    @model_validator(mode="after")
    def _fits_together(self) -> "CurveFile":
        _ = self.recipe  # raises here, and not when volumes are read
        if self.package is None and any(arm.start == "package" for arm in self.arms.values()):
            raise ValueError("an arm starts from the package, but `package` is not given")
        if list(self.sizes) != sorted(set(self.sizes), key=lambda size: float("inf") if size == "all" else size):
            raise ValueError(f"sizes must grow, got {list(self.sizes)}")
        if strange := [name for name in self.arms if not re.fullmatch(FOLDER_NAME, name)]:
            raise ValueError(f"an arm's name becomes a folder: expected letters, digits, . _ -, got {strange[0]!r}")
        if len({name.lower() for name in self.arms}) < len(self.arms):  # one folder where file systems know no case
            raise ValueError(f"arms must differ in more than capital letters, got {', '.join(self.arms)}")
        if self.validation.split == self.test.split:
            raise ValueError("validation and test must be different splits")
        if self.home and self.home.site in (self.sites or ()):
            raise ValueError(f"the home site {self.home.site!r} is never trained on, but is one of `sites`")
        return self

    @property
    def recipe(self) -> VolumeRecipe:
        """From a native image to what the network reads."""
        window = (
            HuWindow(low=self.window.low, high=self.window.high)
            if self.window.of == "hu"
            else PercentileWindow(low=self.window.low, high=self.window.high)
        )
        return VolumeRecipe(
            spacing=self.spacing, window=window, shape=self.shape, centred=self.centred, phases=self.phases
        )

    def windowed(self, modalities: Iterable[str]) -> "CurveFile":
        """The same with the window that its images need, if the file names none: HU are those of CT alone.

        >>> curve = CurveFile(network="unet3d", shape=(48, 48, 48), arms={"scratch": {}})
        >>> curve.windowed(["CT", ""]).window.of, curve.windowed(["CT", "MR"]).window.of
        ('hu', 'percentile')
        """
        if "window" in self.model_fields_set or not self.not_in_hu(modalities):
            return self
        return self.model_copy(update={"window": _PERCENTILES})

    def not_in_hu(self, modalities: Iterable[str]) -> tuple[str, ...]:
        """Modalities whose grey levels are read as HU and are none."""
        return tuple(sorted(set(modalities) - IN_HU)) if self.window.of == "hu" else ()


def read_curve_file(path: Path, overrides: Sequence[str] = ()) -> CurveFile:
    """Read and check a curve file; `overrides` are `key=value` as for studies. Raises `StudyFileError`."""
    return validated(CurveFile, read_yaml(path, overrides), str(path))


def parse_curve(data: dict[str, Any], where: str = "the curve") -> CurveFile:
    """A curve from plain data. Raises `StudyFileError` naming every wrong key."""
    return validated(CurveFile, data, where)
