"""Where labelling stands: over what the task asks about."""

from medgraft.core.task import UnitKey
from medgraft.workspace import Project, correct_stack, label_from_masks, label_status


def test_labels_of_phases_that_are_not_asked_about_do_not_count(project: Project) -> None:
    label_from_masks(project)
    before = label_status(project)
    with project.cohort() as cohort:
        entry = cohort.entries()[0]
    with project.labels() as store:
        value = store.table("sax-range")[UnitKey(entry.id, entry.phases["ed"], 0)]
    correct_stack(project, entry.id, phases={"es": entry.phases["es"]})
    after = label_status(project)
    assert (after.units, after.labelled) == (before.units - entry.shape[1], before.labelled - entry.shape[1])
    assert after.labelled == sum(after.counts.values()) == sum(after.readers["mask:pool"].values())
    assert (before.elsewhere, after.elsewhere) == (0, entry.shape[1])
    assert after.counts[value] < before.counts[value]
