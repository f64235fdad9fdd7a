"""Weights to start a backbone from: ImageNet's as torchvision publishes them, or a file of one's own, checked."""

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

PREFIX = "features."


def prepare(architecture: str, source: str, target: Path, base_url: str, seed: int = 0) -> None:
    """Write the convolutions' weights of `architecture` (`vgg16`, `mobilenet_v2`) to `target` as safetensors, float32.

    `source` is `imagenet`, torchvision's file IMAGENET1K_V1 from `base_url`, checked against the hash in its name; the
    path of a `.safetensors` or PyTorch (`.pth`, `.pt`) state dict, of the whole network or its convolutions, in any
    floating-point precision, named as torchvision names it (`features.0.weight` …); or `none`, weights drawn from
    `seed`, see `backbones.convolutions`. A PyTorch file is read without running code from it. Raises `EmofusionError`
    if the file is unreadable or belongs to another architecture.
    """
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    expected = {PREFIX + name: tensor for name, tensor in convolutions(architecture).state_dict().items()}
    state = expected
    if source != "none":
        path = _download(architecture, target.parent, base_url) if source == "imagenet" else Path(source)
        found = {name: tensor for name, tensor in _read(path).items() if name.startswith(PREFIX)}
        # counts of batches seen, which some exports leave out and nothing here uses
        counts = {name: tensor for name, tensor in expected.items() if name.endswith("num_batches_tracked")}
        state = counts | found
        _check(state, expected, path, architecture)
    partial = target.with_name(target.name + ".partial")
    save_file({name: state[name].to(expected[name].dtype).contiguous() for name in expected}, partial)
    partial.replace(target)


def published_url(architecture: str) -> str:
    """Where torchvision keeps its first ImageNet weights; the file's name ends in the start of its SHA-256."""
    weights = {"vgg16": VGG16_Weights, "mobilenet_v2": MobileNet_V2_Weights}[architecture]
    return weights.IMAGENET1K_V1.url


def _download(architecture: str, folder: Path, base_url: str) -> Path:
    name = published_url(architecture).rsplit("/", 1)[1]
    path = folder / name
    # kept beside the target: a later change of code must not download it again
    if not (path.is_file() and _matches(path)):
        path.unlink(missing_ok=True)
        fetch(f"{base_url.rstrip('/')}/{name}", path, known_hash=None, size=None)
    if not _matches(path):
        path.unlink()
        raise EmofusionError(
            f"{name} from {base_url} is not the file that torchvision published: its SHA-256 does not begin "
            "as its name says. Try again, or name a local file in the setting `weights`."
        )
    return path


def _matches(path: Path) -> bool:
    prefix = re.search(r"-([0-9a-f]{8,})\.", path.name)[1]
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest().startswith(prefix)


def _read(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise EmofusionError(f"there are no weights at {path}: name imagenet, null or an existing file in `weights`.")
    try:
        if path.suffix == ".safetensors":
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
        wanted, found = _described(expected.get(name)), _described(state.get(name))
        if wanted != found:
            raise EmofusionError(
                f"{path} does not hold the convolutions of {architecture}: expected {name} {wanted}, found {found} "
                f"(in all {len(expected)} tensors expected, {len(state)} found). "
                "Choose the file that belongs to the architecture, or the architecture that belongs to the file."
            )
        if not torch.isfinite(state[name]).all():
            raise EmofusionError(f"{path} holds values that are not finite numbers in {name}: use another file.")


def _described(tensor: Tensor | None) -> str:
    return "absent" if tensor is None else f"of shape {tuple(tensor.shape)}"
