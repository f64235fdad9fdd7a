"""A stage: one unit of work, its key, its files, and the code that it runs."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import PurePosixPath

from emofusion.plan.fingerprint import code_fingerprint

RESULTS = PurePosixPath("results")

# What the stages of a kind write (the first is what stands for the stage), and the modules that they run.
OUTPUTS = {
    "demo": ["corpus"],
    "download": ["receipt.json"],
    "weights": ["weights.safetensors"],
    "corpus": ["clips.parquet"],
    "split": ["split.parquet", "left_out.csv"],
    "features": ["features.npy", "rows.parquet"],
    "feature_cache": ["features.npy", "rows.parquet"],
    "model": ["model.json", "history.parquet", "folds"],
    "predictions": ["predictions.parquet"],
    "posteriors": ["predictions.parquet"],
    "ensemble": ["predictions.parquet"],
    "fusion": ["fused.parquet", "rules.parquet", "parameters.parquet"],
    "evaluation": ["evaluation"],
    "report": ["report"],
}
NETWORK_MODULES = {
    "cnn1d": ["emofusion.networks.common.recurrent_and_convolutional"],
    "cnn1d_deep": ["emofusion.networks.common.recurrent_and_convolutional"],
    "lstm": ["emofusion.networks.common.recurrent_and_convolutional"],
    "mlp": [],
    "backbone": ["emofusion.networks.backbone.network", "emofusion.networks.backbone.feature_cache"],
}
MODULES = {
    "demo": {"": ["emofusion.corpora.demo"]},
    "download": {"": ["emofusion.corpora.common.zenodo"]},
    "weights": {"": ["emofusion.networks.backbone.weights"]},
    "corpus": {
        "kdef": ["emofusion.corpora.kdef"],
        "savee": ["emofusion.corpora.savee"],
        "ravdess": ["emofusion.corpora.ravdess"],
        "folder": ["emofusion.corpora.folder"],
    },
    "split": {"": ["emofusion.protocols.common.split"]},
    "features": {
        "acoustic": ["emofusion.features.common.feature_set", "emofusion.features.acoustic.compute"],
        "acoustic_statistics": [
            "emofusion.features.common.feature_set",
            "emofusion.features.acoustic_statistics.compute",
        ],
        "functionals": ["emofusion.features.common.feature_set", "emofusion.features.functionals.compute"],
        "pixels": ["emofusion.features.common.feature_set", "emofusion.features.pixels.compute"],
        "action_units": ["emofusion.features.common.feature_set", "emofusion.features.action_units.compute"],
    },
    "feature_cache": {"": ["emofusion.networks.backbone.feature_cache"]},
    "model": {kind: ["emofusion.training.fit", *modules] for kind, modules in NETWORK_MODULES.items()},
    "predictions": {kind: ["emofusion.training.predict", *modules] for kind, modules in NETWORK_MODULES.items()},
    "posteriors": {"": ["emofusion.predictions.posteriors"]},
    "ensemble": {"": ["emofusion.predictions.ensemble"]},
    "fusion": {"": ["emofusion.fusion.common.fuse"]},
    "evaluation": {"": ["emofusion.evaluation.evaluate", "emofusion.evaluation.sweep"]},
    "report": {"": ["emofusion.reporting", "emofusion.reporting.provenance"]},
}


@dataclass(frozen=True)
class Stage:
    """One unit of work. `settings` are all that decides its output besides `inputs`, the stages it reads, by role."""

    kind: str
    key: str
    settings: dict
    inputs: dict[str, "Stage | list[Stage]"]
    variant: str = ""

    @property
    def folder(self) -> str:
        return str(RESULTS / self.kind / self.key)

    @property
    def outputs(self) -> list[str]:
        return [f"{self.folder}/{name}" for name in OUTPUTS[self.kind]]

    def output(self, name: str) -> str:
        return f"{self.folder}/{name}"

    @property
    def input_files(self) -> dict[str, str | list[str]]:
        """By role, the first output of each stage that is read; as `table` a table that somebody else keeps."""
        given = {"table": self.settings.get("table")} if self.kind in ("corpus", "posteriors") else {}
        return {role: path for role, path in given.items() if path} | {
            role: [stage.outputs[0] for stage in stages] if isinstance(stages, list) else stages.outputs[0]
            for role, stages in self.inputs.items()
        }

    @property
    def input_keys(self) -> dict[str, str]:
        return {
            role: " ".join(stage.key for stage in stages) if isinstance(stages, list) else stages.key
            for role, stages in self.inputs.items()
        }

    @property
    def code(self) -> str:
        return code_fingerprint(*MODULES[self.kind][self.variant])


def make_stage(kind: str, slug: str, settings: dict, variant: str = "", **inputs) -> Stage:
    """A stage under a key made from its settings and from the keys of the stages it reads."""
    keys = {
        role: [s.key for s in stages] if isinstance(stages, list) else stages.key for role, stages in inputs.items()
    }
    text = json.dumps([kind, settings, keys], sort_keys=True, ensure_ascii=False)
    return Stage(kind, f"{slug}-{short_hash(text)}", settings, inputs, variant)


def short_hash(text: str) -> str:
    """Eight hexadecimal digits."""
    return hashlib.blake2b(text.encode(), digest_size=4).hexdigest()
