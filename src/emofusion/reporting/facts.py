"""The facts that a report states besides its numbers: the basis of the numbers, and warnings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from emofusion.plan.settings import ReportSettings
from emofusion.reporting.wording import DEMO, heading


@dataclass(frozen=True)
class Footer:
    """What stands below every figure: the experiment, its protocol and the report's warnings."""

    experiment: str
    protocol: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Facts:
    """The facts that all tables, figures and the page of one report share.

    settings: the settings of the report. transductive: whether the configured rule uses all unlabelled clips of a test
    speaker. notes: sentences about clips and rules that were left out. accepted: sentences about results of other
    library versions that were accepted; see `provenance.Provenance`. trained: group → who trained each modality, see
    `trained.trained_in_words`.
    """

    settings: ReportSettings
    transductive: bool = False
    notes: Sequence[str] = ()
    accepted: Sequence[str] = ()
    trained: Mapping[str, str] = field(default_factory=dict)

    def warnings(self) -> list[str]:
        """Sentences that every table and figure of the report shows.

        They warn of a protocol that leaks speakers, of the use of unlabelled test clips, of generated data, and of
        accepted results of other library versions.
        """
        settings, sentences = self.settings, []
        if settings.leaks_speakers:
            sentences.append(
                f"WARNING: the protocol {settings.protocol} has the same speakers in training and test; "
                "its accuracies do not hold for new people."
            )
        if settings.normalised_by_speaker:
            names = " and ".join(heading(name) for name in settings.normalised_by_speaker)
            verb = "are" if len(settings.normalised_by_speaker) > 1 else "is"
            sentences.append(
                f"{names} {verb} normalised on each speaker's own unlabelled clips, the test speakers' included "
                "(transductive): for a new speaker, several clips are needed first."
            )
        if settings.enrolled:
            sentences.append(
                f"{self.enrolment()}. A new speaker is asked for these clips first, and they are not tested."
            )
        if self.transductive:
            sentences.append(
                f"The rule {settings.rule} uses all unlabelled clips of a test speaker (transductive): for a new "
                "speaker, several clips are needed first."
            )
        if settings.distorted:
            sentences.append(self.distortion())
        if settings.training_actors is not None:
            people = "1 actor" if settings.training_actors == 1 else f"{settings.training_actors} actors"
            sentences.append(
                f"Each fold trains with {people}, drawn from those that it has (protocol.training_actors): this is a "
                "point of a learning curve."
            )
        if settings.generated:
            sentences.append(f"This is {DEMO}: no real person was seen or heard.")
        if self.accepted:
            count = len(self.accepted)
            results, were = ("result", "was") if count == 1 else ("results", "were")
            sentences.append(
                f"{count} {results} {were} made with other library versions than the installed ones, and accepted "
                "(accept_other_versions=true); summary.md and report.html list them."
            )
        return sentences

    def enrolment(self) -> str:
        """On how many enrolment clips each modality is centred, in words; empty where none is."""
        parts = [
            f"{heading(name)} is centred on {number} enrolment {'clip' if number == 1 else 'clips'} of each speaker"
            for name, number in self.settings.enrolled.items()
        ]
        return ", and ".join(parts)

    def distortion(self) -> str:
        """How recordings were made worse, in words."""
        parts = "; ".join(f"{heading(name)}: {words}" for name, words in self.settings.distorted.items())
        learnt = (
            "Training recordings were made worse in the same way."
            if self.settings.distorted_training
            else "Models, and rules that learn, learnt from the recordings as they are."
        )
        return f"The recordings under test were made worse ({parts}). {learnt}"

    def trained_on(self, groups: Sequence[str] = ("gender",)) -> str:
        """Who trained each modality, to stand beside the gaps of some groups."""
        return " ".join(self.trained[group] for group in groups if group in self.trained)

    def footer(self) -> Footer:
        """What stands below every figure."""
        return Footer(self.settings.experiment, self.settings.protocol, tuple(self.warnings()))

    def all_warnings(self) -> list[str]:
        """`warnings`, followed by a sentence for each accepted result: for pages, which have room for them."""
        return [*self.warnings(), *self.accepted]

    def basis(self) -> dict[str, object]:
        """Column → value of the columns that describe, in each CSV file, the basis of its numbers."""
        settings = self.settings
        return {
            "protocol": settings.protocol,
            "leaks_speakers": settings.leaks_speakers,
            "normalised_by_speaker": ", ".join(settings.normalised_by_speaker) or "no modality",
            "enrolment_clips": ", ".join(f"{name} {number}" for name, number in settings.enrolled.items()) or "none",
            "configured_rule_is_transductive": self.transductive,
            "data": DEMO if settings.generated else "recordings",
        }

    def described(self, table: pd.DataFrame) -> pd.DataFrame:
        """The table with the columns of `basis`.

        Raises `ValueError` for a table that has a column of such a name, which would be lost.
        """
        basis = self.basis()
        if taken := sorted(basis.keys() & set(table)):
            raise ValueError(f"the table has a column {taken[0]} of its own")
        return table.assign(**basis)
