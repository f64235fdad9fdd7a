"""Every command of the README and of docs/ can be typed as it stands, and every override in their text exists.

A command that Snakemake is to run is dry-run, once for each kind of command. All others are planned, which is what a
dry run does first. Files that a page names and a reader brings are made here; a corpus that is not there is named.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pytest

from emofusion.commands.arguments import parser
from emofusion.errors import EmofusionError
from emofusion.plan.make import check_sources, plan_file
from emofusion.settings.compose import Composer
from emofusion.settings.overrides import expand, split_overrides

REPOSITORY = Path(__file__).resolve().parents[1]
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
PLACEHOLDERS = {"<name>": "paper", "<key>": "some-key", "…": ""}
EMOTIONS = ["neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised"]
# What is said of corpora that have to be asked for.
ABSENT = r"the corpus \w+ is not there: .*(Download|Get|register|Write|Clone|put)|(there is )?no such file"
BY_ITSELF = ("snakemake", "make", "python", "pip", "mlflow", "emofusion")


@dataclass
class Command:
    """A command as a page has it, and what it says.

    options: what Snakemake is given besides `--config`. config: its settings.
    """

    page: str
    text: str
    options: list[str] = field(default_factory=list)
    config: dict[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> tuple[str, ...]:
        """Its options and targets, without the number of cores: commands of one kind differ in their settings."""
        return tuple(option for option in self.options if not option.isdigit() and option != "-n")


def code_lines(page: Path) -> Iterator[str]:
    """The lines of indented and of fenced code; lines that end in a backslash are joined with the next."""
    fenced, pending = False, ""
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.lstrip().startswith("```"):
            fenced = not fenced
            continue
        if not (fenced or line.startswith(("    ", "\t"))):
            continue
        pending = f"{pending} {line.strip()}".strip()
        if pending.endswith("\\"):
            pending = pending[:-1].strip()
            continue
        yield re.sub(r"\s+# .*$", "", pending)
        pending = ""


def inline_code(page: Path) -> Iterator[str]:
    """What stands in backticks within the text, even over the end of a line."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    yield from (" ".join(code.split()) for code in re.findall(r"(?<!`)`([^`]+)`(?!`)", text))


def commands(first: str) -> list[Command]:
    """The commands of all pages that begin with a word, each once a page."""
    collected = []
    for page in PAGES:
        texts = [text for text in [*code_lines(page), *inline_code(page)] if text.split(" ")[0] == first]
        collected += [Command(page.name, text) for text in dict.fromkeys(texts)]
    return collected


def snakemake_commands() -> list[Command]:
    collected = commands("snakemake")
    for command in collected:
        text = command.text
        for placeholder, meaning in PLACEHOLDERS.items():
            text = text.replace(placeholder, meaning)
        is_config = False
        for word in shlex.split(text)[1:]:
            is_config = word == "--config" or (is_config and not word.startswith("-"))
            if not is_config:
                command.options.append(word)
            elif word != "--config":
                name, _, value = word.partition("=")
                command.config[name] = value
    return collected


SNAKEMAKE = snakemake_commands()


def of_each_kind() -> list[Command]:
    first: dict[tuple[str, ...], Command] = {}
    for command in SNAKEMAKE:
        first.setdefault(command.kind, command)
    return list(first.values())


def named(listed: list[Command]):
    return pytest.mark.parametrize("command", listed, ids=[f"{command.page}: {command.text}" for command in listed])


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy of what Snakemake reads of the repository, with the files of conf/ that the pages write."""
    copy = tmp_path_factory.mktemp("checkout")
    for folder in ("conf", "workflow", "profiles"):
        shutil.copytree(REPOSITORY / folder, copy / folder)
    shutil.copy(REPOSITORY / "Snakefile", copy)
    for page in PAGES:
        for block in re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL):
            for path in re.findall(r"^# (conf/\S+\.yaml)$", block, flags=re.MULTILINE):
                (copy / path).parent.mkdir(parents=True, exist_ok=True)
                (copy / path).write_text(block.replace("/data/mine", str(copy / "mine")), encoding="utf-8")
    (copy / "mine").mkdir()
    (copy / "mine" / "clips.csv").write_text("audio,actor,gender,emotion\na.wav,1,female,happy\n")
    return copy


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder to work in, with the profiles of the repository and the tables that a reader brings."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "profiles").symlink_to(REPOSITORY / "profiles")
    table = pd.DataFrame({"clip": ["03-01-01-01-01-01-01"], "fold": [0]} | {emotion: [0.0] for emotion in EMOTIONS})
    table.to_csv("mine.csv", index=False)
    ensemble = tmp_path / "results" / "ensemble" / PLACEHOLDERS["<key>"]
    ensemble.mkdir(parents=True)
    table.to_parquet(ensemble / "predictions.parquet")
    return tmp_path


def test_the_pages_have_commands():
    assert len(SNAKEMAKE) >= 12 and len(of_each_kind()) >= 3
    assert {"README.md", "audit.md", "corpora.md", "fusion.md", "ravdess.md"} <= {command.page for command in SNAKEMAKE}


@named(SNAKEMAKE)
def test_a_command_is_planned(command, checkout, folder):
    experiments = command.config.get("experiment", "demo").split(",")
    for experiment in experiments:
        ablations = command.config.get("ablation", "").split(",")
        grid = {"ablation": ablations[0] or None, "baseline": command.config.get("baseline")}
        plan = plan_file(checkout / "conf", experiment, command.config.get("override"), folder / "results", **grid)
        assert plan.cells
        if not {"audit", "prune"} & set(command.options):
            assert_only_corpora_are_absent(plan, folder / "results")


def assert_only_corpora_are_absent(plan, results):
    try:
        check_sources(plan, results)
    except EmofusionError as error:
        for message in str(error).split("\n\n"):
            is_real = os.environ.get("EMOFUSION_REAL_DATA", "shared/real") in message  # the posteriors of others
            assert re.search(ABSENT, message, flags=re.DOTALL) or is_real, message


@named(of_each_kind())
def test_a_command_of_each_kind_runs_dry(command, checkout, folder):
    options = list(command.options)
    if "profiles/slurm" in options and find_spec("snakemake_executor_plugin_slurm") is None:
        pytest.skip("emofusion is installed without its extra `slurm`")
    if "--report" in options:  # a report is of results that are there
        run(checkout, folder, ["--cores", "1", "audit"], {})
        options.append("audit")
    elif "-n" not in options:
        options.append("-n")
    done = run(checkout, folder, options, command.config)
    absent = re.search(ABSENT, done.stdout + done.stderr, flags=re.DOTALL)
    assert done.returncode == 0 or absent, f"{command.text}\n{done.stdout}{done.stderr}"
    if "--report" in options:
        assert (folder / options[options.index("--report") + 1]).stat().st_size > 10_000


def run(checkout, folder, options, config):
    arguments = ["--snakefile", checkout / "Snakefile", "--directory", folder, *options]
    if config:
        arguments += ["--config", *(f"{name}={value}" for name, value in config.items())]
    return subprocess.run(
        [sys.executable, "-m", "snakemake", *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_a_misspelt_command_would_be_noticed(checkout, folder):
    done = run(checkout, folder, ["--cores", "1", "-n"], {"experiment": "posteriors", "override": "fusion.stpes=3"})
    assert done.returncode != 0 and "did you mean fusion.steps?" in done.stdout + done.stderr


@named(commands("make"))
def test_a_target_of_make_exists(command):
    targets = re.findall(r"^([a-z]+):", (REPOSITORY / "Makefile").read_text(), flags=re.MULTILINE)
    variables = re.findall(r"^([A-Z_]+) \??:?=", (REPOSITORY / "Makefile").read_text(), flags=re.MULTILINE)
    for word in command.text.split()[1:]:
        name, is_variable, _ = word.partition("=")
        assert name in (variables if is_variable else targets), command.text


@named(commands("python"))
def test_a_program_exists(command):
    words = command.text.split()[1:]
    if words[0] == "-m":
        assert find_spec(words[1]) is not None
    else:
        compile(program(command.page, words[0]), words[0], "exec")


@named(commands("emofusion"))
def test_a_command_of_emofusion_has_such_arguments(command):
    words = command.text.split()[1:]
    if len(words) == 1:  # a sentence that speaks of the command
        with pytest.raises(SystemExit) as ended:
            parser().parse_args([*words, "--help"])
        assert ended.value.code == 0
    else:
        assert parser().parse_args(words).model.startswith("models:/")


def program(page: str, name: str) -> str:
    """The text of a Python program: a file of the repository, or one that the page has the reader write."""
    if (REPOSITORY / name).is_file():
        return (REPOSITORY / name).read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", (REPOSITORY / "docs" / page).read_text(encoding="utf-8"), re.DOTALL)
    (written,) = [block for block in blocks if block.startswith((f"# {name}\n", f"# data/{name}\n"))]
    return written


# tests/extending makes the files of this page, and runs it as a whole
OTHER_PAGES = [page for page in PAGES if page.name != "extending.md"]


def test_files_in_commands_and_text_exist():
    for page in OTHER_PAGES:
        for code in inline_code(page):
            if re.fullmatch(r"(benchmarks|conf|profiles|workflow|src|tests)/[\w./-]+", code):
                assert (REPOSITORY / code).exists() or "mine" in code or "name" in code, (page.name, code)


def overrides_in_text() -> list[tuple[str, str]]:
    """Page and override of every `name=value` in the text; alternatives of one setting are overrides by themselves."""
    collected = []
    for page in OTHER_PAGES:
        for code in inline_code(page):
            text = re.sub(r'^override="(.*)"$', r"\1", code)
            words = [word for word in text.split(" ") if "=" in word]
            is_override = words and re.match(r"[+~]{0,2}[a-z_./@]+=\S", text) and text.split(" ")[0] not in BY_ITSELF
            if is_override and not re.search(r"[…<]|^(experiment|ablation|baseline|PYTHON|python)", text):
                collected.append((page.name, text))
    return list(dict.fromkeys(collected))


def with_company(override: str) -> str:
    """The override, and those that it needs: a modality that is added is also named, and a table has its columns."""
    if override.startswith("posteriors."):  # of a modality
        return f"speech.{override}"
    if "${speech.distortion.snr}" in override:  # of a sweep over it
        return f"{override} speech.distortion.snr=10"
    added = re.match(r"\+\w+@(\w+)=(\w+)", override)
    if added is None or "modalities=" in override:
        return override
    company = f"modalities=[speech,face,{added[1]}]"
    if added[2] == "posteriors":
        company += f" {added[1]}.posteriors.table=mine.csv {added[1]}.posteriors.scale=logits"
    return f"{override} {company}"


@pytest.fixture(scope="module")
def composers():
    return {
        experiment: Composer(REPOSITORY / "conf", experiment)
        for experiment in (
            "paper",
            "ravdess_openface",
            "ravdess_best",
            "posteriors",
            "meld_text",
            "wesad",
            "crema_d_people",
        )
    }


@pytest.mark.parametrize(("page", "override"), overrides_in_text(), ids=lambda value: value)
def test_an_override_in_the_text_can_be_typed(page, override, composers):
    refused = []
    for experiment, composer in composers.items():
        try:
            for cell in expand(split_overrides(with_company(override))):
                composer.settings(cell)
            return
        except EmofusionError as error:
            refused.append(f"{experiment}: {error}")
    pytest.fail(f"{page}: {override}\n" + "\n".join(refused))
