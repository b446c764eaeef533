"""The repository as text: every file, each module parsed once.

Rules are pure functions of this value, so a test can seed a violation without writing a file.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path, PurePosixPath

PACKAGES = ("bench", "deploy", "research", "services", "shared", "tests")
FOLDERS = (*PACKAGES, ".ci", "docs", "requirements")
_LEFT_BEHIND = re.compile(r"\.git|\.coverage.*")  # by git worktrees and test runs
BINARY = frozenset({".gif", ".icc", ".ico", ".jpg", ".jpeg", ".onnx", ".png", ".pyc", ".webp", ".woff2", ".zip"})


@dataclass(frozen=True, slots=True)
class Import:
    """One imported name: `module` as written, and the `name` imported from it ("" for the module itself)."""

    module: str
    name: str
    line: int
    relative: bool
    typing_only: bool


@dataclass(frozen=True)
class Module:
    """One Python file; `name` is its dotted path."""

    path: str
    name: str
    body: ast.Module

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        """All imports, those in functions and `import_module("constant")` included."""
        return tuple(_imports(self.body, typing_only=False))

    @cached_property
    def aliases(self) -> dict[str, str]:
        """The full name behind each imported name: {"np": "numpy", "Redis": "redis.Redis"}."""
        known: dict[str, str] = {}
        for node in ast.walk(self.body):
            match node:
                case ast.Import(names=names):
                    known |= {name.asname: name.name for name in names if name.asname}
                    known |= {top: top for name in names if not name.asname and (top := name.name.split(".")[0])}
                case ast.ImportFrom(module=str(source), names=names):
                    known |= {name.asname or name.name: f"{source}.{name.name}" for name in names}
        return known

    @cached_property
    def names(self) -> tuple[ast.expr, ...]:
        """All plain and dotted names; `os.environ.get` counts as `os.environ` too."""
        return tuple(node for node in ast.walk(self.body) if isinstance(node, (ast.Name, ast.Attribute)))

    @cached_property
    def texts(self) -> dict[ast.Constant, str]:
        """String constants other than docstrings."""
        said = {node.value for node in ast.walk(self.body) if isinstance(node, ast.Expr)}
        constants = (node for node in ast.walk(self.body) if isinstance(node, ast.Constant) and node not in said)
        return {node: node.value for node in constants if isinstance(node.value, str)}

    @cached_property
    def definitions(self) -> tuple[ast.FunctionDef | ast.ClassDef, ...]:
        """Functions and classes at the top of the module."""
        return tuple(node for node in self.body.body if isinstance(node, (ast.FunctionDef, ast.ClassDef)))

    @cached_property
    def calls(self) -> dict[ast.Call, str]:
        """Each call and the full name of its target; the module's own definitions are prefixed with its name."""
        own = {node.name for node in self.definitions}
        named = ((node, self.dotted(node.func)) for node in ast.walk(self.body) if isinstance(node, ast.Call))
        return {node: f"{self.name}.{name}" if name.split(".")[0] in own else name for node, name in named}

    @cached_property
    def at_import(self) -> tuple[ast.AST, ...]:
        """Nodes that run at import: class bodies, decorators and defaults, but not functions and `__main__` blocks."""
        return tuple(_executed(self.body))

    def dotted(self, node: ast.expr) -> str:
        """Return the full name of an expression ("psycopg.connect"), or "" if it is not a name."""
        match node:
            case ast.Name(id=name):
                return self.aliases.get(name, name)
            case ast.Attribute(value=value, attr=attr):
                owner = self.dotted(value)
                return f"{owner}.{attr}" if owner else ""
        return ""

    def at(self, node: ast.AST | Import | int) -> str:
        """Return the position as path:line."""
        line = node if isinstance(node, int) else node.line if isinstance(node, Import) else getattr(node, "lineno", 1)
        return f"{self.path}:{line}"

    def within(self, *names: str) -> bool:
        """Return whether this is one of the named modules or lies inside one."""
        return any(self.name == name or self.name.startswith(f"{name}.") for name in names)


@dataclass(frozen=True)
class Tree:
    """The text of each file, by its path from the root."""

    files: Mapping[str, str]

    @classmethod
    def read(cls, root: Path) -> "Tree":
        """Read the repository below `root`, without data and environments."""
        found = [path for path in root.iterdir() if path.is_file() and not _LEFT_BEHIND.fullmatch(path.name)]
        found += [path for folder in FOLDERS for path in (root / folder).rglob("*") if path.is_file()]
        texts = (path for path in found if path.suffix not in BINARY and "__pycache__" not in path.parts)
        return cls({path.relative_to(root).as_posix(): path.read_text("utf-8", "replace") for path in sorted(texts)})

    def file(self, path: str) -> str:
        """Return the text of a file, or "" if there is none."""
        return self.files.get(path, "")

    @cached_property
    def modules(self) -> dict[str, Module]:
        """All Python files in packages, by their import name."""
        python = (path for path in self.files if path.endswith(".py") and path.split("/")[0] in PACKAGES)
        return {module.name: module for module in (_parsed(path, self.files[path]) for path in python)}

    def product(self) -> Iterator[Module]:
        """Iterate over all modules but tests, benchmarks and research."""
        return (module for module in self.modules.values() if not module.within("bench", "research", "tests"))

    def target(self, imported: Import) -> str:
        """Return the module an import reaches: shared.db.jobs for `from shared.db import jobs`."""
        inner = f"{imported.module}.{imported.name}"
        return inner if inner in self.modules else imported.module


@cache  # by content, so a seeded tree parses only what the seed changed
def _parsed(path: str, text: str) -> Module:
    dotted = PurePosixPath(path).with_suffix("").as_posix().replace("/", ".")
    return Module(path, dotted.removesuffix(".__init__"), ast.parse(text, path))


def _imports(node: ast.AST, *, typing_only: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.Import(names=names, lineno=line):
                yield from (Import(name.name, "", line, False, typing_only) for name in names)
            case ast.ImportFrom(module=source, names=names, level=level, lineno=line):
                yield from (Import(source or "", name.name, line, level > 0, typing_only) for name in names)
            case ast.Call(
                func=ast.Name(id="__import__" | "import_module") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(source)), *_],
                lineno=line,
            ):
                yield Import(source, "", line, source.startswith("."), typing_only)
            case ast.If(test=test) if _is_typing(test):
                yield from _imports(child, typing_only=True)
            case _:
                yield from _imports(child, typing_only=typing_only)


def _executed(body: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(body):
        match child:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                for part in (*child.decorator_list, *child.args.defaults, *filter(None, child.args.kw_defaults)):
                    if not isinstance(
                        part, (ast.Name, ast.Attribute)
                    ):  # a bare mention (`environ=os.environ`) runs nothing
                        yield part
                        yield from _executed(part)
            case ast.Lambda():
                pass
            case ast.If(test=test) if "__name__" in ast.unparse(test) or _is_typing(test):
                pass
            case _:
                yield child
                yield from _executed(child)


def _is_typing(test: ast.expr) -> bool:
    return ast.unparse(test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
