"""Bundles that cannot be read."""

import json

import pytest

from emofusion.errors import EmofusionError
from emofusion.features.pixels import Pixels
from emofusion.networks.backbone.stages import FrozenBlocks
from emofusion.scoring.bundle import FILE, Part, key_of, read_bundle
from emofusion.settings.encoding import decode


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "is no registered model of emofusion"),
        ("{", "is no registered model of emofusion"),
        ("[]", "is no registered model of emofusion"),
        (json.dumps({"format": 99, "bundle": {"emofusion": "9.9"}}), "was written by emofusion 9.9"),
        (json.dumps({"format": 1, "bundle": {"emofusion": "0.1", "_type": "emofusion.gone:Kind"}}), "emofusion 0.1"),
        (
            json.dumps({"format": 1, "bundle": {"emofusion": "0.1", "_type": "subprocess:Popen"}}),
            "no class of settings",
        ),
        (json.dumps({"format": 1, "bundle": {"emofusion": "0.1"}}), "cannot read it"),
    ],
)
def test_a_file_that_is_no_bundle_of_this_version_is_refused(tmp_path, content, said):
    if content is not None:
        (tmp_path / FILE).write_text(content)
    with pytest.raises(EmofusionError, match=said):
        read_bundle(tmp_path)


def test_frozen_parts_that_start_from_other_weights_have_other_keys(tmp_path):
    """Files of weights of one architecture have one size, whatever is in them."""
    features = Pixels(size=32)
    frozen = FrozenBlocks("mobilenet_v2", "imagenet", "average", 5, "half", 1, 0.0, 0.0, 1)
    first, second, copy = (tmp_path / name for name in ("first", "second", "copy"))
    for path, content in ((first, b"weights 1"), (second, b"weights 2"), (copy, b"weights 1")):
        path.write_bytes(content)
    keys = [key_of(Part("", features, frozen), features, path) for path in (first, second, copy, tmp_path / "none")]
    assert keys[0] == keys[2] and len(set(keys)) == 3
    before = key_of(Part("", features), features, first)
    assert before == key_of(Part("", features), features, second) not in keys
    first.write_bytes(b"other weights")
    assert key_of(Part("", features, frozen), features, first) not in keys


def test_a_file_of_settings_makes_no_object_but_settings(tmp_path):
    """Files that come from elsewhere, such as registered models, may name any class and any function."""
    made = tmp_path / "made"
    for name in ("os:mkdir", "pathlib:Path.touch", "subprocess:run", "builtins:open"):
        with pytest.raises(ValueError, match="no class of settings"):
            decode({"_type": name, "path": str(made)})
    assert not made.exists()
