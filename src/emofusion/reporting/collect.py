"""Reading what a report is made from, and saying what is not in it."""

import json
from pathlib import Path

import pandas as pd

from emofusion.evaluation.schemas import SWEEPS, evaluation_schemas
from emofusion.plan.settings import ReportSettings
from emofusion.reporting.known import metrics
from emofusion.reporting.results import Results, TrainedModel
from emofusion.tables import FUSED, HISTORY, PARAMETERS, PREDICTIONS, read_table


def collect(
    predictions: dict[str, Path],
    fusion: Path,
    evaluation: Path,
    splits: list[Path],
    models: dict[str, list[Path]],
    settings: ReportSettings,
) -> Results:
    """Read everything that a report is made from.

    Args:
        predictions: modality → file of its prediction table.
        fusion: file of the configured rule's predictions; `rules.parquet` and `parameters.parquet` lie beside it.
        evaluation: folder of the evaluation's tables.
        splits: files of splits; `left_out.csv` lies beside each.
        models: modality → folders of its models, one for each entry of `settings.networks[modality]`, in that order.
            The seeds of one network may lie in several folders.

    Raises:
        EmofusionError: a table is absent, damaged, or another table than it should be.
    """
    rules = read_table(fusion.parent / "rules.parquet", FUSED)
    transductive = rules.loc[rules["rule"] == settings.rule, "transductive"]
    schemas = evaluation_schemas(metrics(settings.metrics)) | SWEEPS
    histories, networks = {}, {}
    for modality, names in settings.networks.items():
        folders = list(zip(names, models[modality], strict=True))
        histories[modality] = {name: _history([path for other, path in folders if other == name]) for name in names}
        networks[modality] = {name: _model(path) for name, path in folders}
    return Results(
        modalities={name: read_table(predictions[name], PREDICTIONS) for name in settings.modalities},
        fused=read_table(fusion, PREDICTIONS),
        rules=rules,
        parameters=read_table(fusion.parent / "parameters.parquet", PARAMETERS),
        evaluation={name: read_table(evaluation / f"{name}.parquet", schema) for name, schema in schemas.items()},
        histories=histories,
        models=networks,
        notes=[*_left_out(splits), *_not_compared(rules, settings)],
        transductive=bool(transductive.all()),
    )


def _history(folders: list[Path]) -> pd.DataFrame:
    """The training history of one network, of all its seeds."""
    return pd.concat([read_table(folder / "history.parquet", HISTORY) for folder in folders])


def _model(folder: Path) -> TrainedModel:
    """What the report says of the model in a folder."""
    described = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    return TrainedModel(
        parameters=described["parameters"],
        parameters_trained=described["parameters_trained"],
        keep=described["training"]["keep"],
    )


def _left_out(splits: list[Path]) -> list[str]:
    """A sentence for each corpus and emotion whose clips were left out, as the emotion is no class."""
    tables = pd.concat([pd.read_csv(path.parent / "left_out.csv") for path in splits])
    # several modalities may split the same corpus
    once = tables.drop_duplicates(["corpus", "gender", "emotion"])
    counts = once.groupby(["corpus", "emotion"])["clips"].sum()
    return [
        f"Left out, since the emotion is not among the classes: {clips} {emotion} clips of {corpus}."
        for (corpus, emotion), clips in counts.items()
    ]


def _not_compared(rules: pd.DataFrame, settings: ReportSettings) -> list[str]:
    """A sentence that names the rules that had no clips of other actors to learn from, if there are any."""
    missing = [name for name in settings.compare if name not in set(rules["rule"])]
    if not missing:
        return []
    return [f"Not compared, as there is no other test actor to learn from: {', '.join(missing)}."]
