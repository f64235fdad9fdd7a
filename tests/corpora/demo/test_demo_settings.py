import pytest

from emofusion.corpora.demo import generate
from emofusion.corpora.demo.settings import DemoSettings
from emofusion.errors import EmofusionError


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"layout": "kdef", "angels": ["straight"]}, "angels"),
        ({"seed": 1}, "layout"),
        ({"layout": "emodb"}, "layout='emodb'"),
        ({"layout": "savee", "people": 5}, "people=5"),
        ({"layout": "savee", "people": 2.0}, "people=2.0"),
        ({"layout": "kdef", "seed": True}, "seed=True"),
        ({"layout": "kdef", "difficulty": "high"}, "difficulty='high'"),
        ({"layout": "kdef", "angles": ["upwards"]}, "angles"),
        ({"layout": "kdef", "angles": "straight"}, "angles"),
        ({"layout": "kdef", "sessions": ["C"]}, "sessions"),
        ({"layout": "ravdess", "repetitions": 3}, "repetitions=3"),
    ],
)
def test_a_wrong_setting_is_named_and_nothing_is_written(settings, named, tmp_path):
    with pytest.raises(EmofusionError, match=named):
        generate(settings, tmp_path / "corpus")
    assert list(tmp_path.iterdir()) == []


def test_angles_by_name_or_by_code():
    settings = DemoSettings.of({"layout": "kdef", "angles": ["half_left", "S", "straight"]})
    assert settings.angles == ("HL", "S")
