"""Sentences out of paragraphs, by a rule that can be read.

A sentence ends behind a stop and the quotation marks and brackets that close
behind it. Which stops end one:

- `。！？｡` and `؟`, `۔`, `।`, `॥`, with or without a space behind, unless
  it closed a quotation and と, って or a comma goes on: 「行く。」と言った。
- `.!?…` before white space, unless a small letter or a comma comes next. (In
  a paragraph without capitals small letters say nothing.)
- A full stop does not end one behind an initial (`J. Smith`, `z. B.`), an
  abbreviation with stops inside (`U.S.`, `Ph.D.`) or a known one (`Dr.`);
  before a digit not behind `No.`, `p.` and the like; nor behind a number
  of two digits before the name of a German month (`3. Mai`).

A part without a letter (`1.`, `"`) is never a sentence of its own. In doubt a
sentence stays whole: two in one cost a sentence order pair, but a cut behind
`Dr.` makes a false one.
"""

import re


def _words(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


# What is never followed by the end of a sentence, in small letters.
_ABBREVIATIONS = _words(
    # English
    "mr mrs ms dr prof rev hon gen col capt lt sgt cmdr adm gov sen rep supt",
    "st mt messrs vs cf viz approx dept fig figs eq eqs sec ed eds trans",
    # German
    "hr fr frl nr bzw evtl ggf inkl vgl sog bspw hrsg geb dipl mio mrd tsd",
    # French, Spanish, Italian
    "mme mlle mgr env sra srta dña ud uds sig dott ing avv",
    # Russian
    "гр им ул тов",
)
# Those that only a number follows.
_BEFORE_NUMBERS = _words(
    "no nos p pp vol vols art arts ch chap bd abs kap ca jan feb mar apr jun",
    "jul aug sep sept oct nov dec núm pág págs cap стр рис гл",
)
_GERMAN_MONTHS = _words(
    "Januar Jänner Februar März April Mai Juni Juli August September Oktober",
    "November Dezember Jahrhundert Jahrhunderts",
)
_LONGEST_ABBREVIATION = 16

_OPENING = "\"'“”„‟‘’‚«»‹›([{¿¡—–-「『（【〈《"
_CLOSING = "\"'“”’‘»«›‹)]}」』）】〉》〞〟＂＇］｝"
_NEED_NO_SPACE = "。！？｡؟۔।॥"
_STOPS = ".!?…" + _NEED_NO_SPACE
_STOP = re.compile(
    f"(?<![{_STOPS}])[{_STOPS}]++(?P<closing>[{re.escape(_CLOSING)}]*+)"
)
_BEFORE_WORD = re.compile(f"[\\s{re.escape(_OPENING)}]*+")
_WORD = re.compile(r"\w*")
_LETTER = re.compile(r"[^\W\d_]")
_COMMAS = frozenset(",;:，、；：،؛")
_GOES_ON = re.compile(f"と|って|[{''.join(_COMMAS)}]")
_WITH_STOPS_INSIDE = re.compile(r"(?:[^\W\d_]{1,3}\.-?)+[^\W\d_]{1,3}")


def split_sentences(paragraph: str) -> list[str]:
    """Splits a paragraph into sentences, by the rule of this module.

    Args:
        paragraph: Text in any language.

    Returns:
        The sentences without the white space around them; together they are
        the paragraph. None for one of white space alone.

    Example:

    ```python
    split_sentences('"Is Dr. No in?" She paid $3.50. 「はい。」そう。')
    # ['"Is Dr. No in?"', 'She paid $3.50.', '「はい。」', 'そう。']
    ```
    """
    has_capitals = paragraph != paragraph.lower()
    starts = [0]
    letter = _LETTER.search(paragraph)
    for stop in _STOP.finditer(paragraph):
        if letter is None:
            break
        end = stop.end()
        if letter.start() < stop.start() and _ends_sentence(
            paragraph, stop, has_capitals
        ):
            starts.append(end)
            letter = _LETTER.search(paragraph, end)
    if letter is None and len(starts) > 1:
        starts.pop()
    sentences = (
        paragraph[start:end].strip()
        for start, end in zip(starts, [*starts[1:], None], strict=True)
    )
    return [sentence for sentence in sentences if sentence]


def _ends_sentence(
    paragraph: str, stop: re.Match[str], has_capitals: bool
) -> bool:
    end = stop.end()
    if any(character in _NEED_NO_SPACE for character in stop[0]):
        return not (stop["closing"] and _GOES_ON.match(paragraph, end))
    if not paragraph[end : end + 1].isspace():
        return False
    before_word = _BEFORE_WORD.match(paragraph, end)
    assert before_word is not None  # it may match nothing
    start = before_word.end()
    next_character = paragraph[start : start + 1]
    if next_character in _COMMAS:
        return False
    if has_capitals and next_character.islower():
        return False
    if stop[0][0] != "." or stop[0][1:2] == ".":
        return True
    word = _word_before(paragraph, stop.start())
    return not _is_abbreviated(word, paragraph, start)


def _word_before(paragraph: str, end: int) -> str:
    """What stands before a stop up to a space, at most so much of it."""
    near = paragraph[max(0, end - _LONGEST_ABBREVIATION) : end]
    if not near or near[-1].isspace():
        return ""
    return near.split()[-1].lstrip(_OPENING)


def _is_abbreviated(word: str, paragraph: str, next_start: int) -> bool:
    if len(word) == 1 and word.lower() != word.upper():
        return True
    if word.lower() in _ABBREVIATIONS or _WITH_STOPS_INSIDE.fullmatch(word):
        return True
    next_word = _WORD.match(paragraph, next_start)
    assert next_word is not None  # it may match nothing
    if word.lower() in _BEFORE_NUMBERS:
        return next_word[0][:1].isdigit()
    return word.isdigit() and len(word) <= 2 and next_word[0] in _GERMAN_MONTHS
