"""Late-fusion rules: what is made of several modalities' posteriors under given weights."""

from collections.abc import Callable, Sequence

import numpy as np

from emofusion.messages import EmofusionError

# (modalities, clips, classes) and weights (..., modalities) → (..., clips, classes)
Rule = Callable[[np.ndarray, np.ndarray], np.ndarray]


def linear(posteriors: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The weighted mean of posteriors, P_f = Σ_m w_m P_m (Jiang and Sato-Shimokawara, section 4.3).

    posteriors: (modalities, clips, classes). weights: (modalities,), or (settings, modalities) for many settings at
    once, each summing to 1. Returns (clips, classes), or (settings, clips, classes).
    """
    # summed modality by modality, not by BLAS, so that one setting and many agree to the last bit
    return sum(weights[..., m, None, None] * member for m, member in enumerate(posteriors))


RULES: dict[str, Rule] = {"linear": linear}


def rule_named(name: str) -> Rule:
    """The rule of that name; raises `EmofusionError` if there is none."""
    if name not in RULES:
        raise EmofusionError(f"fusion.rule={name} is not a rule; the rules are: {', '.join(RULES)}.")
    return RULES[name]


def weights_of(weights: dict[str, float], modalities: Sequence[str]) -> np.ndarray:
    """The weights in the order of the modalities, (modalities,).

    Raises `EmofusionError` unless each modality has one weight, none is negative and they sum to 1 (within 1e-6).
    """
    if set(weights) != set(modalities):
        raise EmofusionError(
            f"fusion.weights names {', '.join(weights) or 'nothing'}, but the modalities are {', '.join(modalities)}; "
            "give each of them a weight."
        )
    found = np.array([weights[modality] for modality in modalities], dtype=float)
    if not (found >= 0).all() or abs(found.sum() - 1) > 1e-6:
        shown = ", ".join(f"{modality}: {weights[modality]}" for modality in modalities)
        raise EmofusionError(f"fusion.weights must be 0 or more and sum to 1, not {{{shown}}} (sum {found.sum():g}).")
    return found
