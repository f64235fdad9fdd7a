"""The settings of the stages that follow the predictions: rules, fusion and report."""

from dataclasses import replace

from emofusion.errors import EmofusionError
from emofusion.plan.settings import (
    CellFusionSettings,
    EvaluationSettings,
    FusionSettings,
    ReportSettings,
    SharedRulesSettings,
)
from emofusion.settings import registry
from emofusion.settings.compose import Settings
from emofusion.settings.experiment import Evaluation, Modality
from emofusion.settings.fields import shown
from emofusion.settings.kinds import FusionRule, Protocol


def resolved_weights(weights: dict[str, float] | None, modalities: list[str]) -> dict[str, float]:
    """The weight of each modality of the experiment; the sum is 1.

    Args:
        weights: modality → weight, as configured. It may name further modalities; the weights of the experiment's
            modalities are then scaled to sum 1. Without weights, all modalities get the same weight.
        modalities: the modalities of the experiment.

    Raises:
        EmofusionError: a modality has no weight; all weights are 0; or the weights name just these modalities, and
            their sum is not 1.
    """
    if not weights:
        return dict.fromkeys(modalities, 1 / len(modalities))
    if without_weight := [name for name in modalities if name not in weights]:
        shares = [round(1 / len(modalities), 2)] * (len(modalities) - 1)
        shares.append(round(1 - sum(shares), 2))  # so that the sum is 1 in spite of the rounding
        example = ", ".join(f"{name}: {share:g}" for name, share in zip(modalities, shares, strict=True))
        raise EmofusionError(
            f"fusion.weights names {', '.join(weights)}, and no weight for {', '.join(without_weight)}; "
            f"set fusion.weights={{{example}}}, or fusion.weights=null for equal weights"
        )
    total = sum(weights[name] for name in modalities)
    if total <= 0:
        raise EmofusionError(f"fusion.weights={shown(weights)}: the weights of {', '.join(modalities)} are all 0")
    if set(weights) == set(modalities) and abs(total - 1) > 1e-6:
        raise EmofusionError(f"fusion.weights={shown(weights)}: together they are {total:g}, and must be 1")
    return {name: weights[name] if abs(total - 1) < 1e-6 else weights[name] / total for name in modalities}


def fusion_settings(settings: Settings) -> tuple[SharedRulesSettings, CellFusionSettings]:
    """The rules that cells with other weights share, and those of this cell with their evaluation.

    Raises `EmofusionError` for a rule that does not exist or is an oracle, for weights that do not fit, and for a
    metric that does not exist.
    """
    fusion, rules = settings.fusion, []
    for name in dict.fromkeys([fusion.rule, *fusion.compare]):
        where = "fusion.rule" if name == fusion.rule else "fusion.compare"
        rule = registry.kind("fusion", name, where)
        rules.append(fusion.options.get(name) or rule())
    if rules[0].role == "oracle":
        raise EmofusionError(
            f"fusion.rule={fusion.rule}: it is chosen on test clips, so it stands in fusion.compare only"
        )
    modalities, names = settings.root.modalities, [rule.kind for rule in rules]
    # the configured rule is shared where it is compared in every cell; its own cell must compute it otherwise
    shared = [rule for rule in rules if rule.kind in fusion.compare and not rule.takes_weights]
    own = [rule for rule in rules if rule not in shared]
    # in the order of the setting, so that cells with different configured rules share them
    shared.sort(key=lambda rule: fusion.compare.index(rule.kind))
    candidates = [rule for rule in shared if rule.is_candidate]
    if rules[0].chooses and not candidates:
        raise EmofusionError(
            f"fusion.rule={fusion.rule}: it has nothing to choose from; put rules into fusion.compare that use no "
            "configured weights, as in fusion.compare=[product_equal,log_linear]"
        )

    def chosen_from(chosen: list[FusionRule]) -> list[FusionRule]:
        """The candidates, where a rule chooses: other results must not depend on them."""
        return candidates if any(rule.chooses for rule in chosen) else []

    anything = resolved_weights(None, modalities)  # no shared rule uses the weights
    weights = resolved_weights(fusion.weights, modalities)
    configured = fusion.rule if any(rule.kind == fusion.rule for rule in own) else ""
    evaluation = settings.evaluation
    without_tests = Evaluation(
        samples=evaluation.samples,
        confidence=evaluation.confidence,
        bins=evaluation.bins,
        seed=evaluation.seed,
        metrics=[],
    )
    every = evaluation_settings(settings)
    return (
        SharedRulesSettings(
            FusionSettings("", shared, anything, fusion.steps, fusion.fit_on, fusion.missing, chosen_from(shared)),
            EvaluationSettings(without_tests, every.metrics),
            settings.root.references,
        ),
        CellFusionSettings(
            FusionSettings(
                *(configured, own, weights, fusion.steps, fusion.fit_on, fusion.missing, chosen_from([*own, rules[0]]))
            ),
            [*names, *settings.root.references],
            every,
            rules[0],
        ),
    )


def with_groups(settings: Settings) -> Evaluation:
    """The evaluation with the groups to report: those that it names, or else those that all tested corpora declare."""
    evaluation: Evaluation = settings.evaluation
    if evaluation.groups is not None:
        return evaluation
    corpora = [settings.corpora.get(name) for name in settings.protocol.test_corpora()]
    tested = [() if corpus is None else corpus.groups for corpus in corpora]  # a missing one is told of later
    shared = [name for name in (tested[0] if tested else ()) if all(name in groups for groups in tested)]
    return replace(evaluation, groups=shared)


def evaluation_settings(settings: Settings) -> EvaluationSettings:
    """The metrics of a cell, accuracy first, and how they are resampled and tested.

    Raises `EmofusionError` for a metric that does not exist.
    """
    evaluation = settings.evaluation
    names = ["accuracy", *(name for name in evaluation.metrics if name != "accuracy")]
    metrics = [registry.kind("metrics", name, "evaluation.metrics").for_evaluation(evaluation) for name in names]
    return EvaluationSettings(evaluation, metrics)


def report_settings(
    settings: Settings,
    fusion: CellFusionSettings,
    trained: dict[str, list[Modality]],
    networks: dict[str, list[str]],
) -> ReportSettings:
    """The settings of a cell's report.

    Args:
        settings: all settings of the cell.
        fusion: its fusion rules, weights and metrics.
        trained: modality → the settings of each trained model that is fused; for an ensemble, of each member.
        networks: modality → the network of each model whose training curves are shown.
    """
    protocol: Protocol = settings.protocol
    return ReportSettings(
        experiment=settings.root.experiment,
        title=settings.report.title or settings.root.experiment,
        seed=settings.root.seed,
        modalities=settings.root.modalities,
        classes=settings.emotions.classes,
        rule=fusion.order[0],
        weights=fusion.fusion.weights,
        compare=fusion.order[1:],
        metrics=[metric.kind for metric in fusion.evaluation.metrics if metric.kind != "accuracy"],
        confidence=settings.evaluation.confidence,
        protocol=protocol.kind,
        protocol_description=protocol.description,
        leaks_speakers=protocol.mixes_speakers(),
        normalised_by_speaker=[
            name
            for name, chosen in trained.items()
            if any(node.training is not None and node.training.speaker_normalisation for node in chosen)
        ],
        enrolled={
            name: number
            for name, chosen in trained.items()
            if (number := max((node.training.enrolment for node in chosen if node.training is not None), default=0))
        },
        generated=any(
            settings.corpora[name].generator(name) is not None
            for name in dict.fromkeys(
                corpus
                for modality in settings.root.modalities
                for corpus in [*protocol.training_corpora(modality), *protocol.test_corpora()]
            )
        ),
        published=settings.published,
        networks=networks,
        groups=settings.evaluation.groups,
        bands=settings.evaluation.bands,
        distorted={
            name: settings.modalities[name].distortion.in_words()
            for name in settings.root.modalities
            if settings.modalities[name].distortion
        },
        distorted_training=any(settings.modalities[name].distortion.training for name in settings.root.modalities),
        training_actors=protocol.training_actors,
    )
