"""Train on a CPU within a given time: warm-up, constant rate, linear decay, rising resolution, averaged weights.

    OUT.stable.pt   before the decay began; resume from this one
    OUT.last.pt     the latest state
    OUT.ema.pt      the running average of the weights; export this one

A second process draws the batches.
"""

import argparse
import copy
import json
import os
import time
from pathlib import Path

import numpy as np
import torch
from torch import multiprocessing
from torch.nn import functional

from research.training import losses
from research.training.network import Compact
from research.training.pack import array_path
from research.training.sampling import HELD_OUT, Sources, batch, normalise

WARM_UP = 300  # iterations
REPORT, SAVE_S, RELOAD_S = 50, 180, 240
BUSY = 4.5  # load from which a second thread only gets in the way of others
VALIDATED = min(100, HELD_OUT)  # pictures
LAST = torch.channels_last


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train the compact network.")
    parser.add_argument("--root", type=Path, default=Path("npy"), help="where the packed arrays and split.json are")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--resume", type=Path)
    parser.add_argument("--minutes", type=float, default=45)
    parser.add_argument("--decay", type=float, default=9, help="minutes at the end in which the rate falls")
    parser.add_argument("--batch", type=int, default=16, help="pictures at 224 pixels; fewer when they are larger")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--sides", default="0:192,0.5:224,0.8:256", help="share of the time from which: side")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--weights", type=json.loads, default={"duts": 0.64, "clothing": 0.17, "synth": 0.19})
    return parser.parse_args()


def feed(queue: multiprocessing.Queue, given: argparse.Namespace, seed: int, side: object) -> None:
    """Put batches of the current side on the queue for ever; sources that appear meanwhile are taken up."""
    torch.set_num_threads(1)
    random = np.random.default_rng(seed)
    sources, loaded = Sources(given.root, given.weights), time.time()
    while True:
        if time.time() - loaded > RELOAD_S:
            sources, loaded = Sources(given.root, given.weights), time.time()
        pixels = side.value
        size = min(24, max(8, int(given.batch * (224 / pixels) ** 2) // 2 * 2))
        inputs, masks = batch(sources, random, size, pixels)
        queue.put((torch.from_numpy(inputs), torch.from_numpy(masks)))


@torch.no_grad()
def validate(network: Compact, root: Path, side: int = 256) -> tuple[float, float]:
    """Error and overlap on photographs that are never trained on."""
    pictures = np.load(array_path(root / "duts", "img"), mmap_mode="r")[-VALIDATED:]
    masks = np.load(array_path(root / "duts", "msk"), mmap_mode="r")[-VALIDATED:] / 255.0
    network.eval()
    chances = []
    for start in range(0, VALIDATED, 10):
        inputs = torch.from_numpy(normalise(pictures[start : start + 10]).transpose(0, 3, 1, 2).copy())
        inputs = functional.interpolate(inputs, (side, side), mode="bilinear", antialias=True)
        logits = network(inputs.contiguous(memory_format=LAST))
        chances.append(torch.sigmoid(functional.interpolate(logits, masks.shape[1:], mode="bilinear"))[:, 0].numpy())
    return losses.scores(np.concatenate(chances), masks)


class Run:
    """A network, its average and its optimiser."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.given = given
        self.network = Compact().to(memory_format=LAST)
        self.average = copy.deepcopy(self.network).eval()
        parameters = list(self.network.parameters())
        groups = [
            {"params": [p for p in parameters if p.ndim > 1], "weight_decay": 2e-2},
            {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
        ]
        self.optimiser = torch.optim.AdamW(groups, lr=given.rate)
        self.iteration = 0
        if given.resume:
            state = torch.load(given.resume)
            self.network.load_state_dict(state["network"])
            self.average.load_state_dict(state["average"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.iteration = state["iteration"]
        self.resumed_at = self.iteration

    def save(self, suffix: str) -> None:
        state = {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "iteration": self.iteration,
        }
        torch.save(state, f"{self.given.out}.{suffix}.pt")

    def checkpoint(self, words: str) -> None:
        self.save("last")
        torch.save(self.average.state_dict(), f"{self.given.out}.ema.pt")
        print("  {} error {:.4f} overlap {:.4f}".format(words, *validate(self.average, self.given.root)), flush=True)

    def rate(self, left_s: float) -> float:
        warm = min(1, (self.iteration - self.resumed_at + 1) / WARM_UP)
        decay_s = self.given.decay * 60
        falling = min(1, max(0.01, left_s / decay_s)) if decay_s else 1
        return self.given.rate * warm * falling

    def step(self, inputs: torch.Tensor, masks: torch.Tensor, rate: float) -> float:
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        loss = losses.deep(self.network(inputs.contiguous(memory_format=LAST), deep=True), masks)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimiser.step()
        self.iteration += 1
        self._follow()
        return loss.item()

    @torch.no_grad()
    def _follow(self) -> None:
        keep = min(0.999, (1 + self.iteration) / (10 + self.iteration))
        states = zip(self.average.state_dict().values(), self.network.state_dict().values(), strict=True)
        for averaged, latest in states:
            if averaged.dtype.is_floating_point:
                averaged.lerp_(latest, 1 - keep)
            else:
                averaged.copy_(latest)


def polite_threads(wanted: int) -> None:
    torch.set_num_threads(wanted if os.getloadavg()[0] < BUSY else 1)


def train(given: argparse.Namespace) -> None:
    polite_threads(given.threads)
    torch.manual_seed(1)
    run = Run(given)
    schedule = [(float(share), int(side)) for share, side in (item.split(":") for item in given.sides.split(","))]
    context = multiprocessing.get_context("fork")
    queue, side = context.Queue(6), context.Value("i", schedule[0][1])
    feeder = context.Process(target=feed, args=(queue, given, int(time.time()) + run.iteration, side), daemon=True)
    feeder.start()
    total_s, began, saved, stable = given.minutes * 60, time.time(), time.time(), False
    recent: list[float] = []
    while (gone := time.time() - began) <= total_s:
        side.value = next(pixels for share, pixels in reversed(schedule) if gone / total_s >= share)
        if gone > total_s - given.decay * 60 and not stable:
            run.save("stable")
            stable = True
        inputs, masks = queue.get()
        recent.append(run.step(inputs, masks, run.rate(total_s - gone)))
        if len(recent) == REPORT:
            polite_threads(given.threads)
            words = f"{run.iteration} side {inputs.shape[-1]} loss {np.mean(recent):.4f}"
            print(time.strftime("%X"), words, flush=True)
            recent.clear()
        if time.time() - saved > SAVE_S:
            run.checkpoint("held-out:")
            saved = time.time()
    run.checkpoint("at the end:")
    feeder.kill()


if __name__ == "__main__":
    train(arguments())
