"""Arrays in, numbers out: figures, intervals over patients, paired tests, choice of rate and epoch, tables.

Enters: `Predictions`, or `y_true` and `y_score` in that order. Leaves: numbers, intervals, table rows. Must not know:
networks, images, how answers were decoded (classes other than the argmax come in as `y_pred`), how results are drawn.

Slices of one patient are not independent, so everything that speaks of certainty resamples patients. A resample is a
weight per patient, and every figure is computed from what each patient adds to it (`Tally`): the value, 2,000
resamples and the jackknife are one and the same weighted formula.
"""

from medgraft.evaluation.agreement import cohen_kappa, fleiss_kappa, observed_agreement
from medgraft.evaluation.agreement_boundaries import BoundaryAgreement, boundary_agreement
from medgraft.evaluation.arm import Arm
from medgraft.evaluation.baselines import BASELINES, baseline_predictions, majority_baseline, position_baseline
from medgraft.evaluation.bootstrap import Interval, bootstrap
from medgraft.evaluation.confusion import confusion
from medgraft.evaluation.cross_entropy import balanced_cross_entropy
from medgraft.evaluation.delong import DeLong, delong
from medgraft.evaluation.holm import holm
from medgraft.evaluation.measured import Correlation, Differences, bland_altman, icc, pearson, pearson_difference
from medgraft.evaluation.metrics import CLASS_METRICS, METRICS, Metric, evaluate, metrics_for
from medgraft.evaluation.overlap import MEAN_DICE, dice, hausdorff95, hausdorff95_or_worst, worst_distance
from medgraft.evaluation.paired import PairedDifference, paired_difference
from medgraft.evaluation.per_subject import mean_difference, mean_interval, means_by_subject
from medgraft.evaluation.ranking import auc
from medgraft.evaluation.selection import Choice, one_standard_error
from medgraft.evaluation.tables import Candidate, ResultRow, result_table, write_table_csv, write_table_json

__all__ = [
    "BASELINES",
    "CLASS_METRICS",
    "MEAN_DICE",
    "METRICS",
    "Arm",
    "BoundaryAgreement",
    "Candidate",
    "Choice",
    "Correlation",
    "DeLong",
    "Differences",
    "Interval",
    "Metric",
    "PairedDifference",
    "ResultRow",
    "auc",
    "balanced_cross_entropy",
    "baseline_predictions",
    "bland_altman",
    "bootstrap",
    "boundary_agreement",
    "cohen_kappa",
    "confusion",
    "delong",
    "dice",
    "evaluate",
    "fleiss_kappa",
    "hausdorff95",
    "hausdorff95_or_worst",
    "holm",
    "icc",
    "majority_baseline",
    "mean_difference",
    "mean_interval",
    "means_by_subject",
    "metrics_for",
    "observed_agreement",
    "one_standard_error",
    "paired_difference",
    "pearson",
    "pearson_difference",
    "position_baseline",
    "result_table",
    "worst_distance",
    "write_table_csv",
    "write_table_json",
]
