"""Checks, before anything runs, that the sections of an experiment do not contradict each other."""

from math import comb
from typing import Any

from emofusion.plan.check_distortions import check_distortion
from emofusion.plan.published_figures import published_figures
from emofusion.settings.compose import Settings
from emofusion.settings.experiment import NESTED, Emotions, Modality, Posteriors
from emofusion.settings.fields import must, shown
from emofusion.settings.kinds import Network, Protocol
from emofusion.settings.names import check_name
from emofusion.settings.training import Augment, Training

MOST_WEIGHTS = 200_000  # the largest number of weight combinations in a sweep, see predictions.pools


def check_cell(settings: Settings) -> None:
    """Raise `EmofusionError` where settings of different sections contradict each other."""
    check_name(settings.root.experiment, "experiment")
    must(
        settings.root.experiment != "audit",
        "experiment=audit: the audit of published tables has this folder in results/reports; name the file otherwise",
    )
    for name in settings.corpora:
        check_name(name, "corpora")
    others = len(settings.root.modalities) - 1
    steps = settings.fusion.steps
    must(
        comb(steps + others, others) <= MOST_WEIGHTS,
        f"fusion.steps={steps}: {comb(steps + others, others):,} settings of {others + 1} weights; choose fewer steps, "
        f"so that there are at most {MOST_WEIGHTS:,}",
    )
    if settings.published:
        check_published(settings.published)
    protocol = settings.protocol
    for corpus in (corpus for corpora in protocol.same_people for corpus in corpora):
        must(
            corpus in settings.corpora,
            f"protocol.same_people={shown(protocol.same_people)}: there is no corpora.{corpus}; there are "
            f"{', '.join(settings.corpora) or 'none'}",
        )
    for name in settings.root.modalities:
        must(
            settings.fusion.fit_on != NESTED or settings.modalities[name].posteriors is None,
            f"fusion.fit_on={NESTED}: it needs models that are trained here, one for each pair of folds, and "
            f"{name}.posteriors were made elsewhere; set fusion.fit_on=cross_fitted",
        )
        must(
            protocol.training_actors is None or settings.modalities[name].posteriors is None,
            f"protocol.training_actors={protocol.training_actors}: {name}.posteriors were made elsewhere, by models "
            "that were trained with whomever they were; set protocol.training_actors=null, or train a model",
        )
        protocol.training_corpora(name)
        check_modality(settings, name, settings.modalities[name])
    for name in settings.root.references:
        must(name not in settings.root.modalities, f"references: {name} is in modalities, so it is fused; name it once")
        must(
            settings.modalities[name].posteriors is not None,
            f"references: {name} is a model that would be trained; a reference has {name}.posteriors",
        )
        check_modality(settings, name, settings.modalities[name])


def check_published(published: dict[str, Any]) -> None:
    """Raise `EmofusionError` where a paper's tables, or figures of others, cannot be shown beside ours.

    published: the content of a file in conf/published.
    """
    from emofusion.audit.published import (  # imported here, because most experiments have no such tables
        KEYS,
        check_known,
        read_paper,
    )

    check_known(published, KEYS, "published")
    published_figures(published)
    if published.get("table1") or published.get("table2") or not (published.get("results") or published.get("people")):
        read_paper(published)
    unit = published.get("unit", "percent")
    must(unit == "percent", f"published.unit={unit}: a report shows percent; write the tables in percent")
    fused = published.get("fusion")
    must(
        fused is None or (isinstance(fused, dict) and isinstance(fused.get("weights"), dict) and "rule" in fused),
        f"published.fusion={shown(fused)}: the rule and the weights of the fused column, as in "
        "{rule: linear, weights: {speech: 0.7, face: 0.3}}",
    )


def check_modality(settings: Settings, modality: str, node: Modality) -> None:
    """Raise `EmofusionError` where a modality's settings contradict each other or the protocol.

    Args:
        settings: all settings of the cell.
        modality: the name of the modality.
        node: its settings.
    """
    check_name(node.name, f"{modality}.name")
    check_distortion(node, modality)
    if node.posteriors is not None:
        must(
            not node.ensemble,
            f"{modality}.ensemble={shown(node.ensemble)}: {modality}.posteriors is set too; remove one of them, as in "
            f"{modality}.ensemble=[]",
        )
        known = [emotion for emotion in settings.emotions.classes if emotion not in node.posteriors.without]
        must(
            bool(known),
            f"{modality}.posteriors.without={shown(node.posteriors.without)}: none of emotions.classes is left",
        )
        _check_words(settings.emotions, node.posteriors, f"{modality}.posteriors")
        return
    if node.ensemble:
        must(
            settings.protocol.trains,
            f"protocol.kind={settings.protocol.kind}: nothing is trained, so {modality}.ensemble cannot be; set "
            f"{modality}=posteriors",
        )
        must(
            len(node.ensemble) > 1,
            f"{modality}.ensemble={shown(node.ensemble)}: name at least two choices of {modality}",
        )
        return
    must(
        settings.protocol.trains,
        f"protocol.kind={settings.protocol.kind}: nothing is trained, so {modality} needs posteriors "
        f"from elsewhere; set {modality}=posteriors {modality}.posteriors.table=... "
        f"{modality}.posteriors.scale=probabilities",
    )
    training = node.training
    assert training is not None
    node.features.check_installed(f"{modality}.features")
    node.network.check_installed(f"{modality}.network")
    shape = node.features.planned_shape()
    if shape is not None:
        node.network.check_shape(shape, modality)
        check_augment(training.augment, shape, f"{modality}.training.augment")
    node.network.check_training(training, modality)
    must(
        training.members == 1 or node.network.draws_at_random(),
        f"{modality}.training.members={training.members}: {modality}.network draws nothing at random, so all members "
        f"would be the same; set {modality}.training.members=1",
    )
    check_enrolment(settings.protocol, training, f"{modality}.training")
    must(
        not (node.features.sparse and training.enrolment),
        f"{modality}.training.enrolment={training.enrolment}: {node.features.kind} features are mostly 0, and would "
        f"not be afterwards; set {modality}.training.enrolment=0",
    )
    must(
        not (node.features.sparse and training.speaker_normalisation),
        f"{modality}.training.speaker_normalisation=true: {node.features.kind} features are mostly 0, and would not be "
        f"afterwards; set {modality}.training.speaker_normalisation=false",
    )
    learns_by_blocks = type(node.network.trained_part(training)).frozen_blocks is not Network.frozen_blocks
    must(
        not training.unfreeze or learns_by_blocks,
        f"{modality}.training.unfreeze: the network {node.network.kind} has no frozen blocks; set "
        f"{modality}.training.unfreeze=[]",
    )
    if not settings.protocol.validation and not node.network.is_fitted_at_once:
        must(
            training.keep == "last" and not training.patience,
            f"protocol.validation=0: there are no validation clips, so {modality}.training.keep={training.keep} and "
            f"{modality}.training.patience={training.patience} cannot choose an epoch; set "
            f"{modality}.training.keep=last and {modality}.training.patience=0",
        )


def check_enrolment(protocol: Protocol, training: Training, name: str) -> None:
    """Raise `EmofusionError` where a model needs enrolment clips that the protocol does not set apart.

    name: the full name of the training's settings, such as `speech.training`.
    """
    apart, wanted = protocol.enrolment.clips, training.enrolment
    must(
        wanted <= apart,
        f"{name}.enrolment={wanted}: the protocol sets {apart or 'no'} clips of each speaker apart; set "
        f"protocol.enrolment.clips={wanted}",
    )
    must(
        not (wanted and training.speaker_normalisation),
        f"{name}.enrolment={wanted}: {name}.speaker_normalisation=true normalises on all clips of a speaker, these "
        f"included; set one of them, as in {name}.speaker_normalisation=false",
    )


def _check_words(emotions: Emotions, posteriors: Posteriors, name: str) -> None:
    """Raise `EmofusionError` where the settings of a table name emotions that the experiment does not have."""
    known = [*emotions.classes, *emotions.merge]
    for setting, words in (("labels", posteriors.labels.values()), ("without", posteriors.without)):
        value = shown(getattr(posteriors, setting))
        for word in words:
            must(word in known, f"{name}.{setting}={value}: {word} is not among {', '.join(known)}")


def check_augment(augment: Augment, shape: tuple[int, ...], name: str) -> None:
    """Raise `EmofusionError` where rows of features cannot be augmented in this way.

    Args:
        augment: the settings of the augmentation.
        shape: the shape of one clip's features, such as (channels, frames).
        name: the full name of the settings, such as `speech.training.augment`.
    """
    over_time = {part: getattr(augment, part) for part in ("shift", "gain", "time_masks", "frequency_masks")}
    asked = [f"{name}.{part}={value}" for part, value in over_time.items() if value]
    if not asked:
        return
    must(
        len(shape) == 2,
        f"{', '.join(asked)}: only noise and mixup fit rows of {shape}; set {asked[0].partition('=')[0]}=0",
    )
    channels, frames = shape
    spectrum, width = augment.spectrum, augment.frequency_width
    must(spectrum <= channels, f"{name}.spectrum={spectrum}: at most {channels}, the channels of the features")
    must(
        not augment.frequency_masks or width < spectrum,
        f"{name}.frequency_width={width}: below {name}.spectrum={spectrum}, or a mask may hide all of it",
    )
    must(
        not augment.time_masks or augment.time_width < frames,
        f"{name}.time_width={augment.time_width}: below {frames}, the frames of a clip, or a mask may hide all of it",
    )
