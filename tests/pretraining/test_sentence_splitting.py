import csv
from itertools import accumulate

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from albert_keras.pretraining.sentence_splitting import split_sentences


@pytest.mark.parametrize(
    "marked",
    [  # a bar stands where a sentence is to end
        "It rained.|We left!|Why?|Who knows…|Nobody.",
        "She paid $3.50 at 10.30 on www.albert.org. and left.|It was v1.2.",
        "Dr. No met Mrs. Smith in St. Louis.|Prof. Lee saw them.",
        "J. R. R. Tolkien wrote.|George W. Bush read, J.-P. Sartre did not.",
        "U.S. forces, e.g. Rangers, met the Ph.D. Student.|They talked.",
        "See p. 12, No. 5 and Fig. 3.|He said no.|Then he left.",
        "1. Introduction.|2. Methods.",
        "In 1990.|Then in 2000.",
        '"Stop!" he cried.|"Why?" asked Tom.|"Go."|He went.',
        "“Go.”|(It rained.)|[It did.]|«Oui.»|‘Yes.’|Well.",
        "What?!|It was I...|Yes... maybe.|Yahoo! is a firm.|Oh!!!|So.",
        "Of all firms , Acme Co. , of Ohio , won .|It did .",
        "the corpus is in small letters.|it has sentences.",
        "Der 3. Mai war schön.|Z. B. kam Hr. Maier u. a. um 5 Uhr.|Für 5 Mio. "
        "Euro.|Über alles.",
        "¿Qué?|¡No!|Sí.|Mme. Curie est là.|À bientôt.",
        "Л. Н. Толстой писал.|Он жил там.",
        "شكرا!|نعم.|حسنا، إذن.",
        "갔다.|네가 왔니?|그래.",
        "Hello! 😀",
        "No letters: 1. 2. 3.",
        "...",
        "A tab.\t|A line\nend.\u3000|All white space.",
    ],
)
def test_where_sentences_end(marked):
    expected = [sentence.strip() for sentence in marked.split("|")]
    paragraph = marked.replace("|", " ")
    assert split_sentences(paragraph) == expected
    assert split_sentences(f"  {paragraph} \r\n") == expected


@pytest.mark.parametrize(
    "marked",
    [
        "他说：“好。”|然后走了。|真的吗？|是！|价格是3.5元。|完了。",
        "『本当？』、と聞いた。|「行く。」と言った。|「来い！」|彼は帰った｡|終わり。",
        "هل أنت بخير؟|نعم، أنا بخير.",
        "کیا تم آؤ گے؟|ہاں۔|ٹھیک ہے۔",
        "वह घर गया।|राम राम॥|अंत।",
    ],
)
@pytest.mark.parametrize("space", ["", " ", "\u3000"])
def test_stops_that_need_no_space(marked, space):
    paragraph = marked.replace("|", space)
    assert split_sentences(paragraph) == marked.split("|")


def test_nothing_but_white_space_has_no_sentence():
    assert split_sentences("") == []
    assert split_sentences(" \t\n\u3000") == []


@given(st.text('aB1 .!?。"”)(,\tと', max_size=40) | st.text())
@example('A."')
@example("A. 1.")
def test_sentences_together_are_the_paragraph(paragraph):
    sentences = split_sentences(paragraph)
    assert "".join("".join(sentences).split()) == "".join(paragraph.split())
    assert all(s == s.strip() != "" for s in sentences)
    if len(sentences) > 1:
        assert all(any(map(str.isalpha, s)) for s in sentences)


@pytest.mark.parametrize("part", [". ", ".", "a.", "a. ", '."', "1. ", "。」"])
def test_time_is_linear_in_the_length(part):
    """A quadratic search would take hours for these, not a second."""
    assert "".join(split_sentences(part * 10**5)).replace(
        " ", ""
    ) == part.strip() * (10**5)


def test_news_is_split_where_its_annotators_did(shared_data):
    """Sentences of the news, five in a paragraph, tokenized as MRPC's are.

    Its straight quotation marks stand between spaces, so whether one opens or
    closes is unknown; that is most of what is wrong.
    """
    path = shared_data("glue/MRPC/msr_paraphrase_train.txt")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    sentences = [row[3] for row in rows[1:]]
    assert len(sentences) == 4076
    right = found = wanted = 0
    for start in range(0, len(sentences), 5):
        gold = sentences[start : start + 5]
        ends = _ends(gold)
        ours = _ends(split_sentences(" ".join(gold)))
        right += len(ends & ours)
        found += len(ours)
        wanted += len(ends)
    assert right / found > 0.94
    assert right / wanted > 0.95


def _ends(sentences: list[str]) -> set[int]:
    """After how many characters that are no spaces each sentence ends."""
    return set(accumulate(len("".join(s.split())) for s in sentences))
