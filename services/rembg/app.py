"""The rembg service's composition root: builds the Parts once per process, and the app from them.

    POST /remove              the picture as the body, or multipart `image_file`; the cut-out with its facts in headers
    POST /remove-background   the same, multipart `image`
    POST /api/remove          the same, multipart `file`, with the fields of the `rembg s` server
    GET  /stats  GET /        what was done; what this is
    GET  /health*  /metrics   shared/web.py

The network is loaded before the process answers anything, so that weights which cannot be had stop it at once; it is
ready only after its first inference, which runs beside the imports and the first probes, and gives way to a picture
that has been waiting for the process to come up. Pictures are worked on in threads of their own, so that a request can
give up at its deadline whatever its picture is doing.
"""

import contextlib
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from types import FrameType

from flask import Flask, Response, jsonify

from services.rembg import remover, request_parser, siblings
from services.rembg.admission import Gate, Turn
from services.rembg.inference import Network, step_back
from services.rembg.lingering_close import Lingering, Sink
from services.rembg.load_shedding import Door
from services.rembg.preload import Loading
from services.rembg.settings import Settings
from services.rembg.stats import Stats
from services.rembg.watchdog import watch
from shared import errors, failpoints, images, log, malloc, metrics, sentry, web
from shared.health import Health

VERSION = "0.1.0"
FIELDS = {"/remove": "image_file", "/remove-background": "image", "/api/remove": request_parser.PEERS_FIELD}

_AFTER_FIRST_S = 2.0  # so that who waited for the start has his answer first

_log = log.get("rembg")


@dataclass(frozen=True, slots=True)
class Dependencies:
    settings: Settings
    network: Network
    gate: Gate
    stats: Stats
    health: Health
    pool: ThreadPoolExecutor


def build(loading: Loading) -> Dependencies:
    """Wait for the network; raises settings.Invalid when it cannot be had."""
    work, shared = loading.settings.work, siblings.folder()
    return Dependencies(
        settings=loading.settings,
        network=loading.network.result(),
        gate=Gate(work.slots, work.line, siblings.Seats(shared)),
        stats=Stats(shared),
        health=Health("rembg"),
        pool=loading.pool,
    )


def _prepare(deps: Dependencies, warm: Future[float]) -> None:
    """Ready after the first inference; what only serves several pictures at once comes later."""
    step_back()
    warm_up_s = warm.result()
    deps.health.mark_ready()
    weights = deps.network.weights
    _log.info("ready", model=weights.name, digest=weights.sha256, warm_up_s=round(warm_up_s, 3))
    time.sleep(_AFTER_FIRST_S)
    deps.network.widen()
    with contextlib.suppress(errors.Failure), contextlib.ExitStack() as turns:  # so many callers that they fill it
        for _ in range(deps.gate.slots):
            turns.callback(deps.gate.leave, deps.gate.enter(deps.settings.work.deadline_s))
        deps.network.fill()
    malloc.give_back()  # a quarter of it all, once two sessions of u2net were made


def create_app(deps: Dependencies) -> Flask:
    app = Flask("services.rembg", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = request_parser.MAX_BYTES + request_parser.ENVELOPE_BYTES
    ops_token = deps.settings.ops.token
    web.install(app, deps.health, ops_token.get_secret_value() if ops_token else None)
    for path, name in FIELDS.items():
        app.add_url_rule(path, path, partial(_answer, deps, name), methods=["POST"])
    app.add_url_rule("/stats", "stats", partial(_stats, deps))
    app.add_url_rule("/", "about", partial(_about, app, deps))
    sink = Sink()
    app.wsgi_app = Lingering(app.wsgi_app, sink)  # type: ignore[method-assign]  # the documented way to add middleware
    app.extensions["refuse"] = Door(tuple(FIELDS), deps.gate, deps.stats, sink).refuse  # for deploy/gunicorn.conf.py
    return app


def start(loading: Loading) -> Flask:
    """The app of this process; without a usable network, the end of the process."""
    settings = loading.settings
    sentry.install("rembg", settings.ops)
    deps = build(loading)
    _drain_at_sigterm(deps)
    _in_background("prepare", partial(_prepare, deps, loading.warm))
    _in_background("watch", partial(watch, deps.gate, deps.stats, deps.health, settings.work.stuck_s))
    return create_app(deps)


def _in_background(name: str, work: Callable[[], None]) -> None:
    threading.Thread(target=work, name=name, daemon=True).start()


def _drain_at_sigterm(deps: Dependencies) -> None:
    """Who waits in line is told at once; the server's own handler then waits for the pictures in work."""
    before = signal.getsignal(signal.SIGTERM)

    def drain(number: int, frame: FrameType | None) -> None:
        deps.health.mark_draining()
        threading.Thread(target=deps.gate.close).start()  # it takes a lock, which a signal's handler must not
        if callable(before):
            before(number, frame)

    signal.signal(signal.SIGTERM, drain)


def _answer(deps: Dependencies, field: str) -> Response:
    request_parser.announce()
    request_parser.authorise(deps.settings.work.token)
    deps.stats.came()
    try:
        return _removed(deps, field)
    except errors.Failure as failure:
        deps.stats.failed(failure.code)
        raise


def _removed(deps: Dependencies, field: str) -> Response:
    began = time.perf_counter()
    with deps.gate.place():
        failpoints.reach("r1")
        taken = request_parser.read(field, deps.network.weights.name)
        info = images.inspect(taken.data)
        deadline = began + deps.settings.work.deadline_s
        cutout, queued_s = _worked(deps, taken, info, deadline)
    total_s = time.perf_counter() - began
    took, file = cutout.durations, cutout.file
    for step, seconds in {"queue": queued_s, "decode": took.decode, "infer": took.infer, "encode": took.encode}.items():
        metrics.REMOVAL_SECONDS.labels(step).observe(seconds)
    deps.stats.succeeded(bytes_in=len(taken.data), bytes_out=len(file.data), total_s=total_s, infer_s=took.infer)
    facts = _facts(deps.network, cutout, queued_s, total_s)
    return Response(file.data, content_type=file.content_type, headers={"Cache-Control": "no-store", **facts})


def _worked(
    deps: Dependencies, taken: request_parser.Intake, info: images.ImageInfo, deadline: float
) -> tuple[remover.Cutout, float]:
    """The cut-out, and the seconds it was waited for; Unavailable when it is not done by the deadline."""
    turn = deps.gate.enter(deadline - time.perf_counter())
    failpoints.reach("r2")
    work = deps.pool.submit(remover.remove, deps.network, taken.data, info, taken.asked, alone=turn.alone)
    work.add_done_callback(partial(_leave, deps.gate, turn))
    try:
        return work.result(max(0.0, deadline - time.perf_counter())), turn.queued_s
    except TimeoutError:
        raise errors.Unavailable("The picture took too long.") from None
    except MemoryError:
        raise errors.Busy from None


def _leave(gate: Gate, turn: Turn, _: "Future[remover.Cutout]") -> None:
    gate.leave(turn)


def _facts(network: Network, cutout: remover.Cutout, queued_s: float, total_s: float) -> dict[str, str]:
    box = cutout.foreground
    facts: dict[str, object] = {
        "X-Model": network.weights.name,
        "X-Model-Digest": network.weights.sha256,
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
        "X-Passthrough": int(cutout.passed_through),
    }
    return {name: str(value) for name, value in facts.items()}


def _stats(deps: Dependencies) -> Response:
    request_parser.authorise(deps.settings.work.token)
    weights, gate = deps.network.weights, deps.gate
    deps.stats.occupied(gate.working, gate.waiting)
    fixed = {"slots": gate.slots, "threads": deps.network.threads}
    model = {"model": weights.name, "digest": weights.sha256, "precision": weights.precision}
    answer = jsonify({**deps.stats.snapshot(), **fixed, **model})
    answer.headers["Cache-Control"] = "no-store"
    return answer


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
        endpoints=endpoints,
    )
