"""Make a pipeline of transformers and an estimator from settings, and refuse what is none."""

import inspect
from collections.abc import Callable
from importlib import import_module
from typing import Any

from sklearn.base import BaseEstimator, is_clusterer, is_outlier_detector, is_regressor
from sklearn.pipeline import Pipeline

from emofusion.errors import EmofusionError
from emofusion.networks.common.scaling import LimitedScaler
from emofusion.networks.sklearn import Sklearn
from emofusion.settings.fields import shown
from emofusion.settings.names import unknown

_KEYS = {"estimator", "settings"}


def pipeline(
    network: Sklearn, name: str, standardised: bool, seed: int | None = None, limit: float | None = None
) -> Pipeline:
    """The estimator behind its transformers, not fitted.

    Args:
        network: its settings.
        name: the node's full name, such as `speech.network`, for messages.
        standardised: whether each feature is first scaled to mean 0 and standard deviation 1.
        seed: for everything that is drawn at random; None leaves it as it is set.
        limit: of the scaled features; see `LimitedScaler`.

    Raises:
        EmofusionError: a name cannot be imported, is no estimator or transformer, or has no such setting.
    """
    steps: list[tuple[str, Any]] = [("standardise", LimitedScaler(limit))] if standardised else []
    for number, node in enumerate(network.transformers):
        where = f"{name}.transformers[{number}]"
        steps.append((f"transformer_{number}", _transformer(node, where)))
    estimator = _made(network.estimator, network.settings, f"{name}.estimator", f"{name}.settings")
    _check_estimator(estimator, name, network.estimator)
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
            f"{wrong}no estimator with scikit-learn's interface (a class with fit and get_params); name it with its "
            "module, as in sklearn.svm.LinearSVC"
        )
    return found


def _check_estimator(made: Any, name: str, dotted: str) -> None:
    """Raise `EmofusionError` where an object cannot be used as a classifier."""
    wrong = f"{name}.estimator={dotted}"
    if getattr(made, "decision_function_shape", None) == "ovo" and not hasattr(made, "predict_proba"):
        raise EmofusionError(
            f"{name}.settings.decision_function_shape=ovo: each class needs a score, and not each pair of classes; "
            f"set {name}.settings.decision_function_shape=ovr"
        )
    if _is(is_outlier_detector, made) or _is(is_clusterer, made):
        raise EmofusionError(f"{wrong}: it does not learn from labels; name a classifier or a regressor")
    if not (hasattr(made, "predict_proba") or hasattr(made, "decision_function") or _is(is_regressor, made)):
        raise EmofusionError(
            f"{wrong}: it has neither predict_proba nor decision_function, and is no regressor. "
            + ("A transformer belongs into transformers" if hasattr(made, "transform") else "Name another estimator")
        )


def _is(test: Callable[[Any], bool], made: Any) -> bool:
    """Whether a test of scikit-learn holds. It fails for classes of other libraries that have no tags."""
    try:
        return bool(test(made))
    except AttributeError:
        return False
