"""Violations of the rules about imports and names, 1 to 6."""

from tests.architecture.seeding import API, DB, DEPLOY, REMBG, SHARED, WORKER, Seeds, add, edit, remove

APART: Seeds = {
    "api imports worker": (add(API, "from services.worker import tasks"), "services.worker"),
    "worker imports rembg": (add(WORKER, "import services.rembg.remover"), "services.rembg"),
    "rembg imports api in a function": (add(REMBG, "def f():", "    import services.api.app"), "services.api"),
    "api imports rembg for types only": (
        add(API, "from typing import TYPE_CHECKING", "if TYPE_CHECKING:", "    from services.rembg import app"),
        "services.rembg",
    ),
    "api imports rembg by a string": (
        add(API, "import importlib", "importlib.import_module('services.rembg.app')"),
        "services.rembg",
    ),
    "rembg imports a library of the api's group": (add(REMBG, "import boto3"), "group rembg"),
    "api imports a library of rembg's group": (add(API, "import onnxruntime"), "group api"),
    "a service imports a test": (add(API, "import tests.stack"), "tests.stack"),
}

FLOORS: Seeds = {
    "shared imports a service": (add(SHARED, "from services.api import app"), "services.api"),
    "shared imports deploy": (add(SHARED, "import deploy.local"), "deploy.local"),
    "storage imports its neighbour db": (add("shared/storage.py", "from shared.db import jobs"), "shared.db"),
    "db imports its neighbour broker": (add(DB, "import shared.broker"), "shared.broker"),
    "log looks up to web": (add("shared/log.py", "from shared import web"), "shared.web"),
    "metrics imports its neighbour log": (add("shared/metrics.py", "from shared import log"), "shared.log"),
    "models looks up to log in a function": (
        add("shared/models.py", "def f():", "    from shared import log"),
        "shared.log",
    ),
    "settings imports its neighbour errors": (add("shared/settings.py", "import shared.errors"), "shared.errors"),
}

OWNERS: Seeds = {
    "a service imports deploy": (add(API, "from deploy.local import seed"), "nothing may import deploy"),
    "deploy imports a service": (add(DEPLOY, "from services.api import app"), "services.api"),
    "boto3 outside storage": (add(API, "import boto3"), "boto3 belongs to shared.storage"),
    "psycopg outside db": (add(WORKER, "from psycopg import sql"), "psycopg belongs to shared.db"),
    "celery in the pipeline": (add("services/worker/pipeline.py", "import celery"), "celery belongs to"),
    "redis outside the broker": (add(API, "import redis"), "redis belongs to"),
    "Pillow in the worker": (add(WORKER, "from PIL import Image"), "PIL belongs to"),
    "numpy in the api": (add(API, "import numpy"), "numpy belongs to"),
    "onnxruntime outside the remover": (add(REMBG, "import onnxruntime"), "onnxruntime belongs to"),
    "the rembg library, which only tests may use": (add(REMBG, "import rembg"), "rembg belongs to nobody"),
    "flask in the worker": (add(WORKER, "import flask"), "flask belongs to"),
    "a metric made elsewhere": (add(WORKER, "from prometheus_client import Counter"), "prometheus_client belongs to"),
    "a library nobody owns": (add(SHARED, "import httpx"), "httpx belongs to nobody yet"),
    "os.environ in a service": (
        add(API, "import os", "def f():", "    return os.environ['A']"),
        "only shared.settings",
    ),
    "environ under another name": (
        add(WORKER, "from os import environ as e", "def f():", "    return e.get('A')"),
        "only shared.settings",
    ),
    "os.getenv in shared": (add(SHARED, "import os", "def f():", "    return os.getenv('A')"), "only shared.settings"),
}

GROUPS: Seeds = {
    "the api's group lacks what shared.db needs": (
        edit("pyproject.toml", '  "psycopg[binary,pool]>=3.3",\n', ""),
        "group api lacks psycopg",
    ),
    "the worker's group lacks the fast deflate": (
        edit("pyproject.toml", '  "isal>=1.9",\n', ""),
        "group worker lacks isal",
    ),
    "onnxruntime in the api's group": (
        edit("pyproject.toml", "\napi = [", '\napi = [\n  "onnxruntime",'),
        "group api lists onnxruntime",
    ),
    "boto3 in rembg's group": (
        edit("pyproject.toml", "\nrembg = [", '\nrembg = [\n  "boto3",'),
        "group rembg lists boto3",
    ),
    "rembg reaches boto3 in a function": (
        add("services/rembg/app.py", "def f():", "    from shared import storage"),
        "group rembg lacks boto3",
    ),
    "api reaches numpy through shared": (add("shared/web.py", "import numpy"), "group api lacks numpy"),
}

ABSOLUTE: Seeds = {
    "a relative import in a service": (add(API, "from . import app"), API),
    "a relative import in a test": (add("tests/seed.py", "from .shared import test_png"), "tests/seed.py"),
    "a tests folder without __init__.py": (add("tests/seed/test_seed.py"), "tests/seed: has no __init__.py"),
    "tests/__init__.py is gone": (remove("tests/__init__.py"), "tests: has no __init__.py"),
}

NAMES: Seeds = {
    "a module named like the standard library's": (add("shared/queue.py"), "shared/queue.py"),
    "a module named like a dependency": (add("deploy/local/redis.py"), "deploy/local/redis.py"),
    "a package named like the standard library's": (add("services/api/http/__init__.py"), "services/api/http"),
    "a second rembg": (add("services/worker/rembg.py"), "services/worker/rembg.py"),
}
