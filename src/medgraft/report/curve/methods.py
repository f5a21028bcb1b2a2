"""How it was done, in one paragraph per subject, from the content alone."""

from medgraft.core.counted import counted
from medgraft.report.curve.content import CurveContent, Recipe

_STARTS = {
    "package": "the weights of the model that travelled",
    "random": "random weights, scaled to each layer's size",
    "normal": "weights drawn from N(0, 1), the paper's own start, far too large",
}


def methods(content: CurveContent) -> tuple[str, ...]:
    """Paragraphs on the question, the training, the evaluation and the wall."""
    paragraphs = (_question(content), _training(content), _evaluation(content), _wall(content))
    return tuple(text for text in paragraphs if text)


def _question(content: CurveContent) -> str:
    task, recipe = content.task, content.recipe
    classes = ", ".join(item.name for item in task.classes[1:])
    roles = ", ".join(f"{count} {_ROLES[role]}" for role, count in recipe.n_subjects.items() if count)
    reference = f" The design follows {task.reference}, Figure 4 and Table 1." if task.reference else ""
    return (
        f"Each voxel was assigned to background or one of: {classes}. Subjects: {roles}; no subject has two roles."
        f"{reference}"
    )


def _training(content: CurveContent) -> str:
    recipe = content.recipe
    starts = "; ".join(f"{arm}, from {_STARTS.get(start, start)}" for arm, start in recipe.starts.items())
    rates = "; ".join(f"{arm}: {', '.join(f'{rate:g}' for rate in tried)}" for arm, tried in recipe.rates.items())
    varied = "pictures varied at random" if recipe.augmented else "pictures not varied"
    return (
        f"Network: {recipe.network}, reading {recipe.grid}. Compared starts: {starts}. Training sets of "
        f"{', '.join(map(str, content.sizes))} subjects, each containing the smaller ones, drawn {recipe.n_draws} "
        f"{'time' if recipe.n_draws == 1 else 'times'} from seed {recipe.seed}. Adam, multi-class Dice loss, "
        f"{recipe.epochs} epochs of {_updates(recipe)}, rate {recipe.decay}, {varied}. Learning "
        f"rates tried ({rates}): of each start, size and draw the rate and the epoch with the best Dice on the "
        "validation subjects were kept."
    )


def _updates(recipe: Recipe) -> str:
    batch = f"{recipe.batch_size} at a time"
    if recipe.updates is None:
        return f"every case once ({batch}: more updates where there are more cases)"
    return f"{counted(recipe.updates, 'update')} ({batch}; {recipe.epochs * recipe.updates} updates in all)"


def _evaluation(content: CurveContent) -> str:
    return (
        "Test subjects were measured on their native grids: Dice per labelled class, and the 95th percentile of the "
        f"distance between the borders (Hausdorff) in {content.distance_unit}; a structure on one side alone counts "
        "the diagonal of the image, the worst case (Metrics Reloaded, doi 10.1038/s41592-023-02151-z). Phases and "
        "images of a subject are averaged, then draws; intervals are 95 % bootstrap intervals over subjects, "
        "differences are paired on the same ones. The p values of all starts and sizes that are compared with the same "
        "other, such as the model as it is, are corrected together (Holm): the more is tried, the smaller p must be."
    )


def _wall(content: CurveContent) -> str:
    if not content.walls:
        return ""
    return (
        "Wall thickness is the length of the streamline of Laplace's equation from the outer to the inner surface "
        "(Jones, Buchbinder and Aharon 2000, Human Brain Mapping 11:12-32; Yezzi and Prince 2003, doi "
        "10.1109/TMI.2003.817775), in mm, in the model's masks and in the reference masks alike; a subject has its "
        "median, 95th percentile and maximum, each the mean over its images. All models are compared over the subjects "
        "whose wall all of them show. Agreement is given as Pearson's correlation, intraclass correlation and limits "
        "of agreement (Bland and Altman 1999, doi 10.1177/096228029900800204)."
    )


_ROLES = {
    "train": "to train on",
    "validation": "for validation",
    "test": "for test",
    "home": "of the home site",
    "others": "of other splits, which had no part",
}
