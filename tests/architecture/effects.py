"""Clients are built only in an app.py; importing a module connects to nothing and reads no environment.

A function or class that builds a client is a maker, and so is anything that calls a maker: `storage.connect` builds a
`Bucket`, which builds a boto3 client. Only a composition root may call another module's makers.
"""

import ast
from collections.abc import Iterator

from tests.architecture.tree import Module, Tree

ENVIRONMENT = ("os.environ", "os.environb", "os.getenv", "os.putenv", "os.unsetenv")
ROOTS = ("app", "wsgi", "__main__")  # composition roots
BEGUN = ("services.rembg.preload",)  # wsgi.py starts it before it imports app.py
COMMANDS = (
    "services.api.keys",
    "services.rembg.weights.judge",
    "services.rembg.weights.optimize",
    "services.rembg.weights.quantize",
)  # run with python -m, although another module imports it

CLIENTS = frozenset(
    {
        "boto3.Session",
        "boto3.client",
        "boto3.resource",
        "boto3.session.Session",
        "celery.Celery",
        "kombu.Connection",
        "onnxruntime.InferenceSession",
        "psycopg.Connection.connect",
        "psycopg.connect",
        "psycopg_pool.ConnectionPool",
        "redis.ConnectionPool",
        "redis.Redis",
        "redis.Redis.from_url",
        "redis.from_url",
        "requests.Session",
        "requests.session",
    }
)
EFFECTS = frozenset(
    {
        "atexit.register",
        "flask.Flask",
        "flask_openapi3.OpenAPI",
        "http.server.HTTPServer",
        "http.server.ThreadingHTTPServer",
        "prometheus_client.start_http_server",
        "requests.get",
        "requests.post",
        "signal.signal",
        "socket.create_connection",
        "socket.socket",
        "subprocess.Popen",
        "subprocess.check_output",
        "subprocess.run",
        "threading.Thread",
        "threading.Timer",
    }
)
SERVING = (".run", ".run_forever", ".serve_forever")  # methods of any object
# Celery's command line looks the application up in the module; building one connects to nothing.
AT_IMPORT = {"services.worker.app": {"celery.Celery"}}


def quiet_imports(tree: Tree) -> list[str]:
    """Report what runs at import, and calls of makers outside a composition root."""
    makers = _makers(tree)
    return [
        problem
        for module in tree.product()
        for problem in (*_at_import(module, makers), *_foreign_makers(module, makers))
    ]


def _at_import(module: Module, makers: frozenset[str]) -> Iterator[str]:
    if module.name.endswith((".wsgi", ".conf")):
        return  # importing these is starting the process
    allowed = AT_IMPORT.get(module.name, set())
    for node in module.at_import:
        if isinstance(node, (ast.Name, ast.Attribute)) and module.dotted(node) in ENVIRONMENT:
            yield f"{module.at(node)}: reads the environment at import"
        if isinstance(node, ast.Call) and (name := module.calls[node]) not in allowed:
            if name in CLIENTS or name in EFFECTS or _makes(name, makers) or name.endswith(SERVING):
                yield f"{module.at(node)}: calls {name} at import"
            elif name.startswith("shared.settings.") or ".settings." in name:
                yield f"{module.at(node)}: reads settings at import ({name})"


def _foreign_makers(module: Module, makers: frozenset[str]) -> Iterator[str]:
    if _is_root(module) or module.within("deploy"):
        return
    for node, name in module.calls.items():
        if _makes(name, makers) and not name.startswith(_unit(module.name) + "."):
            yield f"{module.at(node)}: builds a client with {name}; only an app.py may"


def _is_root(module: Module) -> bool:
    return module.name.split(".")[-1] in ROOTS or module.name in COMMANDS + BEGUN


def _makes(name: str, makers: frozenset[str]) -> bool:
    return name in makers or name.rpartition(".")[0] in makers  # a class' alternative constructor


def _unit(name: str) -> str:
    return ".".join(name.split(".")[:2]) if name.startswith("shared.") else name  # shared.db owns its pool as a whole


def _makers(tree: Tree) -> frozenset[str]:
    """Full names of our functions and classes that build a client, directly or through another maker."""
    modules = (module for module in tree.product() if module.within("shared", "services"))
    calls = {
        f"{module.name}.{node.name}": {module.calls[call] for call in ast.walk(node) if isinstance(call, ast.Call)}
        for module in modules
        if not _is_root(module)
        for node in module.definitions
    }
    makers: set[str] = set()
    while fresh := {name for name, called in calls.items() if called & (CLIENTS | makers)} - makers:
        makers |= fresh
    return frozenset(makers)
