"""What holds for the whole house: one way through the rooms, one clock, commits in their place, files of a size."""

import ast
import configparser
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROGRAM = ROOT / "clinic_sessions"
MODULES = sorted(path for path in PROGRAM.rglob("*.py") if "versions" not in path.parts)
TEMPLATES = sorted((ROOT / "templates").rglob("*.*"))


def room(path: Path) -> str:
    """The room of a module: its folder below the program."""
    return path.relative_to(PROGRAM).parts[0]


def calls(path: Path) -> Iterator[str]:
    """Every dotted name that a module calls."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, (ast.Attribute, ast.Name)):
            yield ast.unparse(node.func)


def imports(path: Path) -> Iterator[str]:
    """Every module that a module imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_only_the_clock_asks_the_time() -> None:
    asked = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time"}
    guilty = [str(p) for p in MODULES if p.name != "clock.py" and asked & set(calls(p))]
    assert guilty == []


def test_services_and_models_never_commit() -> None:
    guilty = [
        f"{path.name}: {call}"
        for path in MODULES
        if room(path) in {"services", "models", "domain", "mail", "forms"}
        for call in calls(path)
        if call.endswith(".commit")
    ]
    assert guilty == []


def test_only_the_schedule_of_jobs_imports_the_scheduler() -> None:
    guilty = [str(p) for p in MODULES if any(name.startswith("apscheduler") for name in imports(p))]
    assert guilty == [str(PROGRAM / "jobs" / "schedule.py")]


def test_services_never_name_the_web() -> None:
    web = ("flask", "wtforms", "werkzeug", "jinja2")
    guilty = [
        str(path)
        for path in MODULES
        if room(path) in {"services", "models", "domain"} and any(name.startswith(web) for name in imports(path))
    ]
    assert guilty == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_readable(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 280, "split it by its reasons to exist"
    long = [
        f"{node.name}: {(node.end_lineno or 0) - node.lineno}"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and len([n for n in node.body if not isinstance(n, ast.Expr)]) > 0
        and _lines_of_code(node, text) > 30
    ]
    assert long == []


def _lines_of_code(node: ast.FunctionDef | ast.AsyncFunctionDef, text: str) -> int:
    first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
    body = text.splitlines()[first.lineno - 1 : node.end_lineno]
    return len([line for line in body if line.strip()])


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_public_function_and_module_says_what_it_means(path: Path) -> None:
    tree = ast.parse(path.read_text())
    silent = [] if ast.get_docstring(tree) else [path.name]
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not node.name.startswith("_"):
            silent += [] if ast.get_docstring(node) else [node.name]
    assert silent == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_templates_never_turn_escaping_off_or_carry_style_and_script(path: Path) -> None:
    text = path.read_text()
    for forbidden in ("|safe", "| safe", "Markup", "autoescape false", "javascript:", " onclick=", " onchange="):
        assert forbidden not in text
    if "emails" not in path.parts:
        assert "<style" not in text
        assert ' style="' not in text
        assert "<script>" not in text


def test_every_package_is_named_in_setup_cfg() -> None:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    named = set(parser["options"]["packages"].split()) - {"clinic_sessions.templates", "clinic_sessions.static"}
    found = {".".join(path.parent.relative_to(ROOT).parts) for path in PROGRAM.rglob("__init__.py")}
    assert named == found


def test_there_is_no_room_for_odds_and_ends() -> None:
    odd = {"utils", "helpers", "common", "misc"}
    assert [str(path) for path in MODULES if path.stem in odd or odd & set(path.parts)] == []
