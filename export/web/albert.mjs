// LiteRT.js on a file that `ak.export.tflite` wrote, with ids of texts from
// the `tokenizer.json` that `--tokenizer-json` writes next to it.
import {Tokenizer} from '@huggingface/tokenizers';
import {Tensor, loadAndCompile, loadLiteRt} from '@litertjs/core';

const WASM = '/node_modules/@litertjs/core/wasm/';
const SIGNATURE = 'serve_ids';
const STRIDE = 128;
const QUESTION_LENGTH = 64;
const MAX_ANSWER_LENGTH = 30;
const N_BEST = 20;

let started;

/**
 * Read the files that are packed with a model.
 *
 * @param {ArrayBuffer} buffer The bytes of a .tflite file.
 * @returns {Record<string, Uint8Array>} Their contents by name.
 */
export function packedFiles(buffer) {
  const view = new DataView(buffer);
  let end = buffer.byteLength - 22;
  while (end >= 0 && view.getUint32(end, true) !== 0x06054b50) end -= 1;
  if (end < 0) throw new Error('The model must be exported by albert-keras.');
  const found = {};
  // Offsets count from the beginning of the file or of the archive.
  const directory = view.getUint32(end + 16, true);
  const shift = end - view.getUint32(end + 12, true) - directory;
  let entry = directory + shift;
  for (let left = view.getUint16(end + 10, true); left > 0; left -= 1) {
    const size = view.getUint32(entry + 20, true);
    const nameLength = view.getUint16(entry + 28, true);
    const name = new TextDecoder().decode(
      new Uint8Array(buffer, entry + 46, nameLength));
    const local = view.getUint32(entry + 42, true) + shift;
    const begin = local + 30 + view.getUint16(local + 26, true) +
      view.getUint16(local + 28, true);
    found[name] = new Uint8Array(buffer, begin, size);
    entry += 46 + nameLength + view.getUint16(entry + 30, true) +
      view.getUint16(entry + 32, true);
  }
  return found;
}

/** A model with its tokenizer; `Albert.load` makes one. */
export class Albert {
  /**
   * Load a model and its tokenizer.
   *
   * @param {string} model Address of the .tflite file.
   * @param {string} tokenizer Address of its `tokenizer.json`.
   * @param {{accelerator?: string}} options `wasm` (the default) or `webgpu`.
   * @returns {Promise<Albert>} The model.
   */
  static async load(model, tokenizer, {accelerator = 'wasm'} = {}) {
    started ??= loadLiteRt(WASM);
    await started;
    const buffer = await (await fetched(model)).arrayBuffer();
    const pieces = await (await fetched(tokenizer)).json();
    const compiled = await loadAndCompile(
      new Uint8Array(buffer), {accelerator});
    return new Albert(compiled, packedFiles(buffer), pieces);
  }

  constructor(compiled, files, pieces) {
    const text = name => new TextDecoder().decode(files[name]);
    this.description = JSON.parse(text('albert.json'));
    this.labels = files['labels.txt'] && text('labels.txt').split('\n');
    this.labels?.pop();
    this.tokenizer = new Tokenizer(pieces, {});
    this.runner = compiled.signatures[SIGNATURE];
    this.inputs = this.runner.getInputDetails();
    this.length = this.description.sequence_length;
    if (this.length === null) {
      throw new Error('Export the model without --resizable: the browser ' +
        'needs rows of a fixed length.');
    }
    [this.cls, this.sep, this.mask] = ['[CLS]', '[SEP]', '[MASK]'].map(
      name => this.tokenizer.token_to_id(name));
  }

  /**
   * Run the model on one row of ids.
   *
   * @param {Record<string, number[]>} row Ids by the names of the inputs;
   *     `padding_mask` is made here.
   * @returns {Promise<Record<string, Float32Array>>} The outputs by name.
   */
  async run(row) {
    const ids = {...row, padding_mask: row.token_ids.map(() => 1)};
    const feed = {};
    for (const {name, shape} of this.inputs) {
      const values = new Int32Array(shape.reduce((a, b) => a * b, 1));
      values.set(ids[name]);
      feed[name] = new Tensor(values, Array.from(shape));
    }
    const outputs = await this.runner.run(feed);
    const found = {};
    for (const [name, tensor] of Object.entries(outputs)) {
      found[name] = Float32Array.from(tensor.toTypedArray());
      tensor.delete();
    }
    for (const tensor of Object.values(feed)) tensor.delete();
    return found;
  }

  /** Return the ids of a text, without [CLS] and [SEP]. */
  encode(text) {
    return this.tokenizer.encode(text, {add_special_tokens: false}).ids;
  }

  /**
   * Classify a text, or a pair of texts.
   *
   * @param {string} text The text.
   * @param {string} [pair] The second text of a pair.
   * @returns {Promise<Record<string, number>>} The probability of each label.
   */
  async classify(text, pair) {
    this.#expect('AlbertTextClassifier', 'classify');
    const parts = [this.encode(text)];
    if (pair !== undefined) parts.push(this.encode(pair));
    const {scores} = await this.run(this.#row(parts));
    return Object.fromEntries(
      Array.from(scores, (score, i) => [this.labels[i], score]));
  }

  /**
   * Predict masked tokens.
   *
   * @param {string} text A text with [MASK] in it.
   * @param {number} topK Predictions for each mask.
   * @returns {Promise<{piece: string, score: number}[][]>} For each mask the
   *     most likely pieces, with their probabilities.
   */
  async fillMask(text, topK = 5) {
    this.#expect('AlbertMaskedLM', 'fill in masks');
    const row = this.#row([this.encode(text)]);
    const masks = row.token_ids.flatMap(
      (id, i) => id === this.mask ? [i] : []);
    const most =
      this.inputs.find(each => each.name === 'mask_positions').shape[1];
    const found = [];
    for (let begin = 0; begin < masks.length; begin += most) {
      row.mask_positions = masks.slice(begin, begin + most);
      const logits = (await this.run(row)).mlm_logits;
      const width = logits.length / most;
      row.mask_positions.forEach((_, i) => {
        // A table may be longer than the vocabulary.
        const {pieces = width} = this.description.vocabulary ?? {};
        const scores = softmax(
          logits.subarray(i * width, i * width + pieces));
        found.push(best(scores, topK).map(id => ({
          piece: this.tokenizer.id_to_token(id),
          score: scores[id],
        })));
      });
    }
    return found;
  }

  /**
   * Label each word of a text.
   *
   * @param {string} text The text; words stand between white space.
   * @returns {Promise<{text: string, label: string, score: number,
   *     start: number, end: number}[]>} The words.
   */
  async tag(text) {
    this.#expect('AlbertTokenClassifier', 'label words');
    const room = this.length - 2;
    const words = wordsOf(text);
    const rows = [];
    let row = {ids: [], firsts: []};
    for (const word of words) {
      let ids = this.encode(word.text).slice(0, room);
      if (ids.length === 0) ids = [this.tokenizer.token_to_id('<unk>')];
      if (row.ids.length + ids.length > room) {
        rows.push(row);
        row = {ids: [], firsts: []};
      }
      row.firsts.push(row.ids.length + 1);
      row.ids.push(...ids);
    }
    rows.push(row);
    const scores = [];
    for (const {ids, firsts} of rows) {
      const {logits} = await this.run(this.#row([ids]));
      const width = logits.length / this.length;
      for (const i of firsts) {
        scores.push(softmax(logits.subarray(i * width, (i + 1) * width)));
      }
    }
    return words.map((word, i) => {
      const [label] = best(scores[i], 1);
      return {...word, label: this.labels[label], score: scores[i][label]};
    });
  }

  /**
   * Answer a question about a passage.
   *
   * @param {string} question The question.
   * @param {string} passage The passage, of any length.
   * @returns {Promise<{text: string, start: number, end: number,
   *     score: number}>} The best answer, its place in the passage and its
   *     probability among the 20 best.
   */
  async answer(question, passage) {
    this.#expect('AlbertQuestionAnswering', 'answer questions');
    if (this.inputs.length > 3) {
      throw new Error('Answering in the browser needs a model with the head ' +
        'v1. Received: one with v2.');
    }
    const asked = this.encode(question).slice(
      0, Math.min(QUESTION_LENGTH, Math.floor(this.length / 2)));
    const tokens = this.#placed(passage);
    const first = asked.length + 2;
    const windows = windowsOf(tokens.length, this.length - first - 1);
    const spans = [];
    for (const [number, {start, length}] of windows.entries()) {
      const held = tokens.slice(start, start + length);
      const row = this.#row([asked, held.map(token => token.id)]);
      const outputs = await this.run(row);
      const [starts, ends] = [outputs.start_logits, outputs.end_logits].map(
        logits => logits.subarray(first, first + length));
      const chosenEnds = best(ends, N_BEST);
      for (const from of best(starts, N_BEST)) {
        if (ownerOf(windows, start + from) !== number) continue;
        for (const to of chosenEnds) {
          if (to < from || to - from >= MAX_ANSWER_LENGTH) continue;
          spans.push({
            start: held[from].start,
            end: held[to].end,
            logit: starts[from] + ends[to],
          });
        }
      }
    }
    spans.sort((a, b) => b.logit - a.logit);
    const kept = new Map();
    for (const span of spans) {
      const untrimmed = passage.slice(span.start, span.end);
      const text = untrimmed.trim();
      if (kept.has(text) || kept.size === N_BEST) continue;
      const start =
        span.start + untrimmed.length - untrimmed.trimStart().length;
      kept.set(text, {...span, start, end: start + text.length});
    }
    if (kept.size === 0) return {text: '', start: null, end: null, score: 0};
    const scores = softmax(Array.from(kept.values(), span => span.logit));
    const [[text, {start, end}]] = kept;
    return {text, start, end, score: scores[0]};
  }

  #expect(name, what) {
    const received = this.description.model;
    if (received !== name && !(
      name === 'AlbertMaskedLM' && received === 'AlbertPretrainer')) {
      throw new Error(
        `To ${what}, load an ${name}. Received: an ${received}.`);
    }
  }

  /** Pack one or two texts as [CLS] a [SEP] b [SEP], the longer one cut. */
  #row(parts) {
    const room = this.length - 1 - parts.length;
    const ids = parts.map(part => part.slice());
    for (;;) {
      const lengths = ids.map(part => part.length);
      if (lengths.reduce((a, b) => a + b) <= room) break;
      ids[ids.length === 2 && lengths[1] >= lengths[0] ? 1 : 0].pop();
    }
    const row = {token_ids: [this.cls], segment_ids: [0]};
    ids.forEach((part, segment) => {
      row.token_ids.push(...part, this.sep);
      row.segment_ids.push(...part.map(() => segment), segment);
    });
    return row;
  }

  /**
   * Tokenize a passage, each token with its place in it. A word that the
   * tokenizer makes longer or shorter is the place of all its tokens.
   */
  #placed(passage) {
    return wordsOf(passage).flatMap(word => {
      const {ids, tokens} = this.tokenizer.encode(
        word.text, {add_special_tokens: false});
      const texts = tokens.map(token => token.replace(/^▁/, ''));
      const isPlain = texts.join('').length === word.text.length;
      let at = word.start;
      return ids.map((id, i) => {
        if (!isPlain) return {id, start: word.start, end: word.end};
        const start = at;
        at += texts[i].length;
        return {id, start, end: at};
      });
    });
  }
}

async function fetched(address) {
  const response = await fetch(address);
  if (!response.ok) {
    throw new Error(`${address} must exist. Received: ${response.status}.`);
  }
  return response;
}

function wordsOf(text) {
  return Array.from(text.matchAll(/\S+/g), match => ({
    text: match[0],
    start: match.index,
    end: match.index + match[0].length,
  }));
}

function windowsOf(tokens, room) {
  const found = [];
  for (let start = 0; ; ) {
    const length = Math.min(tokens - start, room);
    found.push({start, length});
    if (start + length >= tokens) return found;
    start += Math.min(length, STRIDE);
  }
}

/** Return the window in which a token has the most context. */
function ownerOf(windows, token) {
  let owner = -1;
  let highest = -1;
  windows.forEach(({start, length}, i) => {
    const left = token - start;
    const right = start + length - 1 - token;
    const score = Math.min(left, right) + 0.01 * length;
    if (left >= 0 && right >= 0 && score > highest) {
      [owner, highest] = [i, score];
    }
  });
  return owner;
}

function softmax(logits) {
  const most = logits.reduce((a, b) => Math.max(a, b));
  const powers = Array.from(logits, logit => Math.exp(logit - most));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map(power => power / sum);
}

function best(values, count) {
  return Array.from(values.keys())
    .sort((a, b) => values[b] - values[a])
    .slice(0, count);
}
