"""The networks of a modality beside each other: what they cost, what they learnt, and what they learnt by heart."""

import pandas as pd

from emofusion.reporting.wording import basis, heading, percent

MEASURES = ["train_loss", "validation_loss", "gap", "validation_accuracy"]


def compare_networks(
    histories: dict[str, dict[str, pd.DataFrame]], models: dict[str, dict[str, dict]], settings: dict
) -> pd.DataFrame:
    """A row for each modality and network.

    histories: modality → network → `tables.HISTORY`, of one or several seeds. models: the same → what `model.json` says
    (`parameters`, `parameters_trained`, `training`).

    Columns: modality, network, parameters, parameters_trained, seeds, folds, epochs (the longest run's),
    seconds_per_epoch (the median), and at each run's kept epoch, means over the folds: train_loss, validation_loss,
    gap (validation_loss - train_loss), validation_accuracy, each the mean over the seeds and, in a column `<name>_sd`,
    their standard deviation (n - 1; missing for a single seed).
    """
    rows = []
    for modality, networks in histories.items():
        for network, history in networks.items():
            model = models[modality][network]
            kept = _kept(history, model["training"]["keep"])
            by_seed = kept.assign(gap=kept["validation_loss"] - kept["train_loss"]).groupby("seed")[MEASURES].mean()
            rows.append(
                {
                    "modality": modality,
                    "network": network,
                    "parameters": model["parameters"],
                    "parameters_trained": model["parameters_trained"],
                    "seeds": history["seed"].nunique(),
                    "folds": history["fold"].nunique(),
                    "epochs": history["epoch"].max() + 1,
                    "seconds_per_epoch": history["seconds"].median(),
                    **by_seed.mean(),
                    **by_seed.std().add_suffix("_sd"),
                }
            )
    return pd.DataFrame(rows).assign(**basis(settings))


def _kept(history: pd.DataFrame, keep: str) -> pd.DataFrame:
    """The row of the kept epoch of each run."""
    runs = history.groupby(["seed", "fold"])
    return history.loc[runs["epoch"].idxmax() if keep == "last" else runs["validation_loss"].idxmin()]


def markdown(table: pd.DataFrame) -> str:
    """The comparison to read, mean ± standard deviation over the seeds; nothing of no network."""
    if table.empty:
        return ""

    def spread(row: pd.Series, name: str, shown) -> str:
        deviation = row[f"{name}_sd"]
        if pd.isna(row[name]):
            return "–"
        return shown(row[name]) + ("" if pd.isna(deviation) else f" ± {shown(deviation)}")

    lines = [
        {
            "Network": f"{heading(row['modality'])}: {row['network']}",
            "Parameters": f"{row['parameters']:,}",
            "Trained": f"{row['parameters_trained']:,}",
            "Seeds × folds": f"{row['seeds']} × {row['folds']}",
            "Epochs": row["epochs"],
            "Seconds an epoch": f"{row['seconds_per_epoch']:.2f}",
            "Training loss": spread(row, "train_loss", "{:.2f}".format),
            "Validation loss": spread(row, "validation_loss", "{:.2f}".format),
            "Gap": spread(row, "gap", "{:.2f}".format),
            "Validation accuracy": spread(row, "validation_accuracy", percent),
        }
        for _, row in table.iterrows()
    ]
    shown = pd.DataFrame(lines)
    aligned = ["left", *["right"] * (len(shown.columns) - 1)]
    foot = (
        "Losses (nats) and accuracy at the epoch whose weights were kept, means over folds; ± is the standard "
        "deviation over seeds. Training losses are measured while learning, dropout and all. Seconds: one epoch of "
        "training and validation where it ran; what blocks that stay frozen compute once is not in them."
    )
    return shown.to_markdown(index=False, colalign=aligned, disable_numparse=True) + f"\n\n{foot}\n"
