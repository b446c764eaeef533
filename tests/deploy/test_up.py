"""`make up` ends by saying where the shop answers, with which network and secrets, and where alerts go."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from services.api.payments.settings import Stripe

ROOT = Path(__file__).parents[2]
SECRETS = ("SECRET_KEY", "OPS_TOKEN", "REMBG_TOKEN", "MOCKUPS_TOKEN", "POSTGRES_PASSWORD", "GRAFANA_PASSWORD")
# A docker whose rembg runs the network in the file `model`, and u2net once it is started anew. With REFUSED its
# start fails, and `migrate` said these words.
DOCKER = """#!/bin/sh
echo "$*" >> calls
case "$*" in
    "compose config") printf 'name: shirts\nservices:\n  name: other\n' ;;
    "volume ls --quiet") [ -z "$DOWN" ] && printf '%s\n' $VOLUMES ;;
    "compose logs --no-log-prefix --tail 20 migrate") echo "$REFUSED" ;;
    *"up --build --wait") [ -z "$REFUSED" ] ;;
    "compose port front 8080") echo "${ADDRESS:-127.0.0.1:8080}" ;;
    "compose exec -T api printenv PUBLIC_URL") printf '%s\n' "$SERVED" ;;
    "compose exec -T api printenv STRIPE_SECRET_KEY STRIPE_API_BASE") printf '%s\n' "$PAID" ;;
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


def started(clone: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {"PATH": f"{clone / 'bin'}:{os.environ['PATH']}"}
    command = ["make", "up", *words]
    return subprocess.run(command, cwd=clone, env=kept | environment, capture_output=True, text=True, check=False)


def up(clone: Path, *words: str, **environment: str) -> list[str]:
    done = started(clone, *words, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def added(clone: Path, before: str) -> list[str]:
    """The names of the secrets that follow what `.env` said before, each of them random."""
    text = (clone / ".env").read_text()
    assert text.startswith(before)
    lines = text.removeprefix(before).splitlines()
    assert all(re.fullmatch(r"[A-Z_]+=[0-9a-f]{48}", line) for line in lines if line)
    assert len(set(lines)) == len(lines)
    return [line.partition("=")[0] for line in lines if line]


def fetch(clone: Path) -> None:
    (clone / "data" / "models").mkdir(parents=True)
    (clone / "data" / "models" / "u2net.onnx").touch()


def test_the_end_names_address_network_and_secrets(clone: Path) -> None:
    (clone / "model").write_text("u2net")
    said = up(clone, ADDRESS="0.0.0.0:80")
    payments = "payments  none: docs/payments.md; `make up PROFILE=test-payments` shows them with a double of Stripe"
    assert said == [
        *("", "address   http://0.0.0.0:80", payments, "network   u2net", f"secrets   {clone}/.env"),
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


@pytest.mark.parametrize(
    ("paid", "said"),
    [
        ("sk_test_1\nhttp://127.0.0.1:12111", "TEST MODE: no money moves; a double of Stripe takes all payments"),
        ("sk_test_1", "TEST MODE: no money moves; STRIPE_SECRET_KEY is one of Stripe's test mode"),
        ("rk_live_1", "REAL MONEY, through Stripe"),
    ],
)
def test_the_end_says_whether_money_moves(paid: str, said: str, clone: Path) -> None:
    assert f"payments  {said}" in up(clone, PAID=paid)


def test_payments_in_test_mode_get_keys_once(clone: Path) -> None:
    for _ in range(2):
        up(clone, "PROFILE=test-payments")
    lines = (clone / ".env").read_text().splitlines()[len(SECRETS) :]
    assert lines[0] == "STRIPE_API_BASE=http://127.0.0.1:12111"
    settings = Stripe.read(dict(line.split("=") for line in lines))
    assert (len(lines), settings.live) == (4, False)
    assert "compose --profile test-payments up --build --wait" in (clone / "calls").read_text()


def test_a_key_of_stripe_itself_is_not_taken_for_the_double(clone: Path) -> None:
    (clone / ".env").write_text("STRIPE_SECRET_KEY=sk_test_12345678\n")
    done = started(clone, "PROFILE=test-payments")
    assert done.returncode != 0
    assert "STRIPE_SECRET_KEY is for Stripe itself" in done.stderr
    assert "up --build" not in (clone / "calls").read_text()


def test_a_new_env_gets_every_secret(clone: Path) -> None:
    up(clone)
    assert added(clone, "") == [*SECRETS]
    assert (clone / ".env").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("before", ["HTTP_ADDRESS=0.0.0.0:80", "MODEL=u2net\n", "# SECRET_KEY=x\n\nXSECRET_KEY=x\r\n"])
def test_an_env_without_secrets_gets_them_and_keeps_its_lines(before: str, clone: Path) -> None:
    (clone / ".env").write_bytes(before.encode())
    (clone / ".env").chmod(0o644)
    up(clone)
    assert added(clone, before.replace("\r", "")) == [*SECRETS]
    assert (clone / ".env").read_bytes().startswith(before.encode())
    assert (clone / ".env").stat().st_mode & 0o777 == 0o600
    whole = (clone / ".env").read_bytes()
    up(clone)
    assert (clone / ".env").read_bytes() == whole


@pytest.mark.parametrize(
    ("line", "is_set"),
    [
        *(("OPS_TOKEN=mine\n", True), ("export OPS_TOKEN='mine'\n", True), ("OPS_TOKEN: mine # ours\n", True)),
        *(("OPS_TOKEN=\n", False), ('OPS_TOKEN=""\r\n', False), ("OPS_TOKEN=mine\nOPS_TOKEN=\n", False)),
    ],
)
def test_a_secret_that_is_set_stays_and_an_empty_one_is_not_set(line: str, is_set: bool, clone: Path) -> None:
    (clone / ".env").write_bytes(line.encode())
    up(clone)
    assert added(clone, line.replace("\r", "")) == [name for name in SECRETS if not (is_set and name == "OPS_TOKEN")]


def test_a_secret_of_the_environment_is_not_made_again(clone: Path) -> None:
    up(clone, OPS_TOKEN="mine")
    assert added(clone, "") == [name for name in SECRETS if name != "OPS_TOKEN"]


def test_a_database_that_was_made_with_the_published_password_keeps_it(clone: Path) -> None:
    (clone / ".env").write_text("MODEL=u2net\n")
    said = up(clone, VOLUMES="other_postgres shirts_postgres shirts_redis")
    assert added(clone, "MODEL=u2net\n") == [name for name in SECRETS if name != "POSTGRES_PASSWORD"]
    assert said[said.index(f"secrets   {clone}/.env") + 1] == (
        "          POSTGRES_PASSWORD is missing, so the published one of an earlier start stays; "
        "deploy/runbooks/secrets.md changes it"
    )


def test_no_password_is_made_while_the_volumes_are_unknown(clone: Path) -> None:
    assert started(clone, DOWN="yes").returncode != 0
    assert not (clone / ".env").exists()


@pytest.mark.parametrize("before", ["POSTGRES_PASSWORD=another\n", ""])
def test_a_database_with_another_password_is_explained_in_one_line(before: str, clone: Path) -> None:
    (clone / ".env").write_text(before)
    refused = 'FATAL:  password authentication failed for user "stolentee"'
    done = started(clone, REFUSED=refused, VOLUMES="shirts_postgres")
    assert done.returncode != 0
    said = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    advice = 'deploy/runbooks/secrets.md, "Another password"'
    assert said == [f"The database in the volume shirts_postgres has another password than .env: {advice}"]
    assert "## Another password" in (ROOT / "deploy" / "runbooks" / "secrets.md").read_text()


def test_another_failure_is_not_explained_by_a_password(clone: Path) -> None:
    refused = started(clone, REFUSED="a published secret in production", VOLUMES="shirts_postgres")
    assert "another password" not in refused.stderr
    assert "POSTGRES_PASSWORD is missing, so the published one" in refused.stderr


def test_a_refused_password_of_an_outside_database_is_called_that(clone: Path) -> None:
    done = started(clone, REFUSED="password authentication failed", DATABASE_URL="postgresql://elsewhere")
    assert done.stderr.startswith("The database of DATABASE_URL refuses its password.\n")
