"""Count the words and the characters of transcripts."""

import unicodedata
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.feature_extraction.text import HashingVectorizer

from emofusion.counted import count
from emofusion.errors import EmofusionError, Lacking
from emofusion.features.common.matching import leave_out_clips, matched
from emofusion.features.text import Text
from emofusion.tables import read_foreign

# a word, or a sequence of the marks that say how a sentence is meant
_TOKEN = r"(?u)\b\w+\b|[!?.…]+"
_QUOTES = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "\x91": "'", "\x92": "'", "\x93": '"', "\x94": '"'})
_SHOWN = 5


def prepare(clips: pd.DataFrame, settings: Text) -> Callable[[Any], sparse.csr_array]:
    """The function that turns a clip into counts `(1, columns)`; see `Text.prepare`."""
    texts = _of_table(clips, settings) if settings.table else _of_clips(clips, settings)
    silent = [clip for clip, text in texts.items() if pd.isna(text) or not str(text).strip()]
    if silent:
        raise Lacking(
            f"{len(silent)} of {len(clips)} clips have no transcript in the column {settings.column} of "
            f"{settings.table or 'the clip table'}: {', '.join(silent[:_SHOWN])}. Add them, or leave the clips out "
            f"with {leave_out_clips(clips, silent)}",
            silent,
        )
    return partial(_of_clip, texts=texts, vectorisers=vectorisers(settings))


def vectorisers(settings: Text) -> list[HashingVectorizer]:
    """What counts words, and what counts characters within words; without signs, so that counts add up."""
    common = {"n_features": 2**settings.bits, "alternate_sign": False, "norm": None, "dtype": np.float32}
    made = []
    if settings.words:
        made.append(HashingVectorizer(ngram_range=tuple(settings.words), token_pattern=_TOKEN, **common))
    if settings.characters:
        made.append(HashingVectorizer(ngram_range=tuple(settings.characters), analyzer="char_wb", **common))
    return made


def plain(text: str) -> str:
    """A text in Unicode's form NFKC and with plain quotation marks, so that equal words are spelt in one way."""
    return unicodedata.normalize("NFKC", text.translate(_QUOTES))


def _of_clip(clip: Any, texts: dict[str, str], vectorisers: list[HashingVectorizer]) -> sparse.csr_array:
    text = plain(texts[clip.clip])
    return sparse.csr_array(sparse.hstack([one.transform([text]) for one in vectorisers], format="csr"))


def _of_clips(clips: pd.DataFrame, settings: Text) -> dict[str, str]:
    if settings.column not in clips:
        raise EmofusionError(
            f"features.column={settings.column}: the clips of {', '.join(clips['corpus'].unique())} have no such "
            f"column; there are {', '.join(clips.columns)}. Name one of them, or a file of transcripts in "
            "features.table"
        )
    return dict(zip(clips["clip"], clips[settings.column], strict=True))


def read_texts(settings: Text) -> pd.DataFrame:
    """The table of transcripts. Raises `EmofusionError` where it cannot be read, or lacks a column."""
    path = Path(str(settings.table))
    table = read_foreign(path, text=["clip", settings.column])
    for column in ("clip", settings.column):
        if column not in table:
            raise EmofusionError(f"{path} has no column {column}; there are {', '.join(map(str, table.columns[:12]))}")
    return table


def _of_table(clips: pd.DataFrame, settings: Text) -> dict[str, str]:
    table, where = read_texts(settings), settings.table
    rows = matched(dict(enumerate(table["clip"].astype(str), 1)), clips, where, "transcripts")
    count(f"rows of {where} whose clip is in no corpus of the experiment", len(table) - len(rows))
    return {clip: table[settings.column].iloc[row - 1] for clip, row in rows.items()}
