import pytest
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from emofusion.corpora.demo.generator import generate
from emofusion.corpora.demo.settings import DemoSettings
from emofusion.corpora.kdef import Kdef
from emofusion.errors import EmofusionError
from emofusion.settings.fields import check


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"layout": "kdef", "angels": ["straight"]}, "angels"),
        ({"seed": 1}, "layout"),
        ({"layout": "emodb"}, "layout=emodb"),
        ({"layout": "savee", "people": 5}, "people=5"),
        ({"layout": "ravdess", "people": 25}, "people=25"),
        ({"layout": "kdef", "people": 71}, "people=71"),
        ({"layout": "kdef", "people": 0}, "people=0"),
        ({"layout": "savee", "people": 2.0}, "people"),
        ({"layout": "kdef", "seed": True}, "seed"),
        ({"layout": "kdef", "seed": -1}, "seed=-1"),
        ({"layout": "kdef", "seed": 2**31}, "seed="),
        ({"layout": "kdef", "difficulty": "high"}, "difficulty"),
        ({"layout": "kdef", "difficulty": 5.5}, "difficulty=5.5"),
        ({"layout": "kdef", "size": 31}, "size=31"),
        ({"layout": "savee", "sample_rate": 4000}, "sample_rate=4000"),
        ({"layout": "savee", "seconds": 0.4}, "seconds=0.4"),
        ({"layout": "ravdess", "frame_rate": 0}, "frame_rate=0"),
        ({"layout": "savee", "utterances": 16}, "utterances=16"),
        ({"layout": "kdef", "angles": ["upwards"]}, "angles"),
        ({"layout": "kdef", "angles": []}, "angles"),
        ({"layout": "kdef", "angles": "straight"}, "angles"),
        ({"layout": "kdef", "sessions": ["C"]}, "sessions"),
        ({"layout": "kdef", "sessions": []}, "sessions"),
        ({"layout": "ravdess", "repetitions": 3}, "repetitions=3"),
    ],
)
def test_a_wrong_setting_is_named_and_nothing_is_written(settings, named, tmp_path):
    with pytest.raises((EmofusionError, OmegaConfBaseException), match=named):
        node = OmegaConf.merge(OmegaConf.structured(DemoSettings), settings)
        generate(OmegaConf.to_object(node), tmp_path / "corpus")
    assert list(tmp_path.iterdir()) == []


def test_angles_by_name_or_by_code():
    settings = DemoSettings(layout="kdef", angles=["half_left", "S", "straight"])
    check(settings, "demo")
    assert settings.angle_codes == ["HL", "S"]


def test_the_generator_has_to_write_the_layout_that_is_read():
    check(Kdef(demo=DemoSettings(layout="kdef")), "corpora.mine")
    with pytest.raises(EmofusionError, match=r"corpora\.mine\.demo\.layout=savee: .* corpora\.mine\.demo\.layout=kdef"):
        check(Kdef(demo=DemoSettings(layout="savee")), "corpora.mine")
    with pytest.raises(EmofusionError, match=r"corpora\.mine\.demo\.people=0: from 1 to 70"):
        check(Kdef(demo=DemoSettings(layout="kdef", people=0)), "corpora.mine")
