"""The rembg service's composition root: builds the Parts once per process, and the app from them.

    POST /remove              the picture as the body, or multipart `image_file`; the cut-out with its facts in headers
    POST /remove-background   the same, multipart `image`
    GET  /stats  GET /        what was done; what this is
    GET  /health*  /metrics   shared/web.py

The network is loaded before the process answers anything, so that weights which cannot be had stop it at once; it is
ready only after a first inference, which runs beside the first probes.
"""

import threading
import time
from dataclasses import dataclass
from hmac import compare_digest

from flask import Flask, Response, jsonify, request

from services.rembg import remover
from services.rembg.gate import Gate
from services.rembg.settings import Settings, cores
from services.rembg.stats import Stats
from services.rembg.weights.locate import locate
from shared import errors, failpoints, images, log, metrics, web
from shared.health import Health

VERSION = "0.1.0"
MAX_BYTES = 20 * 1024 * 1024
_ENVELOPE_BYTES = 64 * 1024  # what multipart adds around the file

_log = log.get("rembg")


@dataclass(frozen=True, slots=True)
class Parts:
    settings: Settings
    network: remover.Network
    gate: Gate
    stats: Stats
    health: Health


def build(settings: Settings) -> Parts:
    """Load the network; raises settings.Invalid when it cannot be had."""
    weights = locate(settings.model.name, settings.model.path, settings.model.folder)
    return Parts(
        settings=settings,
        network=remover.Network(weights, threads=cores()),  # shared by all slots: alone fast, together no slower
        gate=Gate(settings.work.slots, settings.work.line),
        stats=Stats(),
        health=Health("rembg"),
    )


def warm_up(parts: Parts) -> None:
    """One inference, then ready."""
    began = time.monotonic()
    parts.network.warm_up()
    parts.health.mark_ready()
    weights = parts.network.weights
    _log.info("ready", model=weights.name, digest=weights.sha256, warm_up_s=round(time.monotonic() - began, 3))


def create_app(parts: Parts) -> Flask:
    app = Flask("services.rembg", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BYTES + _ENVELOPE_BYTES
    ops_token = parts.settings.ops.token
    web.install(app, parts.health, ops_token.get_secret_value() if ops_token else None)
    app.add_url_rule("/remove", "remove", lambda: _answer(parts, "image_file"), methods=["POST"])
    app.add_url_rule("/remove-background", "remove_background", lambda: _answer(parts, "image"), methods=["POST"])
    app.add_url_rule("/stats", "stats", lambda: _stats(parts))
    app.add_url_rule("/", "about", lambda: _about(app, parts))
    return app


def start() -> Flask:
    """The app of this process, from the environment; without a usable network, the end of the process."""
    log.setup("rembg")
    parts = build(Settings.read())
    threading.Thread(target=warm_up, args=(parts,), name="warm-up", daemon=True).start()
    return create_app(parts)


def _answer(parts: Parts, field: str) -> Response:
    _authorise(parts)
    parts.stats.came()
    try:
        return _removed(parts, field)
    except errors.Failure as failure:
        parts.stats.failed(failure.code)
        raise


def _removed(parts: Parts, field: str) -> Response:
    if not parts.health.ready()[0]:
        raise errors.Unavailable("The service is not ready yet.")
    began = time.perf_counter()
    with parts.gate.place():
        failpoints.reach("r1")
        data = _picture(field)
        judged = images.judge(data)
        received_s = time.perf_counter() - began
        with parts.gate.slot(parts.settings.work.deadline_s - received_s) as queued_s:
            failpoints.reach("r2")
            cutout = remover.remove(parts.network, data, judged)
    total_s = time.perf_counter() - began
    took = cutout.durations
    for step, seconds in {"queue": queued_s, "decode": took.decode, "infer": took.infer, "encode": took.encode}.items():
        metrics.REMOVAL_SECONDS.labels(step).observe(seconds)
    parts.stats.succeeded(bytes_in=len(data), bytes_out=len(cutout.png), total_s=total_s, infer_s=took.infer)
    facts = _facts(parts.network, cutout, queued_s, total_s)
    return Response(cutout.png, content_type="image/png", headers={"Cache-Control": "no-store", **facts})


def _picture(field: str) -> bytes:
    """The picture of the request: its form field, or its body. A body cut short on the way is refused."""
    if "Transfer-Encoding" in request.headers:
        raise errors.LengthRequired()  # the framework would cut a long body silently
    if not request.content_length:
        raise errors.MissingFile()
    if request.mimetype == "multipart/form-data":
        if field not in request.files:
            raise errors.MissingFile(f"The form has no file named {field}.")
        data: bytes = request.files[field].read()
    elif request.content_length > MAX_BYTES:
        raise errors.BodyTooLarge()
    else:
        data = request.get_data(cache=False)
        if len(data) != request.content_length:
            raise errors.InvalidRequest("The body ended early.")
    if len(data) > MAX_BYTES:
        raise errors.BodyTooLarge()
    if not data:
        raise errors.MissingFile()
    return data


def _facts(network: remover.Network, cutout: remover.Cutout, queued_s: float, total_s: float) -> dict[str, str]:
    box = cutout.foreground
    facts: dict[str, object] = {
        "X-Model": network.weights.name,
        "X-Model-Digest": network.weights.sha256,
        "X-Queue-Ms": round(queued_s * 1000),
        "X-Infer-Ms": round(cutout.durations.infer * 1000),
        "X-Total-Ms": round(total_s * 1000),
        "X-Width": cutout.width,
        "X-Height": cutout.height,
        "X-Foreground-Top": box.top,
        "X-Foreground-Left": box.left,
        "X-Foreground-Width": box.width,
        "X-Foreground-Height": box.height,
        "X-Uncertainty": round(cutout.uncertainty, 4),
        "X-Passthrough": int(cutout.passed_through),
    }
    return {name: str(value) for name, value in facts.items()}


def _authorise(parts: Parts) -> None:
    token = parts.settings.work.token
    if token is None:
        return
    given = request.headers.get("Authorization", "")
    if not compare_digest(given.encode(), f"Bearer {token.get_secret_value()}".encode()):
        raise errors.Unauthorized("This service needs its token.")


def _stats(parts: Parts) -> Response:
    _authorise(parts)
    weights, gate = parts.network.weights, parts.gate
    now = {"inFlight": gate.working, "waiting": gate.waiting, "slots": gate.slots, "threads": parts.network.threads}
    model = {"model": weights.name, "digest": weights.sha256, "precision": "float"}
    answer = jsonify({**parts.stats.snapshot(), **now, **model})
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
