"""The comparison of a modality's networks: size, training time, losses, accuracy, and overfitting."""

from collections.abc import Callable

import pandas as pd

from emofusion.reporting.facts import Facts
from emofusion.reporting.numbers import MISSING, number
from emofusion.reporting.results import TrainedModel
from emofusion.reporting.rounding import decimal
from emofusion.reporting.wording import heading, percent

MEASURES = ["train_loss", "validation_loss", "gap", "validation_accuracy"]


def compare_networks(
    histories: dict[str, dict[str, pd.DataFrame]], models: dict[str, dict[str, TrainedModel]], facts: Facts
) -> pd.DataFrame:
    """A table with one row for each modality and network.

    Columns:
        modality, network, parameters, parameters_trained, seeds, folds;
        epochs: of the longest run;
        seconds_per_epoch: the median;
        train_loss, validation_loss, gap (validation_loss - train_loss), validation_accuracy: at the kept epoch of each
            run; means over the folds, then over the seeds;
        `<name>_sd`: their standard deviations over the seeds (n - 1; missing for a single seed);
        device: what trained it, such as `CPU`; several, with commas, where its seeds were trained on several;
        the columns of `Facts.basis`.

    Args:
        histories: modality → network → `tables.HISTORY`, of one or several seeds.
        models: modality → network → facts about the trained model.
        facts: the facts about the report.
    """
    rows = []
    for modality, networks in histories.items():
        for network, history in networks.items():
            model = models[modality][network]
            kept = _kept(history, model.keep)
            by_seed = kept.assign(gap=kept["validation_loss"] - kept["train_loss"]).groupby("seed")[MEASURES].mean()
            rows.append(
                {
                    "modality": modality,
                    "network": network,
                    "parameters": model.parameters,
                    "parameters_trained": model.parameters_trained,
                    "seeds": history["seed"].nunique(),
                    "folds": history["fold"].nunique(),
                    "epochs": history["epoch"].max() + 1,
                    "seconds_per_epoch": history["seconds"].median(),
                    **by_seed.mean(),
                    **by_seed.std().add_suffix("_sd"),
                    "device": ", ".join(model.devices),
                }
            )
    return facts.described(pd.DataFrame(rows))


def _kept(history: pd.DataFrame, keep: str) -> pd.DataFrame:
    """The row of each run's kept epoch. keep: `best` (lowest validation loss) or `last`."""
    runs = history.groupby(["seed", "fold"])
    return history.loc[runs["epoch"].idxmax() if keep == "last" else runs["validation_loss"].idxmin()]


def markdown(table: pd.DataFrame) -> str:
    """`compare_networks` as Markdown: mean ± standard deviation over the seeds. Empty where no network was trained."""
    if table.empty:
        return ""

    def spread(row: pd.Series, name: str, shown: Callable[[float], str]) -> str:
        deviation = row[f"{name}_sd"]
        # of a model that is fitted at once, the training loss is that on clips that it has learnt by heart
        if pd.isna(row[name]) or (row["epochs"] == 1 and name in ("train_loss", "gap")):
            return MISSING
        return shown(row[name]) + ("" if pd.isna(deviation) else f" ± {shown(deviation)}")

    lines = [
        {
            "Network": f"{heading(row['modality'])}: {row['network']}",
            "Parameters": f"{row['parameters']:,}",
            "Trained": f"{row['parameters_trained']:,}",
            "Seeds × folds": f"{row['seeds']} × {row['folds']}",
            "Epochs": row["epochs"],
            "Seconds per epoch": decimal(row["seconds_per_epoch"]),
            "Training loss": spread(row, "train_loss", decimal),
            "Validation loss": spread(row, "validation_loss", decimal),
            "Gap": spread(row, "gap", lambda gap: number(gap, 2)),
            "Validation accuracy": spread(row, "validation_accuracy", percent),
            "Device": row["device"] or MISSING,
        }
        for _, row in table.iterrows()
    ]
    shown = pd.DataFrame(lines)
    aligned = ["left", *["right"] * (len(shown.columns) - 1)]
    foot = (
        "Losses (in nats) and accuracy are those of the epoch whose weights were kept, as means over folds; ± is the "
        "standard deviation over seeds. Training losses are measured during training, with dropout and augmentation. "
        "Seconds per epoch: training and validation on the machine that ran them, without the output of frozen blocks, "
        "which is computed only once. A training on another device draws other random numbers, as with another seed."
    )
    if (table["epochs"] == 1).any():
        foot += (
            " A model of one epoch has no training loss here: comparison.csv has its loss on its own training clips."
        )
    return f"{shown.to_markdown(index=False, colalign=aligned, disable_numparse=True)}\n\n{foot}\n"
