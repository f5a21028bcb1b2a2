"""The tables of a learning curve, built from its content."""

from collections.abc import Callable

from medgraft.evaluation import MEAN_DICE
from medgraft.report.curve.content import CurveContent, Group, ModelKey, RuleAnswer, counted
from medgraft.report.picture import slug
from medgraft.report.tables import Cell, Column, Table

_INTERVALS = "Small figures: 95 % intervals over subjects; draws are averaged within each subject first."


def curve_tables(content: CurveContent) -> tuple[Table, ...]:
    """All tables of the report that have rows, in the order of the report."""
    tables = (build(content) for build in _BUILDERS)
    return tuple(table for table in tables if table.rows)


def figure_title(content: CurveContent, name: str) -> str:
    """A figure's name as people read it, with its unit."""
    return f"{name}, {content.distance_unit}" if "Hausdorff" in name else name[0].upper() + name[1:]


def _test(content: CurveContent) -> Table:
    return _figures(content, "test", "figures", "Subjects held out here")


def _home(content: CurveContent) -> Table:
    return _figures(content, "home", "home", "Subjects of the home site, never trained on")


def _figures(content: CurveContent, on: Group, name: str, title: str) -> Table:
    names = content.figure_names(on)
    head = (Column(key="model", title="Start"), Column(key="subjects", title="Trained on"))
    columns = tuple(
        Column(key=slug(figure).replace("-", "_"), title=figure_title(content, figure), best="Dice" in figure,
               digits=1 if "Hausdorff" in figure else 3)
        for figure in names
    )  # fmt: skip
    models = [model for model in content.models if content.figure(model, on, names[0])] if names else []
    rows: list[tuple[Cell, ...]] = []
    for model in models:
        found = [content.figure(model, on, figure) for figure in names]
        values = (item.value if item else None for item in found)
        rows.append((model.arm, model.size, *values, _best(content, model, on)))
    return Table(
        name=name,
        title=title,
        columns=(*head, *columns, Column(key="best_mean_dice", title="Best subject's mean Dice", digits=3)),
        rows=tuple(rows),
        muted=frozenset(row for row, model in enumerate(models) if not model.size),
        note=f"{_INTERVALS} Bold: highest of the column as shown. Tinted: the travelling model, not trained here.",
    )


def _best(content: CurveContent, model: ModelKey, on: Group) -> float | None:
    found = content.figure(model, on, MEAN_DICE)
    return found.best if found else None


def _differences(content: CurveContent) -> Table:
    columns = (
        Column(key="model", title="Model"),
        Column(key="other", title="minus"),
        Column(key="on", title="Measured on"),
        Column(key="difference", title="Mean Dice", digits=3),
        Column(key="p_value", title="p", digits=4),
        Column(key="p_holm", title="p, corrected (Holm)", digits=4),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            item.model.title,
            item.other.title,
            {"test": "here", "home": "home site"}[item.on],
            item.difference,
            item.difference.p_value,
            item.adjusted,
        )
        for item in content.differences
    )
    note = (
        "Paired over subjects: both models on the same ones. Small figures: 95 % intervals. p is two-sided, corrected "
        "over the sizes of one comparison."
    )
    return Table(name="differences", title="Paired differences in mean Dice", columns=columns, rows=rows, note=note)


def _walls(content: CurveContent) -> Table:
    """The paper's Table 1 with intervals, a column per model."""
    models = tuple(dict.fromkeys(wall.model for wall in content.walls))
    columns = (
        Column(key="phase", title="Phase"),
        Column(key="figure", title="Wall thickness"),
        *(Column(key="r_" + slug(model.title).replace("-", "_"), title=model.title, best=True) for model in models),
    )
    found = {(wall.phase, wall.figure, wall.model): wall.pearson for wall in content.walls}
    places = tuple(dict.fromkeys((wall.phase, wall.figure) for wall in content.walls))
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (phase.upper(), figure, *(found.get((phase, figure, model)) for model in models)) for phase, figure in places
    )
    note = (
        "Pearson's correlation between the thickness in the model's masks and in the reference masks, over subjects, "
        f"with 95 % intervals (the paper's Table 1). {_first_draw(content)}"
    )
    return Table(name="walls", title="Wall thickness against the reference", columns=columns, rows=rows, note=note)


def _wall_agreement(content: CurveContent) -> Table:
    columns = (
        Column(key="model", title="Model"),
        Column(key="phase", title="Phase"),
        Column(key="figure", title="Wall thickness"),
        Column(key="subjects", title="Subjects"),
        Column(key="icc", title="Intraclass correlation"),
        Column(key="bias", title="Mean difference, mm"),
        Column(key="lower", title="Lower limit, mm"),
        Column(key="upper", title="Upper limit, mm"),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (w.model.title, w.phase.upper(), w.figure, len(w.seen), w.icc, w.bias, w.lower, w.upper) for w in content.walls
    )
    note = (
        "Intraclass correlation for absolute agreement: unlike Pearson's it falls when all walls come out too thick. "
        "Limits: 95 % of differences (model minus reference) lie between them."
    )
    return Table(name="wall-agreement", title="Agreement in millimetres", columns=columns, rows=rows, note=note)


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
        Column(key="subjects", title="Trained on"),
        Column(key="draw", title="Draw"),
        Column(key="rate", title="Rate"),
        Column(key="epoch", title="Epoch kept"),
        Column(key="validation_dice", title="Dice, validation subjects", digits=3),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (t.model.arm, t.model.size, t.draw + 1, f"{t.rate:g}", t.epoch, t.dice[t.epoch - 1] if t.epoch else None)
        for t in content.trainings
    )
    return Table(name="choices", title="Rate and epoch chosen on the validation subjects", columns=columns, rows=rows)


_BUILDERS: tuple[Callable[[CurveContent], Table], ...] = (
    _test,
    _differences,
    _walls,
    _wall_agreement,
    _home,
    _rules,
    _choices,
)


def _first_draw(content: CurveContent) -> str:
    return f"Arms: their first draw of {counted(content.sizes[-1])}." if content.recipe.n_draws > 1 else ""
