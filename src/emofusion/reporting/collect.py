"""Read the tables that a report is made from, and describe what was left out."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from emofusion.evaluation.evaluate import ALONE
from emofusion.evaluation.schemas import ROBUSTNESS, evaluation_schemas
from emofusion.plan.published_figures import published_figures
from emofusion.plan.settings import ReportSettings
from emofusion.predictions.missing import USE_OTHERS, completed, notes_of_missing
from emofusion.reporting.beside import ways_of_counting
from emofusion.reporting.dropped import dropped
from emofusion.reporting.headline import CHOSEN
from emofusion.reporting.known import metrics
from emofusion.reporting.results import Results, TrainedModel
from emofusion.reporting.trained import trained_table
from emofusion.tables import (
    ABOUT_RULE,
    FUSED,
    HISTORY,
    PARAMETERS,
    PREDICTIONS,
    RULES,
    SWEEPS,
    read_table,
    sorted_by,
)


def collect(
    predictions: dict[str, Path],
    rules: Path,
    fusion: Path,
    splits: list[Path],
    models: dict[str, list[Path]],
    settings: ReportSettings,
    readers: Iterable[Path] = (),
    trained_on: dict[str, Path] | None = None,
    fused_models: dict[str, list[Path]] | None = None,
) -> Results:
    """Read everything that a report is made from.

    Args:
        predictions: modality → file of its prediction table.
        rules: folder of the stage `rules`: the rules that cells with other weights share, and the sweep.
        fusion: folder of the stage `fusion`: the configured rule and its evaluation.
        splits: files of splits; `left_out.csv` and `notes.json` are beside each of them.
        models: modality → folders of its models, one for each entry of `settings.networks[modality]`, in this order.
            The seeds of one network may be in several folders.
        settings: the settings of the report.
        readers: folders of the stages that read corpora and compute features, for what they left out.
        trained_on: modality that is trained → file of its split; `facts.parquet` is beside each of them.
        fused_models: modality → folders of the models that its predictions come from.

    Raises:
        EmofusionError: a table is missing or damaged, or does not have the expected columns.
    """
    about = read_table(fusion / "about_rules.parquet", RULES)
    transductive = about.loc[about["rule"] == settings.rule, "transductive"]
    schemas = evaluation_schemas(metrics(settings.metrics), groups=bool(settings.groups))
    evaluation = {
        name: read_table(fusion / "evaluation" / f"{name}.parquet", schema) for name, schema in schemas.items()
    }
    order = [*settings.modalities, settings.rule, *settings.compare]
    for name in ALONE:  # the rows of systems that cells with other weights share are beside the shared rules
        others = read_table(rules / "evaluation" / f"{name}.parquet", schemas[name])
        evaluation[name] = sorted_by(pd.concat([others, evaluation[name]]), "system", order)
    evaluation["robustness"] = read_table(fusion / "evaluation" / "robustness.parquet", ROBUSTNESS)
    sweeps = {name: read_table(rules / "sweep" / f"{name}.parquet", schema) for name, schema in SWEEPS.items()}
    histories, networks = {}, {}
    for modality, names in settings.networks.items():
        folders = list(zip(names, models[modality], strict=True))
        histories[modality] = {name: _history([path for other, path in folders if other == name]) for name in names}
        networks[modality] = {name: _model([path for other, path in folders if other == name]) for name in names}
    tables = {name: read_table(predictions[name], PREDICTIONS) for name in settings.modalities}
    modalities = completed(tables, USE_OTHERS)  # where the setting is to fail, the fusion has failed
    fused = read_table(fusion / "fused.parquet", PREDICTIONS)
    return Results(
        modalities=modalities,
        fused=fused,
        rules=about,
        parameters=read_table(fusion / "parameters.parquet", PARAMETERS),
        evaluation=evaluation | sweeps,
        histories=histories,
        models=networks,
        notes=[
            *notes_of_missing(modalities),
            *_left_out(splits),
            *_untested(fused, settings.classes),
            *_notes(splits),
            *dropped(readers),
            *_not_compared(about, settings),
        ],
        transductive=bool(transductive.all()),
        trained=trained_table(trained_on or {}, settings.groups, settings.bands),
        chosen=_chosen(rules / "rules.parquet", settings),
        devices={name: _devices(map(_described, folders)) for name, folders in (fused_models or {}).items()},
    )


def _chosen(path: Path, settings: ReportSettings) -> pd.DataFrame | None:
    """The predictions of the rule that the other folds choose; None where no table needs them.

    path: file of the rules that cells with other weights share, of which it is one.
    """
    if len(ways_of_counting(published_figures(settings.published), settings.classes)) == 1:
        return None
    rules = read_table(path, FUSED)
    rows = rules.loc[rules["rule"] == CHOSEN].drop(columns=ABOUT_RULE)
    return rows if len(rows) else None


def _history(folders: list[Path]) -> pd.DataFrame:
    """The training history of one network, of all its seeds."""
    return pd.concat([read_table(folder / "history.parquet", HISTORY) for folder in folders])


def _model(folders: list[Path]) -> TrainedModel:
    """The facts about one network that the report shows. folders: of its models, which differ only in their seeds."""
    every = [_described(folder) for folder in folders]
    described = every[-1]
    return TrainedModel(
        parameters=described["parameters"],
        parameters_trained=described["parameters_trained"],
        keep=described["training"]["keep"],
        devices=tuple(_devices(every)),
    )


def _described(folder: Path) -> dict[str, Any]:
    """The content of `model.json` in a model's folder."""
    described: dict[str, Any] = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    return described


def _devices(models: Iterable[dict[str, Any]]) -> list[str]:
    """What trained some models, in alphabetical order. models: the content of `model.json` of each."""
    return sorted({device for described in models for device in described.get("devices", [])})


def _left_out(splits: list[Path]) -> list[str]:
    """A sentence for each corpus and emotion whose clips were left out because the emotion is not a class."""
    tables = pd.concat([_counted(path.parent / "left_out.csv") for path in splits])
    # several modalities may have splits of the same corpus
    distinct = tables.drop_duplicates(["corpus", "gender", "emotion"])
    counts = distinct.groupby(["corpus", "emotion"])["clips"].sum()
    return [
        f"Left out, since the emotion is not among the classes: {clips} {emotion} clips of {corpus}."
        for (corpus, emotion), clips in counts.items()
    ]


def _untested(fused: pd.DataFrame, classes: Sequence[str]) -> list[str]:
    """A sentence with the classes that no test clip shows; none where each is shown."""
    shown = set(fused.loc[fused["split"] == "test", "emotion"])
    absent = [name for name in classes if name not in shown]
    if not absent:
        return []
    return [f"No test clip shows {' or '.join(absent)}: all figures are of the {len(shown)} other classes."]


def _notes(splits: list[Path]) -> list[str]:
    """What the splits note about people and recordings, each sentence once."""
    texts = [(path.parent / "notes.json").read_text(encoding="utf-8") for path in splits]
    return list(dict.fromkeys(note for text in texts for note in json.loads(text)))


def _counted(path: Path) -> pd.DataFrame:
    """The table of the clips that a split left out. Labels such as 1 or NA are words like others."""
    return pd.read_csv(path, dtype={"corpus": str, "gender": str, "emotion": str}, keep_default_na=False)


def _not_compared(rules: pd.DataFrame, settings: ReportSettings) -> list[str]:
    """A sentence with the rules that could not be fitted because there are no clips of other actors; none without."""
    compared = set(rules["rule"])
    missing = [name for name in settings.compare if name not in compared]
    if not missing:
        return []
    return [f"Not compared, as there is no other test actor to learn from: {', '.join(missing)}."]
