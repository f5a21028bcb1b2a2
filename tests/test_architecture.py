"""The house plan in docs/architecture.md is true: imports point one way, and only where the table allows."""

import ast
import re
import subprocess
import sys
import tomllib
from graphlib import TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "medgraft"
PLAN = ROOT / "docs" / "architecture.md"
ROW = re.compile(r"^\| `(?P<room>\w+)` \| .+ \| (?P<allowed>[^|]+) \|$", re.MULTILINE)

#: What a room must not know, beyond other rooms.
FOREIGN = {
    "core": {"torch", "pydicom", "nibabel", "timm", "typer", "rich"},
    "images": {"torch", "timm", "typer", "rich"},
    "phantoms": {"torch", "timm", "typer", "rich"},
    "cohort": {"torch", "timm", "typer", "rich"},
    "labels": {"torch", "pydicom", "timm", "typer", "rich"},
    "training": {"pydicom", "nibabel", "timm", "sqlalchemy", "typer", "rich"},
    "decoding": {"torch", "pydicom", "timm", "typer", "rich"},
    "evaluation": {"torch", "pydicom", "timm", "typer", "rich"},
    "measurement": {"torch", "pydicom", "timm", "typer", "rich"},
    "workspace": {"typer", "rich"},
    "cli": {"torch", "pydicom", "nibabel", "sqlalchemy", "timm"},
}
#: Imported only where a user has asked for the extra.
OPTIONAL = ("psycopg", "ray")
VAGUE = {"util", "utils", "common", "helper", "helpers", "misc", "base", "manager"}
LISTING = (
    ["--help"],
    ["--version"],
    ["networks"],
    ["networks", "--json"],
    ["import", "--help"],
    ["study", "run", "--help"],
)


def read_plan() -> dict[str, set[str]]:
    """Each room of the table, from top to bottom, with the rooms it may import."""
    plan: dict[str, set[str]] = {}
    for match in ROW.finditer(PLAN.read_text()):
        allowed = match["allowed"].strip()
        listed = set() if allowed == "nothing" else set(allowed.split(", "))
        plan[match["room"]] = set(plan) if allowed == "every room above" else listed
    return plan


def room_of(module: str) -> str | None:
    """The room of a module, None for the package itself."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else None


PLANNED = read_plan()
ROOMS = sorted(path.parent.name for path in SOURCE.glob("*/__init__.py"))


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    """Who imports whom, statically, with foreign packages as leaves."""
    return grimp.build_graph("medgraft", include_external_packages=True, cache_dir=None)


def imports_of(graph: grimp.ImportGraph, room: str) -> set[tuple[str, str]]:
    """Pairs (module of the room, module that it imports)."""
    inside = {module for module in graph.modules if room_of(module) == room and module.startswith("medgraft.")}
    return {(module, other) for module in inside for other in graph.find_modules_directly_imported_by(module)}


def test_the_table_is_read_whole() -> None:
    assert {"core", "cohort", "study", "cli"} <= set(PLANNED)
    assert PLANNED["core"] == set()
    assert PLANNED["cli"] == {"workspace", "web", "core"}
    assert "study" in PLANNED["workspace"]


def test_the_table_points_one_way() -> None:
    order = list(PLANNED)
    for place, room in enumerate(order):
        assert set(order[:place]) >= PLANNED[room], f"{room} may import only rooms above it"


def test_every_room_is_in_the_table() -> None:
    folders = {path.name for path in SOURCE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders <= set(PLANNED)
    assert folders == set(ROOMS), "a room says in its __init__.py why it exists"


@pytest.mark.parametrize("room", ROOMS)
def test_imports_go_only_where_the_table_allows(graph: grimp.ImportGraph, room: str) -> None:
    allowed = PLANNED[room] | {room, None}
    wrong = {
        f"{module} imports {other}"
        for module, other in imports_of(graph, room)
        if other.split(".")[0] == "medgraft" and room_of(other) not in allowed
    }
    assert not wrong


@pytest.mark.parametrize("room", sorted(set(ROOMS) & set(FOREIGN)))
def test_a_room_does_not_know_what_it_must_not(graph: grimp.ImportGraph, room: str) -> None:
    wrong = {f"{module} imports {other}" for module, other in imports_of(graph, room) if other in FOREIGN[room]}
    assert not wrong


def test_no_module_imports_itself_in_a_circle(graph: grimp.ImportGraph) -> None:
    edges = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    order = tuple(TopologicalSorter(edges).static_order())  # raises CycleError, which names the circle
    assert set(order) == graph.modules


@pytest.mark.parametrize("room", ROOMS)
def test_folders_within_a_room_import_each_other_one_way(graph: grimp.ImportGraph, room: str) -> None:
    folders = {f"medgraft.{room}.{path.parent.name}" for path in (SOURCE / room).glob("*/__init__.py")}
    edges = {
        folder: {
            other
            for other in folders - {folder}
            if graph.direct_import_exists(importer=folder, imported=other, as_packages=True)
        }
        for folder in folders
    }
    assert set(TopologicalSorter(edges).static_order()) == folders  # raises CycleError, which names the circle


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_what_enters_what_leaves_and_what_it_must_not_know(room: str) -> None:
    text = ast.get_docstring(ast.parse((SOURCE / room / "__init__.py").read_text())) or ""
    assert "enters" in text.lower()
    assert "leaves" in text.lower()
    assert "must not know" in text.lower()


def canonical(name: str) -> str:
    """The name of a package as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_foreign_package_is_asked_for(graph: grimp.ImportGraph) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = {canonical(re.split(r"[<>=\[]", line)[0]) for line in [*project["dependencies"], *OPTIONAL]}
    foreign = {module for module in graph.modules if graph.is_module_squashed(module)} - set(sys.stdlib_module_names)
    packages = packages_distributions()
    missing = {name for name in foreign if not asked & set(map(canonical, packages.get(name, [])))}
    assert foreign
    assert not missing, "packages that are imported, and come only because others need them"


def test_no_vague_names(graph: grimp.ImportGraph) -> None:
    assert not {module for module in graph.modules if VAGUE & set(module.split("."))}


def test_nothing_prints_outside_the_command_line() -> None:
    outside = [path for path in SOURCE.rglob("*.py") if (SOURCE / "cli") not in path.parents]
    printing = [
        f"{path.relative_to(SOURCE)}:{node.lineno}"
        for path in outside
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert outside
    assert not printing


@pytest.mark.parametrize("arguments", LISTING, ids=" ".join)
def test_listing_does_not_load_torch(arguments: list[str]) -> None:
    program = (
        "import sys; from medgraft.cli.main import main\n"
        f"sys.argv = ['medgraft', *{arguments!r}]\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "assert 'torch' not in sys.modules, 'torch was loaded'"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
