"""What a report says beside its figures: what they rest on, and what readers must be warned of."""

from collections.abc import Sequence
from dataclasses import dataclass

from emofusion.plan.settings import ReportSettings
from emofusion.reporting.wording import DEMO, heading


@dataclass(frozen=True)
class Facts:
    """What every table, figure and page of one report is given.

    settings: the report's. transductive: whether the configured rule uses all unlabelled clips of a test speaker.
    notes: sentences about what was left out. accepted: sentences about results of other library versions that were
    accepted; see `provenance.Provenance`.
    """

    settings: ReportSettings
    transductive: bool = False
    notes: Sequence[str] = ()
    accepted: Sequence[str] = ()

    def warnings(self) -> list[str]:
        """Sentences that stand beside every figure of the report.

        They say where the protocol leaks, where unlabelled test clips are used, where the data are generated, and
        where results of other library versions were accepted.
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
                "(transductive): of a stranger, several clips are needed first."
            )
        if self.transductive:
            sentences.append(
                f"The rule {settings.rule} uses all unlabelled clips of a test speaker (transductive): of a stranger, "
                "several clips are needed first."
            )
        if settings.generated:
            sentences.append(f"This is {DEMO}: no real person was seen or heard.")
        if self.accepted:
            count = len(self.accepted)
            results, were = ("result", "was") if count == 1 else ("results", "were")
            sentences.append(
                f"{count} {results} {were} made with other versions of libraries than those that are installed, and "
                "accepted (accept_other_versions=true); summary.md and report.html say which."
            )
        return sentences

    def all_warnings(self) -> list[str]:
        """`warnings`, then what was accepted, one by one: for pages, which have room for it."""
        return [*self.warnings(), *self.accepted]

    def basis(self) -> dict[str, object]:
        """The columns that say in each CSV what its figures rest on."""
        settings = self.settings
        return {
            "protocol": settings.protocol,
            "leaks_speakers": settings.leaks_speakers,
            "normalised_by_speaker": ", ".join(settings.normalised_by_speaker) or "no modality",
            "configured_rule_is_transductive": self.transductive,
            "data": DEMO if settings.generated else "recordings",
        }
