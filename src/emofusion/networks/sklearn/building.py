"""Make a pipeline of transformers and an estimator from settings, and refuse what is none."""

import inspect
from importlib import import_module
from typing import Any

from sklearn.base import BaseEstimator, is_classifier, is_clusterer, is_outlier_detector, is_regressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from emofusion.errors import EmofusionError
from emofusion.networks.sklearn import Sklearn
from emofusion.settings.fields import shown
from emofusion.settings.names import unknown

_KEYS = {"estimator", "settings"}


def pipeline(network: Sklearn, name: str, standardised: bool, seed: int | None = None) -> Pipeline:
    """The estimator behind its transformers, not fitted.

    Args:
        network: its settings.
        name: the node's full name, such as `speech.network`, for messages.
        standardised: whether each feature is first scaled to mean 0 and standard deviation 1.
        seed: for everything that is drawn at random; None leaves it as it is set.

    Raises:
        EmofusionError: a name cannot be imported, is no estimator or transformer, or has no such setting.
    """
    steps: list[tuple[str, Any]] = [("standardise", StandardScaler())] if standardised else []
    for number, node in enumerate(network.transformers):
        where = f"{name}.transformers[{number}]"
        steps.append((f"transformer_{number}", _transformer(node, where)))
    estimator = _made(network.estimator, network.settings, f"{name}.estimator", f"{name}.settings")
    _check_estimator(estimator, f"{name}.estimator={network.estimator}")
    made = Pipeline([*steps, ("estimator", estimator)])
    if seed is not None:
        made.set_params(**{setting: seed for setting in _seeds(made)})
    return made


def draws(made: Pipeline) -> bool:
    """Whether a part of a pipeline draws at random, and has a setting for its seed."""
    return bool(_seeds(made))


def _seeds(made: Pipeline) -> list[str]:
    """The settings for seeds that have no value."""
    settings = made.get_params(deep=True)
    return [setting for setting, value in settings.items() if setting.endswith("random_state") and value is None]


def _transformer(node: Any, where: str) -> Any:
    dotted, settings = _named(node, where)
    made = _made(dotted, settings, where, f"{where}.settings")
    if not (hasattr(made, "fit") and hasattr(made, "transform")):
        raise EmofusionError(f"{where}={dotted}: no transformer, because it has no fit and transform")
    return made


def _named(node: Any, where: str) -> tuple[str, Any]:
    """The name and the settings of an estimator, from a name or from a map with both."""
    if isinstance(node, str):
        return node, {}
    if isinstance(node, dict) and isinstance(node.get("estimator"), str) and set(node) <= _KEYS:
        return node["estimator"], node.get("settings") or {}
    raise EmofusionError(f"{where}={shown(node)}: a name with its module, or {{estimator: name, settings: {{…}}}}")


def _made(dotted: str, settings: Any, where: str, where_settings: str) -> Any:
    """An object of a class with scikit-learn's interface. Nothing of another class or function is called."""
    cls = _class(dotted, where)
    if not isinstance(settings, dict):
        raise EmofusionError(
            f"{where_settings}={shown(settings)}: this must be a map of settings, written {{name: value}}"
        )
    known = [setting for setting in inspect.signature(cls).parameters if setting != "kwargs"]
    values = {}
    for setting, value in settings.items():
        full = f"{where_settings}.{setting}"
        if setting not in known:
            raise EmofusionError(unknown(full, [f"{where_settings}.{one}" for one in known]))
        if isinstance(value, dict) and "estimator" in value:
            inner, inner_settings = _named(value, full)
            value = _made(inner, inner_settings, full, f"{full}.settings")
        values[setting] = value
    try:
        made = cls(**values)
        if isinstance(made, BaseEstimator):
            made._validate_params()
    except (TypeError, ValueError) as error:
        raise EmofusionError(f"{where_settings}={shown(settings)}: {str(error).splitlines()[0]}") from error
    return made


def _class(dotted: str, where: str) -> type:
    module, _, name = dotted.rpartition(".")
    wrong = f"{where}={dotted}: "
    try:
        found = getattr(import_module(module), name) if module and not module.startswith(".") else None
    except ImportError as error:
        raise EmofusionError(
            f"{wrong}cannot be imported ({error}); install the library, or correct the name"
        ) from error
    except AttributeError as error:
        raise EmofusionError(f"{wrong}{module} has no {name}") from error
    if not (inspect.isclass(found) and callable(getattr(found, "fit", None)) and hasattr(found, "get_params")):
        raise EmofusionError(
            f"{wrong}no estimator with scikit-learn's interface (a class with fit and get_params); name the class with its "
            "module, as in sklearn.svm.LinearSVC"
        )
    return found


def _check_estimator(made: Any, wrong: str) -> None:
    """Raise `EmofusionError` where an object cannot be used as a classifier."""
    if is_outlier_detector(made) or is_clusterer(made):
        raise EmofusionError(f"{wrong}: it does not learn from labels; name a classifier or a regressor")
    scores = hasattr(made, "predict_proba") or hasattr(made, "decision_function")
    if (
        not (is_classifier(made) and scores)
        and not is_regressor(made)
        and not (scores and not hasattr(made, "transform"))
    ):
        raise EmofusionError(
            f"{wrong}: it has neither predict_proba nor decision_function, and is no regressor. "
            + ("A transformer belongs into transformers" if hasattr(made, "transform") else "Name another one")
        )
