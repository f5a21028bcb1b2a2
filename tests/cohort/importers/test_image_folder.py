"""Pictures in a folder per class."""

import numpy as np
import pytest
from PIL import Image

from medgraft.cohort import ImportOptions, import_source
from medgraft.core.errors import InputError


@pytest.fixture
def source(tmp_path):
    for n, path in enumerate(("benign/P1_l.png", "benign/P1_r.png", "malignant/P2_l.png")):
        (tmp_path / "in" / path).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((4, 5), n, np.uint8)).save(tmp_path / "in" / path)
    return tmp_path / "in"


def test_the_folder_is_the_label_and_the_pattern_the_subject(source, cohort):
    import_source(source, cohort, options=ImportOptions(subject_pattern=r"(P\d+)"))
    labels = {label.stack: label.code for label in cohort.found_labels()}
    assert [(e.subject, e.source, labels[e.id]) for e in sorted(cohort.entries(), key=lambda e: e.source)] == [
        ("P1", "benign/P1_l.png", "benign"),
        ("P1", "benign/P1_r.png", "benign"),
        ("P2", "malignant/P2_l.png", "malignant"),
    ]


def test_without_subjects_it_is_refused(source, cohort):
    with pytest.raises(InputError, match="subject_pattern"):
        import_source(source, cohort)
    assert len(cohort) == 0
