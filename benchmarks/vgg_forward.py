"""How close VGG16's forward pass comes to the machine's rate of matrix multiplication: its time over that limit."""

import argparse
from functools import partial

import torch
from pictures import SIZE, interleaved, multiply_adds

from emofusion.networks.backbone import BLOCKS, Backbone
from emofusion.networks.backbone.feature_cache import BATCH
from emofusion.networks.backbone.settings import ARCHITECTURES

SIDE = 2048


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)

    pictures = torch.randint(0, 256, (BATCH, 3, SIZE, SIZE), dtype=torch.uint8)
    left, right = torch.rand(2, SIDE, SIDE)
    shape = tuple(pictures.shape[1:])
    networks = {name: Backbone(architecture=name).build(shape, 1).eval() for name in ARCHITECTURES}
    forward = {name: partial(network.activations, pictures, BLOCKS) for name, network in networks.items()}
    work = {name: multiply_adds(network, pictures) for name, network in networks.items()}
    with torch.inference_mode():
        multiply = partial(torch.matmul, left, right)
        interleaved([multiply, *forward.values()], 1)  # the first calls lay out weights
        times = interleaved([multiply, *forward.values()], arguments.rounds)
    rate = SIDE**3 / times[0]
    print(f"{arguments.threads} thread(s), batches of {BATCH} pictures of {SIZE} pixels, medians of {arguments.rounds}")
    print(f"matrix multiplication {SIDE} x {SIDE}: {rate / 1e9:.1f} billion multiply-adds a second")
    ratios = {}
    for name, taken in zip(forward, times[1:], strict=True):
        ratios[name] = taken * rate / work[name]
        print(
            f"{name}: {work[name] / BATCH / 1e9:.2f} billion multiply-adds and {taken / BATCH * 1e3:.1f} ms a picture, "
            f"{work[name] / taken / 1e9:.1f} billion a second, {ratios[name]:.2f} times the limit"
        )
    print(f"ratio {ratios['vgg16']:.2f}")


if __name__ == "__main__":
    main()
