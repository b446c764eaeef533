"""The rembg service's composition root: builds the Dependencies once per process, and the Flask app from them.

    POST /remove              the picture as the body, or multipart `image_file`; the cut-out, with facts in headers
    POST /remove-background   the same, multipart `image`
    POST /api/remove          the same, multipart `file`, with the fields of the `rembg s` server
    GET  /stats  GET /        counts and latencies; name, model and routes
    GET  /health*  /metrics   shared/web.py

The network is loaded before the process answers anything, so missing or wrong weights stop it at once. It is ready
after its first inference, which runs while the service is imported and the first probes arrive, and which yields to a
picture that has been waiting for the start. Pictures are processed in a thread pool of their own, so that a request can
give up at its deadline whatever its picture is doing.
"""

import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from types import FrameType

from flask import Flask, Response, jsonify

from services.rembg import remover, request_parser
from services.rembg.admission import AdmissionQueue, Slot
from services.rembg.inference import Network, lower_priority
from services.rembg.lingering_close import LingeringClose, SocketDrain
from services.rembg.load_shedding import LoadShedder
from services.rembg.preload import Preload
from services.rembg.settings import Settings
from services.rembg.stats import Stats
from services.rembg.watchdog import watch
from shared import errors, failpoints, images, log, metrics, sentry, web
from shared.health import Health
from shared.version import VERSION

FIELDS = {"/remove": "image_file", "/remove-background": "image", "/api/remove": request_parser.REMBG_SERVER_FIELD}

_log = log.get("rembg")


@dataclass(frozen=True, slots=True)
class Dependencies:
    settings: Settings
    network: Network
    queue: AdmissionQueue
    stats: Stats
    health: Health
    pool: ThreadPoolExecutor


def build(preload: Preload) -> Dependencies:
    """Wait for the network; raises settings.Invalid when it cannot be loaded."""
    work = preload.settings.work
    return Dependencies(
        settings=preload.settings,
        network=preload.network.result(),
        queue=AdmissionQueue(work.slots, work.max_waiting),
        stats=Stats(),
        health=Health("rembg"),
        pool=preload.pool,
    )


def _prepare(deps: Dependencies, warm_up_s: Future[float]) -> None:
    """Ready after the first inference."""
    lower_priority()
    took_s = warm_up_s.result()
    deps.health.mark_ready()
    weights = deps.network.weights
    _log.info("ready", model=weights.name, digest=weights.sha256, warm_up_s=round(took_s, 3))
    deps.network.rest()


def create_app(deps: Dependencies) -> Flask:
    app = Flask("services.rembg", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = request_parser.MAX_BYTES + request_parser.ENVELOPE_BYTES
    ops_token = deps.settings.ops.token
    web.install(app, deps.health, ops_token.get_secret_value() if ops_token else None)
    for path, field in FIELDS.items():
        app.add_url_rule(path, path, partial(_answer, deps, field), methods=["POST"])
    app.add_url_rule("/stats", "stats", partial(_stats, deps))
    app.add_url_rule("/", "about", partial(_about, app, deps))
    drain = SocketDrain()
    app.wsgi_app = LingeringClose(app.wsgi_app, drain)  # type: ignore[method-assign]  # Flask's documented way
    shedder = LoadShedder(tuple(FIELDS), deps.queue, deps.stats, drain)
    app.extensions["refuse"] = shedder.refuse  # called by deploy/gunicorn_worker.py
    return app


def start(preload: Preload) -> Flask:
    """The app of this process; ends the process when the network cannot be loaded."""
    settings = preload.settings
    sentry.install("rembg", settings.ops)
    deps = build(preload)
    _drain_at_sigterm(deps)
    _in_background("prepare", partial(_prepare, deps, preload.warm_up_s))
    _in_background("watchdog", partial(watch, deps.queue, deps.health, settings.work.stuck_s, deps.network.rest))
    return create_app(deps)


def _in_background(name: str, work: Callable[[], None]) -> None:
    threading.Thread(target=work, name=name, daemon=True).start()


def _drain_at_sigterm(deps: Dependencies) -> None:
    """Refuse waiting callers at once; the server's own handler then waits for running work."""
    previous = signal.getsignal(signal.SIGTERM)

    def drain(number: int, frame: FrameType | None) -> None:
        deps.health.mark_draining()
        threading.Thread(target=deps.queue.close).start()  # takes a lock, which a signal handler must not
        if callable(previous):
            previous(number, frame)

    signal.signal(signal.SIGTERM, drain)


def _answer(deps: Dependencies, field: str) -> Response:
    request_parser.mark_unread()
    request_parser.authorise(deps.settings.work.token)
    deps.stats.request()
    try:
        return _remove(deps, field)
    except errors.Failure as failure:
        deps.stats.failure(failure.code)
        raise


def _remove(deps: Dependencies, field: str) -> Response:
    began = time.perf_counter()
    with deps.queue.admit():
        asked = _parse(deps, field)
        info = images.inspect(asked.data)
        cutout, queued_s = _cut_out(deps, asked, info, deadline=began + deps.settings.work.deadline_s)
    total_s = time.perf_counter() - began
    took, file = cutout.durations, cutout.file
    for step, seconds in {"queue": queued_s, "decode": took.decode, "infer": took.infer, "encode": took.encode}.items():
        metrics.REMOVAL_SECONDS.labels(step).observe(seconds)
    deps.stats.success(bytes_in=len(asked.data), bytes_out=len(file.data), total_s=total_s, infer_s=took.infer)
    deps.stats.ran(cutout.precision or "none")
    facts = _facts(deps.network, cutout, queued_s, total_s)
    return Response(file.data, content_type=file.content_type, headers={"Cache-Control": "no-store", **facts})


@failpoints.before("r1")
def _parse(deps: Dependencies, field: str) -> request_parser.RemovalRequest:
    return request_parser.parse(field, deps.network.weights.name)


def _cut_out(
    deps: Dependencies, asked: request_parser.RemovalRequest, info: images.ImageInfo, deadline: float
) -> tuple[remover.Cutout, float]:
    """The cut-out, and the seconds spent in the queue; raises Unavailable when it is not finished by the deadline."""
    slot = deps.queue.acquire(deadline - time.perf_counter())
    work = _start(deps, asked, info, slot)
    try:
        return work.result(max(0.0, deadline - time.perf_counter())), slot.queued_s
    except TimeoutError:
        raise errors.Unavailable("The picture took too long.") from None
    except MemoryError:
        raise errors.Busy from None


@failpoints.before("r2")
def _start(
    deps: Dependencies, asked: request_parser.RemovalRequest, info: images.ImageInfo, slot: Slot
) -> "Future[remover.Cutout]":
    work = deps.pool.submit(remover.remove, deps.network, asked.data, info, asked.options, alone=slot.alone)
    work.add_done_callback(partial(_release, deps.queue, slot))
    return work


def _release(queue: AdmissionQueue, slot: Slot, _: "Future[remover.Cutout]") -> None:
    queue.release(slot)


def _facts(network: Network, cutout: remover.Cutout, queued_s: float, total_s: float) -> dict[str, str]:
    box = cutout.foreground
    facts: dict[str, object] = {
        "X-Model": network.weights.name,
        "X-Model-Digest": network.weights.sha256,
        "X-Model-Precision": network.weights.precision,
        "X-Mask-Precision": cutout.precision or "none",
        "X-Queue-Ms": round(queued_s * 1000),
        "X-Infer-Ms": round(cutout.durations.infer * 1000),
        "X-Total-Ms": round(total_s * 1000),
        "X-Width": cutout.file.width,
        "X-Height": cutout.file.height,
        "X-Foreground-Top": box.top,
        "X-Foreground-Left": box.left,
        "X-Foreground-Width": box.width,
        "X-Foreground-Height": box.height,
        "X-Uncertainty": round(cutout.uncertainty, 4),
        "X-Passthrough": int(cutout.method is None),
        "X-Method": cutout.method or "none",
    }
    return {name: str(value) for name, value in facts.items()}


def _stats(deps: Dependencies) -> Response:
    request_parser.authorise(deps.settings.work.token)
    weights, queue = deps.network.weights, deps.queue
    load = {"inFlight": queue.working, "waiting": queue.waiting, "slots": queue.slots}
    model = {"model": weights.name, "digest": weights.sha256, "precision": weights.precision}
    response = jsonify({**deps.stats.snapshot(), **load, "threads": deps.network.threads, **model})
    response.headers["Cache-Control"] = "no-store"
    return response


def _about(app: Flask, deps: Dependencies) -> Response:
    endpoints = sorted(
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    )
    weights = deps.network.weights
    return jsonify(
        name="Stolen Tee background removal",
        description="POST a picture to /remove; its subject comes back as a PNG with alpha.",
        version=VERSION,
        model=weights.name,
        digest=weights.sha256,
        precision=weights.precision,
        endpoints=endpoints,
    )
