"""Train on the cores of a CPU within a given time: warm-up, cosine rate, rising resolution, averaged weights.

    OUT.last.pt     the latest state; resume from this one
    OUT.ema.pt      the running average of the weights; export or blend this one
    OUT.best.pt     the average that did best on held-out photographs

One single-threaded process a core, with gradients averaged between them: on a shared machine the threads of one
process wait for each other, which made two of them ten times slower than one.
"""

import argparse
import copy
import json
import math
import os
import time
from pathlib import Path

import numpy as np
import torch
from torch import distributed, multiprocessing, nn
from torch.nn import functional

from research.training import losses
from research.training.encoder import Convolution
from research.training.network import Compact
from research.training.pack import array_path
from research.training.sampling import HELD_OUT, Sources, batch, normalise

WARM_UP = 150  # iterations
REPORT, SYNC, AVERAGE = 50, 200, 4  # iterations between two
SAVE_S, RELOAD_S = 180, 150
VALIDATED = min(120, HELD_OUT)  # pictures
LAST = torch.channels_last


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train the compact network.")
    parser.add_argument("--root", type=Path, default=Path("npy"), help="where the packed arrays and split.json are")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--imagenet", type=Path, help="the published state of EfficientNet-Lite0, for a first run")
    parser.add_argument("--resume", type=Path, help="an OUT.last.pt, for every other run")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--batch", type=int, default=8, help="pictures a process at 224 pixels")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--port", type=int, default=29613)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--encoder-rate", type=float, default=0.15, help="of the decoder's")
    parser.add_argument("--begun", type=float, default=0.0, help="start this far down the cosine")
    parser.add_argument("--wide-every", type=int, default=6, help="steps between gradients of 5x5 depthwise kernels")
    parser.add_argument("--sides", default="0:192,0.38:224,0.74:288", help="share of the time from which: side")
    parser.add_argument(
        "--weights", type=json.loads, default={"duts": 0.68, "clothing": 0.12, "synth": 0.12, "emoji": 0.08}
    )
    return parser.parse_args()


@torch.no_grad()
def validate(network: Compact, root: Path, side: int = 256) -> tuple[float, float]:
    """Error and overlap on photographs that are never trained on."""
    pictures = np.load(array_path(root / "duts", "img"), mmap_mode="r")[-VALIDATED:]
    masks = np.load(array_path(root / "duts", "msk"), mmap_mode="r")[-VALIDATED:] / 255.0
    chances = []
    for start in range(0, VALIDATED, 10):
        inputs = torch.from_numpy(normalise(pictures[start : start + 10]).transpose(0, 3, 1, 2).copy())
        inputs = functional.interpolate(inputs, (side, side), mode="bilinear", antialias=True)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = network(inputs.contiguous(memory_format=LAST)).float()
        chances.append(torch.sigmoid(functional.interpolate(logits, masks.shape[1:], mode="bilinear"))[:, 0].numpy())
    return losses.scores(np.concatenate(chances), masks)


class Run:
    """A network, its average and its optimiser, in one of several processes."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.given = given
        self.network, self.iteration = Compact(), 0
        if given.imagenet:
            self.network.encoder.load_imagenet(torch.load(given.imagenet, map_location="cpu"))
        state = torch.load(given.resume, map_location="cpu") if given.resume else None
        if state:
            self.network.load_state_dict(state["network"])
            self.iteration = state["iteration"]
        self.network = self.network.to(memory_format=LAST).train()
        self.average = copy.deepcopy(self.network).eval()
        for parameter in self.network.encoder.frozen():
            parameter.requires_grad_(False)
        self.optimiser = torch.optim.AdamW(self._groups(), lr=given.rate, foreach=True)
        if state:
            self.average.load_state_dict(state["average"])
            self.optimiser.load_state_dict(state["optimiser"])
        self.parameters = [p for group in self.optimiser.param_groups for p in group["params"]]
        self.flat = torch.zeros(sum(p.numel() for p in self.parameters) + 1)
        encoders = (module for module in self.network.encoder.modules() if isinstance(module, Convolution))
        self.slow = {id(parameter) for module in encoders if module.slow for parameter in (module.weight, module.scale)}
        self.resumed_at, self.best = self.iteration, -math.inf

    def _groups(self) -> list[dict[str, object]]:
        encoder = {id(parameter) for parameter in self.network.encoder.parameters()}
        trained = [parameter for parameter in self.network.parameters() if parameter.requires_grad]
        return [
            {
                "params": [p for p in trained if (id(p) in encoder) is inside and (p.ndim > 1) is decays],
                "weight_decay": 1e-2 if decays else 0.0,
                "share": self.given.encoder_rate if inside else 1.0,
            }
            for inside in (True, False)
            for decays in (True, False)
        ]

    def rate(self, gone: float) -> float:
        """After this share of the time: a warm-up, then a cosine to zero."""
        warm = min(1, (self.iteration - self.resumed_at + 1) / WARM_UP)
        place = self.given.begun + (1 - self.given.begun) * min(1, gone)
        return self.given.rate * warm * (0.5 + 0.5 * math.cos(math.pi * place)) + 1e-6

    def step(self, inputs: torch.Tensor, masks: torch.Tensor, gone: float) -> tuple[float, float]:
        """One step of all processes: this one's loss, and the first process' share of the time."""
        Convolution.train_wide_kernels = self.iteration % self.given.wide_every == 0
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate(gone) * group["share"]
        with torch.autocast("cpu", dtype=torch.bfloat16):
            outputs = self.network(inputs.contiguous(memory_format=LAST), deep=True)
        loss = losses.deep([output.float() for output in outputs], masks)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        gone = self._exchange(gone)
        self.optimiser.step()
        self.iteration += 1
        if self.iteration % SYNC == 0:  # rounding lets the copies drift apart
            for parameter in self.parameters:
                distributed.broadcast(parameter.data, 0)
        if self.iteration % AVERAGE == 0:
            self._follow()
        return loss.item(), gone

    def _exchange(self, gone: float) -> float:
        """Average the gradients, clipped, and take the time from the first process, so that all stop together."""
        sizes = [parameter.numel() for parameter in self.parameters]
        for part, parameter in zip(self.flat.split([*sizes, 1]), self.parameters, strict=False):
            part.copy_(parameter.grad.reshape(-1) if parameter.grad is not None else torch.zeros(()))
        self.flat[-1] = gone if distributed.get_rank() == 0 else 0.0
        distributed.all_reduce(self.flat)
        norm = float(self.flat[:-1].norm()) / self.given.processes
        scale = min(1.0, 5.0 / (norm + 1e-6)) / self.given.processes
        for part, parameter in zip(self.flat.split([*sizes, 1]), self.parameters, strict=False):
            left_out = id(parameter) in self.slow and not Convolution.train_wide_kernels
            parameter.grad = None if left_out else (part * scale).view_as(parameter)
        return float(self.flat[-1])

    @torch.no_grad()
    def _follow(self) -> None:
        done = self.iteration - self.resumed_at
        keep = 0.993 if self.given.resume else min(0.997, (1 + done) / (10 + done))
        for averaged, latest in zip(
            self.average.state_dict().values(), self.network.state_dict().values(), strict=True
        ):
            if averaged.dtype.is_floating_point:
                averaged.lerp_(latest, 1 - keep)
            else:
                averaged.copy_(latest)

    def checkpoint(self) -> None:
        modules: dict[str, nn.Module | torch.optim.Optimizer] = {
            "network": self.network, "average": self.average, "optimiser": self.optimiser,
        }  # fmt: skip
        state = {name: module.state_dict() for name, module in modules.items()}
        torch.save({**state, "iteration": self.iteration}, f"{self.given.out}.last.pt")
        torch.save(self.average.state_dict(), f"{self.given.out}.ema.pt")
        error, overlap = validate(self.average, self.given.root)
        print(f"  held-out: error {error:.4f} overlap {overlap:.4f}", flush=True)
        if overlap - error > self.best:
            self.best = overlap - error
            torch.save(self.average.state_dict(), f"{self.given.out}.best.pt")


def train(rank: int, given: argparse.Namespace) -> None:
    torch.set_num_threads(1)
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(given.port))
    distributed.init_process_group("gloo", rank=rank, world_size=given.processes)
    torch.manual_seed(1)
    run, began, saved = Run(given), time.time(), time.time()
    schedule = [(float(share), int(side)) for share, side in (item.split(":") for item in given.sides.split(","))]
    random = np.random.default_rng(int(began) * 7 + rank * 1009 + run.iteration)
    sources, loaded = Sources(given.root, given.weights), began
    gone, recent = 0.0, []
    while gone < 1:
        if time.time() - loaded > RELOAD_S:  # sources that appear meanwhile are taken up
            sources, loaded = Sources(given.root, given.weights), time.time()
        side = next(side for share, side in reversed(schedule) if gone >= share)
        size = max(4, round(given.batch * min(1.6, (224 / side) ** 2)))
        inputs, masks = (torch.from_numpy(array) for array in batch(sources, random, size, side))
        loss, gone = run.step(inputs, masks, (time.time() - began) / (given.minutes * 60))
        recent.append(loss)
        if rank == 0 and len(recent) == REPORT:
            print(time.strftime("%X"), f"{run.iteration} side {side} loss {np.mean(recent):.4f}", flush=True)
            recent.clear()
        if rank == 0 and (time.time() - saved > SAVE_S or gone >= 1):
            run.checkpoint()
            saved = time.time()
    distributed.barrier()


def main() -> None:
    given = arguments()
    given.out.parent.mkdir(parents=True, exist_ok=True)
    multiprocessing.spawn(train, (given,), nprocs=given.processes)


if __name__ == "__main__":
    main()
