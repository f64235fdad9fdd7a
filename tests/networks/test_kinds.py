"""The networks as kinds: quick to import, with ranges, and with what the plan asks of them."""

import subprocess
import sys
from dataclasses import fields

import pytest
from omegaconf import OmegaConf

from emofusion.errors import EmofusionError
from emofusion.networks.backbone import Backbone, BackboneWeights, FeatureCache, FrozenBlocks, TrainedBackbone
from emofusion.networks.cnn1d import Cnn1d
from emofusion.networks.cnn1d_deep import Cnn1dDeep
from emofusion.networks.kernel_ridge import KernelRidge
from emofusion.networks.lstm import Lstm
from emofusion.networks.mlp import Mlp
from emofusion.networks.sklearn import Sklearn
from emofusion.settings import registry
from emofusion.settings.encoding import decode, encode
from emofusion.settings.fields import check
from emofusion.settings.training import Training, Unfreeze

KINDS = {
    "backbone": Backbone,
    "cnn1d": Cnn1d,
    "cnn1d_deep": Cnn1dDeep,
    "kernel_ridge": KernelRidge,
    "lstm": Lstm,
    "mlp": Mlp,
    "sklearn": Sklearn,
}
# settings without a default
NEEDED = {Backbone: {"architecture": "vgg16"}, Sklearn: {"estimator": "sklearn.svm.SVC"}}
BAD = [
    (Cnn1d, "filters", 0),
    (Cnn1d, "filters", 4097),
    (Cnn1d, "kernels", []),
    (Cnn1d, "kernels", [0]),
    (Cnn1d, "kernels", [5, 1002]),
    (Cnn1d, "pool", 0),
    (Cnn1d, "pooling", "nonsense"),
    (Cnn1d, "pooling", "attention"),
    (Cnn1d, "dropout", 1.0),
    (Cnn1d, "dropout", -0.1),
    (Cnn1d, "dropout", float("nan")),
    (Cnn1d, "hidden", 0),
    (Cnn1dDeep, "filters", []),
    (Cnn1dDeep, "filters", [64, 0, 96]),
    (Cnn1dDeep, "filters", [64, 64]),
    (Cnn1dDeep, "kernel", 0),
    (Cnn1dDeep, "kernel", 4),
    (Cnn1dDeep, "strides", [1, 1]),
    (Cnn1dDeep, "strides", [0, 1, 1]),
    (Cnn1dDeep, "pools", [1, 2, 1, 1]),
    (Cnn1dDeep, "pools", [1, -2, 1]),
    (Cnn1dDeep, "pooling", "flatten"),
    (Cnn1dDeep, "block_dropout", 1.5),
    (Cnn1dDeep, "dropout", 1.5),
    (Lstm, "hidden", 0),
    (Lstm, "layers", 0),
    (Lstm, "layers", 17),
    (Lstm, "pooling", "flatten"),
    (Lstm, "dropout", 1.5),
    (KernelRidge, "combine", "sum"),
    (KernelRidge, "gammas", []),
    (KernelRidge, "gammas", [0.1, 0.1]),
    (KernelRidge, "alphas", [0.0]),
    (KernelRidge, "within", 1.0),
    (Mlp, "hidden", [0]),
    (Mlp, "hidden", [64, -1]),
    (Mlp, "dropout", 1.5),
    (Mlp, "input_dropout", 1.0),
    (Sklearn, "estimator", " "),
    (Sklearn, "settings", {"C": float("nan")}),
    (Backbone, "architecture", "resnet"),
    (Backbone, "normalise", "yes"),
    (Backbone, "pooling", "max"),
    (Backbone, "hidden", [0]),
    (Backbone, "dropout", 1.0),
    (Backbone, "feature_cache.precision", "double"),
    (Backbone, "feature_cache.views", 0),
    (Backbone, "feature_cache.views", 65),
    (Backbone, "feature_cache.shift", 1.5),
    (Backbone, "feature_cache.scale", 1.0),
    (Backbone, "feature_cache.threads", 0),
]


def valid(kind: type):
    return kind(**NEEDED.get(kind, {}))


def test_importing_the_kinds_imports_nothing_slow():
    code = (
        "import sys; from emofusion.settings.registry import kinds; print(','.join(sorted(kinds('networks'))));"
        "print(','.join(name for name in ('numpy', 'pandas', 'torch', 'torchvision') if name in sys.modules))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.splitlines() == [",".join(sorted(KINDS)), ""]


def test_the_networks_are_found_by_name():
    assert registry.kinds("networks") == KINDS
    with pytest.raises(
        EmofusionError, match=r"face\.network\.kind=transformer: no such kind; there are backbone, cnn1d"
    ):
        registry.kind("networks", "transformer", "face.network.kind")


@pytest.mark.parametrize("kind", KINDS.values())
def test_defaults_are_allowed_and_are_known_to_structured_configs(kind):
    check(valid(kind), "speech.network")
    assert list(OmegaConf.structured(kind)) == [field.name for field in fields(kind)]


@pytest.mark.parametrize(("kind", "setting", "value"), BAD)
def test_a_bad_value_is_refused_with_the_name_of_its_setting(kind, setting, value):
    network = valid(kind)
    *path, name = setting.split(".")
    node = network
    for part in path:
        node = getattr(node, part)
    setattr(node, name, value)
    # where lists have different lengths, the message names one of them
    named = rf"speech\.network\.{setting}=" if not (kind is Cnn1dDeep and value == [64, 64]) else r"filters has 2"
    with pytest.raises(EmofusionError, match=named):
        check(network, "speech.network")


@pytest.mark.parametrize("network", [Mlp(hidden=[]), Backbone(architecture="mobilenet_v2", hidden=[])])
def test_a_head_without_hidden_layers_is_allowed(network):
    check(network, "speech.network")


FROZEN = Training(epochs=4, learning_rate=1e-3)
LAST_TWO = Training(epochs=4, learning_rate=1e-3, unfreeze=[Unfreeze(epoch=1, blocks=1), Unfreeze(epoch=3, blocks=2)])
ALL = Training(epochs=4, learning_rate=1e-3, unfreeze=[Unfreeze(epoch=0, blocks=5)])
TOO_LATE = Training(epochs=4, learning_rate=1e-3, unfreeze=[Unfreeze(epoch=4, blocks=5)])
BACKBONE = Backbone(
    architecture="vgg16",
    source="https://example.org",
    pooling="flatten",
    feature_cache=FeatureCache(views=3, threads=2),
)


def test_a_network_without_given_weights_and_blocks_has_no_stages_of_its_own():
    for network in (Cnn1d(), Cnn1dDeep(), Lstm(), Mlp()):
        assert network.start_weights(3) is None and network.frozen_part(LAST_TWO, True) is None
        assert network.trained_part(LAST_TWO) is network and network.frozen_blocks(LAST_TWO, 0) == 0
        network.check_training(LAST_TWO, "speech")


def test_the_seed_matters_to_weights_that_are_drawn_only():
    assert BACKBONE.start_weights(3) == BackboneWeights("vgg16", "imagenet", "https://example.org", 0)
    drawn = Backbone(architecture="mobilenet_v2", weights="none")
    assert drawn.start_weights(3) == BackboneWeights("mobilenet_v2", "none", "", 3)


def test_the_frozen_part_is_what_no_epoch_trains():
    last = BACKBONE.frozen_part(LAST_TWO, trains=True)
    assert last == FrozenBlocks("vgg16", "imagenet", "average", 3, "half", 3, 0.05, 0.1, 2)
    assert last.label == "vgg16"
    # the pooling counts where the output is pooled, and views where the corpus trains
    assert BACKBONE.frozen_part(FROZEN, trains=False) == FrozenBlocks(
        "vgg16", "imagenet", "flatten", 5, "half", 1, 0.05, 0.1, 2
    )
    assert BACKBONE.frozen_part(TOO_LATE, trains=False) == BACKBONE.frozen_part(FROZEN, trains=False)
    assert BACKBONE.frozen_part(ALL, trains=True) is None


def test_the_trained_part_leaves_out_what_other_stages_decide():
    part = BACKBONE.trained_part(LAST_TWO)
    assert part == TrainedBackbone(architecture="vgg16", pooling="flatten", frozen=3)
    assert [part.frozen_blocks(LAST_TWO, epoch) for epoch in range(4)] == [5, 4, 4, 3]
    other = Backbone(architecture="vgg16", pooling="flatten", weights="none", feature_cache=FeatureCache(views=2))
    assert other.trained_part(LAST_TWO) == part
    assert decode(encode(part)) == part


def test_training_settings_that_do_not_fit_a_backbone_are_refused():
    BACKBONE.check_training(LAST_TWO, "face")
    with pytest.raises(EmofusionError, match=r"face\.network\.feature_cache\.views=3: views are those of"):
        BACKBONE.check_training(ALL, "face")
    normalised = Training(epochs=4, learning_rate=1e-3, speaker_normalisation=True)
    with pytest.raises(EmofusionError, match=r"face\.training\.speaker_normalisation=true: not of pictures"):
        BACKBONE.check_training(normalised, "face")
