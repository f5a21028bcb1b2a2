"""The study: networks x depths x rates x patient folds, stage by stage, honest about which graft to trust.

Enters: a study file, samples, a way to read pixels. Leaves: one run per trial (content-addressed folders), a choice per
stage, predictions out of fold and on held-out subjects, packaged models. Must not know: projects, command lines, pages.

Read downwards: `study_file` (what is asked), `grid` (what that means in trials), `staging` (in which order), `schedule`
(who waits for whom), `executor`, `local`, `pool`, `group`, `cluster` (where), `work` (what passes between them and a
worker), `desk` (a worker), `graft_bench` (how it does a grid), `graft` (a network ready to train on cached features),
`graft_trial` (one training), `runs` (what is kept), `outcome` (what is found). Learning curves of segmentation models
are the same runs in another order: `curve`.
"""

from medgraft.study.cluster import ClusterExecutor, Share
from medgraft.study.compute import Compute
from medgraft.study.desk import Desk
from medgraft.study.estimate import Estimate, StageEstimate, estimate_study
from medgraft.study.executor import Executor
from medgraft.study.findings import Answered, Contrast, Findings, find
from medgraft.study.grid import ModelPlan, model_plans
from medgraft.study.group import GroupExecutor
from medgraft.study.local import LocalExecutor
from medgraft.study.outcome import LostStage, StageOutcome, StudyOutcome, read_outcome, write_outcome
from medgraft.study.pool import PoolExecutor
from medgraft.study.runs import Run, RunStore
from medgraft.study.settings import resolved_yaml
from medgraft.study.staging import run_study
from medgraft.study.study_data import StudyData
from medgraft.study.study_file import NetworkEntry, StageEntry, StudyFile, parse_study, read_study_file
from medgraft.study.work import DeskSettings

__all__ = [
    "Answered",
    "ClusterExecutor",
    "Compute",
    "Contrast",
    "Desk",
    "DeskSettings",
    "Estimate",
    "Executor",
    "Findings",
    "GroupExecutor",
    "LocalExecutor",
    "LostStage",
    "ModelPlan",
    "NetworkEntry",
    "PoolExecutor",
    "Run",
    "RunStore",
    "Share",
    "StageEntry",
    "StageEstimate",
    "StageOutcome",
    "StudyData",
    "StudyFile",
    "StudyOutcome",
    "estimate_study",
    "find",
    "model_plans",
    "parse_study",
    "read_outcome",
    "read_study_file",
    "resolved_yaml",
    "run_study",
    "write_outcome",
]
