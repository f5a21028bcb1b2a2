"""The study file: what is compared, on what, how. YAML, every key documented, nothing unknown accepted."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from medgraft.study.settings import Settings, read_yaml, validated

Depth = Annotated[int, Field(ge=0)] | Literal["all"]
Precision = Literal["float32", "mixed"]
Rate = Annotated[float, Field(gt=0, le=10)]

FOLDER_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"


class StageEntry(Settings):
    """One stage of training; each stage starts where the one before ended, in the same fold."""

    depth: Depth = Field(description="0 trains the head alone, k the last k stages too, all the whole network")
    rates: tuple[Rate, ...] = Field(min_length=1, description="learning rates to try")
    epochs: int = Field(ge=1, le=10_000, description="epochs to train; the best one is chosen among them")


class NetworkEntry(Settings):
    """A network with settings of its own; a bare name stands for one with the study's settings."""

    network: str = Field(description="a name of `medgraft networks`, or any timm name")
    weights: str | None = Field(None, description="overrides the study's weights")
    size: int | None = Field(
        None, ge=16, le=2048, description="side of the input in pixels; the weights' own if left out"
    )
    stages: tuple[StageEntry, ...] | None = Field(None, min_length=1, description="overrides the study's stages")
    name: str | None = Field(None, pattern=FOLDER_NAME, description="what tables and folders call it")
    partial: bool = Field(False, description="true: start also from weights that fill no more than part of the network")


class CacheEntry(Settings):
    """Where frozen features are kept."""

    dtype: Literal["float32", "float16"] = Field("float32", description="float16 takes half the disk")
    limit_gb: float = Field(50.0, gt=0, allow_inf_nan=False, description="the most one network's features may take")


class HeldOut(Settings):
    """Which subjects are held out from everything but the last evaluation."""

    split: str = Field(description="stacks imported with this split are the test set")


PAPER_STAGES = (
    StageEntry(depth=0, rates=(1e-2, 1e-3, 1e-4), epochs=50),
    StageEntry(depth=1, rates=(1e-3, 1e-4, 1e-5), epochs=50),
)
SCRATCH_STAGES = (StageEntry(depth="all", rates=(1e-2, 1e-3, 1e-4), epochs=50),)


class StudyFile(Settings):
    """A study. Every key has the paper's value as its default where the paper has one."""

    name: str = Field(
        "study", pattern=FOLDER_NAME, description="folder under studies/; a name that no learning curve has"
    )
    task: str = Field("sax-range", description="a task of the project: sax-range, sax-levels, or an imported one")
    networks: tuple[str | NetworkEntry, ...] = Field(min_length=1, description="what is compared")
    weights: str = Field(
        "imagenet", description="imagenet, random, file:PATH, package:PATH, or run:STUDY/MODEL of the project"
    )
    stages: tuple[StageEntry, ...] = Field(PAPER_STAGES, min_length=1, description="stages of pretrained networks")
    scratch_stages: tuple[StageEntry, ...] = Field(
        SCRATCH_STAGES, min_length=1, description="stages of networks that are made to be trained from scratch (CBR)"
    )
    folds: int = Field(5, ge=2, le=50, description="patient-grouped, stratified folds")
    test: HeldOut | None = Field(None, description="held-out subjects; none if left out")
    seeds: tuple[int, ...] = Field((7,), min_length=1, description="the study is repeated for each seed")
    draws: int = Field(4, ge=1, le=1000, description="recorded random rotations per image (and per oversampled copy)")
    balance: dict[str, int] | Literal["balanced"] | None = Field(
        None,
        description="how often images of a class are seen per epoch, once if not named; balanced: each class about as "
        "often as the most frequent, its images at most 30 times. If left out, the paper's `{OAP: 6, OBS: 6}` for "
        "sax-range and `{oap: 6, obs: 6}` for sax-levels, and balanced for other tasks",
    )
    rotation: float = Field(45.0, ge=0, le=180, description="largest rotation in degrees, either way")
    crop: float = Field(0.6, gt=0, le=1, description="share of each axis that the centre crop keeps")
    batch_size: int = Field(32, ge=2, description="images per update")
    staging: Literal["per-fold", "paper"] = Field(
        "per-fold",
        description="per-fold: fold k of a stage starts from fold k's own weights. paper: from a model fitted on all "
        "training data, which has seen the fold's validation patients; for repeating the paper only",
    )
    precision: Precision = Field(
        "float32",
        description="of the arithmetic; mixed: bfloat16 where it is safe, faster on recent GPUs, seldom on a CPU",
    )
    reader: str | None = Field(None, description="whose labels; where readers agree if left out")
    cache: CacheEntry = Field(CacheEntry(), description="frozen features on disk")

    @model_validator(mode="after")
    def _nothing_is_named_twice(self) -> "StudyFile":
        names = tuple(item.name for item in self.networks if isinstance(item, NetworkEntry) and item.name)
        for what, values in (("names of networks", names), ("seeds", self.seeds)):
            if len(set(values)) != len(values):
                raise ValueError(f"{what} must differ, got {list(values)}")
        return self


def read_study_file(path: Path, overrides: Sequence[str] = ()) -> StudyFile:
    """Read and check a study file.

    Args:
        path: a YAML file.
        overrides: `key=value` with dots for parts (`cache.dtype=float16`), values in YAML.

    Raises:
        StudyFileError: the file is missing or is not YAML, or a key or value is wrong; the message names each one.
    """
    return validated(StudyFile, read_yaml(path, overrides), str(path))


def parse_study(data: dict[str, Any], where: str = "the study") -> StudyFile:
    """A study from plain data. Raises `StudyFileError` naming every wrong key."""
    return validated(StudyFile, data, where)
