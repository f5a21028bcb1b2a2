"""What a model sees, of however few images."""

import numpy as np

from medgraft.exchange.package import read_package
from medgraft.workspace import Project
from medgraft.workspace.kept.outcomes import study_outcome
from medgraft.workspace.studies.pictures import model_cams, model_pictures
from medgraft.workspace.studies.samples import image_reader, project_samples


def test_few_images_have_examples_and_no_map(studied: Project) -> None:
    """A test set of four pictures is a report's, too: t-SNE asks for five."""
    package = read_package(studied.studies / "tiny" / "models" / "mobilenetv1_025-random-depth-0")
    samples = project_samples(studied, "sax-range")
    answered = study_outcome(studied, "tiny").stages[0].test
    assert answered is not None
    few = answered.rows(np.arange(4))
    with studied.cohort() as cohort:
        seen = model_pictures(package, few, samples, image_reader(cohort), seed=7)
        cams = model_cams(package, few, samples, image_reader(cohort))
    assert seen.embedding is None
    assert sum(cam.count for cam in seen.cams) == sum(cam.count for cam in cams) == 4
