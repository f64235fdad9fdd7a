"""Bundles that cannot be read."""

import json

import pytest

from emofusion.errors import EmofusionError
from emofusion.scoring.bundle import FILE, read_bundle
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


def test_a_file_of_settings_makes_no_object_but_settings(tmp_path):
    """Files that come from elsewhere, such as registered models, may name any class and any function."""
    made = tmp_path / "made"
    for name in ("os:mkdir", "pathlib:Path.touch", "subprocess:run", "builtins:open"):
        with pytest.raises(ValueError, match="no class of settings"):
            decode({"_type": name, "path": str(made)})
    assert not made.exists()
