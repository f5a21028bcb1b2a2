"""Pictures with an index CSV, made and real."""

import csv

import numpy as np
import pytest
from PIL import Image

from medgraft.cohort import Cohort, ImportOptions, import_source
from medgraft.core.errors import InputError


@pytest.fixture
def source(tmp_path):
    """A folder of 4 x 5 pictures that are constant, `name` -> grey value, and a writer of its index."""
    root = tmp_path / "incoming"
    root.mkdir()

    def make(pictures: dict[str, int], index: str, size: tuple[int, int] = (4, 5)):
        for name, grey in pictures.items():
            Image.fromarray(np.full(size, grey, np.uint8)).save(root / name)
        (root / "index.csv").write_text(index)
        return root

    return make


def test_rows_without_slice_are_single_pictures_with_their_label(source, cohort):
    root = source({"a.png": 10, "b.png": 20}, "path,subject,label,split,site\na.png,A,benign,test,north\nb.png,B,,,\n")
    first, second = sorted(import_source(root, cohort).added, key=lambda entry: entry.subject)
    assert (first.shape, first.split, first.site, first.source) == ((1, 1, 4, 5), "test", "north", "a.png")
    assert (second.split, second.site) == (None, None)
    assert np.all(cohort.pixels(second) == 20)
    assert [(label.stack, label.code) for label in cohort.found_labels()] == [(first.id, "benign")]


def test_numbered_rows_become_slices_by_phases(source, cohort):
    pictures = {f"{phase}{z}.png": 10 * t + z for t, phase in enumerate(("ED", "ES")) for z in (2, 10, 3)}
    rows = [f"{name},A,{'OBS' if name[2:] == '2.png' else 'IN'},{name[:2]},{name[2:-4]}" for name in pictures]
    root = source(pictures, "path,subject,label,phase,slice\n" + "\n".join(rows))
    (entry,) = import_source(root, cohort, options=ImportOptions(short_axis=True)).added
    assert (entry.shape, entry.phases, entry.base_first) == ((2, 3, 4, 5), {"ed": 0, "es": 1}, True)
    assert (entry.spacing, entry.facts) == (None, {"slices": "2 3 10"})
    assert cohort.pixels(entry)[:, :, 0, 0].tolist() == [[2, 3, 10], [12, 13, 20]]
    labels = {(label.phase, label.slice): label.code for label in cohort.found_labels()}
    assert labels == {(t, z): "OBS" if z == 0 else "IN" for t in range(2) for z in range(3)}


def test_numbered_phases_stand_in_order_and_have_no_names(source, cohort):
    pictures = {f"{t}.png": t for t in (10, 9, 0)}
    root = source(pictures, "path,subject,label,phase,slice\n" + "\n".join(f"{t}.png,A,,{t},1" for t in (10, 9, 0)))
    (entry,) = import_source(root, cohort).added
    assert (entry.phases, cohort.pixels(entry)[:, 0, 0, 0].tolist()) == ({}, [0, 9, 10])


def test_phases_with_other_slices_are_stacks_of_their_own(source, cohort):
    index = "path,subject,label,phase,slice\na.png,A,,ED,1\nb.png,A,,ED,2\nc.png,A,,ES,1\n"
    report = import_source(source({"a.png": 1, "b.png": 2, "c.png": 3}, index), cohort)
    assert {(entry.shape[1], tuple(entry.phases)) for entry in report.added} == {(2, ("ed",)), (1, ("es",))}
    assert [note.code for note in report.notes] == ["phases-apart"]


@pytest.mark.parametrize(
    ("index", "told"),
    [
        ("gone.png,A,x,", [("refused", "missing-file", "gone.png")]),
        ("../secret.png,A,x,", [("refused", "missing-file", "../secret.png")]),
        ("/etc/hostname,A,x,", [("refused", "missing-file", "/etc/hostname")]),
        ("a.png,,x,", [("refused", "no-subject", "a.png")]),
        ("a.png,A,x,first", [("refused", "bad-slice", "a.png")]),
        ("a.png,A,x,nan", [("refused", "bad-slice", "a.png")]),
        ("a.png,A,x,\na.png,A,y,", [("set aside", "rows-disagree", "a.png")]),
        ("a.png,A,x,\na.png,B,x,", [("set aside", "rows-disagree", "a.png")]),
        ("a.png,A,x,1\nc.png,A,x,1", [("set aside", "duplicate-slice", "c.png")]),
        ("a.png,A,x", []),
        ("a.png,A,x,,,,", []),
    ],
)
def test_a_wrong_row_is_told_and_the_others_are_used(source, cohort, index, told):
    root = source({"a.png": 1, "b.png": 2, "c.png": 3}, f"path,subject,label,slice\nb.png,Z,x,\n{index}\n")
    report = import_source(root, cohort)
    assert "Z" in cohort.subjects()
    assert [(n.kind, n.code, n.where) for n in report.notes if n.code != "not-in-layout"] == told


@pytest.mark.parametrize(
    "index",
    [
        "path;subject;label\na.png;A;x\nb.png;B;y\n",
        "path,subject,label,,\n./a.png,A,x,,\n.\\b.png,B,y,,\n",
    ],
    ids=["semicolons", "paths of another system"],
)
def test_an_index_from_any_spreadsheet_is_read(source, cohort, index):
    report = import_source(source({"a.png": 1, "b.png": 2}, index), cohort)
    assert {entry.source: entry.subject for entry in report.added} == {"a.png": "A", "b.png": "B"}
    assert not report.notes


def test_an_index_in_another_encoding_is_told(source, cohort):
    root = source({"a.png": 1}, "")
    (root / "index.csv").write_bytes("path,subject\na.png,Müller\n".encode("cp1252"))
    with pytest.raises(InputError, match="save it as CSV UTF-8"):
        import_source(root, cohort)
    assert cohort.imports() == ()


def test_slices_of_several_sizes_are_kept_alone(source, cohort):
    source({"b.png": 2}, "", (6, 6))
    root = source({"a.png": 1}, "path,subject,label,slice\na.png,A,x,1\nb.png,A,y,2\n")
    report = import_source(root, cohort)
    assert sorted(entry.shape for entry in report.added) == [(1, 1, 4, 5), (1, 1, 6, 6)]
    assert {label.code for label in cohort.found_labels()} == {"x", "y"}
    assert [note.code for note in report.notes] == ["sizes-differ"]


def test_a_corrected_index_replaces_labels_and_contradictions_are_noticed(source, cohort):
    import_source(source({"a.png": 1}, "path,subject,label\na.png,A,x\n"), cohort)
    import_source(source({"a.png": 1}, "path,subject,label\na.png,A,y\n"), cohort)
    assert [label.code for label in cohort.found_labels()] == ["y"]
    index = "path,subject,label\na.png,A,y\ncopy.png,A,z\n"
    report = import_source(source({"a.png": 1, "copy.png": 1}, index), cohort)
    assert [note.code for note in report.notes] == ["duplicate-stack", "labels-disagree"]
    assert [label.code for label in cohort.found_labels()] == ["z"]


def test_a_subject_in_two_splits_is_noticed(source, cohort):
    index = "path,subject,label,split\na.png,A,x,train\nb.png,A,x,test\n"
    report = import_source(source({"a.png": 1, "b.png": 2}, index), cohort)
    assert [note.code for note in report.notes] == ["subject-in-several-splits"]


def test_an_index_without_subjects_or_two_of_them_are_told(source, cohort, tmp_path):
    root = source({"a.png": 1}, "path,label\na.png,x\n")
    with pytest.raises(InputError, match="without subjects a patient could be in two folds"):
        import_source(root, cohort, options=ImportOptions(table=root / "index.csv"))
    for name in ("one.csv", "two.csv"):
        (root / name).write_text("path,subject,label\na.png,A,x\n")
    with pytest.raises(InputError, match=r"one\.csv, two\.csv"):
        import_source(root, cohort)
    assert len(import_source(root, cohort, options=ImportOptions(table=root / "one.csv")).added) == 1


@pytest.mark.slow
def test_mini_mias(real_data, tmp_path):
    """242 mammograms; in mini-MIAS images 2n-1 and 2n are one woman's left and right breast."""
    folder = real_data / "mini_mias"
    with (folder / "labels.csv").open() as file:
        severities = {row["Name"]: row["Type"] or "N" for row in csv.DictReader(file)}
    names = sorted(path.stem for path in folder.glob("*.png"))
    rows = [f"{name}.png,woman{(int(name[3:]) + 1) // 2:03d},{severities[name]}" for name in names]
    index = tmp_path / "index.csv"
    index.write_text("path,subject,label\n" + "\n".join(rows))
    with Cohort.open(tmp_path / "project") as cohort:
        report = import_source(folder, cohort, options=ImportOptions(table=index))
        assert len(report.added) == len(names) == 242
        assert {entry.shape for entry in report.added} == {(1, 1, 512, 512)}
        by_stack = {label.stack: label.code for label in cohort.found_labels()}
        assert all(by_stack[entry.id] == severities[entry.source[:-4]] for entry in report.added)
        assert not [note for note in report.notes if note.kind == "refused"]


@pytest.mark.slow
def test_sunnybrook(real_data, tmp_path):
    folder = real_data / "sunnybrook"
    with (folder / "index.csv").open() as file:
        lines = list(csv.DictReader(file))
    rows = [f"{r['image']},{r['patient']},IN,{r['phase']},{r['slice_from_base']}" for r in lines]
    index = tmp_path / "index.csv"
    index.write_text("path,subject,label,phase,slice\n" + "\n".join(rows))
    with Cohort.open(tmp_path / "project") as cohort:
        report = import_source(folder, cohort, options=ImportOptions(table=index, short_axis=True))
        assert cohort.subjects() == tuple(sorted({row["patient"] for row in lines}))
        assert (
            sum(entry.shape[0] * entry.shape[1] for entry in report.added) == len(lines) == len(cohort.found_labels())
        )
        entry = report.added[0]
        numbers = entry.facts["slices"].split()
        for row in (row for row in lines if row["patient"] == entry.subject and row["phase"].lower() in entry.phases):
            ours = cohort.pixels(entry)[entry.phases[row["phase"].lower()], numbers.index(row["slice_from_base"])]
            np.testing.assert_array_equal(ours, np.asarray(Image.open(folder / row["image"])))


CONTOURED = "patient,phase,slice_from_base,image,endocardium\n"


def test_pictures_of_contours_become_masks_of_the_classes_they_label(source, cohort):
    index = CONTOURED + "".join(
        f"A,{phase},{z},{phase}{z}.png,{phase}{z}_in.png\n" for phase in ("ED", "ES") for z in (1, 2)
    )
    names = [f"{phase}{z}" for phase in ("ED", "ES") for z in (1, 2)]
    pictures = {f"{name}.png": 40 + z for z, name in enumerate(names)} | {f"{name}_in.png": 0 for name in names}
    root = source(pictures | {"ED2_in.png": 255}, index)
    (entry,) = import_source(root, cohort).added
    assert (entry.phases, entry.mask_phases, entry.base_first) == ({"ed": 0, "es": 1}, (0, 1), True)
    assert (entry.mask_classes, entry.spacing) == (("pool",), None)
    assert [np.unique(cohort.mask(entry)[t, z]).tolist() for t in (0, 1) for z in (0, 1)] == [[0], [1], [0], [0]]


def test_another_name_of_a_column_counts_only_where_its_own_is_missing(source, cohort):
    root = source({"a.png": 1, "b.png": 2}, "path,subject,image,patient\na.png,A,7,x\nb.png,B,8,x\n")
    assert {entry.subject for entry in import_source(root, cohort).added} == {"A", "B"}


def test_the_wall_is_between_both_contours(source, cohort):
    root = source(
        {"a.png": 9, "in.png": 0, "out.png": 1}, "path,subject,endocardium,epicardium\na.png,A,in.png,out.png\n"
    )
    inner = np.zeros((4, 5), np.uint8)
    inner[1, 1:3] = 1
    Image.fromarray(inner).save(root / "in.png")
    (entry,) = import_source(root, cohort).added
    np.testing.assert_array_equal(cohort.mask(entry)[0, 0], np.where(inner, 1, 2))
    assert entry.mask_classes == ("pool", "myocardium")


@pytest.mark.parametrize(
    ("mask", "code"), [("", "unlabelled-phases"), ("../b.png", "missing-file"), ("small.png", "mask-size")]
)
def test_a_phase_that_lacks_a_usable_mask_is_not_labelled(source, cohort, mask, code):
    index = CONTOURED + f"A,ED,1,a.png,in.png\nA,ED,2,b.png,{mask}\n"
    root = source({"a.png": 10, "b.png": 20, "in.png": 1}, index)
    Image.fromarray(np.ones((2, 2), np.uint8)).save(root / "small.png")
    report = import_source(root, cohort)
    assert code in {note.code for note in report.notes}
    assert [entry.mask_phases for entry in report.added] == [()]


@pytest.mark.slow
def test_sunnybrook_pictures_come_with_their_cavities(cohort, real_data):
    """The other hospital of the two-site study: pixel grid only, and no myocardium drawn."""
    home = real_data / "sunnybrook"
    report = import_source(home, cohort)
    with (home / "index.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert not [note for note in report.notes if note.kind == "refused"]
    assert {entry.subject for entry in report.added} == {row["patient"] for row in rows}
    assert sum(len(entry.mask_phases) * entry.shape[1] for entry in report.added) == len(rows)
    assert {(entry.mask_classes, entry.spacing, entry.base_first) for entry in report.added} == {
        (("pool",), None, True)
    }
    row, entry = rows[0], next(entry for entry in report.added if entry.subject == rows[0]["patient"])
    z = entry.facts["slices"].split().index(row["slice_from_base"])
    drawn = np.asarray(Image.open(home / row["endocardium"])) > 0
    np.testing.assert_array_equal(cohort.mask(entry)[entry.phases[row["phase"].lower()], z] == 1, drawn)
