"""Model packages: a trained model as a folder or a file that says everything needed to use it, and nothing that runs.

Enters: a model with its recipe, task, contract and lineage. Leaves: a folder with safetensors and JSON, the same as one
file for travelling, a MONAI bundle; and back again after checking every digest. Must not know: studies, projects, how
figures were found. No pickle is ever read, but as plain tensors from a MONAI bundle (`torch.load(weights_only=True)`).

What loads torch is imported from its own file: `package` (`ModelPackage`, `read_package`, `write_package`), `vectors`,
`bundle`.
"""

from medgraft.exchange.archive import SUFFIX, opened_package, unpack, write_archive
from medgraft.exchange.card import card_text
from medgraft.exchange.facts import FACTS, WEIGHTS, PackageFacts, read_facts
from medgraft.exchange.fingerprint import Fingerprint, PixelsOf, Range, fingerprint, stack_values
from medgraft.exchange.rules import (
    QUESTIONS,
    AnnotationRules,
    Part,
    Question,
    RuleDifference,
    blank_form,
    differences,
    not_compared,
    read_rules,
    write_rules,
)
from medgraft.exchange.seen import Seen, Training
from medgraft.exchange.subjects import NOBODY, SubjectHashes, hash_subjects

__all__ = [
    "FACTS",
    "NOBODY",
    "QUESTIONS",
    "SUFFIX",
    "WEIGHTS",
    "AnnotationRules",
    "Fingerprint",
    "PackageFacts",
    "Part",
    "PixelsOf",
    "Question",
    "Range",
    "RuleDifference",
    "Seen",
    "SubjectHashes",
    "Training",
    "blank_form",
    "card_text",
    "differences",
    "fingerprint",
    "hash_subjects",
    "not_compared",
    "opened_package",
    "read_facts",
    "read_rules",
    "stack_values",
    "unpack",
    "write_archive",
    "write_rules",
]
