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

from services.rembg import intake, remover, siblings
from services.rembg.door import Door
from services.rembg.gate import Gate, Turn
from services.rembg.linger import Lingering, Sink
from services.rembg.loading import Loading
from services.rembg.network import Network, step_back
from services.rembg.settings import Settings
from services.rembg.stats import Stats
from services.rembg.watch import watch
from shared import errors, failpoints, images, log, memory, metrics, sentry, web
from shared.health import Health

VERSION = "0.1.0"
FIELDS = {"/remove": "image_file", "/remove-background": "image", "/api/remove": intake.PEERS_FIELD}

_AFTER_FIRST_S = 2.0  # so that who waited for the start has his answer first

_log = log.get("rembg")


@dataclass(frozen=True, slots=True)
class Parts:
    settings: Settings
    network: Network
    gate: Gate
    stats: Stats
    health: Health
    pool: ThreadPoolExecutor


def build(loading: Loading) -> Parts:
    """Wait for the network; raises settings.Invalid when it cannot be had."""
    work, shared = loading.settings.work, siblings.folder()
    return Parts(
        settings=loading.settings,
        network=loading.network.result(),
        gate=Gate(work.slots, work.line, siblings.Seats(shared)),
        stats=Stats(shared),
        health=Health("rembg"),
        pool=loading.pool,
    )


def _prepare(parts: Parts, warm: Future[float]) -> None:
    """Ready after the first inference; what only serves several pictures at once comes later."""
    step_back()
    warm_up_s = warm.result()
    parts.health.mark_ready()
    weights = parts.network.weights
    _log.info("ready", model=weights.name, digest=weights.sha256, warm_up_s=round(warm_up_s, 3))
    time.sleep(_AFTER_FIRST_S)
    parts.network.widen()
    with contextlib.suppress(errors.Failure), contextlib.ExitStack() as turns:  # so many callers that they fill it
        for _ in range(parts.gate.slots):
            turns.callback(parts.gate.leave, parts.gate.enter(parts.settings.work.deadline_s))
        parts.network.fill()
    memory.give_back()  # a quarter of it all, once two sessions of u2net were made


def create_app(parts: Parts) -> Flask:
    app = Flask("services.rembg", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = intake.MAX_BYTES + intake.ENVELOPE_BYTES
    ops_token = parts.settings.ops.token
    web.install(app, parts.health, ops_token.get_secret_value() if ops_token else None)
    for path, name in FIELDS.items():
        app.add_url_rule(path, path, partial(_answer, parts, name), methods=["POST"])
    app.add_url_rule("/stats", "stats", partial(_stats, parts))
    app.add_url_rule("/", "about", partial(_about, app, parts))
    sink = Sink()
    app.wsgi_app = Lingering(app.wsgi_app, sink)  # type: ignore[method-assign]  # the documented way to add middleware
    app.extensions["refuse"] = Door(tuple(FIELDS), parts.gate, parts.stats, sink).refuse  # for deploy/gunicorn.conf.py
    return app


def start(loading: Loading) -> Flask:
    """The app of this process; without a usable network, the end of the process."""
    settings = loading.settings
    sentry.install("rembg", settings.ops)
    parts = build(loading)
    _drain_at_sigterm(parts)
    _in_background("prepare", partial(_prepare, parts, loading.warm))
    _in_background("watch", partial(watch, parts.gate, parts.stats, parts.health, settings.work.stuck_s))
    return create_app(parts)


def _in_background(name: str, work: Callable[[], None]) -> None:
    threading.Thread(target=work, name=name, daemon=True).start()


def _drain_at_sigterm(parts: Parts) -> None:
    """Who waits in line is told at once; the server's own handler then waits for the pictures in work."""
    before = signal.getsignal(signal.SIGTERM)

    def drain(number: int, frame: FrameType | None) -> None:
        parts.health.mark_draining()
        threading.Thread(target=parts.gate.close).start()  # it takes a lock, which a signal's handler must not
        if callable(before):
            before(number, frame)

    signal.signal(signal.SIGTERM, drain)


def _answer(parts: Parts, field: str) -> Response:
    intake.announce()
    intake.authorise(parts.settings.work.token)
    parts.stats.came()
    try:
        return _removed(parts, field)
    except errors.Failure as failure:
        parts.stats.failed(failure.code)
        raise


def _removed(parts: Parts, field: str) -> Response:
    began = time.perf_counter()
    with parts.gate.place():
        failpoints.reach("r1")
        taken = intake.read(field, parts.network.weights.name)
        judged = images.judge(taken.data)
        deadline = began + parts.settings.work.deadline_s
        cutout, queued_s = _worked(parts, taken, judged, deadline)
    total_s = time.perf_counter() - began
    took, file = cutout.durations, cutout.file
    for step, seconds in {"queue": queued_s, "decode": took.decode, "infer": took.infer, "encode": took.encode}.items():
        metrics.REMOVAL_SECONDS.labels(step).observe(seconds)
    parts.stats.succeeded(bytes_in=len(taken.data), bytes_out=len(file.data), total_s=total_s, infer_s=took.infer)
    facts = _facts(parts.network, cutout, queued_s, total_s)
    return Response(file.data, content_type=file.content_type, headers={"Cache-Control": "no-store", **facts})


def _worked(parts: Parts, taken: intake.Intake, judged: images.Judged, deadline: float) -> tuple[remover.Cutout, float]:
    """The cut-out, and the seconds it was waited for; Unavailable when it is not done by the deadline."""
    turn = parts.gate.enter(deadline - time.perf_counter())
    failpoints.reach("r2")
    work = parts.pool.submit(remover.remove, parts.network, taken.data, judged, taken.asked, alone=turn.alone)
    work.add_done_callback(partial(_leave, parts.gate, turn))
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


def _stats(parts: Parts) -> Response:
    intake.authorise(parts.settings.work.token)
    weights, gate = parts.network.weights, parts.gate
    parts.stats.occupied(gate.working, gate.waiting)
    fixed = {"slots": gate.slots, "threads": parts.network.threads}
    model = {"model": weights.name, "digest": weights.sha256, "precision": weights.precision}
    answer = jsonify({**parts.stats.snapshot(), **fixed, **model})
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _about(app: Flask, parts: Parts) -> Response:
    endpoints = sorted(
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    )
    weights = parts.network.weights
    return jsonify(
        name="Stolen Tee background removal",
        description="POST a picture to /remove; its subject comes back as a PNG with alpha.",
        version=VERSION,
        model=weights.name,
        digest=weights.sha256,
        endpoints=endpoints,
    )
