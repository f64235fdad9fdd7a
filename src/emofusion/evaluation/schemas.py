"""The schemas of all tables of an evaluation, for `tables.write_table` and `tables.read_table`."""

from collections.abc import Sequence

import pandera.pandas as pa

from emofusion.emotions import GENDERS, UNKNOWN
from emofusion.evaluation.by_actor import metrics_of_actors
from emofusion.evaluation.classes import FIGURES
from emofusion.evaluation.detectable import DETECTABLE
from emofusion.evaluation.fairness import ACCURACY, METRICS
from emofusion.evaluation.figures import beside_accuracy
from emofusion.evaluation.narrowed import VERDICTS
from emofusion.settings.kinds import Metric

# a class, or in some tables what stands for several: `emotions.RESERVED`
_emotion = pa.Column(str, pa.Check.str_length(min_value=1))
_gender = pa.Column(str, pa.Check.isin(["all", *GENDERS]))
_count = pa.Column("int64", pa.Check.ge(0))
_share = pa.Column("float64", pa.Check.in_range(0, 1), nullable=True)
_difference = pa.Column("float64", pa.Check.in_range(-1, 1), nullable=True)
_interval = {"low": _share, "high": _share}
_signed_interval = {"low": _difference, "high": _difference}


def _table(columns: dict[str, pa.Column], unique: list[str]) -> pa.DataFrameSchema:
    return pa.DataFrameSchema(columns, strict=True, unique=unique)


def _figure(metric: Metric | type[Metric], ends: Sequence[str] = ("", "_low", "_high")) -> dict[str, pa.Column]:
    """The columns of a metric: its value and the ends of its interval, all within the metric's bounds."""
    checks = [pa.Check.ge(metric.least)] if metric.least is not None else []
    checks += [pa.Check.le(metric.most)] if metric.most is not None else []
    return {metric.kind + end: pa.Column("float64", checks, nullable=True) for end in ends}


def evaluation_schemas(metrics: Sequence[Metric | type[Metric]], groups: bool = False) -> dict[str, pa.DataFrameSchema]:
    """Name → schema, for each table that `evaluate` makes with these metrics.

    The function that makes a table describes its columns.

    metrics: instances or classes of metrics. groups: whether there are tables of groups besides gender.
    """
    figures = [column for metric in beside_accuracy(metrics) for column in _figure(metric).items()]
    of_actor = [column for metric in metrics_of_actors(metrics) for column in _figure(metric, [""]).items()]
    return {
        "subsets": _table({**_SUBSET, **dict(figures)}, ["system", "gender", "emotion"]),
        **_OF_ALL_METRICS,
        "actors": _OF_ALL_METRICS["actors"].add_columns(dict(of_actor)),
        **(_OF_GROUPS if groups else {}),
    }


_SUBSET = {
    "system": pa.Column(str),
    "gender": _gender,
    "emotion": _emotion,
    "correct": _count,
    "clips": _count,
    "actors": _count,
    "accuracy": _share,
    **_interval,
}
_shown = {"correct": _count, "clips": _count, "actors": _count, "accuracy": _share, **_interval}
ROBUSTNESS = _table({"lacking": pa.Column(str), "share": _share, "removed": _count, **_shown}, ["lacking", "share"])
_OF_ALL_METRICS = {
    "confusion": _table(
        {"system": pa.Column(str), "gender": _gender, "emotion": _emotion, "predicted": _emotion, "clips": _count},
        ["system", "gender", "emotion", "predicted"],
    ),
    "actors": _table(
        {
            **dict.fromkeys(["system", "actor"], pa.Column(str)),
            "gender": pa.Column(str, pa.Check.isin([*GENDERS, UNKNOWN])),
            "emotion": _emotion,
            **dict.fromkeys(["correct", "clips"], _count),
            "accuracy": _share,
        },
        ["system", "actor", "emotion"],
    ),
    "classes": _table(
        {
            "system": pa.Column(str),
            "emotion": _emotion,
            **dict.fromkeys(["correct", "clips", "predicted", "actors"], _count),
            **{name + end: _share for name in FIGURES for end in ("", "_low", "_high")},
        },
        ["system", "emotion"],
    ),
    "reliability": _table(
        {
            "system": pa.Column(str),
            "bin": _count,
            **dict.fromkeys(["above", "to"], _share),
            **dict.fromkeys(["correct", "clips", "actors"], _count),
            **dict.fromkeys(["confidence", "accuracy"], _share),
            **_interval,
        },
        ["system", "bin"],
    ),
    "pairs": _table(
        {
            "first": pa.Column(str),
            "second": pa.Column(str),
            "difference": _difference,
            **_signed_interval,
            "only_first": _count,
            "only_second": _count,
            "clips": _count,
            "actors": _count,
            **dict.fromkeys(["mcnemar_p", "mcnemar_p_holm", "sign_flip_p", "sign_flip_p_max_t"], _share),
            "compared": _count,
        },
        ["first", "second"],
    ),
    "against": _table(
        {
            **dict.fromkeys(["system", "configured"], pa.Column(str)),
            "difference": _difference,
            **_signed_interval,
            **dict.fromkeys(["sign_flip_p", "sign_flip_p_max_t"], _share),
            "compared": _count,
        },
        ["system"],
    ),
    "gender": _table(
        {
            "system": pa.Column(str),
            "emotion": _emotion,
            **dict.fromkeys(["male", "female"], _share),
            **dict.fromkeys(["male_clips", "female_clips", "male_actors", "female_actors"], _count),
            "gap": _difference,
            **_signed_interval,
            **dict.fromkeys(["p", "p_holm"], _share),
            **dict.fromkeys(DETECTABLE, pa.Column("float64", pa.Check.gt(0), nullable=True)),
        },
        ["system", "emotion"],
    ),
    "narrowed": _table(
        {
            "system": pa.Column(str),
            "modality": pa.Column(str),
            "emotion": _emotion,
            **dict.fromkeys(["gap_before", "gap_after", "change"], _difference),
            **_signed_interval,
            **dict.fromkeys(["p", "p_max_t"], _share),
            "verdict": pa.Column(str, pa.Check.isin(VERDICTS)),
            **dict.fromkeys(["clips", "actors"], _count),
        },
        ["system", "modality", "emotion"],
    ),
    "fairness": _table(
        {
            "system": pa.Column(str),
            "emotion": _emotion,
            "metric": pa.Column(str, pa.Check.isin([ACCURACY, *METRICS])),
            "value": _share,
            **_interval,
            **dict.fromkeys(["male_clips", "female_clips"], _count),
        },
        ["system", "emotion", "metric"],
    ),
    "presence": _table({"present": pa.Column(str), "system": pa.Column(str), **_shown}, ["present", "system"]),
}
_OF_GROUPS = {
    "groups": _table(
        {
            **dict.fromkeys(["group", "level", "system"], pa.Column(str)),
            "emotion": _emotion,
            **dict.fromkeys(["clips", "actors"], _count),
            "accuracy": _share,
            **_interval,
        },
        ["group", "level", "system", "emotion"],
    ),
    "group_gaps": _table(
        {
            **dict.fromkeys(["group", "first", "second", "system"], pa.Column(str)),
            "emotion": _emotion,
            **dict.fromkeys(["first_clips", "first_actors", "second_clips", "second_actors"], _count),
            **dict.fromkeys(["first_accuracy", "second_accuracy"], _share),
            "gap": _difference,
            **_signed_interval,
            **dict.fromkeys(["p", "p_holm"], _share),
            **dict.fromkeys(DETECTABLE, pa.Column("float64", pa.Check.gt(0), nullable=True)),
        },
        ["group", "first", "second", "system", "emotion"],
    ),
    "group_tests": _table(
        {
            **dict.fromkeys(["group", "system"], pa.Column(str)),
            "emotion": _emotion,
            "levels": _count,
            **dict.fromkeys(["spread", "p", "p_holm"], _share),
        },
        ["group", "system", "emotion"],
    ),
    "group_fairness": _table(
        {
            **dict.fromkeys(["group", "system"], pa.Column(str)),
            "emotion": _emotion,
            "metric": pa.Column(str, pa.Check.isin([ACCURACY, *METRICS])),
            "levels": _count,
            "value": _share,
            **_interval,
        },
        ["group", "system", "emotion", "metric"],
    ),
}
