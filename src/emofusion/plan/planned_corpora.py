"""The stages of corpora, and of the tables of posteriors that corpora bring."""

from dataclasses import fields, replace

from emofusion.errors import EmofusionError
from emofusion.plan.settings import CorpusSettings
from emofusion.plan.stage import Inputs, Stage, StageFactory
from emofusion.settings.compose import Settings
from emofusion.settings.experiment import Modality, Posteriors
from emofusion.settings.fields import shown
from emofusion.settings.kinds import Corpus, Features, Protocol

TABLES = "tables"  # the role of the stage with the tables of posteriors that a corpus brings


def corpus_stage(factory: StageFactory, settings: Settings, name: str, modality: str, node: Modality) -> Stage:
    """The corpus of this name, restricted to the medium that the modality needs."""
    if name not in settings.corpora:
        raise EmofusionError(
            f"{_where_named(settings.protocol, name)}: there is no corpora.{name}; there are "
            f"{', '.join(settings.corpora) or 'none'}; choose its file too, as in "
            f"corpus=[{','.join([*settings.corpora, name])}]"
        )
    corpus: Corpus = settings.corpora[name]
    inputs: Inputs = {}
    generator = corpus.generator(name)
    if generator is not None:
        generated = factory.make("generated", generator.label, generator)
        inputs["source"] = generated
        corpus = corpus.at(f"results/{generated.name}/corpus")
    medium = "posteriors" if node.posteriors is not None else _medium(node.features, corpus, name, modality)
    fetching = corpus.fetching(name, medium)
    table = node.features.clips_named_in() if node.posteriors is None else ""
    if fetching is not None and not table:
        inputs["source"] = factory.make("download", fetching.label, fetching)
    if table:
        corpus = corpus.without_recordings(table)
    elif node.posteriors is None:
        corpus = corpus.for_medium(medium)
    elif brought := brought_tables(factory, settings, modality, node.posteriors):
        inputs[TABLES] = brought
        corpus = corpus.without_recordings(_path(brought, corpus.brings[0]))  # all tables have the same clips
    else:
        corpus = corpus.without_recordings(node.posteriors.table)
    corpus = replace(corpus, other_labels=type(corpus).other_labels)  # decides about the split, and not the corpus
    return factory.make(
        "corpus",
        f"{name}-{medium}",
        CorpusSettings(name, corpus, medium if node.posteriors is None else ""),
        inputs,
    )


def brought_tables(factory: StageFactory, settings: Settings, modality: str, posteriors: Posteriors) -> Stage | None:
    """The stage with the tables of posteriors that a corpus brings; None where the table is a path.

    Raises `EmofusionError` where there is no such corpus, or it brings no such table.
    """
    name = posteriors.corpus
    if not name:
        return None
    where = f"{modality}.posteriors.corpus={name}"
    if settings.protocol.test_corpora() != [name]:
        raise EmofusionError(f"{where}: the protocol tests {', '.join(settings.protocol.test_corpora())}")
    if name not in settings.corpora:
        raise EmofusionError(f"{where}: there is no corpora.{name}; there are {', '.join(settings.corpora) or 'none'}")
    corpus: Corpus = settings.corpora[name]
    making = corpus.posteriors(name)
    if making is None or posteriors.table not in corpus.brings:
        raise EmofusionError(
            f"{modality}.posteriors.table={posteriors.table}: the corpus {name} ({corpus.kind}) brings "
            f"{', '.join(corpus.brings) or 'no tables'}; set {modality}.posteriors.corpus= if it is a path"
        )
    fetching = corpus.fetching(name, "votes")
    inputs: Inputs = {"source": factory.make("download", fetching.label, fetching)} if fetching else {}
    return factory.make("tables", making.label, making, inputs)


def _path(tables: Stage, table: str) -> str:
    """The path of one of the tables of posteriors that a corpus brings. tables: their stage."""
    return f"results/{tables.name}/tables/{table}.parquet"


def with_table(posteriors: Posteriors, tables: Stage | None) -> Posteriors:
    """The settings with the path of a table that a corpus brings. tables: the stage that makes it, if any."""
    if tables is None:
        return posteriors
    return replace(posteriors, table=_path(tables, posteriors.table), corpus="", every_fold=True)


def _medium(features: Features, corpus: Corpus, name: str, modality: str) -> str:
    """The medium of a corpus that the features are computed from, such as `audio`.

    Raises `EmofusionError` where the corpus has no such medium.
    """
    medium = features.medium_of(corpus.media_provided())
    if medium is None:
        raise EmofusionError(
            f"{modality}.features.kind={features.kind}: these features are computed from "
            f"{' or '.join(features.computed_from())}, and the "
            f"corpus {name} ({corpus.kind}) has {', '.join(corpus.media_provided())}; choose another model, as in "
            f"{modality}=…, or another corpus in protocol"
        )
    return medium


def _where_named(protocol: Protocol, corpus: str) -> str:
    """The protocol's setting that names a corpus, with its value."""
    for field in fields(protocol):
        value = getattr(protocol, field.name)
        lists = value.values() if isinstance(value, dict) else [value]
        if any(isinstance(names, list) and corpus in names for names in lists):
            return f"protocol.{field.name}={shown(value)}"
    return f"protocol.kind={protocol.kind}"
