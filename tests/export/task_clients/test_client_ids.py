"""What clients make of texts is what ALBERT makes of them."""

from peers import QUESTIONS, TEXTS

from albert_keras.export.client_ids import ANSWERER_LENGTH


def test_texts(tokenizer, ids):
    for text in TEXTS:
        own = ids.tokens(text) == tokenizer.encode(text)
        # Special symbols are letters and brackets to clients.
        assert own == ("[" not in text)


def test_a_long_text_is_cut(tokenizer, ids):
    whole = ids.text(TEXTS[-1], None)
    assert whole[1:-1] == tokenizer.encode(TEXTS[-1])
    cut = ids.text(TEXTS[-1], 10)
    assert cut == [*whole[:9], tokenizer.sep_token_id]


def test_a_passage_word_by_word(tokenizer, ids):
    passage, question = QUESTIONS[0]
    row = ids.passage(question, passage)
    asked = [tokenizer.cls_token_id, *tokenizer.encode(question)]
    told = [tokenizer.sep_token_id, *tokenizer.encode(passage)]
    assert row.token_ids == [*asked, *told, tokenizer.sep_token_id]
    assert row.segment_ids == [0] * (len(asked) + 1) + [1] * len(told)
    assert row.words[-3:] == ["name", "of", "an\nargument."]


def test_what_does_not_fit_is_left_out(ids):
    passage, question = QUESTIONS[1]
    row = ids.passage(question, passage)
    assert len(row.token_ids) == len(row.segment_ids) == ANSWERER_LENGTH
    assert row.segment_ids.index(1) == 64 + 2  # [CLS] question [SEP]
    assert max(row.word_of_token) == ANSWERER_LENGTH - 2
