"""The ranges of a training's settings."""

import pytest

from emofusion.errors import EmofusionError
from emofusion.settings.fields import check
from emofusion.settings.training import Augment, Training, Unfreeze

BAD = [
    ("epochs", 0),
    ("learning_rate", 0.0),
    ("learning_rate", -1e-3),
    ("learning_rate", float("inf")),
    ("batch_size", 1),
    ("weight_decay", -0.1),
    ("keep", "first"),
    ("threads", 0),
    ("precision", "double"),
    ("backbone_rate", 0.0),
    ("members", 0),
    ("optimiser", "sgd"),
    ("schedule", "cosine"),
    ("label_smoothing", 1.0),
    ("patience", -1),
    ("augment.noise", -0.1),
    ("augment.gain", -0.1),
    ("augment.shift", -1),
    ("augment.time_masks", -1),
    ("augment.time_width", -1),
    ("augment.frequency_masks", 21),
    ("augment.frequency_width", -1),
    ("augment.spectrum", -1),
    ("augment.mixup", -0.4),
    ("unfreeze[0].epoch", -1),
    ("unfreeze[0].blocks", 0),
    ("unfreeze[0].blocks", 6),
]


@pytest.mark.parametrize(("setting", "value"), BAD)
def test_a_bad_value_is_refused_with_the_name_of_its_setting(setting, value):
    training = Training(epochs=2, learning_rate=1e-3, unfreeze=[Unfreeze(epoch=1, blocks=1)])
    check(training, "face.training")
    *path, name = setting.split(".")
    node = {"augment": training.augment, "unfreeze[0]": training.unfreeze[0]}[path[0]] if path else training
    setattr(node, name, value)
    with pytest.raises(EmofusionError) as refused:
        check(training, "face.training")
    assert str(refused.value).startswith(f"face.training.{setting}=")


@pytest.mark.parametrize("augment", [Augment(gain=0.1), Augment(frequency_masks=1)])
def test_gain_and_frequency_masks_need_the_spectrum(augment):
    with pytest.raises(
        EmofusionError, match=r"speech\.training\.augment\.spectrum=0: set it to the number of channels"
    ):
        check(Training(epochs=2, learning_rate=1e-3, augment=augment), "speech.training")
