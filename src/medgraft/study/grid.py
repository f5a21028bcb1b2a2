"""What a study file means: which network with which weights goes through which stages."""

from collections import Counter
from dataclasses import dataclass

from medgraft.core.errors import StudyFileError
from medgraft.networks import NetworkSpec, described
from medgraft.study.study_file import NetworkEntry, StageEntry, StudyFile


@dataclass(frozen=True, kw_only=True)
class ModelPlan:
    """One row of the comparison, before depths.

    name: unique, safe as a file name. size: None for the weights' own. partial: what the weights do not fill may stay
    at random.
    """

    name: str
    network: str
    weights: str
    size: int | None
    stages: tuple[StageEntry, ...]
    partial: bool = False

    @property
    def spec(self) -> NetworkSpec:
        """The network described."""
        return described(self.network, "classes")


def model_plans(study: StudyFile) -> tuple[ModelPlan, ...]:
    """The study's models with every setting filled in.

    Networks that are made to be trained from scratch (CBR) take random weights and `scratch_stages` unless told
    otherwise. Raises `InputError` for an unknown network or a depth it does not have, `StudyFileError` for equal names,
    a depth that comes twice, or an input that is too small for the network.
    """
    entries = [NetworkEntry(network=item) if isinstance(item, str) else item for item in study.networks]
    plans = [_plan(study, entry) for entry in entries]
    twice = [name for name, count in Counter(plan.name for plan in plans).items() if count > 1]
    if twice:
        raise StudyFileError(f"Expected models of different names, got {', '.join(twice)} twice. Do give one a `name`.")
    for plan in plans:
        _check(plan)
    return tuple(plans)


def _plan(study: StudyFile, entry: NetworkEntry) -> ModelPlan:
    from_scratch = not described(entry.network, "classes").licence
    weights = entry.weights or ("random" if from_scratch else study.weights)
    return ModelPlan(
        name=entry.name or f"{entry.network}-{_kind(weights)}",
        network=entry.network,
        weights=weights,
        size=entry.size,
        stages=entry.stages or (study.scratch_stages if from_scratch else study.stages),
        partial=entry.partial,
    )


def _check(plan: ModelPlan) -> None:
    depths = [stage.depth for stage in plan.stages]
    for depth in depths:
        plan.spec.trainable_stages(depth)
    if len(set(depths)) != len(depths):  # results are told apart by model, depth and seed
        raise StudyFileError(f"Expected every depth once among the stages of {plan.name}, got {depths}.")
    if plan.size is not None and plan.size < plan.spec.min_size:
        raise StudyFileError(f"Expected {plan.spec.min_size} pixels or more for {plan.network}, got {plan.size}.")


def _kind(weights: str) -> str:
    kind = weights.partition(":")[0]
    return "pretrained" if kind in ("imagenet", "file", "package") else kind
