"""Learning curves between two institutions: from how many local cases on is which start worth it?

Enters: a curve file, masked samples, a way to read volumes, the model that travels. Leaves: runs in the same store as
any study's, figures per subject, a verdict in plain words. Must not know: projects, command lines, pages.

Read downwards: `curve_file` (what is asked), `roles` (what subjects are for), `mask_data` (volumes as a network reads
them), `mask_trial` (one training, one assessment), `mask_bench` (how a worker does them), `learning_curve` (in which
order), `outcome` (what is found), `contrasts` and `verdict` (what to do), `compared` (whose walls and volumes are set
beside the reference), `findings` (all of it).
"""

from medgraft.study.curve.curve_file import ArmEntry, CurveFile, parse_curve, read_curve_file
from medgraft.study.curve.estimate import CurveEstimate, PointEstimate, estimate_curve
from medgraft.study.curve.figures import SubjectFigures
from medgraft.study.curve.findings import CurveFindings, curve_findings
from medgraft.study.curve.learning_curve import run_curve
from medgraft.study.curve.mask_bench import check_shares
from medgraft.study.curve.mask_data import MaskData
from medgraft.study.curve.mask_trial import Start
from medgraft.study.curve.outcome import AS_IS, CurveOutcome, CurvePoint, read_curve, write_curve
from medgraft.study.curve.verdict import Verdict, verdict

__all__ = [
    "AS_IS",
    "ArmEntry",
    "CurveEstimate",
    "CurveFile",
    "CurveFindings",
    "CurveOutcome",
    "CurvePoint",
    "MaskData",
    "PointEstimate",
    "Start",
    "SubjectFigures",
    "Verdict",
    "check_shares",
    "curve_findings",
    "estimate_curve",
    "parse_curve",
    "read_curve",
    "read_curve_file",
    "run_curve",
    "verdict",
    "write_curve",
]
