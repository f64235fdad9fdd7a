"""Fingerprints of code: what counts as another code, and what does not."""

import ast
import json
import uuid
from importlib.metadata import version

import pytest

from emofusion.networks.sklearn import Sklearn
from emofusion.plan import fingerprint
from emofusion.plan.fingerprint import code_fingerprint, imported_libraries, module_closure
from emofusion.plan.making import code_of, making_of
from emofusion.plan.stage import KINDS, LIBRARY, modules_of
from emofusion.plan.versions import library_versions
from emofusion.settings import plugins
from emofusion.settings.plugins import PLUGIN_MODULE, import_plugin


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package in place of emofusion's: it sets texts of modules, and answers with the fingerprint of `a`."""
    monkeypatch.setattr(fingerprint, "PACKAGE", tmp_path)

    def write(files: dict[str, str] | None = None, **modules: str) -> str:
        for name, text in {**modules, **(files or {})}.items():
            path = tmp_path / f"{name}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        fingerprint.clear_caches()
        return code_fingerprint("emofusion.a")

    yield write
    fingerprint.clear_caches()


@pytest.mark.parametrize(
    "text",
    [
        "from emofusion import b\n",
        "import emofusion.b\n",
        "from emofusion.b import VALUE\n",
        "from . import b\n",
        "from .b import VALUE\n",
        "import threading\n\nwith threading.Lock():\n    from emofusion import b\n",
        "def f():\n    from emofusion import b\n    return b\n",
        "def f():\n    from .b import VALUE\n    return VALUE\n",
        "class C:\n    def f(self):\n        import emofusion.b\n",
        "try:\n    from emofusion import b\nexcept ImportError:\n    b = None\n",
        "if True:\n    from emofusion import b\n",
    ],
)
def test_an_edit_of_what_is_imported_anywhere_counts(package, text):
    first = package(a=text, b="VALUE = 1\n")
    assert package(b="VALUE = 2\n") != first
    assert package(b="VALUE = 1\n") == first


def test_relative_imports_are_followed_in_folders(package):
    files = {"sub/__init__": "", "sub/c": "from ..b import VALUE\n"}
    first = package(files, a="from emofusion.sub import c\n", b="VALUE = 1\n")
    assert package(b="VALUE = 2\n") != first
    first = package({"sub/c": "from .d import VALUE\n", "sub/d": "VALUE = 1\n"})
    assert package({"sub/d": "VALUE = 2\n"}) != first


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def f():\n    return 1\n", 'def f():\n    """Now documented."""\n    return 1\n'),
        ('def f():\n    """One."""\n    return 1\n', 'def f():\n    """Another."""\n    return 1\n'),
        ("class C:\n    x = 1\n", 'class C:\n    """Now documented."""\n\n    x = 1\n'),
        ("class C:\n    pass\n", 'class C:\n    """Only documented."""\n'),
        ("x = 1\n", '"""A module."""\n\nx = 1  # why\n'),
        ("def f(): return 1\n", "def f():\n\n    return 1\n"),
        ("async def f():\n    return 1\n", 'async def f():\n    """Now."""\n    return 1\n'),
        ("x = 1\n", "from typing import TYPE_CHECKING\n\nx = 1\nif TYPE_CHECKING:\n    from emofusion import b\n"),
    ],
)
def test_docstrings_comments_and_formatting_do_not_count(package, before, after):
    first = package(a=before, b="VALUE = 1\n")
    second = package(a=after)
    if "TYPE_CHECKING" in after:
        second = second if package(b="VALUE = 2\n") == second else "an edit of what only types need counted"
        assert second == package(a=after)
    else:
        assert second == first


def test_code_is_hashed_alike_by_every_version_of_python(package, monkeypatch):
    text = "def f(x, *, y=None):\n    match x:\n        case {'a': 1, **z}:\n"
    text += "            return {**z, 'b': f'{y!r:>3}'}\n"
    first = package(a=text)
    parse = ast.parse

    def parsed(source):
        tree = parse(source)
        for node in ast.walk(tree):  # Python 3.12 has added this field, and the next will add another
            node._fields = (*node._fields, "type_params", "something")
            node.type_params, node.something = [], None
        return tree

    monkeypatch.setattr(ast, "parse", parsed)
    assert package(a=text) == first
    assert package(a=text.replace("1", "None")) != first


def test_code_counts(package):
    first = package(a="def f():\n    return 1\n")
    assert package(a="def f():\n    return 2\n") != first
    # a text that is no docstring does something
    assert package(a='def f():\n    x = 1\n    """Text."""\n    return x\n') != package(
        a="def f():\n    x = 1\n    return x\n"
    )


def test_the_files_that_a_package_keeps_count_to_the_byte(package, tmp_path):
    (tmp_path / "page" / "assets").mkdir(parents=True)
    prints = [package({"page/__init__": "VALUE = 1\n"}, a="from emofusion import page\n")]
    for script in ("go();\n", "stop();\n"):
        (tmp_path / "page" / "assets" / "page.js").write_text(script)
        prints.append(package())
    assert len(set(prints)) == 3


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """A plug-in that imports a module of a folder on Python's path and names a data file: writes them, and answers with
    the plug-in's fingerprint."""
    name = f"lab{uuid.uuid4().hex}"
    monkeypatch.syspath_prepend(tmp_path / "path")

    def write(files: dict[str, str]) -> str:
        for file, text in files.items():
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / file).write_text(text.replace("LAB", name))
        module = import_plugin(tmp_path / "kinds" / f"rule_{name}.py").__name__
        fingerprint.clear_caches()
        return code_fingerprint(module)

    code = "import json\nimport numpy\nfrom pathlib import Path\nfrom LAB.tools import combine\n"
    code += 'WEIGHTS = json.loads(Path(__file__).with_name("w.json").read_text())\n'
    first = {f"kinds/rule_{name}.py": code, "kinds/w.json": "[0.5]", "kinds/other.json": "1"}
    first |= {f"path/{name}/__init__.py": "", f"path/{name}/tools.py": "from LAB.more import A\ncombine = min\n"}
    first |= {f"path/{name}/more.py": "A = 1\n", f"path/{name}/unused.py": "B = 1\n"}
    yield lambda edited: write({file.replace("LAB", name): text for file, text in (first | edited).items()})
    del plugins._loaded[f"{PLUGIN_MODULE}rule_{name}"]
    fingerprint.clear_caches()


def test_what_a_plugin_imports_from_own_folders_and_reads_beside_it_counts(plugin):
    """A folder on PYTHONPATH has no version; neither has a file with weights."""
    first = plugin({})
    assert plugin({"path/LAB/tools.py": "from LAB.more import A\ncombine = max\n"}) != first
    assert plugin({"path/LAB/more.py": "A = 2\n"}) != first
    assert plugin({"kinds/w.json": "[0.6]"}) != first
    assert (
        plugin({"kinds/other.json": "2", "path/LAB/unused.py": "B = 2\n", "path/LAB/more.py": "A = 1  # a\n"}) == first
    )


def test_installed_libraries_are_no_code_of_a_plugin_unless_they_are_installed_to_be_edited(plugin, monkeypatch):
    plugin({})
    assert not any(fingerprint.is_ours(name) for name in ("numpy", "sklearn", "PIL", "yaml", "json", "xml.dom"))
    for editable, expected in ((True, False), (False, True)):
        about = json.dumps({"url": "file:///x", "dir_info": {"editable": editable}})
        found = type("Found", (), {"read_text": lambda self, name, about=about: about})()
        monkeypatch.setattr(fingerprint, "distribution", lambda name, found=found: found)
        fingerprint.clear_caches()
        assert fingerprint._has_a_version("anything") == expected


def test_scripts_count(tmp_path):
    script = tmp_path / "work.py"
    script.write_text("VALUE = 1\n")
    first = code_fingerprint("emofusion.emotions", scripts=(script,))
    fingerprint.clear_caches()
    script.write_text('"""Says."""\nVALUE = 1\n')
    assert code_fingerprint("emofusion.emotions", scripts=(script,)) == first
    fingerprint.clear_caches()
    script.write_text("VALUE = 2\n")
    assert code_fingerprint("emofusion.emotions", scripts=(script,)) != first


def test_a_stage_is_fingerprinted_by_what_it_runs_only():
    for kind in KINDS.values():
        assert not kind.modules or code_fingerprint(*kind.modules)
    training = set(module_closure("emofusion.training.fit"))
    assert "emofusion.training.augment" in training
    assert not any(name.startswith(("emofusion.fusion", "emofusion.reporting", "emofusion.plan")) for name in training)
    # a table that somebody else made is read by a function that imports its reader
    assert "emofusion.tables" in module_closure("emofusion.corpora.ravdess")


def test_the_libraries_of_a_stage_are_those_that_its_code_imports():
    assert {"torch", "pytorch_lightning", "numpy"} <= imported_libraries("emofusion.training.fit")
    assert "torch" not in imported_libraries("emofusion.fusion.common.fuse")
    assert "sklearn" in imported_libraries("emofusion.fusion.common.stacking")


def test_every_stage_that_computes_records_what_it_computes_with(repository, planned):
    plans = [planned(name) for name in ("demo", "ravdess_best", "crema_d_people")]
    plans.append(planned("posteriors", "evaluation.groups=[intensity]"))
    plans.append(planned("ravdess_openface", "speech=ensemble"))
    plans.append(planned("demo", "speech.distortion.snr=10"))
    stages = {stage.kind: stage for plan in plans for stage in plan.stages.values()}
    versions = {kind: set(making_of(stage, repository).versions) for kind, stage in stages.items()}
    assert set(versions) == set(KINDS)  # a kind of stage that no plan here has would go untested
    for kind in set(KINDS) - {"download"}:  # which fetches files whose digests are known
        assert {"numpy"} <= versions[kind], kind
    for kind in ("model", "predictions", "feature_cache", "weights"):
        assert "torch" in versions[kind], kind
    for kind in ("corpus", "split", "groups", "rules", "fusion", "report", "posteriors", "ensemble"):
        assert "pandas" in versions[kind] and "torch" not in versions[kind], kind


def test_what_a_script_imports_itself_is_recorded_too(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import pandas\n\n\ndef work():\n    from emofusion.fusion.common import stacking\n")
    assert {"pandas", "scikit-learn", "numpy"} <= set(library_versions(scripts=(script,)))
    assert "pandas" not in library_versions("emofusion.emotions")


def test_libraries_that_settings_name_are_part_of_what_makes_a_model():
    """An update of the library of an estimator is noticed, though none of our modules imports it."""
    network = Sklearn(
        estimator="sklearn.multiclass.OneVsRestClassifier",
        settings={"estimator": {"estimator": "pooch.core.Pooch"}},
        transformers=["soxr.Resampler", {"estimator": "numba.core.Thing"}],
        candidates={"estimator": [{"estimator": "lazy_loader.Loader"}]},
    )
    libraries = ("lazy_loader", "numba", "pooch", "sklearn", "soxr")
    assert network.libraries() == libraries
    modules = modules_of([network])
    assert modules == {"emofusion.networks.sklearn", *(LIBRARY + name for name in libraries)}
    assert code_of(modules) == ("emofusion.networks.sklearn",)
    assert code_of(["a_module_without_source"]) == ("a_module_without_source",)  # and `code_fingerprint` refuses it
    versions = library_versions("emofusion.emotions", also=libraries)
    assert versions["pooch"] == version("pooch") and versions["scikit-learn"] == version("scikit-learn")
    assert "pooch" not in library_versions("emofusion.emotions")
