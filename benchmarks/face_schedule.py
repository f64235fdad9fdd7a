"""A whole schedule, all convolutions frozen and later the last block trained: Lightning's own way against ours.

The epochs are those of conf/face/vgg16.yaml. Our time includes computing and storing what the frozen blocks put out, a
checkpoint of every epoch, and the finished model on disk; the plain way writes nothing.
"""

import argparse
import tempfile
from pathlib import Path

from face_training import Comparison
from omegaconf import OmegaConf

SCHEDULE = OmegaConf.load(Path(__file__).parents[1] / "conf" / "face" / "vgg16.yaml").training


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--architecture", default="vgg16", choices=["vgg16", "mobilenet_v2"])
    parser.add_argument("--pictures", type=int, default=40)
    parser.add_argument("--epochs", type=int, default=SCHEDULE.epochs)
    parser.add_argument("--trainable-from", type=int, default=SCHEDULE.unfreeze[0].epoch)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    epochs, start = arguments.epochs, arguments.trainable_from
    with tempfile.TemporaryDirectory() as folder:
        compared = Comparison(Path(folder), arguments.architecture, arguments.pictures, arguments.threads)
        plain = compared.plain(epochs, start)
        storing, ours = compared.ours(epochs, start)
        print(f"{compared}: {epochs} epochs, the last block trained from epoch {start} on")
        print(f"in the loop: frozen {sum(plain[:start]):.1f} s, trained {sum(plain[start:]):.1f} s")
        print(
            f"on stored output: storing {storing:.1f} s, frozen {sum(ours[:start]):.1f} s, "
            f"trained {sum(ours[start:]):.1f} s"
        )
        print(f"ratio {sum(plain) / (storing + sum(ours)):.1f}")


if __name__ == "__main__":
    main()
