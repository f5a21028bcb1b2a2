"""Thickness as models see it against the reference: scatter and Bland-Altman, model by model."""

from matplotlib.figure import Figure

from medgraft.report.curve.content import CurveContent
from medgraft.report.curve.style import mark_of
from medgraft.report.figures.agreement import draw_bland_altman, draw_scatter, limits_of, spread_of
from medgraft.report.style import new_figure


def wall_agreement(content: CurveContent, figure: str) -> Figure:
    """One figure of the wall at every phase: a row per model, a scatter and a Bland-Altman plot per phase.

    In the scatter the diagonal is equality. In the Bland-Altman plot (1999, doi 10.1177/096228029900800204) the
    line is the mean difference, dashes the limits of 95 % of differences, bands their 95 % intervals.
    """
    walls = [wall for wall in content.walls if wall.figure == figure]
    models = list(dict.fromkeys(wall.model for wall in walls))
    phases = list(dict.fromkeys(wall.phase for wall in walls))
    drawn = new_figure(0.5 + 2.5 * len(models), width=max(5.6 * len(phases), 7))
    grid = drawn.subplots(len(models), 2 * len(phases), squeeze=False)
    by_phase = {phase: [wall for wall in walls if wall.phase == phase] for phase in phases}
    for row, model in enumerate(models):
        for column, phase in enumerate(phases):
            left, right = grid[row, 2 * column : 2 * column + 2]
            found = [wall for wall in by_phase[phase] if wall.model == model]
            if not found:
                left.set_axis_off()
                right.set_axis_off()
                continue
            last, limits, mark = row == len(models) - 1, limits_of(by_phase[phase]), mark_of(content, model)
            title = f"{model.title}\n{phase.upper()}"
            draw_scatter(left, found[0], mark, limits, title=title, x="reference, mm" if last else "", y="model, mm")
            draw_bland_altman(right, found[0], mark, limits, x="mean of both, mm" if last else "", unit="mm")
            right.set_ylim(spread_of(by_phase[phase]))
    return drawn
