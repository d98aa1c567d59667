"""The import contract of pure modules: those that call themselves so, wherever they are.

A module calls itself pure when the first paragraph of its docstring ends with the word "Pure."
(https://import-linter.readthedocs.io/en/stable/custom_contract_types/)
"""

import ast
from pathlib import Path
from typing import Any, Final

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

ROOT: Final = Path(__file__).parent.parent
PACKAGES: Final = ("messages", "gateway", "workers", "ops", "sandbox")


def pure_modules() -> dict[str, Path]:
    """Every module that calls itself pure, by name."""
    files = [file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py"))]
    return {name_of(file): file for file in files if calls_itself_pure(file)}


def calls_itself_pure(file: Path) -> bool:
    """Whether the first paragraph of a module's docstring ends with "Pure."."""
    docstring = ast.get_docstring(ast.parse(file.read_text())) or ""
    return docstring.partition("\n\n")[0].endswith("Pure.")


def name_of(file: Path) -> str:
    """The dotted name of a module's file."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


class PureContract(Contract):
    """Pure modules import none of `forbidden`, and reach none of `forbidden_indirectly` by any chain of imports."""

    type_name = "pure"

    forbidden = fields.SetField(subfield=fields.StringField())
    forbidden_indirectly = fields.SetField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Look at every pure module."""
        chains: list[tuple[str, ...]] = []
        for module in pure_modules():
            direct = graph.find_modules_directly_imported_by(module)
            chains += [(module, imported) for imported in sorted(direct & _names(self.forbidden))]
            for imported in sorted(_names(self.forbidden_indirectly) & graph.modules):
                chain = graph.find_shortest_chain(importer=module, imported=imported)
                if chain and tuple(chain) not in chains:
                    chains.append(tuple(chain))
        return ContractCheck(kept=not chains, metadata={"chains": chains})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print each chain of imports that makes a module impure."""
        for chain in check.metadata["chains"]:
            output.print_error(f"{chain[0]} calls itself pure, but: {' -> '.join(chain)}")


def _names(field: Any) -> set[str]:
    return set(field)
