"""The tables of a learning curve, built from its content."""

from collections.abc import Callable

from medgraft.report.agreement import Agreement
from medgraft.report.curve.content import CurveContent, RuleAnswer
from medgraft.report.curve.figure_tables import dice_table, distance_table
from medgraft.report.picture import slug
from medgraft.report.tables import Cell, Column, Table


def curve_tables(content: CurveContent) -> tuple[Table, ...]:
    """All tables of the report that have rows, in the order of the report."""
    tables = (build(content) for build in _BUILDERS)
    return tuple(table for table in tables if table.rows)


def _dice_here(content: CurveContent) -> Table:
    return dice_table(content, "test", name="figures", title="Dice of subjects held out here")


def _distances_here(content: CurveContent) -> Table:
    return distance_table(content, "test", name="distances", title="Distances of borders, subjects held out here")


def _dice_at_home(content: CurveContent) -> Table:
    return dice_table(content, "home", name="home", title="Dice of subjects of the home site, never trained on")


def _distances_at_home(content: CurveContent) -> Table:
    return distance_table(
        content, "home", name="home-distances", title="Distances of borders, subjects of the home site"
    )


def _differences(content: CurveContent) -> Table:
    columns = (
        Column(key="model", title="Model"),
        Column(key="other", title="minus"),
        Column(key="on", title="Measured on"),
        Column(key="difference", title="Mean Dice", digits=3),
        Column(key="least_draw", title="Least of any draw", digits=3),
        Column(key="most_draw", title="Most", digits=3),
        Column(key="p_value", title="p", digits=4),
        Column(key="p_holm", title="p, corrected (Holm)", digits=4),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            item.model.title,
            item.other.title,
            {"test": "here", "home": "home site"}[item.on],
            item.difference,
            min(item.draws),
            max(item.draws),
            item.difference.p_value,
            item.adjusted,
        )
        for item in content.differences
    )
    note = (
        "Paired over subjects: both models on the same ones. Small figures: 95 % intervals over subjects, draws "
        "averaged within each; least and most are the same difference in single draws. p is two-sided. Corrected: the "
        "more ways are compared, the likelier one of them looks better by chance, so the p values of all starts and "
        "sizes against the same other, on the same subjects, are raised together (Holm)."
    )
    return Table(name="differences", title="Paired differences in mean Dice", columns=columns, rows=rows, note=note)


def _walls(content: CurveContent) -> Table:
    """The paper's Table 1 with intervals, a column per model."""
    models = tuple(dict.fromkeys(wall.model for wall in content.walls))
    columns = (
        Column(key="phase", title="Phase"),
        Column(key="figure", title="Wall thickness"),
        Column(key="subjects", title="Subjects"),
        *(Column(key="r_" + slug(model.title).replace("-", "_"), title=model.title) for model in models),
    )
    found = {(wall.phase, wall.figure, wall.model): wall.pearson for wall in content.walls}
    places = {(wall.phase, wall.figure): len(wall.seen) for wall in content.walls}
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (phase.upper(), figure, n, *(found.get((phase, figure, model)) for model in models))
        for (phase, figure), n in places.items()
    )
    note = (
        "Pearson's correlation between the thickness in the model's masks and in the reference masks, with 95 % "
        "intervals (the paper's Table 1). A subject is one point, the mean over its images; all models are compared "
        f"over the same subjects. {_first_draw(content)}"
    )
    return Table(name="walls", title="Wall thickness against the reference", columns=columns, rows=rows, note=note)


def _wall_differences(content: CurveContent) -> Table:
    """What training here changed in Table 1, a column per model."""
    models = tuple(dict.fromkeys(item.model for item in content.wall_differences))
    columns = (
        Column(key="phase", title="Phase"),
        Column(key="figure", title="Wall thickness"),
        *(Column(key="change_" + slug(model.title).replace("-", "_"), title=model.title) for model in models),
    )
    found = {(item.phase, item.figure, item.model): item.difference for item in content.wall_differences}
    places = dict.fromkeys((item.phase, item.figure) for item in content.wall_differences)
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (phase.upper(), figure, *(found.get((phase, figure, model)) for model in models)) for phase, figure in places
    )
    note = (
        "The correlation of the table above less that of the travelling model as it is, paired over the same subjects, "
        "with 95 % intervals from drawing them."
    )
    return Table(name="wall-differences", title="Correlation after less before", columns=columns, rows=rows, note=note)


def _wall_agreement(content: CurveContent) -> Table:
    columns = (
        Column(key="model", title="Model"),
        Column(key="phase", title="Phase"),
        Column(key="figure", title="Wall thickness"),
        *_agreement_columns(", mm"),
    )
    rows = tuple((w.model.title, w.phase.upper(), w.figure, *_agreement_cells(w)) for w in content.walls)
    note = f"{_ABSOLUTE} it falls when all walls come out too thick. {_LIMITS}"
    return Table(name="wall-agreement", title="Agreement in millimetres", columns=columns, rows=rows, note=note)


def _volume_agreement(content: CurveContent) -> Table:
    columns = (Column(key="figure", title="Figure"), Column(key="model", title="Model"), *_agreement_columns())
    rows = tuple((f"{v.figure}, {v.unit}", v.model.title, *_agreement_cells(v)) for v in content.volumes)
    note = (
        f"{_ABSOLUTE} it falls when all volumes come out too large. {_LIMITS} In ml, and for the ejection fraction in "
        f"percentage points. A subject is one point; all models are compared over the same ones. A model "
        f"that sees no blood at end-diastole in most of them has no ejection fraction. {_first_draw(content)}"
    )
    return Table(name="volume-agreement", title="Volumes against the reference", columns=columns, rows=rows, note=note)


_ABSOLUTE = "Intraclass correlation for absolute agreement: unlike Pearson's"
_LIMITS = "Limits: 95 % of differences (model minus reference) lie between them."


def _agreement_columns(unit: str = "") -> tuple[Column, ...]:
    return (
        Column(key="subjects", title="Subjects"),
        Column(key="icc", title="Intraclass correlation"),
        Column(key="bias", title=f"Mean difference{unit}"),
        Column(key="lower", title=f"Lower limit{unit}"),
        Column(key="upper", title=f"Upper limit{unit}"),
    )


def _agreement_cells(found: Agreement) -> tuple[Cell, ...]:
    return (len(found.seen), found.icc, found.bias, found.lower, found.upper)


def _subjects(content: CurveContent) -> Table:
    """A row per test subject, two columns per model."""
    models = tuple(dict.fromkeys(item.model for item in content.subjects))
    unit = content.distance_unit
    keys = {model: slug(model.title).replace("-", "_") for model in models}
    columns = (
        Column(key="subject", title="Subject"),
        *(Column(key=f"dice_{keys[model]}", title=f"Dice, {model.title}", digits=3) for model in models),
        *(
            Column(key=f"hausdorff_{keys[model]}", title=f"Hausdorff, {unit}, {model.title}", digits=1)
            for model in models
        ),
    )
    found = {(item.subject, item.model): item for item in content.subjects}
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            subject,
            *(found[subject, model].dice for model in models),
            *(found[subject, model].distance for model in models),
        )
        for subject in dict.fromkeys(item.subject for item in content.subjects)
    )
    note = "Means over structures, phases, images and draws of training subjects."
    return Table(name="subjects", title="Every test subject", columns=columns, rows=rows, note=note)


def _rules(content: CurveContent) -> Table:
    columns = (
        Column(key="rule", title="Rule"),
        Column(key="home", title="Home site of the model"),
        Column(key="here", title="Here"),
        Column(key="differs", title="Differs"),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (rule.question, rule.home or "not known", rule.here or "not known", _differs(rule)) for rule in content.rules
    )
    note = "Masks drawn by other rules are another truth: a lower Dice may then be no error of the model."
    return Table(name="rules", title="How masks were drawn", columns=columns, rows=rows, note=note)


def _differs(rule: RuleAnswer) -> str:
    if not rule.compared:
        return ""
    if not (rule.home and rule.here):
        return "not known"
    return "no" if rule.home == rule.here else "yes"


def _choices(content: CurveContent) -> Table:
    columns = (
        Column(key="model", title="Start"),
        Column(key="trained_on", title="Trained on"),
        Column(key="draw", title="Draw"),
        Column(key="rate", title="Rate"),
        Column(key="epoch", title="Epoch kept"),
        Column(key="validation_dice", title="Dice, validation subjects", digits=3),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (t.model.arm, t.model.size, t.draw + 1, f"{t.rate:g}", t.epoch, (t.before, *t.dice)[t.epoch])
        for t in content.trainings
    )
    return Table(name="choices", title="Rate and epoch chosen on the validation subjects", columns=columns, rows=rows)


_BUILDERS: tuple[Callable[[CurveContent], Table], ...] = (
    _dice_here,
    _distances_here,
    _differences,
    _walls,
    _wall_differences,
    _wall_agreement,
    _volume_agreement,
    _subjects,
    _dice_at_home,
    _distances_at_home,
    _rules,
    _choices,
)


def _first_draw(content: CurveContent) -> str:
    return "Of models that were trained on several draws of subjects, the first." if content.recipe.n_draws > 1 else ""
