"""The plan: from cells (resolved experiments) to stages (units of work), each under a key made from what decides it.

A stage's key is a readable slug and a hash of the settings that can change its output and of the keys of the stages it
reads. Cells that agree on a stage share its key, and so its result.
"""

from dataclasses import dataclass, field
from pathlib import Path

from emofusion.corpora import check_present
from emofusion.errors import EmofusionError
from emofusion.plan.stages import Stage, make_stage, short_hash
from emofusion.settings.compose import compose, expand, split_overrides
from emofusion.settings.schema import BLOCKS, LEAKING_PROTOCOLS

# The files of a corpus that a kind of features is made from.
MEDIUM = {
    "acoustic": "audio",
    "acoustic_statistics": "audio",
    "functionals": "audio",
    "pixels": "video",
    "action_units": "action_units",
}


@dataclass
class Cell:
    """One resolved experiment: the overrides that make it differ, its settings, and the report it leads to."""

    overrides: list[str]
    settings: dict
    report: Stage
    place: str

    @property
    def stages(self) -> dict[tuple[str, str], Stage]:
        found: dict[tuple[str, str], Stage] = {}
        waiting = [self.report]
        while waiting:
            stage = waiting.pop()
            if (stage.kind, stage.key) not in found:
                found[stage.kind, stage.key] = stage
                for inputs in stage.inputs.values():
                    waiting += inputs if isinstance(inputs, list) else [inputs]
        return found


@dataclass
class Plan:
    """All cells of one command and their stages, each once."""

    experiment: str
    cells: list[Cell]
    stages: dict[tuple[str, str], Stage] = field(default_factory=dict)

    def __post_init__(self):
        for cell in self.cells:
            self.stages |= cell.stages

    def stage(self, kind: str, key: str) -> Stage:
        return self.stages[kind, key]

    def keys(self, kind: str) -> list[str]:
        return [key for stage_kind, key in self.stages if stage_kind == kind]

    @property
    def modalities(self) -> list[str]:
        return self.cells[0].settings["modalities"]

    @property
    def tracking(self) -> dict:
        return self.cells[0].settings["tracking"]

    def check_sources(self) -> None:
        """Look for the corpora and weights that are given as files and still to be read.

        Raises `EmofusionError` that says what is missing, where to ask for it and where to put it.
        """
        missing = []
        for stage in self.stages.values():
            given = not stage.inputs or stage.kind == "posteriors"
            if given and not Path(stage.outputs[0]).exists():
                try:
                    _check_source(stage)
                except EmofusionError as error:
                    missing.append(str(error))
        if missing:
            raise EmofusionError("\n\n".join(dict.fromkeys(missing)))


def _check_source(stage: Stage) -> None:
    if stage.kind == "corpus":
        check_present(stage.settings)
    elif stage.kind == "posteriors":
        from emofusion.predictions.posteriors import check_table  # pandas: only where there are any

        check_table(stage.settings)
    elif stage.kind == "weights":
        source = stage.settings["weights"]
        if source not in ("imagenet", "none") and not Path(source).is_file():
            raise EmofusionError(f"network.weights={source}: not imagenet, not none, and no such file")


def make_plan(conf: Path, experiment: str, override: str | list[str] | None = None) -> Plan:
    """The plan of an experiment and of all combinations of its overrides.

    Raises `EmofusionError` for a setting that does not exist or does not fit, before anything is run.
    """
    composed: dict[tuple[str, ...], dict] = {}

    def settings_of(overrides: list[str]) -> dict:
        if tuple(overrides) not in composed:
            composed[tuple(overrides)] = compose(conf, experiment, overrides)
        return composed[tuple(overrides)]

    def beside_of(overrides: list[str], modality: str, choice: str) -> dict:
        """The modality's settings under another choice; what is said of the chosen network holds where it can."""
        # what is said of a ensemble is not said of its members
        of_others = (f"{modality}=", f"{modality}.ensemble=", f"{modality}.pool=")
        others = [override for override in overrides if not override.startswith(of_others)]
        others.append(f"{modality}={choice}")
        try:
            return settings_of(others)[modality]
        except EmofusionError:
            of_network = f"{modality}.network."
            return settings_of([item for item in others if not item.lstrip("+").startswith(of_network)])[modality]

    cells = []
    combinations = expand(split_overrides(override))
    for overrides in combinations:
        settings = settings_of(overrides)
        beside = {
            modality: [beside_of(overrides, modality, choice) for choice in choices]
            for modality, choices in settings["report"]["compare"].items()
            if modality in settings["modalities"] and "posteriors" not in settings[modality]
        }
        combined = {
            modality: [beside_of(overrides, modality, choice) for choice in settings[modality]["ensemble"]]
            for modality in settings["modalities"]
            if "ensemble" in settings[modality]
        }
        for modality, nodes in combined.items():
            if any("features" not in node for node in nodes):
                raise EmofusionError(
                    f"{modality}.ensemble={settings[modality]['ensemble']}: name models that are trained"
                )
        varied = [override for override in overrides if not all(override in other for other in combinations)]
        place = f"{experiment}/{_slug(varied)}" if varied else experiment
        cells.append(Cell(overrides, settings, _report(settings, beside, combined), place))
    modalities = {frozenset(cell.settings["modalities"]) for cell in cells}
    if len(modalities) > 1:
        raise EmofusionError("override: one command compares settings of the same modalities; run one for each")
    return Plan(experiment, cells)


def _slug(overrides: list[str]) -> str:
    """A folder's name for a combination of overrides; a long one ends in a hash of the whole."""
    text = ",".join(overrides)
    name = "".join(letter if letter.isalnum() or letter in "=,._-+" else "_" for letter in text)
    return name if len(name) <= 120 else f"{name[:110]}-{short_hash(text)}"


def _corpus(settings: dict, name: str, node: dict) -> Stage:
    """The corpus as a modality needs it."""
    medium = _medium(settings, node, name)
    corpus = {"name": name, **settings["corpora"][name]}
    demo = corpus.pop("demo")
    inputs = {}
    if demo is not None:
        inputs["source"] = make_stage("demo", name, demo)
        corpus["root"] = inputs["source"].outputs[0]
    if corpus["reader"] == "folder" and medium == "posteriors":
        corpus["unseen"] = True
    if corpus["reader"] == "ravdess":
        corpus["media"] = [medium]
        fetched = {"url": corpus.pop("zenodo"), "known_files": corpus.pop("known_files")}
        if medium == "posteriors":
            corpus |= {"table": node["posteriors"]["table"], "root": "", "download": False}
        if corpus.pop("download") and demo is None:
            fetched |= {"root": corpus["root"], "media": [medium], "name": name}
            inputs["source"] = make_stage("download", f"{name}-{medium}", fetched)
    return make_stage("corpus", f"{name}-{medium}", corpus, corpus["reader"], **inputs)


def _corpora(settings: dict, modality: str) -> tuple[list[str], list[str]]:
    """The corpora that train and that test a modality."""
    protocol = settings["protocol"]
    if protocol["kind"] == "cross_corpus":
        return protocol["train"][modality], protocol["test"]
    return protocol["corpora"], protocol["corpora"]


def _medium(settings: dict, node: dict, corpus: str) -> str:
    if "posteriors" in node:
        return "posteriors"
    medium = MEDIUM[node["features"]["kind"]]
    return "image" if medium == "video" and settings["corpora"][corpus]["reader"] == "kdef" else medium


def _split(settings: dict, modality: str, node: dict) -> tuple[Stage, dict[str, Stage]]:
    """The split of a modality's clips, and the corpora that they come from."""
    train, test = _corpora(settings, modality)
    corpora = {name: _corpus(settings, name, node) for name in dict.fromkeys([*train, *test])}
    protocol = {key: value for key, value in settings["protocol"].items() if key not in ("description", "train")}
    if protocol["kind"] == "cross_corpus":
        protocol["train"] = train
    split = make_stage(
        "split",
        f"{protocol['kind']}-{modality}",
        {"protocol": protocol, "emotions": settings["emotions"]},
        corpora=list(corpora.values()),
    )
    return split, corpora


def _model(settings: dict, modality: str, node: dict, seeds: list[int] | None = None) -> dict[str, Stage | list[Stage]]:
    """The model of a modality and what it reads: its split and its features. `seeds`: others than the experiment's."""
    train, _ = _corpora(settings, modality)
    split, corpora = _split(settings, modality, node)
    kind = node["features"]["kind"]
    features = [_features(settings, node, name, corpus) for name, corpus in corpora.items()]
    network, training = dict(node["network"]), dict(node["training"])
    inputs = {"split": split, "features": features}
    if network["kind"] == "backbone":
        weights = inputs["weights"] = _weights(network, settings["seed"])
        stored = network.pop("feature_cache")
        let_go = [step["blocks"] for step in training["unfreeze"] if step["epoch"] < training["epochs"]]
        network["frozen"] = BLOCKS - max(let_go, default=0)
        if stored["views"] > 1 and not network["frozen"]:
            raise EmofusionError(
                f"{modality}.network.feature_cache.views={stored['views']}: views are those of frozen blocks, and "
                f"{modality}.training.unfreeze lets all of them go; set views=1 or fewer blocks"
            )
        if network["frozen"]:
            inputs["features"] = [
                _feature_cache(network, stored if name in train else stored | {"views": 1}, name, feature, weights)
                for name, feature in zip(corpora, features, strict=True)
            ]
        features = inputs["features"]
    seeds = seeds or member_seeds(settings["seed"], training["members"])
    del training["members"]
    model = make_stage(
        "model",
        f"{modality}-{node['name']}",
        {"network": network, "training": training, "seeds": seeds, "standardise": kind != "pixels"},
        node["network"]["kind"],
        **inputs,
    )
    return {"model": model, "split": split, "features": features}


def _weights(network: dict, seed: int) -> Stage:
    """The weights that a network starts from; their settings are taken out of the network's."""
    source = {"architecture": network["architecture"], "weights": network.pop("weights"), "url": network.pop("source")}
    source["seed"] = seed if source["weights"] == "none" else 0
    return make_stage("weights", f"{source['architecture']}-{Path(source['weights']).stem}", source)


def _feature_cache(network: dict, feature_cache: dict, corpus: str, features: Stage, weights: Stage) -> Stage:
    settings = {name: network[name] for name in ("architecture", "normalise", "frozen")} | stored
    # not before the last block: networks that differ in their pooling then share the activations
    settings["pooling"] = network["pooling"] if network["frozen"] == BLOCKS else "average"
    slug = f"{network['architecture']}-{corpus}"
    return make_stage("feature_cache", slug, settings, features=features, weights=weights)


def member_seeds(seed: int, members: int) -> list[int]:
    """The seeds of an ensemble's members: ensembles of one size and different seeds have none in common."""
    return [seed] if members == 1 else [seed * members + member for member in range(members)]


def _features(settings: dict, node: dict, name: str, corpus: Stage) -> Stage:
    features = dict(node["features"])
    if features["kind"] == "action_units":
        features["table"] = features["table"] or corpus.settings["root"]
    return make_stage("features", f"{features['kind']}-{name}", features, features["kind"], corpus=corpus)


def _predictions(settings: dict, modality: str, node: dict, combined: list[dict]) -> Stage:
    """What scores a modality's clips. `combined`: the members of one that is a ensemble."""
    slug = f"{modality}-{node['name']}"
    if "posteriors" in node:
        split, _ = _split(settings, modality, node)
        given = node["posteriors"] | {"merge": settings["emotions"]["merge"]}
        return make_stage("posteriors", modality, given, split=split)
    if "ensemble" in node:
        members = [_predictions(settings, modality, member, []) for member in combined]
        said = {"pool": node["pool"], "members": [member["name"] for member in combined]}
        return make_stage("ensemble", slug, said, members=members)
    parts = _model(settings, modality, node)
    threads = {"threads": node["training"]["threads"]}
    return make_stage("predictions", slug, threads, node["network"]["kind"], **parts)


def _compared(settings: dict, modality: str, node: dict, own: bool) -> list[Stage]:
    """The models of a network whose training is compared, all its seeds; the experiment's `own` is a job by itself."""
    first = _model(settings, modality, node)["model"]
    trained = first.settings["seeds"]
    more = [settings["seed"] + number for number in range(settings["report"]["seeds"])][len(trained) :]
    if not more:
        return [first]
    if own:
        return [first, _model(settings, modality, node, more)["model"]]
    return [_model(settings, modality, node, [*trained, *more])["model"]]


def _split_of(predictions: Stage) -> Stage:
    """The split that a modality is scored on; a ensemble has its members'."""
    return predictions.inputs["split"] if "split" in predictions.inputs else _split_of(predictions.inputs["members"][0])


def _report(settings: dict, beside: dict[str, list[dict]], combined: dict[str, list[dict]]) -> Stage:
    modalities = settings["modalities"]
    members = {
        modality: _predictions(settings, modality, settings[modality], combined.get(modality, []))
        for modality in modalities
    }
    fusion = make_stage("fusion", settings["fusion"]["rule"], settings["fusion"], **members)
    evaluated = settings["evaluation"] | {"steps": settings["fusion"]["steps"]}
    evaluation = make_stage("evaluation", settings["fusion"]["rule"], evaluated, fusion=fusion, **members)
    trained = {name: combined.get(name, [settings[name]]) for name in modalities if "posteriors" not in settings[name]}
    curves = {}
    for modality, chosen in trained.items():
        nodes = {node["name"]: node for node in [*chosen, *beside.get(modality, [])]}
        curves[modality] = [
            (name, model)
            for name, node in nodes.items()
            for model in _compared(settings, modality, node, node in chosen)
        ]
    described = {
        **{key: settings[key] for key in ("experiment", "modalities", "fusion", "published", "seed", "emotions")},
        "title": settings["report"]["title"] or settings["experiment"],
        "confidence": settings["evaluation"]["confidence"],
        "protocol": {
            "name": settings["protocol"]["kind"],
            "description": settings["protocol"]["description"],
            "leaks_speakers": settings["protocol"]["kind"] in LEAKING_PROTOCOLS,
        },
        "normalised_by_speaker": [
            name
            for name, chosen in trained.items()
            if any(node["training"]["standardise"] == "each_speaker" for node in chosen)
        ],
        "demo": any(corpus["demo"] is not None for corpus in settings["corpora"].values()),
        "curves": {modality: [name for name, _ in models] for modality, models in curves.items()},
    }
    inputs = {f"predictions_{modality}": stage for modality, stage in members.items()}
    inputs |= {f"curves_{modality}": [model for _, model in models] for modality, models in curves.items()}
    splits = [_split_of(members[modality]) for modality in modalities]
    return make_stage(
        "report", settings["experiment"], described, fusion=fusion, evaluation=evaluation, splits=splits, **inputs
    )
