"""The house keeps its floors: the import contracts of pyproject.toml hold."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import ROOT

CONTRACTS = ROOT / "pyproject.toml"


def lint_imports(folder: Path, configuration: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the packages in `folder`."""
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--config", configuration]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_every_floor_imports_only_floors_below() -> None:
    done = lint_imports(ROOT, CONTRACTS)
    assert done.returncode == 0, done.stdout


@pytest.fixture
def house_of_empty_modules(tmp_path: Path) -> Path:
    """The floors, without anything on them."""
    modules = [
        *(
            f"marketplace/{name}"
            for name in ("workspaces", "api", "fulfilment", "shop", "signin", "messaging", "steps", "stock")
        ),
        *(
            f"marketplace/{name}"
            for name in ("ledger", "evidence", "spreadsheets", "organisations", "settings", "embedded")
        ),
        *(f"marketplace/{name}" for name in ("databases", "keeper", "processes", "programs")),
        *("suppliers/settlement", "procurement/policy", "procurement/priority", "procurement/priority/rule"),
    ]
    for module in modules:
        folder = tmp_path / module
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
        (folder.parent / "__init__.py").touch()
    return tmp_path


def test_without_imports_no_contract_is_broken(house_of_empty_modules: Path) -> None:
    done = lint_imports(house_of_empty_modules, CONTRACTS)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("marketplace/organisations", "marketplace.ledger"),
        ("marketplace/shop", "procurement.priority"),
        ("suppliers/settlement", "procurement.policy"),
        ("procurement/policy", "marketplace.workspaces"),
        ("marketplace/steps", "marketplace.stock"),
        ("procurement/priority/rule", "django.db"),
    ],
)
def test_a_forbidden_import_is_found(house_of_empty_modules: Path, importer: str, imported: str) -> None:
    """The contracts bite: the same house with one wrong import is refused."""
    (house_of_empty_modules / importer / "__init__.py").write_text(f"import {imported}\n")
    done = lint_imports(house_of_empty_modules, CONTRACTS)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "BROKEN" in done.stdout
