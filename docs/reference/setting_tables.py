"""Writes the tables of study-file.md and curve-file.md from the files' own descriptions: run it after a change."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel

from medgraft.study import NetworkEntry, StageEntry, StudyFile
from medgraft.study.curve import ArmEntry, CurveFile
from medgraft.study.curve.curve_file import Decay, Home, WindowEntry
from medgraft.study.study_file import CacheEntry, HeldOut

HERE = Path(__file__).parent
BEGIN, END = "<!-- tables: begin -->\n", "<!-- tables: end -->\n"
PAGES = {
    "study-file.md": {
        "The study": StudyFile,
        "A network": NetworkEntry,
        "A stage": StageEntry,
        "Held-out subjects": HeldOut,
        "The cache": CacheEntry,
    },
    "curve-file.md": {
        "The curve": CurveFile,
        "An arm": ArmEntry,
        "Grey levels": WindowEntry,
        "Held-out subjects": HeldOut,
        "The home site": Home,
        "Decay of the rate": Decay,
    },
}
TITLES = {part.__name__: title for parts in PAGES.values() for title, part in parts.items()}


def tables(page: str) -> str:
    """One table for each part of a page's file."""
    return "\n".join(f"### {title}\n\n{table(part)}" for title, part in PAGES[page].items())


def table(part: type[BaseModel]) -> str:
    """Key, values, default and meaning of every key of a part."""
    schema = part.model_json_schema()
    required = set(schema.get("required", ()))
    rows = [
        f"| `{key}` | {values(facts)} | {default(key, facts, required)} | {facts['description']} |"
        for key, facts in schema["properties"].items()
    ]
    return "\n".join(["| key | values | default | meaning |", "|---|---|---|---|", *rows, ""])


def values(facts: dict[str, Any]) -> str:
    """What a key may be, in words."""
    if "$ref" in facts:
        title = TITLES[facts["$ref"].rpartition("/")[2]]
        return f"[{title.lower()}](#{title.lower().replace(' ', '-')})"
    if "anyOf" in facts:
        return " or ".join(values(choice) for choice in facts["anyOf"] if choice.get("type") != "null")
    if "enum" in facts or "const" in facts:
        return " or ".join(f"`{choice}`" for choice in facts.get("enum", [facts.get("const")]))
    match facts["type"]:
        case "array" if "prefixItems" in facts:
            return f"{len(facts['prefixItems'])} of {values(facts['prefixItems'][0])}"
        case "array":
            return f"list of {values(facts['items'])}"
        case "object":
            return f"name: {values(facts['additionalProperties'])}"
        case kind:
            return {"string": "text", "number": "number"}.get(kind, kind) + bounds(facts)


def bounds(facts: dict[str, Any]) -> str:
    """The range of a number, "" if it has none."""
    words = {"exclusiveMinimum": "more than", "minimum": "from", "maximum": "to"}
    said = [f"{word} {facts[name]:g}" for name, word in words.items() if name in facts]
    return f" {' '.join(said)}" if said else ""


def default(key: str, facts: dict[str, Any], required: set[str]) -> str:
    """What a key is if it is left out."""
    if key in required:
        return "must be given"
    return "none" if facts.get("default") is None else f"`{facts['default']}`".replace("'", "")


def page_with_tables(page: str) -> str:
    """The text of a page with its tables renewed."""
    before, _, rest = (HERE / page).read_text().partition(BEGIN)
    return before + BEGIN + "\n" + tables(page) + "\n" + END + rest.partition(END)[2]


if __name__ == "__main__":
    for name in PAGES:
        (HERE / name).write_text(page_with_tables(name))
