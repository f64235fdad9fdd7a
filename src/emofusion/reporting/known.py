"""What the report asks of the kinds of rules and metrics. Nothing else in this package looks into the registry."""

from emofusion.settings.kinds import FusionRule, Metric
from emofusion.settings.registry import kind


def takes_weights(rule: str) -> bool:
    """Whether a fusion rule uses the weights that are set in `fusion.weights`."""
    found: type[FusionRule] = kind("fusion", rule, "fusion.rule")
    return found.takes_weights


def swept_pool(rule: str) -> str:
    """The pool whose sweep of weights stands beside a fusion rule in figures."""
    found: type[FusionRule] = kind("fusion", rule, "fusion.rule")
    return found.swept_pool


def metric_label(metric: str) -> str:
    """A metric in words, as the heading of a column; it begins with a capital letter."""
    label = metric_kind(metric).label or metric.replace("_", " ")
    return label[0].upper() + label[1:]


def is_share(metric: str) -> bool:
    """Whether a metric is a share, which is shown in percent."""
    return metric_kind(metric).is_share


def is_over_emotions(metric: str) -> bool:
    """Whether a metric is a mean over emotions, so that one emotion alone has none."""
    return metric_kind(metric).over_emotions


def metric_kind(name: str) -> type[Metric]:
    """The kind of metric of that name; raises `EmofusionError` where there is none."""
    found: type[Metric] = kind("metrics", name, "evaluation.metrics")
    return found
