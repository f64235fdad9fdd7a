"""Augmentation of batches of standardised features while training.

All draws are from torch's global generator, which `training.module` seeds anew from (seed, epoch): an interrupted
training draws the same numbers when it goes on. A masked value becomes 0, the channel's mean.
"""

import torch
from torch import Tensor

from emofusion.errors import EmofusionError


def wanted(settings: dict) -> bool:
    """Whether the settings (`schema.Augment`) change anything."""
    return any(settings[name] for name in ("noise", "gain", "shift", "time_masks", "frequency_masks", "mixup"))


def augment(features: Tensor, settings: dict) -> Tensor:
    """Another version of each row of a batch; the order is shift, gain, masks, noise.

    `features` is `(batch, channels, frames)`, or any shape for `noise` alone. Masks of time and frequency are those of
    SpecAugment (Park et al. 2019) without its time warping: widths uniform from 0 to the setting. Raises
    `EmofusionError` where the settings ask for more than the shape has.
    """
    if any(settings[name] for name in ("shift", "gain", "time_masks", "frequency_masks")):
        if features.ndim != 3:
            raise EmofusionError(f"training.augment: only `noise` and `mixup` fit rows of {tuple(features.shape[1:])}")
        features = _shifted(features, settings["shift"])
        features = _louder(features, settings["gain"], settings["spectrum"])
        for _ in range(settings["time_masks"]):
            features = features.masked_fill(_mask(features, settings["time_width"], features.shape[2])[:, None], 0.0)
        for _ in range(settings["frequency_masks"]):
            _need_spectrum(features, settings["spectrum"])
            mask = _mask(features, settings["frequency_width"], settings["spectrum"])
            rest = mask.new_zeros(len(features), features.shape[1] - settings["spectrum"])
            features = features.masked_fill(torch.cat([mask, rest], dim=1)[:, :, None], 0.0)
    if settings["noise"]:
        features = features + settings["noise"] * torch.randn_like(features)
    return features


def mix(features: Tensor, targets: Tensor, alpha: float) -> tuple[Tensor, Tensor]:
    """Mixup (Zhang et al. 2018): each row and its target with another's, in a share drawn from Beta(alpha, alpha).

    `targets` is `(batch, classes)`, probabilities. One share holds for the batch; `alpha` 0 changes nothing.
    """
    if not alpha:
        return features, targets
    share = torch.distributions.Beta(alpha, alpha).sample().to(features.device)
    other = torch.randperm(len(features), device=features.device)
    return share * features + (1 - share) * features[other], share * targets + (1 - share) * targets[other]


def _shifted(features: Tensor, most: int) -> Tensor:
    """Each row's frames later by up to `most`, or earlier; what leaves at one end comes in at the other."""
    if not most:
        return features
    frames = torch.arange(features.shape[2], device=features.device)
    by = torch.randint(-most, most + 1, (len(features), 1), device=features.device)
    return features.gather(2, ((frames - by) % features.shape[2])[:, None].expand_as(features))


def _louder(features: Tensor, gain: float, spectrum: int) -> Tensor:
    if not gain:
        return features
    _need_spectrum(features, spectrum)
    by = gain * torch.randn(len(features), 1, 1, device=features.device)
    return torch.cat([features[:, :spectrum] + by, features[:, spectrum:]], dim=1)


def _mask(features: Tensor, most: int, length: int) -> Tensor:
    """`(batch, length)`: true in one stretch of each row, of width 0 … `most`, wherever it fits."""
    if most >= length:
        raise EmofusionError(f"training.augment: a mask of up to {most} of {length} may hide all; make it narrower")
    uniform = torch.rand(2, len(features), 1, device=features.device)
    width = (uniform[0] * (most + 1)).floor()
    start = (uniform[1] * (length - width + 1)).floor()
    place = torch.arange(length, device=features.device)
    return (place >= start) & (place < start + width)


def _need_spectrum(features: Tensor, spectrum: int) -> None:
    if not 0 < spectrum <= features.shape[1]:
        raise EmofusionError(
            f"training.augment.spectrum={spectrum}: say how many of the {features.shape[1]} channels, from the first "
            "on, are the spectrum that gain and frequency masks act on"
        )
