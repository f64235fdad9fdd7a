"""Composition of the configuration: from `conf/` and overrides to checked, resolved settings.

Hydra composes; what it composed is merged into the dataclasses of `emofusion.settings.schema`, so that an unknown setting or a
wrong type is reported by its full name before any work starts.
"""

import difflib
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Any

from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import ConfigKeyError, OmegaConfBaseException

from emofusion.emotions import EMOTIONS
from emofusion.errors import EmofusionError
from emofusion.settings.schema import (
    CORPORA,
    FEATURES,
    NETWORKS,
    PROTOCOLS,
    RULES,
    Ensemble,
    Experiment,
    Modality,
    ScoredElsewhere,
)

FIT_ON = ("auto", "validation", "cross_fitted")
SCALES = ("logits", "probabilities")
# Modalities that are not trained as such, by the setting that they are told by.
OTHER_NODES = {"posteriors": ScoredElsewhere, "ensemble": Ensemble}
CHOICES = {
    "keep": ("best", "last"),
    "standardise": ("training_clips", "each_speaker"),
    "optimiser": ("adam", "adamw"),
    "schedule": ("constant", "one_cycle"),
}


def split_overrides(text: str | Iterable[str] | None) -> list[str]:
    """The single overrides in a text such as `speech=lstm seed=3`; blanks within brackets or quotes do not separate.

    Raises `EmofusionError` where a bracket or a quote is left open.
    """
    if not isinstance(text, str):
        return [str(item) for item in text or []]
    overrides, pending = [], ""
    for piece in text.split():
        pending = f"{pending} {piece}".strip()
        if all(pending.count(a) == pending.count(b) for a, b in ("()", "[]", "{}")) and not (
            pending.count("'") % 2 or pending.count('"') % 2
        ):
            overrides.append(pending)
            pending = ""
    if pending:
        raise EmofusionError(f"override: a bracket or a quote is left open in: {pending}")
    return overrides


def expand(overrides: list[str]) -> list[list[str]]:
    """All combinations that sweeps such as `speech=cnn1d,lstm seed=range(0,3)` stand for, by Hydra's own grammar.

    Raises `EmofusionError` that quotes the override which is not in that grammar.
    """
    try:
        parsed = OverridesParser.create().parse_overrides(overrides)
    except HydraException as error:
        raise EmofusionError(f"override: {str(error).splitlines()[0]} (in: {' '.join(overrides)})") from error
    return [cell for batch in BasicSweeper.split_arguments(parsed, max_batch_size=None) for cell in batch]


def compose(conf: Path, experiment: str, overrides: list[str]) -> dict:
    """One experiment's settings, resolved and checked, as a plain dict.

    `overrides` name single values (see `expand`). Raises `EmofusionError` that names the setting that is unknown, of
    the wrong type or without a value.
    """
    choices = sorted(path.stem for path in (conf / "experiment").glob("*.yaml"))
    if experiment not in choices:
        raise EmofusionError(f"experiment={experiment}: no such experiment; there are {', '.join(choices)}")
    try:
        with initialize_config_dir(str(conf.resolve()), version_base="1.3"):
            composed = hydra_compose("config", overrides=[f"experiment={experiment}", *overrides])
        settings = OmegaConf.to_container(composed, resolve=True)
    except (HydraException, OmegaConfBaseException) as error:
        raise EmofusionError(_override_message(error, overrides)) from error
    settings["experiment"] = experiment
    return _checked(settings)


def _override_message(error: Exception, overrides: list[str]) -> str:
    lines = [line.strip() for line in f"{error}\n{error.__cause__ or ''}".splitlines() if line.strip()]
    dull = ("object_type", "full_key", "To append", "Set the environment", "See ", "Config search path", "provider=")
    told = list(dict.fromkeys(line for line in lines if not line.startswith(dull)))
    return f"configuration: {' '.join(told)}" + (f" (override: {' '.join(overrides)})" if overrides else "")


def _checked(settings: dict) -> dict:
    """Merge each node into its dataclass, choosing among several by `kind` or `reader`."""
    modalities = settings.get("modalities") or []
    for name in modalities:
        if not isinstance(settings.get(name), dict):
            raise EmofusionError(f"modalities: {name} is named but there are no settings {name}.*")
    nodes = {name: node for name, node in settings.items() if name not in Experiment.__dataclass_fields__}
    for name, node in nodes.items():
        known = isinstance(node, dict) and (
            {"features", "network", "training"} <= set(node) or OTHER_NODES.keys() & node
        )
        if not known:
            raise EmofusionError(_unknown(name, [*Experiment.__dataclass_fields__, *modalities]))
    checked = _merge(Experiment, {name: node for name, node in settings.items() if name not in nodes}, "")
    checked["corpora"] = {
        name: _kind_of(CORPORA, node, "reader", f"corpora.{name}") for name, node in checked["corpora"].items()
    }
    checked["protocol"] = _kind_of(PROTOCOLS, checked["protocol"], "kind", "protocol")
    for name in modalities:
        other = next((kind for setting, kind in OTHER_NODES.items() if setting in nodes[name]), None)
        if other:
            # an experiment may say how to train the model that stands back
            given = {key: value for key, value in nodes[name].items() if key not in Modality.__dataclass_fields__}
            checked[name] = _merge(other, {"name": nodes[name].get("name", name)} | given, name)
            continue
        node = _merge(Modality, nodes[name], name)
        node["features"] = _kind_of(FEATURES, node["features"], "kind", f"{name}.features")
        node["network"] = _kind_of(NETWORKS, node["network"], "kind", f"{name}.network")
        checked[name] = node
    _check_meaning(checked)
    return checked


def _kind_of(kinds: dict[str, type], node: Any, discriminator: str, name: str) -> dict:
    kind = node.get(discriminator) if isinstance(node, dict) else None
    if kind not in kinds:
        raise EmofusionError(f"{name}.{discriminator}={kind}: no such {discriminator}; there are {', '.join(kinds)}")
    return _merge(kinds[kind], node, name)


def _merge(schema: type, node: dict, name: str) -> dict:
    prefix = f"{name}." if name else ""
    try:
        merged = OmegaConf.merge(OmegaConf.structured(schema), node)
    except ConfigKeyError as error:
        unknown = error.full_key or str(error.key)
        raise EmofusionError(
            _unknown(prefix + unknown, [prefix + key for key in schema.__dataclass_fields__])
        ) from error
    except OmegaConfBaseException as error:
        raise EmofusionError(f"{prefix}{error.full_key or ''}: {str(error).splitlines()[0]}") from error
    missing = sorted(OmegaConf.missing_keys(merged))
    if missing:
        raise EmofusionError(f"{prefix}{missing[0]}: this setting has no value")
    return _plain(merged)


def _plain(node: Any) -> Any:
    if isinstance(node, DictConfig | ListConfig):
        return OmegaConf.to_container(node, resolve=True)
    return node


def _unknown(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"
    return f"{name}: no such setting; {hint}"


def _check_meaning(settings: dict) -> None:
    """What the types alone do not say."""

    def must(holds: bool, message: str) -> None:
        if not holds:
            raise EmofusionError(message)

    classes = settings["emotions"]["classes"]
    strange = [word for word in [*classes, *settings["emotions"]["merge"].values()] if word not in EMOTIONS]
    must(not strange, f"emotions: {', '.join(strange)} not among {', '.join(EMOTIONS)}")
    must(len(set(classes)) > 1, "emotions.classes: at least two classes are needed")
    protocol, modalities = settings["protocol"], settings["modalities"]
    share = protocol["validation"]
    must(0 <= share < 1, f"protocol.validation={share}: a share from 0, where nobody validates, to below 1")
    folds = protocol.get("folds")
    must(
        folds is None or (isinstance(folds, list) and all(isinstance(fold, list) and fold for fold in folds)),
        f"protocol.folds={folds}: a list of lists of test actors, or null",
    )
    named = [protocol.get("test", []), protocol.get("corpora", []), *protocol.get("train", {}).values()]
    for corpus in chain.from_iterable(named):
        must(corpus in settings["corpora"], f"protocol names the corpus {corpus}, but there is no corpora.{corpus}")
    weights = settings["fusion"]["weights"]
    must(
        set(weights) == set(modalities) and abs(sum(weights.values()) - 1) < 1e-6 and min(weights.values()) >= 0,
        f"fusion.weights={weights}: one weight ≥ 0 for each of {', '.join(modalities)}, together 1",
    )
    fusion, evaluation = settings["fusion"], settings["evaluation"]
    must(fusion["steps"] > 0, "fusion.steps: a whole number above 0")
    must(fusion["fit_on"] in FIT_ON, f"fusion.fit_on={fusion['fit_on']}: {' or '.join(FIT_ON)}")
    for setting, rule in [("rule", fusion["rule"]), *(("compare", rule) for rule in fusion["compare"])]:
        must(rule in RULES, f"fusion.{setting}={rule}: no such rule; there are {', '.join(RULES)}")
    must(
        not fusion["rule"].endswith("_oracle"),
        f"fusion.rule={fusion['rule']}: chosen on test clips, for `compare` alone",
    )
    must(0 < evaluation["confidence"] < 1, f"evaluation.confidence={evaluation['confidence']}: between 0 and 1")
    for setting in ("samples", "permutations", "bins"):
        must(evaluation[setting] > 0, f"evaluation.{setting}={evaluation[setting]}: at least 1")
    for name in modalities:
        if protocol["kind"] == "cross_corpus":
            must(name in protocol["train"], f"protocol.train: no corpora for the modality {name}")
        if "posteriors" in settings[name]:
            _check_posteriors(settings[name]["posteriors"], f"{name}.posteriors", must)
            continue
        if "ensemble" in settings[name]:
            members, pool = settings[name]["ensemble"], settings[name]["pool"]
            must(len(set(members)) > 1, f"{name}.ensemble={members}: at least two choices of {name}, each once")
            must(len(set(members)) == len(members), f"{name}.ensemble={members}: a choice is there twice")
            must(pool in ("linear", "product"), f"{name}.pool={pool}: linear or product")
            continue
        training = settings[name]["training"]
        must(training["epochs"] > 0, f"{name}.training.epochs={training['epochs']}: at least 1")
        must(training["batch_size"] > 1, f"{name}.training.batch_size={training['batch_size']}: at least 2")
        must(training["threads"] > 0, f"{name}.training.threads={training['threads']}: at least 1")
        must(training["learning_rate"] > 0, f"{name}.training.learning_rate={training['learning_rate']}: above 0")
        smoothing, patience = training["label_smoothing"], training["patience"]
        must(0 <= smoothing < 1, f"{name}.training.label_smoothing={smoothing}: from 0 to below 1")
        must(patience >= 0, f"{name}.training.patience={patience}: a number of epochs, or 0 to never stop early")
        must(
            training["standardise"] == "training_clips" or settings[name]["network"]["kind"] != "backbone",
            f"{name}.training.standardise={training['standardise']}: not of pictures, which a backbone scales itself",
        )
        must(
            share or (training["keep"] == "last" and not patience),
            f"protocol.validation=0: nobody is there for {name}.training.keep={training['keep']} and "
            f"{name}.training.patience={patience} to choose the epoch on; set keep=last and patience=0",
        )
        for setting, known in CHOICES.items():
            must(training[setting] in known, f"{name}.training.{setting}={training[setting]}: {' or '.join(known)}")


def _check_posteriors(node: dict, name: str, must) -> None:
    must(node["scale"] in SCALES, f"{name}.scale={node['scale']}: {' or '.join(SCALES)}")
    for setting, words in (("labels", (node["labels"] or {}).values()), ("without", node["without"])):
        strange = [word for word in words if word not in EMOTIONS]
        must(not strange, f"{name}.{setting}: {', '.join(strange)} not among {', '.join(EMOTIONS)}")
