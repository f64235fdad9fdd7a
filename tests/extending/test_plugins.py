"""Plug-in files: what is refused, what counts as their code, and that they are there before groups are composed."""

import sys

import pytest

from emofusion.errors import EmofusionError
from emofusion.plan import fingerprint
from emofusion.plan.fingerprint import code_fingerprint, imported_libraries
from emofusion.plan.make import plan_file
from emofusion.settings import registry
from emofusion.settings.compose import Composer
from emofusion.settings.encoding import decode, encode
from emofusion.settings.plugins import files_of, named_plugins

pytestmark = pytest.mark.usefixtures("no_plugins")

HEAD = """
from dataclasses import dataclass, field
from typing import ClassVar
from emofusion.settings.fields import setting
from emofusion.settings.kinds import Features, FusionRule, Kind, Metric, Network
"""
RULE = (
    HEAD
    + """
@dataclass
class Mine(FusionRule):
    label: ClassVar[str] = "mine"
    kind: str = "mine"
    {more}
    def make(self, task):
        return None
"""
)
CHOICE = """
from hydra.core.config_store import ConfigStore
ConfigStore.instance().store(group="speech", name="mine", package="speech", node={
    "defaults": [{"features": "acoustic"}, "_self_"],
    "name": "mine",
    "network": {"kind": "mlp", "hidden": [3]},
    "training": {"epochs": 1, "learning_rate": 0.1},
})
"""


@pytest.fixture
def plugin(tmp_path):
    """Writes a plug-in file and gives its path."""

    def write(text, name="mine.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        fingerprint.clear_caches()
        return path

    return write


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def broken(:\n", r"plugins: .*mine\.py cannot be imported: SyntaxError: "),
        ("import not_there\n", r"plugins: .*mine\.py cannot be imported: ModuleNotFoundError: No module named 'not_th"),
        ("1 / 0\n", r"cannot be imported: ZeroDivisionError"),
        (RULE.replace("@dataclass\n", "").format(more=""), r"Mine in /.*mine\.py: write @dataclass above the class"),
        (RULE.replace("kind: str =", "kind =").format(more=""), r'Mine in /.*mine\.py: .*kind: str = "mine" in it'),
        (RULE.format(more="values: list = []"), r"cannot be imported: ValueError: mutable default"),
        (RULE.format(more="value: complex = 1j"), r"Mine in /.*mine\.py declares settings that cannot be read: "),
        (RULE.format(more="value: 'Nowhere' = None"), r"Mine in /.*mine\.py declares settings that cannot be read: "),
        (RULE.replace('"mine"\n    kind', '""\n    kind').format(more=""), r"Mine in /.*mine\.py declares no label"),
        (
            RULE.replace('kind: str = "mine"', 'kind: str = "a/b"').format(more=""),
            r"Mine in .*: kind=a/b: files",
        ),
        (
            HEAD + "@dataclass\nclass Mine(Features):\n    kind: str = 'mine'\n    def dtype(self): ...\n",
            r"Mine in /.*mine\.py lacks the method row_shape, prepare",
        ),
        (
            RULE.replace('kind: str = "mine"', 'kind: str = "linear"').format(more=""),
            r"two fusion are called linear: Linear in emofusion\.fusion\.linear and Mine in /.*mine\.py; give one",
        ),
    ],
)
def test_a_bad_plugin_is_refused_with_one_message_and_forgotten(plugin, text, said):
    before = registry.kinds("fusion")
    with pytest.raises(EmofusionError, match=said) as raised:
        registry.load_plugin(plugin(text))
    assert "\n" not in str(raised.value)
    assert registry.kinds("fusion") == before
    assert (
        "mine"
        in registry.load_plugin(
            plugin(RULE.format(more="")),
        ).__name__
    )  # once it is put right


def test_files_that_are_no_plugins_are_refused(tmp_path, plugin):
    with pytest.raises(EmofusionError, match=r"plugins: there is no file /.*absent\.py"):
        registry.load_plugin(tmp_path / "absent.py")
    with pytest.raises(EmofusionError, match=r"plugins: .* is not a Python file; name a file that ends in \.py"):
        registry.load_plugin(tmp_path)
    registry.load_plugin(plugin(RULE.format(more="")))
    with pytest.raises(EmofusionError, match=r"/mine\.py and /.*/other/mine\.py have the same name; rename one"):
        registry.load_plugin(plugin("", "other/mine.py"))


def test_a_file_that_python_takes_another_module_for_is_refused(plugin):
    plugin("VALUE = 1\n", "colorsys.py")  # the standard library has one
    with pytest.raises(EmofusionError, match=r"imports colorsys, and Python takes /.*colorsys\.py instead of /"):
        registry.load_plugin(plugin("import colorsys\n"))
    # of two plug-ins in different folders, each with a file of the same name, the second would get the first's
    plugin("VALUE = 1\n", "a/share_of_both.py")
    plugin("VALUE = 2\n", "b/share_of_both.py")
    registry.load_plugin(plugin("import share_of_both\n", "a/first.py"))
    with pytest.raises(EmofusionError, match=r"imports share_of_both, and Python takes /.*/a/share_of_both\.py"):
        registry.load_plugin(plugin("import share_of_both\n", "b/second.py"))


def test_a_kind_that_does_not_exist_is_told_which_there_are(repository, plugin):
    path = plugin(RULE.format(more=""))
    composer = Composer(repository / "conf", "demo")
    for override, said in (
        ("speech.network.kind=nonsense", r"speech\.network\.kind=nonsense: no such kind; there are backbone, cnn1d"),
        ("protocol.kind=nonsense", r"protocol\.kind=nonsense: no such kind; there are cross_corpus"),
        ("+corpora.x={kind: nonsense}", r"corpora\.x\.kind=nonsense: no such kind; there are crema_d, emodb, folder"),
    ):
        with pytest.raises(EmofusionError, match=said):
            composer.settings([override])
    with pytest.raises(EmofusionError, match=r"fusion\.rule=nonsense: no such kind; there are chosen, linear,.*, mine"):
        plan_file(repository / "conf", "demo", f"plugins=[{path}] fusion.rule=nonsense", path.parent / "results")


def test_settings_of_a_plugin_are_checked_and_written_like_ours(repository, plugin):
    path = plugin(RULE.format(more="power: float = setting('An exponent.', 1.0, above=0)"))
    composer = Composer(repository / "conf", "demo")
    given = [f"plugins=[{path}]", "fusion.rule=mine"]
    settings = composer.settings([*given, "fusion.options.mine.power=2"])
    rule = settings.fusion.options["mine"]
    assert rule.power == 2.0 and decode(encode(rule)) == rule
    with pytest.raises(EmofusionError, match=r"fusion\.options\.mine\.pwer.*did you mean fusion\.options\.mine\.power"):
        composer.settings([*given, "fusion.options.mine.pwer=2"])


def test_entries_of_the_config_store_are_there_before_groups_are_composed(repository, plugin, tmp_path):
    path = plugin(CHOICE)
    composer = Composer(repository / "conf", "demo")
    with pytest.raises(EmofusionError, match=r"speech.mine"):
        composer.settings(["speech=mine"])
    chosen = composer.settings([f"plugins=[{path}]", "speech=mine", "speech.network.hidden=[5]"])
    assert chosen.modalities["speech"].network.hidden == [5] and chosen.modalities["speech"].name == "mine"
    another = composer.settings([f"plugins=[{path}]", "+speech@other=mine", "modalities=[face,other]"])
    assert another.modalities["other"].features.kind == "acoustic"
    plan = plan_file(repository / "conf", "demo", f"plugins=[{path}] speech=mine,cnn1d", tmp_path / "results")
    assert plan.facts["plugins"] == [str(path)] and len(plan.cells) == 2


def test_the_plugins_of_an_experiment_are_read_without_hydra(tmp_path, monkeypatch):
    monkeypatch.setenv("KINDS", "/elsewhere")
    (tmp_path / "experiment").mkdir()
    (tmp_path / "config.yaml").write_text("plugins: []\n")
    (tmp_path / "experiment" / "base.yaml").write_text("plugins: [base.py]\n")
    text = "defaults:\n  - base\n  - override /speech: mine\n  - _self_\nplugins: ['${oc.env:KINDS}/own.py']\n"
    (tmp_path / "experiment" / "own.yaml").write_text(text)
    assert named_plugins(tmp_path, "own") == ["/elsewhere/own.py", "base.py"]


def test_files_beside_a_plugin_count_as_its_code(plugin):
    plugin("from deeper import inner\nVALUE = 1\n", "beside_mine.py")
    plugin("", "deeper/__init__.py")
    inner = plugin("from .innermost import VALUE\n", "deeper/inner.py")
    innermost = plugin("import pandas\nVALUE = 1\n", "deeper/innermost.py")
    path = plugin("def late():\n    import beside_mine\n" + RULE.format(more=""))
    module = registry.load_plugin(path).__name__
    assert {file.name for file in files_of(path)} == {
        "mine.py", "beside_mine.py", "__init__.py", "inner.py", "innermost.py"
    }  # fmt: skip

    def fingerprint_now():
        fingerprint.clear_caches()
        return code_fingerprint(module)

    first = fingerprint_now()
    for file, text in (
        (innermost, "import pandas\nVALUE = 2\n"),
        (inner, "from .innermost import VALUE\n1\n"),
        (path, path.read_text() + "\nx = 1\n"),
    ):
        before = file.read_text()
        file.write_text('"""A docstring."""\n' + before)
        assert fingerprint_now() == first
        file.write_text(text)
        assert fingerprint_now() != first
        file.write_text(before)
        assert fingerprint_now() == first
    assert "pandas" in imported_libraries(module)


def test_a_plugin_elsewhere_has_the_same_fingerprint(plugin, monkeypatch):
    prints = []
    for folder in ("here", "there"):
        path = plugin(RULE.format(more=""), f"{folder}/mine.py")
        monkeypatch.setattr("emofusion.settings.plugins._loaded", {})
        prints.append(code_fingerprint(registry.load_plugin(path).__name__))
    assert prints[0] == prints[1]


def test_a_plan_follows_the_code_of_its_plugins(repository, plugin, tmp_path):
    helper = plugin("DEFAULT = 1.0\n", "default_of_mine.py")
    path = plugin("from default_of_mine import DEFAULT\n" + RULE.format(more="power: float = setting('One.', DEFAULT)"))

    def plan():
        return plan_file(repository / "conf", "demo", f"plugins=[{path}] fusion.rule=mine", tmp_path / "results").path

    first = plan()
    assert plan() == first
    helper.write_text("DEFAULT = 2.0\n")
    assert plan() != first
    helper.write_text("DEFAULT = 1.0\n")
    assert plan() == first


def test_kinds_that_a_plugin_imports_from_beside_are_its_kinds(plugin):
    plugin(RULE.format(more=""), "beside_rules.py")
    registry.load_plugin(plugin("from emofusion.fusion.linear import Linear\nfrom beside_rules import Mine\n"))
    assert registry.kinds("fusion")["mine"] is sys.modules["beside_rules"].Mine
