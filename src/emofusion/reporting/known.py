"""The facts about kinds of fusion rules and metrics that the report needs. Only this module here uses the registry."""

from collections.abc import Iterable

from emofusion.evaluation.figures import beside_accuracy
from emofusion.settings.kinds import FusionRule, Metric
from emofusion.settings.registry import kind


def takes_weights(rule: str) -> bool:
    """Whether a fusion rule uses the weights in the setting `fusion.weights`."""
    rule_kind: type[FusionRule] = kind("fusion", rule, "fusion.rule")
    return rule_kind.takes_weights


def metrics(names: Iterable[str]) -> list[type[Metric]]:
    """The metrics with these names, in the order of the tables. Accuracy, which every table has, is left out."""
    return beside_accuracy([_metric(name) for name in names])


def metric_names(names: Iterable[str]) -> list[str]:
    """The names of the metrics that `metrics` returns, in its order."""
    return [metric.kind for metric in metrics(names)]


def swept_pool(rule: str) -> str:
    """The pool whose sweep of weights figures show together with a fusion rule."""
    rule_kind: type[FusionRule] = kind("fusion", rule, "fusion.rule")
    return rule_kind.swept_pool


def metric_label(metric: str) -> str:
    """A metric in words, as the heading of a column; it begins with a capital letter."""
    label = _metric(metric).label or metric.replace("_", " ")
    return label[0].upper() + label[1:]


def is_share(metric: str) -> bool:
    """Whether a metric is a share, which is shown in percent."""
    return _metric(metric).is_share


def is_over_emotions(metric: str) -> bool:
    """Whether a metric needs several emotions, so that it is not computed for a single emotion."""
    return _metric(metric).over_emotions


def _metric(name: str) -> type[Metric]:
    metric_kind: type[Metric] = kind("metrics", name, "evaluation.metrics")
    return metric_kind
