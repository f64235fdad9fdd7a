"""The settings of an experiment, apart from those that its kinds declare beside their code."""

from dataclasses import dataclass
from typing import Any

from omegaconf import MISSING

from emofusion.emotions import EMOTIONS
from emofusion.settings.fields import MOST_SEED, must, setting
from emofusion.settings.training import Training

TRACKING_SCHEMES = ("sqlite", "http", "https", "postgresql", "mysql", "mssql", "databricks")


@dataclass
class Emotions:
    """The classes of an experiment."""

    classes: list[str] = setting(
        "Emotions that the models are trained on; clips of others are left out and counted.",
        MISSING,
        choices=EMOTIONS,
        shortest=2,
        distinct=True,
    )
    merge: dict[str, str] = setting(
        "Emotions that are counted as another one, which is among the classes, as in {calm: neutral}.",
        {},
        choices=EMOTIONS,
    )

    def check_together(self, name: str) -> None:
        """What is merged has to be an emotion, and what it becomes a class that is not merged itself."""
        shown = f"{name}.merge={{{', '.join(f'{old}: {new}' for old, new in self.merge.items())}}}"
        for old, new in self.merge.items():
            must(old in EMOTIONS, f"{shown}: {old} is not among {', '.join(EMOTIONS)}")
            must(old != new, f"{shown}: {old} cannot be merged into itself")
            must(new not in self.merge, f"{shown}: {new} is merged itself; name what {old} becomes in the end")
            must(new in self.classes, f"{shown}: {new} is not among {name}.classes=[{','.join(self.classes)}]")


@dataclass
class Posteriors:
    """Posteriors that were made elsewhere: a table, CSV or Parquet, of clip, fold and one column for each class."""

    table: str = setting("Path of the table, CSV or Parquet; see docs/fusion.md.", MISSING, filled=True)
    scale: str = setting("What the columns hold.", MISSING, choices=["logits", "probabilities"])
    labels: dict[str, str] = setting("The table's words for emotions, as in {joy: happy}.", {}, choices=EMOTIONS)
    without: list[str] = setting(
        "Emotions that the table has no column for, on purpose.", [], choices=EMOTIONS, distinct=True
    )

    def check_together(self, name: str) -> None:
        """The table has a column for one emotion at least."""
        must(
            len(self.without) < len(EMOTIONS),
            f"{name}.without=[{','.join(self.without)}]: these are all emotions; leave out those that the table has",
        )


@dataclass
class Modality:
    """One modality: a network on features; or, where `posteriors` or `ensemble` is given, these in its place."""

    name: str = setting("What tables, figures and files call the model.", MISSING)
    features: Any = setting("What the model sees of a clip: one of the kinds of features.", None)
    network: Any = setting("The network: one of the kinds of networks.", None)
    training: Training | None = setting("How the network is trained.", None)
    posteriors: Posteriors | None = setting("Posteriors that were made elsewhere take the model's place.", None)
    ensemble: list[str] = setting(
        "Choices of this modality's group, as in [cnn1d, lstm]: each is trained, and the average of their posteriors "
        "takes the model's place.",
        [],
        distinct=True,
    )
    pool: str = setting(
        "How an ensemble averages: linear (mean) or product (geometric mean).", "linear", choices=["linear", "product"]
    )


@dataclass
class Fusion:
    """How the modalities are fused."""

    rule: str = setting("The rule whose figures Tables 1 and 2 show; one of the fusion rules below.", "linear")
    weights: dict[str, float] | None = setting(
        "Weight of each modality, together 1. Those of modalities that are not there are dropped, and the rest is "
        "scaled to sum 1. null: equal weights.",
        None,
        least=0,
    )
    steps: int = setting(
        "How fine the grid of weights is, in the sweep and where a rule tunes them: multiples of 1/steps.",
        100,
        least=1,
        most=200_000,
    )
    fit_on: str = setting(
        "Clips that rules learn from: validation clips; test clips of other actors than those who are scored "
        "(cross_fitted); or auto, validation clips where all modalities have them, else cross_fitted.",
        "auto",
        choices=["auto", "validation", "cross_fitted"],
    )
    compare: list[str] = setting(
        "Rules that are compared with the configured one, out of the fusion rules below.", [], distinct=True
    )
    options: dict[str, Any] = setting("Settings of the rules that have some, by the rule's name; see below.", {})


@dataclass
class Evaluation:
    """Figures, intervals by bootstrap over actors, and tests by permutation."""

    samples: int = setting("Resamples of the bootstrap over actors.", 2000, least=1, most=1_000_000)
    permutations: int = setting(
        "Random permutations of a test, where there are too many to go through all of them.",
        10_000,
        least=1,
        most=10_000_000,
    )
    confidence: float = setting("Level of the intervals.", 0.95, above=0, below=1)
    bins: int = setting("Bins of the expected calibration error.", 15, least=1, most=1000)
    seed: int = setting("Seed of the bootstrap and of random permutations.", 0, least=0, most=MOST_SEED)
    metrics: list[str] = setting(
        "Figures beside accuracy, which is always there; out of the metrics below.",
        ["unweighted_average_recall", "macro_f1", "log_loss", "brier", "calibration_error"],
        distinct=True,
    )


@dataclass
class Report:
    """What a report shows besides its tables."""

    title: str = setting("Title of the report; empty: the experiment's name.", "")
    compare: dict[str, list[str]] = setting(
        "Other choices of a modality's group, whose training curves stand beside the chosen one's, as in "
        "{speech: [lstm]}.",
        {},
        distinct=True,
    )
    seeds: int = setting("With how many seeds each network of that comparison is trained.", 1, least=1, most=1000)


@dataclass
class Tracking:
    """Where runs are tracked."""

    enabled: bool = setting("Whether runs are tracked in MLflow.", True)
    uri: str | None = setting("MLflow's address; null: MLFLOW_TRACKING_URI, else a database in results/.", None)

    def check_together(self, name: str) -> None:
        """The address is one that MLflow takes."""
        scheme = (self.uri or "sqlite:").partition(":")[0].partition("+")[0]
        must(
            scheme in TRACKING_SCHEMES,
            f"{name}.uri={self.uri}: an address such as sqlite:///results/mlflow.db or http://127.0.0.1:5000; it "
            f"begins with {', '.join(TRACKING_SCHEMES)}",
        )


@dataclass
class Root:
    """The settings of an experiment that stand at the top by themselves."""

    experiment: str = setting("Name of the experiment, a file in conf/experiment/.", MISSING)
    seed: int = setting(
        "Seed of weights, of the order of clips and of dropout. A split has a seed of its own, protocol.seed.",
        0,
        least=0,
        most=MOST_SEED,
    )
    data: str = setting("Folder of the corpora.", "data", filled=True)
    plugins: list[str] = setting(
        "Python files with kinds of your own; see docs/extending.md.", [], distinct=True, filled=True
    )
    modalities: list[str] = setting(
        "The modalities that are fused, in the order of the tables.", MISSING, shortest=1, distinct=True
    )
    accept_other_versions: bool = setting(
        "Take results that other versions of the libraries have made, instead of making them again; reports say so.",
        False,
    )


@dataclass
class Experiment(Root):
    """All settings but the modalities' own nodes, which stand beside these under the modalities' names."""

    emotions: Emotions = setting("The classes.", Emotions())
    corpora: dict[str, Any] = setting("Corpora by name; each is one of the kinds of corpora.", {})
    protocol: Any = setting("Who trains, validates and tests: one of the kinds of protocols.", None)
    fusion: Fusion = setting("How the modalities are fused.", Fusion())
    evaluation: Evaluation = setting("Figures, intervals and tests.", Evaluation())
    report: Report = setting("What the report shows besides its tables.", Report())
    published: dict[str, Any] | None = setting(
        "A paper's tables, which stand beside ours: a file of conf/published/; see docs/audit.md.", None
    )
    tracking: Tracking = setting("Where runs are tracked.", Tracking())
