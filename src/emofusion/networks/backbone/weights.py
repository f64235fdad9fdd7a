"""The weights that a backbone starts from: ImageNet's as torchvision publishes them, a file, or drawn ones; checked."""

import hashlib
import pickle
import re
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor
from torchvision.models import MobileNet_V2_Weights, VGG16_Weights

from emofusion.errors import EmofusionError
from emofusion.fetch import fetch
from emofusion.networks.backbone.network import convolutions
from emofusion.whole_files import replacing

PREFIX = "features."


def prepare(architecture: str, source: str, target: Path, base_url: str, seed: int = 0) -> None:
    """Write the weights of the convolutions of an architecture as safetensors, float32.

    Args:
        architecture: vgg16 or mobilenet_v2.
        source: one of three.

            * `imagenet`: torchvision's file IMAGENET1K_V1, checked against the hash in its name.
            * A path: a state dict, `.safetensors` or of PyTorch (`.pth`, `.pt`), of the whole network or its
              convolutions, in any floating-point precision, with torchvision's names (`features.0.weight` …). A
              PyTorch file is read without running code from it.
            * `none`: drawn from `seed`; see `network.convolutions`.
        target: the file to write.
        base_url: the address of the folder that the published file is fetched from; empty: torchvision's own.
        seed: draws weights for `none`.

    Raises:
        EmofusionError: if the file cannot be read or belongs to another architecture.
    """
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    expected = {PREFIX + name: tensor for name, tensor in convolutions(architecture).state_dict().items()}
    state = expected
    if source != "none":
        path = _download(architecture, target.parent, base_url) if source == "imagenet" else Path(source)
        in_file = {name: tensor for name, tensor in _read(path).items() if name.startswith(PREFIX)}
        # counts of batches seen, which some exports leave out or write as lists of one, and nothing here uses
        counts = {name: tensor for name, tensor in expected.items() if name.endswith("num_batches_tracked")}
        state = in_file | counts
        _check(state, expected, path, architecture)
    with replacing(target) as partial:
        save_file({name: state[name].to(expected[name].dtype).contiguous() for name in expected}, partial)


def published_url(architecture: str) -> str:
    """The address of torchvision's first ImageNet weights; the file's name ends in the first digits of its SHA-256."""
    vgg16: str = VGG16_Weights.IMAGENET1K_V1.url
    mobilenet_v2: str = MobileNet_V2_Weights.IMAGENET1K_V1.url
    return {"vgg16": vgg16, "mobilenet_v2": mobilenet_v2}[architecture]


def _download(architecture: str, folder: Path, base_url: str) -> Path:
    torchvisions, _, name = published_url(architecture).rpartition("/")
    base_url = base_url.rstrip("/") or torchvisions
    path = folder / name
    # kept beside the target, so that a later change of code does not download it again
    if not (path.is_file() and _matches(path)):
        path.unlink(missing_ok=True)
        fetch(f"{base_url}/{name}", path, known_hash=None, size=None)
    if not _matches(path):
        path.unlink()
        raise EmofusionError(
            f"{name} from {base_url} is not the file that torchvision published: its SHA-256 does not begin "
            "as its name says. Try again, or name a local file in the setting `weights`."
        )
    return path


def _matches(path: Path) -> bool:
    """Whether the file's SHA-256 begins with the digits in its name."""
    digits = re.search(r"-([0-9a-f]{8,})\.", path.name)
    with path.open("rb") as file:
        return digits is not None and hashlib.file_digest(file, "sha256").hexdigest().startswith(digits[1])


def _read(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise EmofusionError(f"there are no weights at {path}: name imagenet, none or an existing file in `weights`.")
    try:
        if path.suffix.lower() == ".safetensors":
            return load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except (OSError, SafetensorError, RuntimeError, ValueError, EOFError, pickle.UnpicklingError) as error:
        first_line = str(error).strip().split("\n")[0]
        raise EmofusionError(f"cannot read the weights {path}: {first_line}") from error
    if not isinstance(state, dict) or not all(isinstance(tensor, Tensor) for tensor in state.values()):
        raise EmofusionError(f"{path} is no state dict of tensors: save it with torch.save(network.state_dict(), …).")
    return state


def _check(state: dict[str, Tensor], expected: dict[str, Tensor], path: Path, architecture: str) -> None:
    for name in [*expected, *state]:
        expected_shape, actual_shape = _described(expected.get(name)), _described(state.get(name))
        if expected_shape != actual_shape:
            raise EmofusionError(
                f"{path} does not hold the convolutions of {architecture}: expected {name} {expected_shape}, "
                f"found {actual_shape} (in all {len(expected)} tensors expected, {len(state)} found). "
                "Choose the file that belongs to the architecture, or the architecture that belongs to the file."
            )
        if not torch.isfinite(state[name]).all():
            raise EmofusionError(f"{path} holds values that are not finite numbers in {name}: use another file.")


def _described(tensor: Tensor | None) -> str:
    return "absent" if tensor is None else f"of shape {tuple(tensor.shape)}"
