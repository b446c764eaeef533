"""Deploy files agree with each other and with the tree: paths exist, limits and commands are the same everywhere."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
SERVICES = ("api", "worker", "mockups", "rembg")
OURS = ("front", *SERVICES, "worker-print", "migrate", "test-payments", "test-payments-pages")
FOLDERS = {"mockups": "worker/mockups"}
_MEMORY = re.compile(r"(?:\$\{\w+:-)?(\d+)([mg])\}?")


def _dockerfile(service: str) -> str:
    """Its text, with the requirements it has by default."""
    return (
        (ROOT / f"services/{FOLDERS.get(service, service)}/Dockerfile").read_text().replace("${REQUIREMENTS}", "worker")
    )


def _railway(service: str) -> dict[str, dict[str, object]]:
    return tomllib.loads((ROOT / f"deploy/railway/{service}.toml").read_text())


def _bytes(service: str) -> int:
    found = _MEMORY.fullmatch(COMPOSE[service]["mem_limit"])
    assert found
    return int(found[1]) << {"m": 20, "g": 30}[found[2]]


@pytest.mark.parametrize("service", [*SERVICES, "worker-print"])
def test_the_memory_that_alerts_measure_by_is_what_compose_gives(service: str) -> None:
    rules = yaml.safe_load((ROOT / "deploy/prometheus/rules.yml").read_text())
    limits = [
        rule for group in rules["groups"] for rule in group["rules"] if rule["record"] == "service:memory:limit_bytes"
    ]
    (limit,) = [rule["expr"] for rule in limits if rule["labels"]["job"] == service]
    assert limit == f"vector({_bytes(service)})"


def test_rembg_has_the_two_gigabytes_that_were_promised() -> None:
    assert _bytes("rembg") == 2 * 1024**3


@pytest.mark.parametrize("service", OURS)
def test_a_container_of_ours_can_change_nothing(service: str) -> None:
    container = COMPOSE[service]
    assert container["read_only"] is True
    assert container["cap_drop"] == ["ALL"]


@pytest.mark.parametrize("name", COMPOSE)
def test_every_container_has_a_limit_of_memory(name: str) -> None:
    assert _bytes(name) <= 2 * 1024**3


@pytest.mark.parametrize("name", sorted(set(COMPOSE) - {"front"}))
def test_nothing_but_the_front_is_reached_from_elsewhere(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in COMPOSE[name].get("ports", []))


@pytest.mark.parametrize("service", SERVICES)
def test_an_image_runs_unprivileged_and_has_a_health_check(service: str) -> None:
    text = _dockerfile(service)
    assert re.search(r"^USER [1-9]\d+$", text, re.MULTILINE)
    assert all(
        word in text for word in ("HEALTHCHECK", 'ENTRYPOINT ["tini"', "LABEL org.opencontainers", "--require-hashes")
    )


@pytest.mark.parametrize("service", SERVICES)
def test_an_image_installs_only_its_own_lock(service: str) -> None:
    build_tools = ["models"] if service == "rembg" else []
    assert re.findall(r"requirements/(\w+)\.txt", _dockerfile(service)) == [service, *build_tools]
    assert "/onnx" not in _dockerfile(service).rpartition("\nFROM ")[2]  # where the build tools are installed


@pytest.mark.parametrize("service", SERVICES)
def test_the_platform_starts_what_the_image_starts(service: str) -> None:
    found = re.search(r"^CMD \[(.*)\]$", _dockerfile(service), re.MULTILINE)
    assert found
    command = " ".join(re.findall(r'"([^"]+)"', found[1]))
    assert _railway(service)["deploy"]["startCommand"] == f"tini -- {command}"


@pytest.mark.parametrize("service", SERVICES)
def test_the_platform_watches_everything_the_image_is_made_of(service: str) -> None:
    config = _railway(service)
    watched = config["build"]["watchPatterns"]
    assert isinstance(watched, list)
    assert all(any(ROOT.glob(str(pattern))) for pattern in watched)
    sources = [
        word
        for line in re.findall(r"^COPY (?!--)(.+) \S+$", _dockerfile(service), re.MULTILINE)
        for word in line.split()
    ]
    roots = [str(pattern).split("*")[0] for pattern in watched]
    ignored = ("deploy/__init__.py", "deploy/preflight.py")  # the package's marker; the api watches all of deploy/*.py
    assert [path for path in sources if path not in ignored and not any(f"{path}/".startswith(r) for r in roots)] == []
    assert config["build"]["dockerfilePath"] == f"services/{FOLDERS.get(service, service)}/Dockerfile"


@pytest.mark.parametrize("service", SERVICES)
def test_the_platform_restarts_and_drains_as_promised(service: str) -> None:
    deploy = _railway(service)["deploy"]
    assert (deploy["restartPolicyType"], deploy["restartPolicyMaxRetries"]) == ("ON_FAILURE", 10)
    assert deploy["healthcheckPath"] == "/health/ready"
    assert deploy["drainingSeconds"] == 45
    assert COMPOSE[service]["stop_grace_period"] == "45s"
