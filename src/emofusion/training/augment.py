"""Augmentation of batches of standardised features during training.

All random numbers come from torch's global generator. `training.module` seeds it by (seed, epoch), so that an
interrupted training draws the same numbers when it continues. A masked value becomes 0, which is the channel's mean.
"""

import torch
from torch import Tensor

from emofusion.errors import EmofusionError
from emofusion.settings.training import Augment


def changes_batches(settings: Augment) -> bool:
    """Whether any kind of augmentation is switched on."""
    amounts = (
        settings.noise,
        settings.gain,
        settings.shift,
        settings.time_masks,
        settings.frequency_masks,
        settings.mixup,
    )
    return any(amounts)


def augment(features: Tensor, settings: Augment) -> Tensor:
    """Alter each row of a batch by shift, gain, masks and noise, in this order. Mixup is a function of its own, `mix`.

    Time and frequency masks follow SpecAugment (Park et al. 2019) without time warping: their widths are uniform from 0
    to the setting.

    Args:
        features: `(batch, channels, frames)`, or any shape if only noise is switched on.
        settings: the amounts of augmentation.

    Raises:
        EmofusionError: the settings do not fit the shape.
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
    """Mixup (Zhang et al. 2018): the weighted mean of each row and another row, and of their targets.

    The weight is drawn from Beta(alpha, alpha), once for the batch. With `alpha` 0 nothing changes.

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
    """Shift each row in time by up to `most` frames. Frames that leave at one end enter at the other."""
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
    """`(batch, length)`: true in one interval of each row. Its width, from 0 to `most`, and its start are random."""
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
            f"training.augment.spectrum={spectrum}: set it to the number of channels, from 1 to {features.shape[1]}, "
            "that gain and frequency masks change; they are counted from the first"
        )
