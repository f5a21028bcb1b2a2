"""A first study, from images to answers, read from top to bottom.

Every `# %%` begins a cell: editors with notebooks run it on its own, and `python docs/tutorial/first_study.py` runs
them all in a minute or so, in the current folder. The same on the command line: docs/tutorial/index.md.
"""
# ruff: noqa: E402 - a cell imports what it needs, as in a notebook

# %% [markdown]
# A cardiac short-axis stack is cut from the base of the heart to its apex. Some slices miss the left ventricle: above
# its base (OBS) or below its apex (OAP). We teach a network which is which, and ask whether it has learned anything.

# %% Images
# Synthetic hearts of two sites stand in for yours. Site a is where we train; site b has another scanner.
from pathlib import Path

from medgraft.workspace import Project, correct_subject, import_images, label_from_masks, list_cohort, write_phantoms

write_phantoms(Path("scans-a"), subjects=8, site="a", size=64, phases=4)
write_phantoms(Path("scans-b"), subjects=4, site="b", size=64, phases=4, seed=8)

# %% A project
# A project is a folder that holds everything. Sources are only read. Both sites count their patients from 1, so we
# give each a secret of its own: subjects become pseudonyms, and no two patients share one.
from medgraft.workspace import ImportOptions

project = Project.open_or_create(Path("heart"))
for site in "ab":
    options = ImportOptions(site=site, pseudonyms=f"a secret for site {site}")
    done = import_images(project, Path(f"scans-{site}"), options=options)
    for row in done.added:
        correct_subject(project, row.subject, split="test" if site == "b" else "train")

for row in list_cohort(project).stacks[:3]:
    print(row.subject, row.site, row.split, f"{row.slices} slices of {row.rows} x {row.columns}")

# %% Labels
# Each slice gets its class from the mask of the blood pool; labels can as well come from a spreadsheet or from readers.
labels = label_from_masks(project)
print(labels.counts["pool"])

# %% [markdown]
# Count before you train. Almost every slice is IN: a model that always says IN is right most of the time and worth
# nothing. So medgraft shows the rare classes more often in training, chooses by a loss in which classes count alike,
# and reports macro F1 beside accuracy.

# %% A study
# A study says what is compared. Here: one network with random weights, first its head, then its last stage too. With
# your own images, leave out `weights`, `size` and `stages`, and medgraft takes ImageNet weights and the paper's rates.
from medgraft.workspace.studies.request import read_study
from medgraft.workspace.studies.running import plan_study, start_study

Path("first.yaml").write_text("""\
name: first
networks:
  - {network: mobilenetv1_025, weights: random, size: 48}
  - {network: mobilenetv1_025, weights: random, size: 48, name: from-scratch,
     stages: [{depth: all, rates: [0.02], epochs: 8}]}
stages:
  - {depth: 0, rates: [0.01, 0.001], epochs: 4}
  - {depth: 1, rates: [0.01], epochs: 4}
folds: 3
draws: 2
test: {split: test}
""")
study = read_study(Path("first.yaml"))

plan = plan_study(project, study)
for stage in plan.stages:
    print(f"{stage.model}, depth {stage.depth}: {stage.trainings} trainings, {stage.updates} updates")

# %% Run it
# No patient is ever in two folds; site b is met at the very end. Run this cell again: it is done already.
found = start_study(project, study)
for row in found.rows:
    f1 = row.macro_f1
    print(f"{row.model:45} {row.decision:6} {f1.value:.2f} [{f1.low:.2f}, {f1.high:.2f}]")

# %% [markdown]
# Look at "baseline: position" first: it answers from the place of the slice in its stack and has never seen a pixel.
# A model whose interval does not clear it has not shown that its pixels matter. With a dozen small synthetic hearts
# and a minute of training, expect just that. In brackets are 95 % intervals over patients, and they are wide: so few
# patients cannot say more, whatever the network.

# %% A report
# One page that needs no other file: figures, curves, confusion, and where each network looks.
from medgraft.workspace.studies.reporting import report_study

page = Path(report_study(project, "first").page)
print("open", page.name, "in a browser")

# %% New images
# The best model by validation loss answers for a new patient. `joint` decides the stack as a whole: OBS, IN, OAP may
# only follow each other in this order.
from medgraft.workspace.kept.find_model import find_model
from medgraft.workspace.models.predicting import predict_folder

write_phantoms(Path("new-patient"), subjects=1, site="a", size=64, phases=4, seed=9)
answers = predict_folder(find_model("first", project.root), Path("new-patient"), sheets=Path("sheets"))
for slice_ in answers.slices[:5]:
    print(slice_.phase, f"{slice_.slice}/{slice_.slices}", slice_.plain, slice_.joint)

# %% [markdown]
# Where to go from here: docs/how-to for your own images, docs/concepts for the reasons, docs/reference for options.
