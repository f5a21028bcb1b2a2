"""medgraft sites: two institutions agree on what they draw before a model travels."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from medgraft.cli.bars import progress_bars
from medgraft.cli.command import add_command
from medgraft.cli.figures import with_ends
from medgraft.cli.left_out import write_left_out
from medgraft.cli.mask_codes import read_mask_codes
from medgraft.cli.options import JsonOption
from medgraft.cli.output import write_json, write_line, write_table
from medgraft.core.counted import counted

if TYPE_CHECKING:
    from medgraft.workspace.sites.agreement import RuleAgreement, SiteAgreement, StructureAgreement
    from medgraft.workspace.sites.parts import Axis

CodesOption = Annotated[
    str | None, typer.Option(help="What codes of that site's NIfTI masks mean, for example 1=rv,2=myocardium,3=pool.")
]
RulesOption = Annotated[Path | None, typer.Option(help="That site's annotation rules, filled in.", dir_okay=False)]


def rules(
    file: Annotated[Path | None, typer.Argument(help="Annotation rules that are filled in.", dir_okay=False)] = None,
    other: Annotated[
        Path | None, typer.Argument(help="Another site's, to see the differences.", dir_okay=False)
    ] = None,
    *,
    new: Annotated[Path | None, typer.Option(help="Write the blank form to this file.", dir_okay=False)] = None,
    as_json: JsonOption = False,
) -> None:
    """Write the form of annotation rules, check one that is filled in, or show where two sites differ.

    Examples:
      medgraft sites rules --new rules.yaml
      medgraft sites rules rules.yaml
      medgraft sites rules rules.yaml theirs.yaml
    """
    from medgraft.workspace.sites.rules import check_rules, new_rules

    if (new is None) == (file is None):
        raise typer.BadParameter("Expected either a file of rules or --new FILE.")
    checked = new_rules(new) if new else check_rules(Path(str(file)), other)
    if as_json:
        write_json(checked)
    elif new:
        write_line(f"{checked.file}: fill it in, and medgraft sites rules {checked.file} checks it")
    elif other is None:
        write_line(f"{checked.file}: filled in as it asks")
    else:
        rows = [(one.text, one.ours, one.theirs, "yes") for one in checked.differences]
        rows += [(one.text, one.ours, one.theirs, "not compared") for one in checked.not_compared]
        write_table(("rule", str(file), str(other), "differs"), rows)
        write_line(f"annotation rules that differ: {len(checked.differences)}")


def agree(
    a: Annotated[Path, typer.Argument(help="A site's masks: a folder of NIfTI files, or a project.", exists=True)],
    b: Annotated[Path, typer.Argument(help="The other site's masks of the same cases.", exists=True)],
    *,
    mask_codes_a: CodesOption = None,
    mask_codes_b: CodesOption = None,
    rules_a: RulesOption = None,
    rules_b: RulesOption = None,
    seed: Annotated[int, typer.Option(help="Of the resampling of subjects.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Compare masks of the same cases that two sites drew blindly: Dice and Hausdorff distance by structure.

    The pool is compared once more in the parts of the heart where annotation rules show: rules that show in the same
    part share its figures.

    Examples:
      medgraft sites agree drawn-here drawn-there
      medgraft sites agree drawn-here acdc --mask-codes-b 1=rv,2=myocardium,3=pool
      medgraft sites agree here there --rules-a rules.yaml --rules-b theirs.yaml
    """
    from medgraft.workspace.sites.agreement import agree_sites

    with progress_bars() as report:
        found = agree_sites(
            a,
            b,
            mask_codes_a=read_mask_codes("--mask-codes-a", mask_codes_a),
            mask_codes_b=read_mask_codes("--mask-codes-b", mask_codes_b),
            rules_a=rules_a,
            rules_b=rules_b,
            seed=seed,
            report=report,
        )
    if as_json:
        write_json(found)
        return
    _show(found)


def _show(found: "SiteAgreement") -> None:
    columns = ("structure", "part", "subjects", "cases", "at one site only", "Dice", "Hausdorff 95 %, mm")
    rows = [
        (one.structure, one.part, one.subjects, one.cases, one.unmatched, *_figures(one))
        for one in (*found.structures, *found.parts)
    ]
    write_table(columns, rows)
    rules = [(rule.text, rule.a, rule.b, _differs(rule), rule.part) for rule in found.rules]
    if any(rule.a or rule.b for rule in found.rules):
        write_table(("rule", "a", "b", "differs", "shows in"), rules)
    write_left_out([(one.case, one.reason) for one in found.left_out], "case", where="--json")
    write_line("in brackets: 95 % intervals over subjects")
    write_line(f"base: the third next to the valves: {_cut(found)}")


#: How base and rest are told apart.
_AXES: dict["Axis", str] = {
    "slices": "along the slices of short-axis stacks",
    "usual": "along the heart's usual direction in the patient",
    "unknown": "not told, as nobody knows how the heart lies,",
}


def _cut(found: "SiteAgreement") -> str:
    """How base and rest were told apart in how many cases."""
    cases = {(one.subject, one.case, one.phase): one.axis for one in found.cases}
    return "; ".join(f"{_AXES[axis]} in {counted(n, 'case')}" for axis, n in Counter(cases.values()).items())


def _differs(rule: "RuleAgreement") -> str:
    if rule.a and rule.b:
        return "yes" if rule.differs else "no"
    return "not said"


def _figures(one: "StructureAgreement") -> tuple[str | None, ...]:
    return tuple(with_ends(item.value, item.low, item.high, ".3f") for item in (one.dice, one.hausdorff_mm))


app = typer.Typer(
    no_args_is_help=True, help="Agree with another institution on what is drawn, and measure whether you do."
)
add_command(app, "rules", rules)
add_command(app, "agree", agree)
