"""A linear mix of two states of the network: `blend ONE.ema.pt OTHER.ema.pt 0.6 OUT.ema.pt` is 60 % of the other."""

from argparse import ArgumentParser
from pathlib import Path

import torch


def blend(one: Path, other: Path, share: float, out: Path) -> None:
    first, second = (torch.load(path, map_location="cpu") for path in (one, other))
    mixed = {
        name: first[name].lerp(tensor, share) if tensor.dtype.is_floating_point else tensor
        for name, tensor in second.items()
    }
    torch.save(mixed, out)


def main() -> None:
    parser = ArgumentParser(description="Mix two states of the network.")
    parser.add_argument("one", type=Path)
    parser.add_argument("other", type=Path)
    parser.add_argument("share", type=float, help="of the other")
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    blend(given.one, given.other, given.share, given.out)


if __name__ == "__main__":
    main()
