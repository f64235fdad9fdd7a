"""The whole schedule, all convolutions frozen and then the last block live: Lightning's own way against ours.

The epochs are those of conf/face/vgg16.yaml up to where it lets a second block go. Ours includes computing and storing
the activations, checkpoints of every epoch, and the finished model on disk; the plain way writes nothing.
"""

import argparse
import tempfile
from pathlib import Path

from face_training import Comparison

from emofusion.settings.compose import compose

CONF = Path(__file__).parents[1] / "conf"


def main() -> None:
    schedule = compose(CONF, "paper", [])["face"]["training"]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--architecture", default="vgg16", choices=["vgg16", "mobilenet_v2"])
    parser.add_argument("--pictures", type=int, default=40)
    parser.add_argument("--epochs", type=int, default=schedule["epochs"])
    parser.add_argument("--live-from", type=int, default=schedule["unfreeze"][0]["epoch"])
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    epochs, live_from = arguments.epochs, arguments.live_from
    with tempfile.TemporaryDirectory() as folder:
        compared = Comparison(Path(folder), arguments.architecture, arguments.pictures, arguments.threads)
        plain = compared.plain(epochs, live_from)
        stored, ours = compared.ours(epochs, live_from)
        print(f"{compared}: {epochs} epochs, the last block live from epoch {live_from}")
        print(f"in the loop: frozen {sum(plain[:live_from]):.1f} s, live {sum(plain[live_from:]):.1f} s")
        print(
            f"on stored activations: storing {feature_cache:.1f} s, frozen {sum(ours[:live_from]):.1f} s, "
            f"live {sum(ours[live_from:]):.1f} s"
        )
        print(f"ratio {sum(plain) / (stored + sum(ours)):.1f}")


if __name__ == "__main__":
    main()
