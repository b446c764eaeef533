"""Violations of the rules about libraries, dependency groups, names and docstrings."""

from tests.architecture.seeding import API, SHARED, Seeds, add, edit

OWNED: Seeds = {
    "a library that no contract names": (add(SHARED, "import httpx"), "who owns httpx"),
    "the rembg library, which only tests may use": (add(API, "import rembg"), "who owns rembg"),
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
    "the worker of cut-outs reaches scipy in a function": (
        add("services/worker/handlers.py", "def f():", "    from services.worker.prepress import check"),
        "group worker lacks scipy",
    ),
    "the print group lacks scipy": (edit("pyproject.toml", '  "scipy>=1.16",\n', ""), "group print lacks scipy"),
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

NAMES: Seeds = {
    "a module named like a dependency": (add("deploy/local/redis.py"), "deploy/local/redis.py: bears the name"),
    "a second rembg": (add("services/worker/rembg.py"), "services/worker/rembg.py"),
    "a private metaphor": (add("services/api/middleware/doorbell.py"), "a private metaphor, doorbell"),
    "a test named by a private metaphor": (add("tests/services/worker/test_patience.py"), "a private metaphor"),
}

DOCSTRINGS: Seeds = {
    "imports sorted into a docstring": (
        add(API, '"""Do one thing.', "", "    GET /  pages.py", "from services.api import app", '"""'),
        "an import inside the docstring",
    ),
    "a table rewrapped into text": (
        add(SHARED, '"""Outcomes.', "", "done ──> Cutout      the picture, verified gone ──> Refused", '"""'),
        "a table was rewrapped",
    ),
}
