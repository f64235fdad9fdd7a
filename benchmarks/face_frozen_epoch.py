"""An epoch with all convolutions frozen: Lightning's own way, the whole network in the loop, against ours.

Both use the same pictures, head, batches and machine, and both times are those of an epoch of training and validation.
What the frozen blocks put out is computed once for all epochs, heads, folds and seeds; its time is shown by itself.
"""

import argparse
import tempfile
from pathlib import Path

from face_training import Comparison


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--architecture", default="vgg16", choices=["vgg16", "mobilenet_v2"])
    parser.add_argument("--pictures", type=int, default=60)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        compared = Comparison(Path(folder), arguments.architecture, arguments.pictures, arguments.threads)
        # the first epoch of each includes what is set up once
        plain = compared.plain(epochs=3, trainable_from=None)[1:]
        storing, ours = compared.ours(epochs=6, trainable_from=None)
        print(f"{compared}: an epoch in the loop {min(plain):.2f} s, on stored output {min(ours[1:]):.4f} s")
        print(f"storing the output of frozen blocks, once: {storing:.2f} s")
        print(f"ratio {min(plain) / min(ours[1:]):.1f}")


if __name__ == "__main__":
    main()
