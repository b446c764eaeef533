"""The profile test-payments of docker-compose.yml: a double of Stripe where the api looks for it, with its pages."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from services.api.order_routes import ORDERED
from tests.deploy.front import PROGRAM

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
DOUBLE, PAGES = COMPOSE["test-payments"], COMPOSE["test-payments-pages"]
PACKAGE = ROOT / "deploy" / "local" / "stripe_double"


def test_the_double_shares_the_network_and_the_image_of_the_api() -> None:
    assert DOUBLE["network_mode"] == "service:api"
    assert DOUBLE["image"] == COMPOSE["api"]["image"]
    assert DOUBLE["env_file"] == COMPOSE["api"]["env_file"]
    assert DOUBLE["profiles"] == PAGES["profiles"] == ["test-payments"]
    assert "./deploy/local:/app/deploy/local:ro" in DOUBLE["volumes"]


def test_every_place_names_the_same_port() -> None:
    port = DOUBLE["command"].split()[3]
    configuration = (ROOT / "deploy" / "test-payments.conf").read_text()
    assert f"STRIPE_API_BASE=http://127.0.0.1:{port}" in (ROOT / "deploy" / "up.sh").read_text()
    assert re.findall(r"(?:listen |api:)(\d+);", configuration) == [port, port]
    assert PAGES["ports"] == [f"127.0.0.1:{port}:{port}"]


def test_events_go_to_a_route_of_the_api_at_its_port() -> None:
    found = re.fullmatch(r"http://127.0.0.1:(\d+)(/.*)", DOUBLE["command"].split()[4])
    assert found
    assert f"EXPOSE {found[1]}\n" in (ROOT / "services/api/Dockerfile").read_text()
    assert found[2] in [route.path for route in ORDERED["payments"]]


def test_the_double_needs_nothing_that_the_image_lacks() -> None:
    imported = set()
    for file in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom):
                imported.add(str(node.module))
            elif isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
    outside = {name for name in imported if not name.startswith("deploy.local.stripe_double")}
    assert {name.split(".")[0] for name in outside} <= sys.stdlib_module_names


@pytest.mark.skipif(PROGRAM is None, reason="nginx is not on this machine")
def test_nginx_takes_the_configuration_of_the_pages(tmp_path: Path) -> None:
    shutil.copy(ROOT / "deploy" / "test-payments.conf", tmp_path / "nginx.conf")
    command: list[str | Path] = [PROGRAM or "nginx", "-t", "-p", tmp_path, "-c", tmp_path / "nginx.conf"]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
