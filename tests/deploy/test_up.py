"""`make up` ends by saying where the shop answers, with which network and secrets, and where alerts go."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# A docker whose rembg runs the network in the file `model`, and u2net once it is started anew.
DOCKER = """#!/bin/sh
echo "$*" >> calls
case "$*" in
    "compose port front 8080") echo "${ADDRESS:-127.0.0.1:8080}" ;;
    "compose exec -T api printenv PUBLIC_URL") printf '%s\n' "$SERVED" ;;
    "compose exec -T front wget "*) printf '{"description":"x","model":"%s","name":"x"}\\n' "$(cat model)" ;;
    "compose ps --services "*) printf 'front\\n%s\\n' "$RUNNING" ;;
    *" --force-recreate rembg") printf u2net > model ;;
esac
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone in which rembg runs compact."""
    (tmp_path / "deploy").mkdir()
    for name in ("Makefile", "deploy/up.sh"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "bin").mkdir()
    docker = tmp_path / "bin" / "docker"
    docker.write_text(DOCKER)
    docker.chmod(0o755)
    (tmp_path / "model").write_text("compact")
    return tmp_path


def up(clone: Path, *words: str, **environment: str) -> list[str]:
    kept = {"PATH": f"{clone / 'bin'}:{os.environ['PATH']}"}
    command = ["make", "up", *words]
    done = subprocess.run(command, cwd=clone, env=kept | environment, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def fetch(clone: Path) -> None:
    (clone / "data" / "models").mkdir(parents=True)
    (clone / "data" / "models" / "u2net.onnx").touch()


def test_the_end_names_address_network_and_secrets(clone: Path) -> None:
    (clone / "model").write_text("u2net")
    said = up(clone, ADDRESS="0.0.0.0:80")
    assert said == [
        *("", "address   http://0.0.0.0:80", "network   u2net", f"secrets   {clone}/.env"),
        "alerts    none; `make up PROFILE=observability` starts them",
    ]
    assert (clone / ".env").stat().st_mode & 0o777 == 0o600


def test_the_public_address_is_named_where_the_api_has_one(clone: Path) -> None:
    said = up(clone, SERVED="https://shop.example")
    assert said[1:3] == [
        "address   https://shop.example",
        "          its proxy sends requests to http://127.0.0.1:8080",
    ]
    assert "this machine only" not in "\n".join(said)


def test_an_address_of_this_machine_only_and_a_small_network_are_explained(clone: Path) -> None:
    said = "\n".join(up(clone))
    assert "reachable from this machine only; docs/going-public.md opens it" in said
    assert "network   compact\n          the small one" in said
    assert "`make models && make up`" in said
    assert "MODEL=u2net >> .env" in said


def test_weights_that_were_fetched_after_the_start_run_at_once(clone: Path) -> None:
    fetch(clone)
    assert "network   u2net" in up(clone)
    assert "compose up --wait --no-deps --force-recreate rembg" in (clone / "calls").read_text()


@pytest.mark.parametrize("setting", ["REMBG_MODEL=compact", "MODELS_DIR=./elsewhere"])
def test_a_small_network_that_was_chosen_stays(setting: str, clone: Path) -> None:
    fetch(clone)
    (clone / ".env").write_text(f"{setting}\n")
    assert "network   compact" in up(clone)


def test_weights_can_be_read_by_the_user_of_the_containers(clone: Path) -> None:
    fetch(clone)
    for path in (clone / "data" / "models" / "u2net.onnx", clone / "data" / "models"):
        path.chmod(0o700)
    up(clone)
    assert (clone / "data" / "models").stat().st_mode & 0o005 == 0o005
    assert (clone / "data" / "models" / "u2net.onnx").stat().st_mode & 0o004


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("", "alerts    warning: they go nowhere; set ALERT_WEBHOOK_URL in .env"),
        ("ALERT_WEBHOOK_URL=\n", "alerts    warning: they go nowhere; set ALERT_WEBHOOK_URL in .env"),
        ("ALERT_WEBHOOK_URL=https://hook.example\n", "alerts    to ALERT_WEBHOOK_URL"),
    ],
)
def test_alerts_that_go_nowhere_are_a_warning(settings: str, said: str, clone: Path) -> None:
    (clone / ".env").write_text(settings)
    assert up(clone, "PROFILE=observability", RUNNING="alertmanager")[-1] == said
    assert "compose --profile observability up --build --wait" in (clone / "calls").read_text()
