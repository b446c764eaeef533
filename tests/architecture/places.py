"""Statements, settings, queues, policies and metrics: each has exactly one place."""

import ast
import re
from collections.abc import Iterator

from tests.architecture.tree import Module, Tree

ENV_EXAMPLE = "deploy/env.example"
COMPOSE = "docker-compose.yml"
# Set by shells, or by deploy/ for a child process; not for a deployer to configure.
SHELL = frozenset({"HOME", "LANG", "MAKELEVEL", "NO_COLOR", "PATH", "PYTHONPATH", "TERM", "VIRTUAL_ENV"})

_SQL = re.compile(
    r"select\s.*\sfrom\s|select\s+(?:\d|\w+\()|insert\s+into\s|update\s+\w+\s+set\s|delete\s+from\s|with\s+\w+\s+as\s*\("
    r"|(?:create|alter|drop)\s+(?:table|(?:unique\s+)?index|database|role|user|schema|extension|type)\b"
    r"|truncate\s+\w|(?:listen|unlisten|notify)\s+\w+\s*$",
    re.DOTALL,
)
_ENV_NAME = re.compile(r"[A-Z][A-Z0-9_]+")
_COMPOSE_NAME = re.compile(r"(?<!\$)\$\{([A-Z][A-Z0-9_]+)")  # $$ is left for a container's shell
_ENDINGS = {"Counter": ("_total",), "Histogram": ("_seconds", "_bytes", "_ratio")}  # the unit is part of the name
ROUTES = "services.api.routes"  # the table of the api's routes and their policies
_DECORATORS = ("delete", "get", "patch", "post", "put", "route")
_REGISTER = ("add_url_rule", "register_api", "register_blueprint")


def statements(tree: Tree) -> list[str]:
    """Report SQL text outside shared/db/."""
    files = [f"{path}:1: SQL outside shared/db/" for path in tree.files if path.endswith(".sql") and not _in_db(path)]
    return files + [
        f"{module.at(node)}: SQL outside shared/db/"
        for module in tree.product()
        if not _in_db(module.path)
        for node, text in module.texts.items()
        if _is_sql(text)
    ]


def _in_db(path: str) -> bool:
    return path.startswith(("shared/db/", "tests/"))


def _is_sql(text: str) -> bool:
    words = text.split(maxsplit=1)
    keyword = words[0] if words else ""  # "Select a picture from ..." is English, select and SELECT are not
    return (keyword.islower() or keyword.isupper()) and bool(_SQL.match(" ".join(words).lower()))


def settings(tree: Tree) -> list[str]:
    """Report settings missing from deploy/env.example, and names there that neither code nor the compose file reads."""
    read = _settings_read(tree)
    if not read:
        return []
    stated = example(tree)
    missing = [f"{where}: {name} is not in {ENV_EXAMPLE}" for name, where in read.items() if name not in stated]
    return missing + [f"{ENV_EXAMPLE}: no code reads {name}" for name in stated if name not in read]


def example(tree: Tree) -> dict[str, str]:
    """Return the names and values in deploy/env.example."""
    lines = (line.partition("=") for line in tree.file(ENV_EXAMPLE).splitlines() if not line.startswith("#"))
    return {name.strip(): value.strip() for name, equals, value in lines if equals}


def _settings_read(tree: Tree) -> dict[str, str]:
    read = dict.fromkeys(_COMPOSE_NAME.findall(tree.file(COMPOSE)), COMPOSE)
    for module in tree.product():
        for name, node in _deploy_reads(module) if module.within("deploy") else _aliases(module):
            if name not in SHELL:
                read.setdefault(name, module.at(node))
    return read


def _aliases(module: Module) -> Iterator[tuple[str, ast.AST]]:
    """`Field(..., validation_alias="NAME")`, also with AliasChoices."""
    for call in module.calls:
        for keyword in call.keywords:
            if keyword.arg in ("alias", "validation_alias"):
                yield from _names(keyword.value)


def _deploy_reads(module: Module) -> Iterator[tuple[str, ast.AST]]:
    """`environ["NAME"]`, `env.get("NAME")`, `os.getenv("NAME")`, `"NAME" in environ`."""
    for node in ast.walk(module.body):
        match node:
            case ast.Subscript(value=mapping, slice=name, ctx=ast.Load()) if _is_environment(mapping):
                yield from _names(name)
            case ast.Call(func=ast.Attribute(value=mapping, attr="get" | "setdefault" | "pop"), args=[name, *_]):
                if _is_environment(mapping):
                    yield from _names(name)
            case ast.Call(func=function, args=[name, *_]) if module.dotted(function) == "os.getenv":
                yield from _names(name)
            case ast.Compare(left=name, ops=[ast.In() | ast.NotIn()], comparators=[mapping]):
                if _is_environment(mapping):
                    yield from _names(name)


def _is_environment(node: ast.expr) -> bool:
    return ast.unparse(node).split(".")[-1].lower() in ("env", "environ", "environment", "given")


def _names(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and _ENV_NAME.fullmatch(part.value):
            yield part.value, part


def queues(tree: Tree) -> list[str]:
    """Report queues of shared/models/job.py without a worker in the compose file."""
    models = tree.modules.get("shared.models.job")
    if models is None or COMPOSE not in tree.files:
        return []
    served = set(re.findall(r"[\w]+", " ".join(re.findall(r"WORKER_QUEUES: *([^#\n]*)", tree.file(COMPOSE)))))
    return [
        f"{models.at(node)}: no worker in {COMPOSE} serves {queue}"
        for queue, node in _queues(models)
        if queue not in served
    ]


def _queues(models: Module) -> Iterator[tuple[str, ast.AST]]:
    """The values of `class Queue(StrEnum)`."""
    for node in models.body.body:
        if isinstance(node, ast.ClassDef) and node.name == "Queue":
            for part in node.body:
                match part:
                    case ast.Assign(value=ast.Constant(value=str(queue))):
                        yield queue, part


def routes(tree: Tree) -> list[str]:
    """Report routes of the api that another module than its table of routes and policies registers."""
    others = (module for module in tree.modules.values() if module.within("services.api") and module.name != ROUTES)
    return [f"{module.at(node)}: a route outside {ROUTES}" for module in others for node in _registrations(module)]


def _registrations(module: Module) -> Iterator[ast.AST]:
    for node in ast.walk(module.body):
        match node:
            case ast.FunctionDef(decorator_list=decorators):
                yield from (part for part in decorators if isinstance(part, ast.Call) and _method(part) in _DECORATORS)
            case ast.Call() if _method(node) in _REGISTER:
                yield node


def _method(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def metrics(tree: Tree) -> list[str]:
    """Report unused metrics and those without our prefix or unit; import-linter keeps them in shared/metrics.py."""
    source = tree.modules.get("shared.metrics")
    if source is None:
        return []
    mentioned = {module.dotted(node) for module in tree.product() for node in module.names}
    problems = []
    for constant, kind, name, node in _metrics(source):
        endings = _ENDINGS.get(kind, ("",))
        if not name.startswith("stolentee_") or not name.endswith(endings):
            words = " or ".join(endings)
            problems.append(f"{source.at(node)}: {name} lacks the prefix stolentee_ or its ending {words}")
        if f"shared.metrics.{constant}" not in mentioned:
            problems.append(f"{source.at(node)}: nothing uses the metric {constant}")
    return problems


def _metrics(source: Module) -> Iterator[tuple[str, str, str, ast.AST]]:
    """`JOBS = Counter("stolentee_jobs_total", ...)`: constant, kind, name."""
    for node in source.body.body:
        match node:
            case ast.Assign(
                targets=[ast.Name(id=constant)],
                value=ast.Call(func=ast.Name(id=kind), args=[ast.Constant(value=str(name)), *_]),
            ):
                yield constant, kind, name, node
