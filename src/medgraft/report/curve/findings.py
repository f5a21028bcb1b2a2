"""What a learning curve found, and what to be careful about, as plain sentences made from the numbers."""

from collections.abc import Iterator

from medgraft.core.counted import counted
from medgraft.evaluation import MEAN_DICE
from medgraft.report.curve.content import CurveContent, CurveDifference, Group, WallAgreement
from medgraft.report.finding import Finding, one_decimal, signed, with_interval

_FEW_SUBJECTS = 15


def findings(content: CurveContent) -> tuple[Finding, ...]:
    """The verdict with its cautions, the travelling model, what local cases add, the wall, what is forgotten."""
    return (
        Finding(text=content.verdict),
        *(Finding(text=text, tone="warn") for text in content.cautions),
        *_as_it_is(content),
        *_at_smallest(content),
        *_wall(content),
        *_forgotten(content),
        _meaning(content),
    )


def cautions(content: CurveContent) -> tuple[Finding, ...]:
    """The curve's own warnings, then what its size and its design do not allow one to say."""
    return (
        *(Finding(text=text, tone="warn") for text in content.warnings),
        *_rules(content),
        *_few_subjects(content),
        _choices(content),
        *_draws(content),
        Finding(
            text="The verdict was read off the test subjects themselves. Before a model is used, the chosen way should "
            "be confirmed on subjects that had no part in choosing it."
        ),
        Finding(
            text="These figures speak about the subjects, scanners and annotation rules of two sites. A third needs "
            "its own labelled cases before it decides."
        ),
    )


def _as_it_is(content: CurveContent) -> Iterator[Finding]:
    for model in content.models:
        found = content.figure(model, "test", MEAN_DICE)
        if not model.size and found:
            yield Finding(
                text=f"The travelling model as it is reaches a mean Dice of {with_interval(found.value)} on "
                f"{counted(found.subjects, 'subject')} held out here; its best subject has {found.best:.2f}."
            )


def _at_smallest(content: CurveContent) -> Iterator[Finding]:
    """What the first arm (usually from scratch) loses or gains against the others where cases are fewest."""
    smallest = content.sizes[0]
    for item in _between(content, "test"):
        if item.model.size != smallest or item.other.size != smallest:
            continue
        d = item.difference
        facts = (
            f"With {counted(smallest, 'subject')} from here, {item.model.arm} minus {item.other.arm} is {signed(d)} in "
            f"mean Dice, {d.value_a:.2f} against {d.value_b:.2f}{_by_draw(item)}"
        )
        if d.low > 0:
            yield Finding(text=f"{facts}.", tone="good")
        elif d.high < 0:
            yield Finding(text=f"{facts}: here {item.other.arm} is the better start.", tone="warn")
        else:
            yield Finding(text=f"{facts}. No interval without zero: which start is better is left open.")


def _by_draw(item: CurveDifference) -> str:
    """How far single draws of training subjects lie apart, "" for one."""
    if len(item.draws) < 2:
        return ""
    return f"; in single draws of those subjects {min(item.draws):+.3f} to {max(item.draws):+.3f}"


def _wall(content: CurveContent) -> Iterator[Finding]:
    """The paper's example: the median at end-systole, else the first that there is."""
    walls = [wall for wall in content.walls if wall.figure == "median"] or list(content.walls)
    phase = "es" if any(wall.phase == "es" for wall in walls) else walls[0].phase if walls else ""
    shown = [wall for wall in walls if wall.phase == phase]
    if shown:
        listed = "; ".join(_wall_part(wall) for wall in shown)
        yield Finding(
            text=f"{shown[0].figure.capitalize()} wall thickness at {phase.upper()} against the reference, over "
            f"{counted(len(shown[0].seen), 'subject')}: {listed}.{_after_transfer(content, shown[0])}"
        )


def _after_transfer(content: CurveContent, wall: WallAgreement) -> str:
    """How the correlation changed by training here, "" where there is no model as it is."""
    found = [d for d in content.wall_differences if (d.phase, d.figure) == (wall.phase, wall.figure)]
    listed = "; ".join(f"{item.model.title} {signed(item.difference)}" for item in found)
    return f" Change of r against {found[0].other.title}: {listed}." if found else ""


def _wall_part(wall: WallAgreement) -> str:
    return (
        f"{wall.model.title} r = {with_interval(wall.pearson)}, mean difference {one_decimal(wall.bias)} mm "
        f"(limits {one_decimal(wall.lower)} to {one_decimal(wall.upper)})"
    )


def _forgotten(content: CurveContent) -> Iterator[Finding]:
    largest = content.sizes[-1]
    for item in _against_as_is(content, "home"):
        if item.model.size != largest or item.model.arm not in _fine_tuned(content):
            continue
        d = item.difference
        judged = "it forgets" if d.high < 0 else "it gained there too" if d.low > 0 else "no change is shown"
        yield Finding(
            text=f"At the home site, {item.model.title} against the model as it is: {signed(d)} in mean Dice "
            f"({d.value_a:.2f} against {d.value_b:.2f}): {judged}.",
            tone="warn" if d.high < 0 else "plain",
        )


def _fine_tuned(content: CurveContent) -> set[str]:
    """Arms that had anything to forget."""
    return {arm for arm, start in content.recipe.starts.items() if start == "package"}


def _meaning(content: CurveContent) -> Finding:
    draws = content.recipe.n_draws
    drawn = f" Training subjects were drawn {draws} times; draws are averaged within each subject." if draws > 1 else ""
    return Finding(
        text="Numbers in brackets are 95 % intervals from drawing whole subjects again and again. They say how far a "
        f"figure could move with other subjects of the same kind.{drawn}"
    )


def _rules(content: CurveContent) -> Iterator[Finding]:
    differing = [rule for rule in content.rules if rule.compared and rule.home and rule.here and rule.home != rule.here]
    for rule in differing:
        yield Finding(
            text=f"The sites drew by different rules. {rule.question}: {rule.home} at the home site, {rule.here} here. "
            "Part of a lower Dice of the model as it is may be this difference.",
            tone="warn",
        )
    if not content.rules:
        yield Finding(
            text="It is not known by which rules the masks were drawn at either site (papillary muscles, mitral plane, "
            "outflow tract); a difference would look like an error of the model.",
            tone="warn",
        )


def _few_subjects(content: CurveContent) -> Iterator[Finding]:
    n_test = content.recipe.n_subjects["test"]
    if n_test < _FEW_SUBJECTS:
        yield Finding(
            text=f"With {n_test} test subjects the intervals themselves are rough: where one subject differs much from "
            "the rest, they may still be too narrow.",
            tone="warn",
        )


def _choices(content: CurveContent) -> Finding:
    n_validation = counted(content.recipe.n_subjects["validation"], "subject")
    return Finding(
        text=f"Rate and epoch of every training were chosen on {n_validation} for validation, apart from those that "
        "are measured. With few, that choice is partly luck."
    )


def _draws(content: CurveContent) -> Iterator[Finding]:
    if content.recipe.n_draws == 1:
        yield Finding(
            text="Training subjects were drawn once. Another draw of as many may give another curve; the intervals do "
            "not cover that.",
            tone="warn",
        )
    else:
        yield Finding(
            text=f"Training subjects were drawn {content.recipe.n_draws} times. The intervals are over test subjects "
            "and do not cover the luck of those draws: single draws are in the figure and in the table of differences."
        )


def _between(content: CurveContent, on: Group) -> Iterator[CurveDifference]:
    return (item for item in content.differences if item.on == on and item.other.size)


def _against_as_is(content: CurveContent, on: Group) -> Iterator[CurveDifference]:
    return (item for item in content.differences if item.on == on and not item.other.size)
