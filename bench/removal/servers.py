"""Our service and `rembg s` as processes on free ports of this machine, with the same network."""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import processes
from deploy.local import ports

REMBG_SERVER = "rembg s"
_REQUIREMENT = "rembg[cpu,cli]==2.0.86"
START_S = 180.0
_MB = 1 << 20


@dataclass(frozen=True, slots=True)
class Server:
    name: str
    process: subprocess.Popen[bytes]
    port: int
    path: str  # where pictures are posted
    began: float  # monotonic
    started_s: float  # until it was ready, if that was waited for

    def memory_mb(self) -> tuple[int, int]:
        """Resident memory now and at its peak, over all its processes."""
        return processes.memory_mb(self.process.pid)

    def processor_s(self) -> float:
        """Processor time of all its processes, in seconds."""
        return processes.processor_s(self.process.pid)


@contextmanager
def ours(
    model: str, path: Path | None, *, wait: bool = True, checkout: Path | None = None, **environment: str
) -> Iterator[Server]:
    """Our service under gunicorn, as deployed, of this checkout or another; ready means warmed up."""
    port = ports.free()
    given = {"REMBG_MODEL": model, "PORT": str(port), "BIND_HOST": ports.LOCAL, **environment}
    if path:
        given["REMBG_MODEL_PATH"] = str(path)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("REMBG_")}
    command = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "services.rembg.wsgi:app"]
    with _running(
        "ours", command, kept | given, port, "/health/ready", "/remove", wait=wait, checkout=checkout
    ) as server:
        yield server


@contextmanager
def rembg_server(model: str, path: Path, limit_mb: int | None = None, *, wait: bool = True) -> Iterator[Server]:
    """`rembg s` in an environment of its own, with the weights where it looks for them."""
    port = ports.free()
    with tempfile.TemporaryDirectory() as home:
        shutil.copy(path, Path(home) / f"{model}.onnx")
        environment = {**os.environ, "U2NET_HOME": home, "NO_ALBUMENTATIONS_UPDATE": "1", "BROWSER": "true"}
        command = [str(rembg_program()), "s", "--no-ui", "-h", ports.LOCAL, "-p", str(port)]
        with _running(
            REMBG_SERVER, command, environment, port, "/openapi.json", "/api/remove", limit_mb, wait=wait
        ) as server:
            yield server


def rembg_program() -> Path:
    """Installed on first use, about 600 MB, into DATA_DIR/rembg-server unless REMBG_SERVER_DIR names another folder."""
    default = Path(os.environ.get("DATA_DIR") or "data") / "rembg-server"
    folder = Path(os.environ.get("REMBG_SERVER_DIR") or default).absolute()
    program = folder / "bin" / "rembg"
    if not program.exists():
        print(f"installing {_REQUIREMENT} into {folder} (once; some minutes) ...", flush=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([folder / "bin" / "python", "-m", "pip", "install", "--quiet", _REQUIREMENT], check=True)
    return program


@contextmanager
def _running(
    name: str,
    command: list[str],
    environment: dict[str, str],
    port: int,
    ready: str,
    path: str,
    limit_mb: int | None = None,
    *,
    wait: bool,
    checkout: Path | None = None,
) -> Iterator[Server]:
    began = time.monotonic()
    log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
    # A session of its own, as in a container: the kernel divides the processor among sessions, so the client's many
    # threads take nothing from either server.
    process = subprocess.Popen(
        command, cwd=checkout, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
    )
    if limit_mb:
        resource.prlimit(process.pid, resource.RLIMIT_DATA, (limit_mb * _MB, limit_mb * _MB))
    try:
        while wait and not answers(port, ready):
            if process.poll() is not None or time.monotonic() - began > START_S:
                log.seek(0)
                raise RuntimeError(f"{name} did not start:\n{log.read().decode()[-2000:]}")
            time.sleep(0.02)
        yield Server(name, process, port, path, began, time.monotonic() - began)
    finally:
        process.terminate()
        try:
            process.wait(35)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()


def answers(port: int, path: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://{ports.LOCAL}:{port}{path}", timeout=5) as answer:
            return int(answer.status) == 200
    except (urllib.error.URLError, OSError):
        return False
