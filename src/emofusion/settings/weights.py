"""Weights of the fusion that overrides name one by one, such as `fusion.weights.speech=0.6`."""

from emofusion.errors import EmofusionError
from emofusion.settings.fields import shown
from emofusion.settings.names import nearest

WEIGHT = "fusion.weights."


def completed(named: dict[str, float], configured: dict[str, float] | None, modalities: list[str]) -> dict[str, float]:
    """The weight of each modality, where overrides name the weights of some modalities.

    A named weight is fixed. The other modalities share what is left to 1, in the proportions of their configured
    weights; equally where these are null or all 0. Where all modalities are named, the weights are returned as they
    are: `plan.outcome.resolved_weights` checks their sum.

    Args:
        named: modality → weight, 0 or more, from overrides of single weights.
        configured: modality → weight, without these overrides.
        modalities: the modalities of the experiment.

    Raises:
        EmofusionError: a named modality is not among the modalities; the named weights are more than 1 together; or a
            modality has neither a named nor a configured weight.
    """
    texts = " ".join(f"{WEIGHT}{name}={shown(weight)}" for name, weight in named.items())
    if absent := [name for name in named if name not in modalities]:
        raise EmofusionError(
            f"{WEIGHT}{absent[0]}={shown(named[absent[0]])}: {absent[0]} is not in modalities={shown(modalities)}"
            f"{nearest(absent[0], modalities) or '; leave its weight out'}"
        )
    others = [name for name in modalities if name not in named]
    if not others:
        return {name: named[name] for name in modalities}
    left = 1 - sum(named.values())
    if left < -1e-9:
        raise EmofusionError(
            f"{texts}: together they are {sum(named.values()):g}, and the weights of all modalities are 1 together; "
            "choose smaller ones"
        )
    if configured and (without := [name for name in others if name not in configured]):
        raise EmofusionError(
            f"{texts}: fusion.weights={shown(configured)} has no weight for {', '.join(without)}, so its share of the "
            f"rest is unknown; name it too, as in {WEIGHT}{without[0]}=0, or set fusion.weights=null for equal shares"
        )
    shares = {name: (configured or {}).get(name, 0) for name in others}
    if sum(shares.values()) <= 0:
        shares = dict.fromkeys(others, 1)
    total = sum(shares.values())
    rest = {name: _rounded(max(left, 0) * share / total) for name, share in shares.items()}
    return {name: named[name] if name in named else rest[name] for name in modalities}


def _rounded(weight: float) -> float:
    """A weight without the noise of binary fractions: 1 - 0.7 is 0.30000000000000004."""
    return round(weight, 12)
