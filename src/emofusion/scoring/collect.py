"""Collect a bundle from the results of a cell whose report is made."""

import json
import shutil
from pathlib import Path

import pandas as pd

from emofusion.corpora.common.bad_clips import whole
from emofusion.errors import EmofusionError
from emofusion.plan.plan_file import PlanFile, PlannedStage
from emofusion.plan.stage import RECORDED
from emofusion.reporting.provenance import all_versions
from emofusion.reporting.publish import PROVENANCE
from emofusion.scoring.bundle import Bundle, Member, ModalityModel, Part
from emofusion.settings.kinds import Features
from emofusion.tables import CLIPS, PREDICTIONS, SPLIT, read_table, write_table
from emofusion.training.description import read_model
from emofusion.versions import own_version


def collect_bundle(plan: PlanFile, place: str, results: Path, out: Path) -> Bundle:
    """Write a bundle of the fused model of a cell.

    Args:
        plan: the plan of the cell; all its stages have current results.
        place: the cell's folder in `results/reports/`.
        results: the folder of the results.
        out: the folder of the bundle.

    Raises:
        EmofusionError: there is nothing that could score a recording: posteriors come from elsewhere, the rule is
            transductive, or kinds come from a plug-in's file.
    """
    report = plan.stage(plan.cells[place].report)
    settings = plan.settings(report.name)
    fusion = plan.settings(str(report.inputs["fusion"]))
    if plan.facts["plugins"]:
        raise EmofusionError(
            f"register: {plan.facts['plugins'][0]} has kinds of its own, and a registered model can only name kinds "
            "that are installed. Make the plug-in a package with an entry point; see docs/extending.md."
        )
    if fusion.configured.transductive:
        raise EmofusionError(
            f"register: fusion.rule={fusion.configured.kind} looks at all clips of a speaker, and a recording is "
            "scored alone. Choose another rule, as in fusion.rule=log_linear."
        )
    collector = _Collector(plan, results, out)
    models = [collector.modality(name, str(report.inputs[f"predictions_{name}"])) for name in settings.modalities]
    bundle = Bundle(
        experiment=settings.experiment,
        title=settings.title,
        report=report.key,
        classes=settings.classes,
        modalities=models,
        weights="all" if plan.facts["deployed"] else "folds",
        rule=fusion.configured,
        fusion=fusion.fusion,
        calibrated=True,
        folds=collector.folds,
        versions=_versions(results / "reports" / place),
        emofusion=own_version(),
    )
    bundle.write(out)
    return bundle


class _Collector:
    """Copies what the members of a bundle are made of. folds: how many folds their models have."""

    def __init__(self, plan: PlanFile, results: Path, out: Path) -> None:
        self.plan, self.results, self.out = plan, results, out
        self.members, self.folds = 0, 0

    def modality(self, name: str, stage: str) -> ModalityModel:
        """The models behind a modality's predictions; what the fusion rule learns from is copied too."""
        learnt = read_table(self.results / stage / "predictions.parquet", PREDICTIONS)
        (self.out / "learnt").mkdir(parents=True, exist_ok=True)
        write_table(learnt[learnt["split"] == "test"], self.out / "learnt" / f"{name}.parquet", PREDICTIONS)
        kind = stage.partition("/")[0]
        if kind == "posteriors":
            raise EmofusionError(
                f"register: {name} is a table of posteriors that were made elsewhere. There is no model that could "
                "score a recording; take an experiment that trains its models."
            )
        if kind == "ensemble":
            ensemble = self.plan.stage(stage)
            stages, pool = list(ensemble.inputs["members"]), self.plan.settings(stage).pool
        else:
            stages, pool = [stage], "linear"
        models = self.plan.facts["deployed"].get(name) or [None] * len(stages)
        members = [self.member(self.plan.stage(one), model) for one, model in zip(stages, models, strict=True)]
        return ModalityModel(name, members, pool)

    def member(self, stage: PlannedStage, trained_on_all: str | None) -> Member:
        """Copy a model.

        stage: its predictions. trained_on_all: the model that is registered instead of the one behind them, if any.
        """
        folder = f"members/{self.members}"
        self.members += 1
        target = self.out / folder
        model = self.plan.stage(trained_on_all or str(stage.inputs["model"]))
        (target / "model").mkdir(parents=True)
        shutil.copytree(self.results / model.name / "folds", target / "model" / "folds")
        shutil.copyfile(self.results / model.name / "model.json", target / "model" / "model.json")
        described, trained = read_model(target / "model")
        self.folds = max(self.folds, len(described.kept_epoch) // len(trained.seeds))
        settings = self.plan.settings(stage.name)
        names = settings.parts or [""]
        read = [str(name) for name in stage.inputs["features"]]
        corpora = len(read) // len(names)
        parts = [self._part(name, read[number * corpora], target) for number, name in enumerate(names)]
        if trained.network.compares_with_training:
            self._copy_training(model, names, target)
        training = trained.training
        return Member(
            folder,
            stage.label,
            parts,
            settings,
            trained.network.compares_with_training,
            training.speaker_normalisation,
            training.enrolment,
        )

    def _part(self, name: str, stage: str, target: Path) -> Part:
        """The settings of one of the features that a model reads. stage: of its features, or of their frozen part."""
        planned, frozen = self.plan.stage(stage), None
        if planned.kind == "feature_cache":
            frozen = self.plan.settings(stage).part.for_scoring()
            if weights := planned.inputs.get("weights"):
                shutil.copyfile(self.results / str(weights) / "weights.safetensors", target / "weights.safetensors")
            planned = self.plan.stage(str(planned.inputs["features"]))
        features: Features = self.plan.settings(planned.name).features
        if features.follows_recordings():
            corpora = planned.inputs.get(RECORDED) or [planned.inputs["corpus"]]
            tables = [whole(read_table(self.results / str(one) / "clips.parquet", CLIPS)) for one in corpora]
            features = features.for_recordings(pd.concat(tables, ignore_index=True))
        return Part(name, features, frozen)

    def _copy_training(self, model: PlannedStage, names: list[str], target: Path) -> None:
        """Copy the features that a model has learnt from, and its split."""
        read = [str(name) for name in model.inputs["features"]]
        corpora = len(read) // len(names)
        for number, stage in enumerate(read):
            folder = target / "training" / str(number // corpora) / str(number % corpora)
            folder.mkdir(parents=True)
            for file in ("features.npy", "rows.parquet"):
                shutil.copyfile(self.results / stage / file, folder / file)
        split = read_table(self.results / str(model.inputs["split"]) / "split.parquet", SPLIT)
        kept = split[split["split"].isin(["train", "enrolment"])].reset_index(drop=True)
        write_table(kept, target / "training" / "split.parquet", SPLIT)


def _versions(published: Path) -> dict[str, str]:
    """Library → version, of all stages behind a published report."""
    provenance = json.loads((published / PROVENANCE).read_text(encoding="utf-8"))
    return all_versions(provenance["versions"].values())
