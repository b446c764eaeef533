"""Violations of the rules about what runs at import, where things stand, sizes and documents."""

from tests.architecture.seeding import API, DEPLOY, REMBG, SHARED, WORKER, Seeds, add, edit

IMPORTS: Seeds = {
    "the environment read at import": (
        add(DEPLOY, "import os", "PORT = os.environ.get('PORT')"),
        "reads the environment at import",
    ),
    "settings read at import": (
        add(API, "from shared import settings", "X = settings.Broker.read()"),
        "reads settings at import",
    ),
    "the environment read in a default": (
        add(DEPLOY, "import os", "def f(port=os.environ['PORT']): ..."),
        "reads the environment at import",
    ),
    "settings read in a default": (
        add(API, "from shared.settings import Ops", "def f(x=Ops.read()): ..."),
        "reads settings at import",
    ),
    "a client made at import": (add(SHARED, "import redis", "X = redis.Redis.from_url('')"), "redis.Redis.from_url"),
    "a client made in a class body": (
        add(SHARED, "import boto3", "class A:", "    s3 = boto3.client('s3')"),
        "boto3.client",
    ),
    "a database opened at import": (
        add(API, "from shared.db import pool", "X = pool.Database('')"),
        "shared.db.pool.Database",
    ),
    "a thread started at import": (
        add(WORKER, "import threading", "threading.Thread(target=print).start()"),
        "threading.Thread",
    ),
    "a server registered at import": (
        add(WORKER, "from http.server import HTTPServer", "HTTPServer(('', 0), None)"),
        "HTTPServer",
    ),
    "a server run at import": (add(API, "app.run()"), "app.run"),
    "an application made outside wsgi.py": (add(API, "from flask import Flask", "app = Flask('x')"), "flask.Flask"),
    "a pool built in a view": (
        add(API, "from shared.db.pool import Database", "def f():", "    return Database('')"),
        "only an app.py may",
    ),
    "storage connected in a task": (
        add(WORKER, "from shared import storage", "def f(s):", "    return storage.connect(s)"),
        "only an app.py may",
    ),
    "a broker connection made in a view": (
        add(API, "from shared import broker", "def f():", "    broker.Waker('').wake()"),
        "only an app.py may",
    ),
}

STATEMENTS: Seeds = {
    "a select in a view": (add(API, 'X = "select id from jobs"'), API),
    "an update in the pipeline": (
        add(WORKER, "def f(c, n):", '    c.execute(f"""', '    UPDATE jobs SET n = {n}""")'),
        WORKER,
    ),
    "a delete in deploy": (add(DEPLOY, 'X = "delete from jobs"'), DEPLOY),
    "a table made in a service": (add(REMBG, 'X = "create table if not exists stats ()"'), REMBG),
    "an SQL file elsewhere": (add("deploy/seed.sql", "select 1"), "deploy/seed.sql"),
}

SETTINGS: Seeds = {
    "a setting the example lacks": (
        add(API, "from pydantic import Field", 'X = Field(1, validation_alias="SEEDED")'),
        "SEEDED is not in",
    ),
    "a name that deploy reads and the example lacks": (
        add(DEPLOY, "def f(environ):", "    return environ['SEEDED']"),
        "SEEDED is not in",
    ),
    "a variable of the compose file that the example lacks": (
        add("docker-compose.yml", '    mem_limit: "${SEEDED:-1g}"'),
        "docker-compose.yml: SEEDED is not in",
    ),
    "a name in the example that nothing reads": (add("deploy/env.example", "SEEDED=1"), "no code reads SEEDED"),
}

QUEUES: Seeds = {
    "a queue without a worker": (
        edit("shared/models/job.py", '    QUICK = "print"\n', '    QUICK = "print"\n    MAIL = "mail"\n'),
        "no worker in docker-compose.yml serves mail",
    ),
    "a worker that serves one queue less": (
        edit("docker-compose.yml", "WORKER_QUEUES: print,print_slow", "WORKER_QUEUES: print"),
        "serves print_slow",
    ),
}

ROUTES: Seeds = {
    "a decorated view": (add(API, "@api.get('/seed')", "def seed(): ..."), "a route outside services.api.routes"),
    "a view registered by a call": (
        add(API, "def seed(app):", "    app.add_url_rule('/seed', 'seed', seed)"),
        "a route outside services.api.routes",
    ),
}

METRICS: Seeds = {
    "a metric nobody uses": (
        add("shared/metrics.py", 'SEED = Counter("stolentee_seeds_total", "Seeds.")'),
        "nothing uses the metric SEED",
    ),
    "a metric without our prefix": (
        add("shared/metrics.py", 'SEED = Counter("seeds_total", "Seeds.")'),
        "lacks the prefix stolentee_",
    ),
    "a counter without its ending": (
        add("shared/metrics.py", 'SEED = Counter("stolentee_seeds", "Seeds.")'),
        "its ending _total",
    ),
}

SIZES: Seeds = {
    "a module of over 300 lines": (add(API, *["X = 1"] * 301), API),
    "a style sheet of over 300 lines": (add("services/api/static/seed.css", *["a {}"] * 301), "seed.css"),
}

TARGETS: Seeds = {
    "a page names a target that is not there": (add("README.md", "Then `make coffee`."), "no `make coffee`"),
    "a target without its line of help": (add("Makefile", "coffee:", "\techo"), "coffee has no line of help"),
}

COMMANDS: Seeds = {
    "a page starts a module that is not there": (add("README.md", "`python -m shared.coffee`"), "shared.coffee"),
    "a page serves an application that is not there": (
        add("README.md", "`gunicorn -c deploy/gunicorn.conf.py services.coffee.wsgi:app`"),
        "services.coffee.wsgi",
    ),
}

_DECISION = """# 9999: Serve coffee

Status: accepted. Area: API. Date: 2026-11-21.

## Decision

We do.

## Evidence

It tastes.

## What would change it

Tea.
"""
DECISIONS: Seeds = {
    "a decision that the index lacks": (add("docs/decisions/9999-coffee.md", _DECISION.rstrip()), "under API"),
    "a decision without evidence": (
        add("docs/decisions/9999-coffee.md", _DECISION.replace("## Evidence", "Evidence").rstrip()),
        "not written like",
    ),
    "two decisions of one number": (
        add("docs/decisions/0001-coffee.md", _DECISION.replace("9999", "0001").rstrip()),
        "2 decisions have the number 0001",
    ),
    "a decision superseded by nothing": (
        edit("docs/decisions/0001-wake-ups-carry-no-priority.md", "Status: accepted", "Status: superseded"),
        "not written like",
    ),
}

LINKS: Seeds = {
    "a page links to a file that is not there": (add("README.md", "[see](docs/coffee.md)"), "no docs/coffee.md"),
    "a page names a module that is not there": (add("docs/containers.md", "`services/api/coffee.py`"), "coffee.py"),
}

LOCKS: Seeds = {
    "a group asks for what its lock lacks": (
        edit("pyproject.toml", "\nworker = [", '\nworker = [\n  "coffee",'),
        "requirements/worker.txt: lacks coffee",
    ),
    "a pin without a digest": (add("requirements/api.txt", "coffee==1.0"), "coffee==1.0 has no digest"),
    "an address in a lock": (add("requirements/api.txt", "# from https://packages.example/"), "an address"),
}

MACHINES: Seeds = {
    "a path of one machine": (add("README.md", "Look into /home/" + "ann/stolentee."), "README.md"),
    "a package registry's host": (add("Makefile", "# from https://pypi" + ".org/"), "Makefile"),
}
