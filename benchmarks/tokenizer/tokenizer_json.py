"""Ids of `tokenizer.json` alone, in Rust and JavaScript, against ours.

    python benchmarks/tokenizer/tokenizer_json.py --data FOLDER \
        --model spiece.model --node-modules export/web/node_modules

Needs `pip install -e '.[bench]'`, node, and `npm install` in `export/web`.
The file is what `convert --to huggingface` and `export tflite
--tokenizer-json` write. Rust is `tokenizers` called from Python, JavaScript is
`@huggingface/tokenizers` in node; neither has any other file or option. A text
with other ids has a cause:

- "`<unk>` in text": the file takes it for the unknown token, ours for text;
  our ids of the text around it are theirs;
- `equal scores`: the unigram model scores both segmentations the same;
- `digit and comma`: the best segmentation has a piece such as `1,`, which
  ALBERT cuts in two and the file gives a score at which it is never taken;
- `unexplained`: neither of these.
"""

import json
import math
import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import corpora
import record
import tokenizers

from albert_keras import AlbertTokenizer, AlbertWordPieceTokenizer
from albert_keras.checkpoints.huggingface_tokenizer import write_tokenizer_json

JAVASCRIPT = """
import fs from 'node:fs';
import {createRequire} from 'node:module';
const [, folder, modules] = process.argv;
const {Tokenizer} = createRequire(modules + '/none.js')(
  '@huggingface/tokenizers');
const read = name => JSON.parse(fs.readFileSync(`${folder}/${name}`, 'utf-8'));
const tokenizer = new Tokenizer(read('tokenizer.json'), {});
const ids = read('texts.json').map(
  text => tokenizer.encode(text, {add_special_tokens: false}).ids);
fs.writeFileSync(`${folder}/ids.json`, JSON.stringify(ids));
"""


def main() -> None:
    parser = record.arguments(__doc__.splitlines()[0], "tokenizer_json.json")
    parser.add_argument(
        "--node-modules", type=Path, required=True, help="the npm packages"
    )
    parser.add_argument(
        "--at-most", type=int, help="texts of each corpus (default: all)"
    )
    options = parser.parse_args()
    modules = options.node_modules.resolve()
    sentencepiece = AlbertTokenizer(str(options.model))
    results: dict[str, Any] = {}
    for name, read in corpora.CORPORA.items():
        texts = list(read(options.data))[: options.at_most]
        results[name] = {
            "SentencePiece": compare(sentencepiece, texts, modules),
            "WordPiece": compare(word_piece(texts), texts, modules),
        }
        print(name, json.dumps(results[name], ensure_ascii=False)[:400])
    package = modules / "@huggingface" / "tokenizers" / "package.json"
    version = json.loads(package.read_text("utf-8"))["version"]
    record.write_record(
        options.out,
        ("sentencepiece", "tokenizers"),
        {"@huggingface/tokenizers": version, "results": results},
    )


def word_piece(texts: Iterable[str]) -> AlbertWordPieceTokenizer:
    """Return a tokenizer of a corpus' own characters and common words."""
    words = Counter(word for text in texts for word in text.lower().split())
    letters = sorted({letter for word in words for letter in word})
    common = [word for word, _ in words.most_common(8000) if word.isalnum()]
    pieces = dict.fromkeys(
        [
            *("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"),
            *letters,
            *(f"##{letter}" for letter in letters),
            *common,
            *(f"##{word}" for word in common if len(word) < 5),
        ]
    )
    return AlbertWordPieceTokenizer(list(pieces))


def compare(tokenizer: Any, texts: list[str], modules: Path) -> dict[str, Any]:
    """Count the texts with other ids, by cause."""
    ours = tokenizer.python_tokenizer.encode_batch(texts)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_tokenizer_json(tokenizer, folder / "tokenizer.json")
        theirs = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        encoded = theirs.encode_batch(texts, add_special_tokens=False)
        (folder / "texts.json").write_text(json.dumps(texts), "utf-8")
        subprocess.run(
            [
                *("node", "--input-type=module", "-e", JAVASCRIPT),
                *(folder, modules),
            ],
            check=True,
        )
        javascript = json.loads((folder / "ids.json").read_text("utf-8"))
    peers = {"Rust": [each.ids for each in encoded], "JavaScript": javascript}
    return {
        "texts": len(texts),
        **{
            peer: _differences(tokenizer, texts, ours, ids)
            for peer, ids in peers.items()
        },
    }


def _differences(
    tokenizer: Any,
    texts: list[str],
    ours: list[list[int]],
    theirs: list[list[int]],
) -> dict[str, Any]:
    found = [
        (text, _cause(tokenizer, text, x, y), x, y)
        for text, x, y in zip(texts, ours, theirs, strict=True)
        if x != y
    ]
    return {
        "other_ids": len(found),
        "causes": dict(Counter(cause for _, cause, _, _ in found)),
        "examples": [
            {
                "text": text[:200],
                "cause": cause,
                "ours": _pieces(tokenizer, x, y),
                "theirs": _pieces(tokenizer, y, x),
            }
            for text, cause, x, y in found[:20]
        ],
    }


def _cause(
    tokenizer: Any, text_given: str, ours: list[int], theirs: list[int]
) -> str:
    if tokenizer.unk_token in text_given and (
        _around_unknown(tokenizer, text_given) == theirs
    ):
        return "`<unk>` in text"
    if not isinstance(tokenizer, AlbertTokenizer):
        return "unexplained"
    processor = tokenizer.python_tokenizer.processor

    def text(ids: list[int]) -> str:
        return "".join(map(processor.id_to_piece, ids))

    def score(ids: list[int]) -> float:
        return math.fsum(map(processor.get_score, ids))

    if text(ours) != text(theirs):
        # ALBERT drops the `▁` that digits before a comma would get.
        return "unexplained"
    if math.isclose(score(ours), score(theirs), abs_tol=1e-4):
        return "equal scores"
    changed = _changed(ours, theirs)
    if re.search(r"[0-9],", text(changed[0])):
        return "digit and comma"
    return "unexplained"


def _around_unknown(tokenizer: Any, text: str) -> list[int]:
    """Return our ids if `<unk>` in a text were the unknown token."""
    parts = tokenizer.python_tokenizer.encode_batch(
        text.split(tokenizer.unk_token)
    )
    unknown = tokenizer.token_to_id(tokenizer.unk_token)
    found = list(parts[0])
    for part in parts[1:]:
        found += [unknown, *part]
    return found


def _changed(x: list[int], y: list[int]) -> tuple[list[int], list[int]]:
    """Return what lies between the equal ends of two lists."""
    begin = 0
    while begin < min(len(x), len(y)) and x[begin] == y[begin]:
        begin += 1
    end = 0
    most = min(len(x), len(y)) - begin
    while end < most and x[-1 - end] == y[-1 - end]:
        end += 1
    return x[begin : len(x) - end], y[begin : len(y) - end]


def _pieces(tokenizer: Any, ids: list[int], other: list[int]) -> str:
    tokens = _changed(ids, other)[0][:30]
    return " ".join(tokenizer.python_tokenizer.id_to_piece(i) for i in tokens)


if __name__ == "__main__":
    main()
