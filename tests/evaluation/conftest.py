"""Made-up predictions: systems on the same test clips, and modalities to fuse."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq
from scipy.stats import norm, t

from emofusion.corpora.ravdess.names import EMOTIONS
from emofusion.predictions.table import with_unknown
from emofusion.settings.experiment import Evaluation
from emofusion.settings.kinds import Metric
from emofusion.settings.registry import kinds

Made = Callable[..., pd.DataFrame]


@pytest.fixture(scope="session")
def metrics() -> list[Metric]:
    """The metrics that an experiment has by default."""
    evaluation = Evaluation()
    return [kinds("metrics")[name].for_evaluation(evaluation) for name in evaluation.metrics]


@pytest.fixture(scope="session")
def made() -> Made:
    """Makes a prediction table of clips: `made(clips, skill, seed, without=())`."""

    def make(clips: pd.DataFrame, skill: float, seed: int, without: tuple[str, ...] = ()) -> pd.DataFrame:
        random = np.random.default_rng(seed)
        noise = random.normal(size=(len(clips), len(EMOTIONS)))
        logits = {f"logit_{e}": skill * (clips["emotion"] == e) + noise[:, i] for i, e in enumerate(EMOTIONS)}
        known = {name: values for name, values in logits.items() if name[6:] not in without}
        return with_unknown(clips.assign(**known), EMOTIONS)

    return make


@pytest.fixture(scope="session")
def clips() -> pd.DataFrame:
    """400 test clips of 5 women and 4 men, unevenly shared out; no woman is angry, and nobody is calm."""
    random = np.random.default_rng(5)
    number = 400
    actor = random.choice(9, number, p=np.arange(4, 13) / np.arange(4, 13).sum())
    gender = np.where(actor < 5, "female", "male")
    emotion = random.choice([e for e in EMOTIONS if e != "calm"], number)
    emotion[(gender == "female") & (emotion == "angry")] = "sad"
    facts = {"actor": [f"demo-{a}" for a in actor], "gender": gender, "emotion": emotion, "fold": 0, "split": "test"}
    return pd.DataFrame({"clip": [f"c{i}" for i in range(number)], "corpus": "demo", **facts})


@pytest.fixture(scope="session")
def systems(clips, made) -> dict[str, pd.DataFrame]:
    """Three systems; face does not know disgust."""
    return {
        "linear": made(clips, 2.0, 1),
        "speech": made(clips, 1.5, 2),
        "face": made(clips, 1.0, 3, without=("disgust",)),
    }


@pytest.fixture(
    scope="session",
    params=[
        pytest.param({"linear": lambda clips: np.arange(len(clips)) % 3 == 0}, id="the first system lacks clips"),
        pytest.param({"face": lambda clips: np.arange(len(clips)) % 2 == 0}, id="the last system lacks clips"),
        pytest.param({"speech": lambda clips: clips["gender"] == "male"}, id="a system lacks all clips of men"),
        pytest.param({"linear": lambda clips: clips["emotion"] == "sad"}, id="a system lacks an emotion's clips"),
        pytest.param(
            {"linear": lambda clips: clips["actor"] == "demo-8", "face": lambda clips: clips["actor"] != "demo-8"},
            id="two systems lack different people",
        ),
    ],
)
def lacking(request, systems) -> dict[str, pd.DataFrame]:
    """`systems`, of which some lack test clips."""
    tables = {name: table.copy() for name, table in systems.items()}
    for name, lacks in request.param.items():
        rows = np.asarray(lacks(tables[name]))
        tables[name].loc[rows, tables[name].columns[tables[name].columns.str.startswith("logit_")]] = np.nan
    return tables


@pytest.fixture(scope="session")
def three(made) -> dict[str, pd.DataFrame]:
    """Speech, face and text on 60 validation and 150 test clips; face does not know calm; no woman is angry."""
    random = np.random.default_rng(7)
    gender = np.array(["female", "male"])[random.integers(0, 2, 210)]
    emotion = np.array(EMOTIONS)[random.integers(0, 8, 210)]
    emotion[(gender == "female") & (emotion == "angry")] = "sad"
    facts = {"actor": [f"demo-{g[0]}{i % 3}" for i, g in enumerate(gender)], "gender": gender, "emotion": emotion}
    clips = pd.DataFrame({"clip": [f"clip{i}" for i in range(210)], "corpus": "demo", **facts, "fold": 0})
    clips["split"] = ["validation"] * 60 + ["test"] * 150
    skills = {"speech": (1.6, 1), "face": (1.2, 2, ("calm",)), "text": (0.8, 3)}
    return {name: made(clips, *how) for name, how in skills.items()}


@pytest.fixture(scope="session")
def resampled() -> Callable[[pd.DataFrame, pd.Series], pd.DataFrame]:
    """The rows of a table with each actor's as often as it was drawn, one after the other: the plain resample."""

    def resample(table: pd.DataFrame, drawn: pd.Series) -> pd.DataFrame:
        parts = [table[table["actor"] == actor] for actor, times in drawn.items() for _ in range(times)]
        return pd.concat(parts) if parts else table.head(0)

    return resample


@pytest.fixture(scope="session")
def plain_difference() -> Callable[..., tuple[float, float, float, float]]:
    """By a plain loop over actors: a value, its standard error, and its degrees of freedom (pooled, Satterthwaite's).

    `plain_difference(terms, apart=False)`. terms: pairs of a weight and a table with the columns actor, gender and
    right; the value is the weighted sum of their means. Each actor is left out once (the jackknife). Genders are
    strata. apart: whether the clips of a gender count as independent where its actors do not differ. The degrees of
    freedom of n people are multiplied by (Σ clips)² / (n Σ clips²).
    """

    def difference(terms: list[tuple[float, pd.DataFrame]], apart: bool = False) -> tuple[float, float, float, float]:
        value, away, genders, shown = 0.0, dict[str, float](), dict[str, str](), dict[str, int]()
        for weight, table in terms:
            mean, number = table["right"].mean(), table["actor"].nunique()
            value += weight * mean
            for actor, rows in table.groupby("actor"):
                genders[actor] = rows["gender"].iloc[0]
                others = table.loc[table["actor"] != actor, "right"]
                moved = (number - 1) / number * (mean - others.mean()) if len(others) else 0.0
                away[actor] = away.get(actor, 0) + weight * moved
                shown[actor] = shown.get(actor, 0) + len(rows)

        def effective(actors: list[str]) -> float:
            numbers = [shown[actor] for actor in actors]
            return sum(numbers) ** 2 / (len(numbers) * sum(number**2 for number in numbers))

        variances, freedoms = [], []
        for gender in set(genders.values()):
            people = [actor for actor in away if genders[actor] == gender]
            part = [away[actor] for actor in people]
            variances.append(len(part) * np.var(part, ddof=1))
            freedoms.append(max((len(part) - 1) * effective(people), 1))
            if apart and variances[-1] < 1e-24:
                own = [(abs(weight), table) for weight, table in terms if table["gender"].iloc[0] == gender]
                clips = sum(len(table) for _, table in own)
                q = (sum(weight * table["right"].mean() for weight, table in own) * clips + 0.5) / (clips + 1)
                variances[-1] = q * (1 - q) / clips
        parts = sum(one**2 / freedom for one, freedom in zip(variances, freedoms, strict=True))
        pooled = (len(away) - len(set(genders.values()))) * effective(list(away))
        welch = sum(variances) ** 2 / parts if parts > 1e-48 else pooled
        return value, np.sqrt(sum(variances)), max(pooled, 1), welch

    return difference


@pytest.fixture(scope="session")
def plain_welch(plain_difference) -> Callable[[pd.DataFrame, pd.DataFrame], float]:
    """p of Welch's t test of two accuracies on the scale of logits.

    The tables are those of `plain_difference`. Clips of people who do not differ count as independent.
    """

    def welch(*tables: pd.DataFrame) -> float:
        logits, variances, freedoms = [], [], []
        for table in tables:
            value, error, freedom, _ = plain_difference([(1, table)])
            q = (value * len(table) + 0.5) / (len(table) + 1)
            error = error if error > 1e-12 else np.sqrt(q * (1 - q) / len(table))
            logits.append(np.log(q / (1 - q)))
            variances.append((error / (q * (1 - q))) ** 2)
            freedoms.append(freedom)
        parts = sum(one**2 / freedom for one, freedom in zip(variances, freedoms, strict=True))
        degrees = sum(variances) ** 2 / parts
        return float(2 * t.sf(abs(logits[0] - logits[1]) / np.sqrt(sum(variances)), degrees))

    return welch


@pytest.fixture(scope="session")
def plain_interval(plain_difference) -> Callable[..., list[float]]:
    """Student's interval over actors: `plain_interval(terms, confidence, clips=None, unequal=False, of_size=False)`.

    terms: see `plain_difference`. clips: of a share, whose interval is then on the scale of logits. unequal: of a gap
    between genders, with Satterthwaite's degrees of freedom. of_size: of the size of a difference.
    """

    def interval(
        terms: list[tuple[float, pd.DataFrame]],
        confidence: float,
        clips: int | None = None,
        unequal: bool = False,
        of_size: bool = False,
    ) -> list[float]:
        value, error, pooled, welch = plain_difference(terms, apart=unequal)
        degrees = welch if unequal else pooled
        factor = t.ppf((1 + confidence) / 2, degrees)
        reach = factor * error
        if of_size:
            seen = abs(value) / error

            def errs(size: float) -> float:
                """How often a study of this size leaves it out, when |d| = seen is the lowest that does so."""
                more = t.sf(seen - size, degrees) + t.cdf(-seen - size, degrees)
                inside = [t.cdf(end, degrees) for end in (factor - 2 * size, -factor)] if size > factor else [0, 0]
                return float(more + inside[1] - inside[0])

            low = brentq(lambda size: errs(size) - (1 - confidence), 0, seen, xtol=1e-12) if seen > factor else 0
            return [low * error, min(abs(value) + reach, 1)]
        if clips is None:
            return [max(value - reach, -1), min(value + reach, 1)]
        q = (value * clips + 0.5) / (clips + 1)
        if error < 1e-12:
            reach = factor * np.sqrt(q * (1 - q) / clips)
        ends = 1 / (1 + np.exp(-np.log(q / (1 - q)) + np.array([1, -1]) * reach / (q * (1 - q))))
        return [0.0 if value == 0 else float(ends[0]), 1.0 if value == 1 else float(ends[1])]

    return interval


@pytest.fixture(scope="session")
def tails() -> Callable[..., list[float]]:
    """The shares at which an expanded percentile interval ends: `tails(confidence, men, women)` or `tails(confidence,
    table)`, which counts the actors in a table and their clips."""

    def shares(confidence: float, men: int | pd.DataFrame, women: int = 0) -> list[float]:
        effective = 1.0
        if isinstance(men, pd.DataFrame):
            shown = men["actor"].value_counts()
            effective = shown.sum() ** 2 / (len(shown) * (shown**2).sum())
            numbers = men.drop_duplicates("actor")["gender"].value_counts()
            men, women = numbers.get("male", 0), numbers.get("female", 0)
        rarer = min(number for number in (men, women) if number)
        freedom = (men + women - (men > 0) - (women > 0)) * effective
        reach = t.ppf((1 + confidence) / 2, freedom) * np.sqrt(rarer / (rarer - 1))
        return [norm.cdf(-reach), norm.cdf(reach)]

    return shares
