"""A picture of what examples are like: histograms of their figures."""

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from albert_keras.pretraining.documents import CorpusFormat
from albert_keras.pretraining.examples import (
    ExampleOptions,
    PretrainingExample,
)
from albert_keras.pretraining.inspection import masked_runs
from albert_keras.pretraining.manifest import Manifest
from albert_keras.pretraining.masking import ngram_thresholds
from albert_keras.whole_files import written_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOUR = "tab:blue"
_BINS = 40
# A share of one label that chance does not explain in so many examples.
_ONE_SIDED = 2 / 3
_FEWEST_JUDGED = 50


def describe(manifest: Manifest) -> list[str]:
    """Return what became of a corpus, a sentence each.

    Args:
        manifest: Of its examples.
    """
    if manifest.label_1 is None or not manifest.corpus_tokens:
        return []
    share = manifest.label_1 / manifest.examples
    sentences = [f"Sentence-order label 1 in {share:.1%} of the examples."]
    if manifest.lone_pairs:
        sentences.append(
            f"{manifest.lone_pairs:,} of them pair a lone segment with one of "
            "another document."
        )
    cut, skipped = manifest.cut_tokens or 0, manifest.skipped_tokens or 0
    lost = (cut + skipped) / manifest.corpus_tokens
    copies = manifest.options.dupe_factor or 1
    text = f"{manifest.corpus_tokens // copies:,} tokens of text"
    if copies > 1:
        text += f", used {copies} times"
    sentences.append(
        f"Dropped: {lost:.1%} of {text} ({cut:,} cut off where a pair was "
        f"longer than {manifest.options.max_seq_length} tokens, {skipped:,} in "
        "lone segments that were skipped)."
    )
    if manifest.empty_sentences:
        sentences.append(
            f"Left out: {manifest.empty_sentences:,} sentences without a token."
        )
    if manifest.paragraph_files:
        sentences.append(
            f"Read as one paragraph a line, split into sentences: "
            f"{manifest.paragraph_files:,} files; with --format sentences, a "
            "line is one sentence."
        )
    return sentences


def one_sided(manifest: Manifest, format: CorpusFormat) -> str | None:
    """Return a warning if most examples have the same sentence-order label.

    Args:
        manifest: Of the examples.
        format: How the corpus was read.
    """
    if manifest.label_1 is None or manifest.examples < _FEWEST_JUDGED:
        return None
    share = manifest.label_1 / manifest.examples
    if max(share, 1 - share) < _ONE_SIDED:
        return None
    advice = (
        "documents of one sentence have no order; pass --single-segment skip, "
        "or pretrain with --sop-loss-weight 0."
    )
    if format != "paragraphs" and not manifest.paragraph_files:
        advice = (
            "if a line holds a paragraph, pass --format paragraphs; else "
            + advice
        )
    return (
        f"Label 1 in {share:.1%} of the examples is too one-sided to learn "
        f"sentence order: {advice}"
    )


def draw_report(
    examples: Iterable[PretrainingExample],
    options: ExampleOptions,
    path: Path,
    *,
    title: str,
) -> None:
    """Draws lengths, masked shares, n-grams and labels of examples.

    Needs matplotlib, and no display.

    Args:
        examples: The examples, at least one.
        options: How they were made.
        path: The PNG to write.
        title: What examples these are.

    Raises:
        ValueError: If there are no examples.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    lengths: list[int] = []
    shares: list[float] = []
    words: Counter[int] = Counter()
    labels: Counter[int] = Counter()
    for example in examples:
        length = len(example.token_ids)
        lengths.append(length)
        shares.append(len(example.mask_positions) / length)
        words.update(run.words for run in masked_runs(example))
        labels[example.sop_label] += 1
    if not lengths:
        raise ValueError(
            "A report needs at least one example. Received: no examples."
        )
    figure = Figure(figsize=(10, 7.5))
    FigureCanvasAgg(figure)
    # A layout engine would draw everything twice.
    figure.subplots_adjust(0.08, 0.08, 0.98, 0.89, wspace=0.2, hspace=0.34)
    figure.suptitle(title, fontsize=13)
    panels = figure.subplots(2, 2)
    _draw_lengths(panels[0, 0], lengths, options.max_seq_length)
    _draw_shares(panels[0, 1], shares, options)
    _draw_words(panels[1, 0], words, options)
    _draw_labels(panels[1, 1], labels)
    for panel in panels.flat:
        panel.grid(axis="y", alpha=0.3)
        panel.set_axisbelow(True)
    with written_whole(path) as partial:
        figure.savefig(partial, dpi=110, format="png")


def _draw_lengths(panel: "Axes", lengths: list[int], longest: int) -> None:
    width = max(1, -(-longest // _BINS))
    panel.hist(
        lengths, bins=range(1, longest + width + 1, width), color=_COLOUR
    )
    panel.set_title(
        f"Length: {sum(lengths) / len(lengths):.1f} tokens on average"
    )
    panel.set_xlabel("tokens of an example, [CLS] and [SEP] included")
    panel.set_ylabel("examples")


def _draw_shares(
    panel: "Axes", shares: list[float], options: ExampleOptions
) -> None:
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    asked = options.masked_lm_prob
    panel.hist(shares, bins=_BINS, range=(0, max(shares)), color=_COLOUR)
    panel.axvline(
        asked, color="0.3", linestyle=":", label=f"masked_lm_prob = {asked:g}"
    )
    panel.set_title(
        f"To predict: {sum(shares) / len(shares):.1%} on average, "
        f"{options.prediction_slots} tokens at most"
    )
    panel.set_xlabel("tokens to predict of all tokens of an example")
    panel.set_ylabel("examples")
    panel.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    panel.xaxis.set_major_formatter(PercentFormatter(xmax=1.0))
    panel.legend()


def _draw_words(
    panel: "Axes", words: Counter[int], options: ExampleOptions
) -> None:
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    total = max(1, words.total())
    numbers = sorted(words)
    panel.bar(
        numbers,
        [words[number] / total for number in numbers],
        color=_COLOUR,
        label="masked together",
    )
    thresholds = ngram_thresholds(options.ngram, options.favor_shorter_ngram)
    drawn = [high - low for low, high in pairwise([0, *thresholds, 1])]
    panel.plot(
        range(1, options.ngram + 1),
        drawn,
        "o",
        color="0.3",
        markerfacecolor="white",
        label="n-grams as drawn; several may touch",
    )
    panel.set_title(f"N-grams: {words.total():,} runs of masked words")
    panel.set_xlabel("words of a run")
    panel.set_ylabel("share of the runs")
    panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    panel.yaxis.set_major_formatter(PercentFormatter(xmax=1.0, decimals=0))
    panel.legend()


def _draw_labels(panel: "Axes", labels: Counter[int]) -> None:
    total = labels.total()
    panel.bar(
        ["0: B follows A", "1: B does not follow A"],
        [labels[0], labels[1]],
        width=0.5,
        color=_COLOUR,
    )
    for label in (0, 1):
        panel.annotate(
            f"{labels[label] / total:.1%}",
            (label, labels[label]),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
        )
    panel.margins(y=0.12)
    panel.set_title("Sentence order")
    panel.set_xlabel("label")
    panel.set_ylabel("examples")
