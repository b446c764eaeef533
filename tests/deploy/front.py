"""The front as deployed, for tests: nginx with our configuration before api instances on this machine."""

import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local import ports
from deploy.local.process import Process
from deploy.local.service import Service, health
from deploy.local.supervisor import await_ready

ROOT = Path(__file__).parents[2]
PROGRAM = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
# Unlike in a network of containers: addresses, ports and folders.
_RESOLVER = "resolver 127.0.0.11 valid=1s ipv6=off;"


class Nginx(Process):
    """nginx with a configuration of ours, serving on `port`."""

    def __init__(self, name: str, folder: Path, port: int, configuration: str) -> None:
        self.port = port
        file = folder / "nginx.conf"
        file.write_text(configuration)
        command: list[str | Path] = [PROGRAM or "nginx", "-p", folder, "-c", file, "-g", "daemon off;"]
        super().__init__(name, command, folder=folder, output=folder / "error.log")

    def ready(self) -> bool:
        return health(self.port, "/nothing") is not None


class Front(Nginx):
    """Serves on `port`; `instances` are ports of the api."""

    def __init__(self, folder: Path, port: int, instances: Sequence[int]) -> None:
        folder.mkdir(mode=0o711, parents=True)
        servers = "".join(f"server {ports.LOCAL}:{instance} max_fails=0;" for instance in instances)
        text = (ROOT / "deploy/nginx.conf").read_text()
        for deployed, here in {
            "listen 8080 ": f"listen {ports.LOCAL}:{port} ",
            "listen 127.0.0.1:8081;": "listen unix:/tmp/own.sock;",
            _RESOLVER: "",
            "set $api api:8000;": "set $api api;",
            "limit_conn_zone": f"upstream api {{ {servers} }} limit_conn_zone",
            "127.0.0.1:8082": f"{ports.LOCAL}:{ports.free()}",
            "/tmp/": f"{folder}/",
            "/dev/stdout": f"{folder}/access.log",
        }.items():
            assert deployed in text
            text = text.replace(deployed, here)
        super().__init__("front", folder, port, text)


def instance(port: int, environment: Mapping[str, str], output: Path) -> Service:
    """An instance of the api behind its real server, trusting one proxy."""
    command = (sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "services.api.wsgi:app")
    given = {"PORT": str(port), "BIND_HOST": ports.LOCAL, "TRUSTED_HOPS": "1", "RATE_LIMIT_API": "0"}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    told = inherited | given | {"RATE_LIMIT_UPLOADS": "0", "DATABASE_POOL_MAX": "3"} | dict(environment)
    return Service(f"api-{port}", command, port=port, environment=told, folder=ROOT, output=output)


@dataclass(frozen=True, slots=True)
class Deployment:
    front: Front
    instances: tuple[Service, Service]
    folder: Path

    @property
    def address(self) -> str:
        return f"http://{ports.LOCAL}:{self.front.port}"


@contextmanager
def deployed(folder: Path, environment: Mapping[str, str]) -> Iterator[Deployment]:
    """Two instances behind a front, told where Postgres and Redis are."""
    own = [ports.free() for _ in range(3)]
    given = {"SECRET_KEY": "of-this-test-" * 3, "DATA_DIR": str(folder / "front-data")} | dict(environment)
    front = Front(folder / "front", own[0], own[1:])
    first, second = (instance(port, given, folder / f"api-{port}.log") for port in own[1:])
    processes = (front, first, second)
    with ExitStack() as stack:
        for process in processes:
            stack.callback(process.stop)
            process.start()
        for process in processes:
            await_ready(process)
        yield Deployment(front, (first, second), folder / "front")
