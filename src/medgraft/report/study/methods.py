"""How it was done, in one paragraph per subject, from the content alone."""

from medgraft.report.study.content import StudyContent


def methods(content: StudyContent) -> tuple[str, ...]:
    """Paragraphs on the question, the models, the choices and the evaluation."""
    return (_question(content), _models(content), _evaluation(content), _decoding(content))


def _question(content: StudyContent) -> str:
    task = content.task
    listed = ", ".join(f"{item.code} ({item.name})" if item.name != item.code else item.code for item in task.classes)
    phases = f" at the phases {', '.join(task.phases)}" if task.phases else ""
    reference = f" The task follows {task.reference}." if task.reference else ""
    return f"Each {task.unit}{phases} was assigned to one of {len(task.classes)} classes: {listed}.{reference}"


def _models(content: StudyContent) -> str:
    trained = [result for result in content.results if result.curves is not None]
    depths = sorted({result.depth for result in content.results if result.depth is not None})
    rates = sorted({rate for result in trained if result.curves for rate in result.curves.rates}, reverse=True)
    folds = max((result.curves.val_loss.shape[1] for result in trained if result.curves), default=0)
    searched = (
        f" Learning rates {', '.join(f'{rate:g}' for rate in rates)} were compared over {folds} folds of patients."
        if rates
        else ""
    )
    rule = f" Choice of the model: {content.chosen_by}." if content.chosen_by else ""
    return (
        f"{len(content.results)} models were trained from {len({r.network for r in content.results})} networks at "
        f"{'depth' if len(depths) == 1 else 'depths'} {', '.join(map(str, depths)) or 'unknown'} (0: only the new head "
        f"is trained; 1: also the last convolutional block; and so on towards the input).{searched}{rule}"
    )


def _evaluation(content: StudyContent) -> str:
    return (
        f"All figures are of {content.results[0].evaluated_on}; folds and splits keep each patient together. "
        "Intervals are 95 % bootstrap intervals that draw whole patients; differences are paired, on the same drawn "
        "patients. Macro F1 is the mean of the classes' F1 and gives a rare class the same say as a common one. Soft "
        "accuracy also counts an answer that is true of a neighbouring slice. The micro AUC averages over all "
        "one-against-the-rest decisions; the AUC by class size is the mean of the classes' AUCs, weighted by images."
    )


def _decoding(content: StudyContent) -> str:
    if not content.task.along_stack:
        return "Each image was answered on its own, with the class of the highest score."
    order = ", ".join(content.task.along_stack)
    return (
        "Each slice was answered twice: with the class of the highest score, and after decoding its whole stack at "
        f"once, which allows only the order {order} from base to apex."
    )
