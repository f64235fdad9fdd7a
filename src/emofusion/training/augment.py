"""Augmentation of batches of standardised features while training.

All draws are from torch's global generator, which `training.module` seeds anew from (seed, epoch), so that an
interrupted training draws the same numbers when it goes on. A masked value becomes 0, the channel's mean.
"""

import torch
from torch import Tensor

from emofusion.errors import EmofusionError
from emofusion.settings.training import Augment


def changes_batches(settings: Augment) -> bool:
    """Whether the settings change anything."""
    settings_of_parts = (
        settings.noise,
        settings.gain,
        settings.shift,
        settings.time_masks,
        settings.frequency_masks,
        settings.mixup,
    )
    return any(settings_of_parts)


def augment(features: Tensor, settings: Augment) -> Tensor:
    """Another version of each row of a batch, by shift, gain, masks and noise in this order; mixup is `mix`.

    Masks of time and frequency are those of SpecAugment (Park et al. 2019) without its time warping: their widths are
    uniform from 0 to the setting.

    Args:
        features: `(batch, channels, frames)`, or any shape where the settings have noise alone.
        settings: how much of each.

    Raises:
        EmofusionError: where the settings ask for more than the shape has.
    """
    if settings.shift or settings.gain or settings.time_masks or settings.frequency_masks:
        if features.ndim != 3:
            raise EmofusionError(f"training.augment: only `noise` and `mixup` fit rows of {tuple(features.shape[1:])}")
        features = _shifted(features, settings.shift)
        features = _with_gain(features, settings.gain, settings.spectrum)
        for _ in range(settings.time_masks):
            features = features.masked_fill(_mask(features, settings.time_width, features.shape[2])[:, None], 0.0)
        for _ in range(settings.frequency_masks):
            _check_spectrum(features, settings.spectrum)
            mask = _mask(features, settings.frequency_width, settings.spectrum)
            rest = mask.new_zeros(len(features), features.shape[1] - settings.spectrum)
            features = features.masked_fill(torch.cat([mask, rest], dim=1)[:, :, None], 0.0)
    if settings.noise:
        features = features + settings.noise * torch.randn_like(features)
    return features


def mix(features: Tensor, targets: Tensor, alpha: float) -> tuple[Tensor, Tensor]:
    """Mixup (Zhang et al. 2018): the weighted mean of each row and another one, and of their targets.

    The weight is drawn from Beta(alpha, alpha), once for the batch; `alpha` 0 changes nothing.

    Args:
        features: `(batch, *shape)`.
        targets: `(batch, classes)`, probabilities.
        alpha: both parameters of the beta distribution.
    """
    if not alpha:
        return features, targets
    share = torch.distributions.Beta(alpha, alpha).sample().to(features.device)
    other = torch.randperm(len(features), device=features.device)
    return share * features + (1 - share) * features[other], share * targets + (1 - share) * targets[other]


def _shifted(features: Tensor, most: int) -> Tensor:
    """Each row moved in time by up to `most` frames; frames that leave at one end come in at the other."""
    if not most:
        return features
    frames = torch.arange(features.shape[2], device=features.device)
    by = torch.randint(-most, most + 1, (len(features), 1), device=features.device)
    return features.gather(2, ((frames - by) % features.shape[2])[:, None].expand_as(features))


def _with_gain(features: Tensor, gain: float, spectrum: int) -> Tensor:
    if not gain:
        return features
    _check_spectrum(features, spectrum)
    by = gain * torch.randn(len(features), 1, 1, device=features.device)
    return torch.cat([features[:, :spectrum] + by, features[:, spectrum:]], dim=1)


def _mask(features: Tensor, most: int, length: int) -> Tensor:
    """`(batch, length)`: true in one stretch of each row, whose width, 0 to `most`, and start are drawn."""
    if most >= length:
        raise EmofusionError(f"training.augment: a mask of up to {most} of {length} may hide all; make it narrower")
    uniform = torch.rand(2, len(features), 1, device=features.device)
    width = (uniform[0] * (most + 1)).floor()
    start = (uniform[1] * (length - width + 1)).floor()
    position = torch.arange(length, device=features.device)
    return (position >= start) & (position < start + width)


def _check_spectrum(features: Tensor, spectrum: int) -> None:
    if not 0 < spectrum <= features.shape[1]:
        raise EmofusionError(
            f"training.augment.spectrum={spectrum}: say how many of the {features.shape[1]} channels, from the first "
            "on, are the spectrum that gain and frequency masks act on"
        )
