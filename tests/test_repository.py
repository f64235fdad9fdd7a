"""The files about the project agree with each other: versions, dates, licences, and the two lists of checks."""

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def citation() -> dict:
    return yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))


def newest_release() -> tuple[str, str]:
    """Version and date of the changelog's first release."""
    heading = re.search(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d{2}-\d{2})$", text_of("CHANGELOG.md"), re.MULTILINE)
    return heading.group(1), heading.group(2)


def text_of(file: str) -> str:
    return (ROOT / file).read_text(encoding="utf-8")


def test_one_version_everywhere(project, citation):
    declared = project["project"]["version"]
    assert citation["version"] == declared
    assert newest_release() == (declared, citation["date-released"])
    assert version("emofusion") == declared, "the environment is older than pyproject.toml: run make setup"


def test_one_author_and_one_licence_everywhere(project, citation):
    author = project["project"]["authors"][0]["name"]
    assert citation["authors"] == [{"name": author}]
    assert author in text_of("LICENSE")
    assert project["project"]["license"] == citation["license"] == "MIT"
    assert project["project"]["license-files"] == ["LICENSE"]
    assert text_of("LICENSE").startswith("MIT License")


def test_the_citation_has_what_its_format_requires(citation):
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= citation.keys()
    (paper,) = citation["references"]
    assert {"type", "title", "authors"} <= paper.keys()
    published = yaml.safe_load(text_of("conf/published/paper.yaml"))
    assert paper["title"] in published["source"]
    assert all(author["family-names"] in published["source"] for author in paper["authors"])


def test_every_direct_dependency_has_a_licence_in_the_docs(project):
    requirements = [
        *project["project"]["dependencies"],
        *(item for extra in project["project"]["optional-dependencies"].values() for item in extra),
        *project["dependency-groups"]["dev"],
    ]
    names = {re.match(r"[\w.-]+", requirement).group() for requirement in requirements}
    tables = re.findall(r"^\| ([\w.-]+) \| [^|]+ \|", text_of("docs/licences.md"), re.MULTILINE)
    assert names <= set(tables)


def test_the_hooks_run_the_checks_of_make_lint():
    """The commands of the Makefile's target `lint`, in the same order, and nothing that would need a network."""
    recipe = re.search(r"^lint: setup\n((?:\t.*\n)+)", text_of("Makefile"), re.MULTILINE).group(1)
    commands = [line.strip().replace("$(BIN)", ".venv/bin") for line in recipe.splitlines()]
    (repository,) = yaml.safe_load(text_of(".pre-commit-config.yaml"))["repos"]
    assert repository["repo"] == "local"
    assert [hook["entry"] for hook in repository["hooks"]] == commands
    assert all(hook["language"] == "system" and not hook["pass_filenames"] for hook in repository["hooks"])


@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.md")),
    ],
)
def test_links_between_pages_lead_to_files(page):
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text_of(page))
    missing = [link for link in links if not (ROOT / page).parent.joinpath(link).exists()]
    assert not missing
