"""What the sections of an experiment have to agree on, checked before anything runs."""

from math import comb

from emofusion.settings.compose import Settings
from emofusion.settings.experiment import Modality
from emofusion.settings.fields import must
from emofusion.settings.names import check_name

MOST_WEIGHTS = 200_000  # settings of the weights that are swept, see fusion.common.pools


def check_cell(settings: Settings) -> None:
    """Raise `EmofusionError` where settings of different sections contradict each other."""
    check_name(settings.root.experiment, "experiment")
    for name in settings.corpora:
        check_name(name, "corpora")
    others = len(settings.root.modalities) - 1
    steps = settings.fusion.steps
    must(
        comb(steps + others, others) <= MOST_WEIGHTS,
        f"fusion.steps={steps}: {comb(steps + others, others):,} settings of {others + 1} weights; choose fewer steps, "
        f"so that there are at most {MOST_WEIGHTS:,}",
    )
    protocol = settings.protocol
    for name in settings.root.modalities:
        protocol.training_corpora(name)
        check_modality(settings, name, settings.modalities[name])


def check_modality(settings: Settings, modality: str, node: Modality) -> None:
    """Raise `EmofusionError` where a modality's model contradicts itself or the protocol."""
    check_name(node.name, f"{modality}.name")
    if node.posteriors is not None:
        must(not node.ensemble, f"{modality}: posteriors and ensemble are both given; take one of them away")
        return
    if node.ensemble:
        must(len(node.ensemble) > 1, f"{modality}.ensemble={node.ensemble}: name at least two choices of {modality}")
        return
    training = node.training
    assert training is not None
    node.features.check_installed(f"{modality}.features")
    node.network.check_installed(f"{modality}.network")
    node.network.check_training(training, modality)
    if not settings.protocol.validation:
        must(
            training.keep == "last" and not training.patience,
            f"protocol.validation=0: nobody validates, so {modality}.training.keep={training.keep} and "
            f"{modality}.training.patience={training.patience} have no epoch to choose; set "
            f"{modality}.training.keep=last and {modality}.training.patience=0",
        )
