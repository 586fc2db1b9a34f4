import json
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

import pytest

from albert_keras.pretraining.dataset import dataset
from albert_keras.pretraining.docstrings import docstring_documents
from albert_keras.pretraining.examples import ExampleOptions
from albert_keras.pretraining.runner import prepare
from albert_keras.quickstart.baselines import measure_baselines
from albert_keras.text.sentencepiece import SentencePieceTokenizer
from albert_keras.text.vocabulary import train_vocabulary


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    """A text, its examples and its tokenizer."""
    folder = tmp_path_factory.mktemp("baselines")
    text = folder / "text.txt"
    documents = docstring_documents(
        [Path(json.__file__).parent], processes=1, show_progress=False
    )
    text.write_text(
        "".join("\n".join(lines) + "\n\n" for _, lines in documents)
    )
    model = train_vocabulary(
        [text], folder / "vocabulary", vocab_size=200, show_progress=False
    )
    tokenizer = SentencePieceTokenizer(model)
    options = ExampleOptions(
        max_seq_length=32, dupe_factor=2, single_segment="skip"
    )
    prepare([text], tokenizer, folder / "examples", options, processes=1)
    return text, folder / "examples", tokenizer


def originals(inputs, labels, weights):
    """Rows of true ids, and the masked positions of each."""
    for row, positions, ids, weight in zip(
        inputs["token_ids"].numpy().tolist(),
        inputs["mask_positions"].numpy().tolist(),
        labels["mlm_logits"].numpy().tolist(),
        weights["mlm_logits"].numpy().tolist(),
        strict=True,
    ):
        masked = [p for p, w in zip(positions, weight, strict=True) if w]
        for position, token in zip(masked, ids, strict=False):
            row[position] = token
        yield row, masked


def test_guesses_by_counting_with_dictionaries(material):
    text, examples, tokenizer = material
    tokens = [
        token
        for line in text.read_text().splitlines()
        for token in tokenizer.encode(line)
    ]
    commonest = Counter(tokens).most_common(1)[0][0]
    followers = defaultdict(Counter)
    for left, right in pairwise(tokens):
        followers[left][right] += 1
    right_commonest = right_bigram = best_bigram = total = 0
    for batch in dataset(examples, batch_size=8, shuffle=False):
        for row, masked in originals(*batch):
            for position in masked:
                left, label = row[position - 1], row[position]
                total += 1
                right_commonest += label == commonest
                counts = followers[left] or Counter([commonest])
                # Any of the commonest successors is a right reading.
                most = max(counts.values())
                best = {k for k, count in counts.items() if count == most}
                best_bigram += label in best
                right_bigram += best == {label}
    baselines = measure_baselines(text, examples, tokenizer)
    assert baselines.commonest == pytest.approx(right_commonest / total)
    assert right_bigram <= round(baselines.bigram * total) <= best_bigram
    assert baselines.bigram > 1.5 * baselines.commonest
