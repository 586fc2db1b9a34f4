// MediaPipe's text tasks on a file that `ak.export.tflite` wrote. They make
// ids of texts with the vocabulary inside the file.
import {
  FilesetResolver,
  TextClassifier,
  TextEmbedder,
} from '@mediapipe/tasks-text';

const wasm = '/node_modules/@mediapipe/tasks-text/wasm';

async function load(task, model) {
  const files = await FilesetResolver.forTextTasks(wasm);
  return task.createFromOptions(files, {baseOptions: {modelAssetPath: model}});
}

/**
 * Load a text classifier.
 *
 * @param {string} model Address of the .tflite file.
 * @returns {Promise<function(string): Record<string, number>>} A function
 *     from a text to the probability of each label.
 */
export async function loadClassifier(model) {
  const classifier = await load(TextClassifier, model);
  return text => {
    const [head] = classifier.classify(text).classifications;
    return Object.fromEntries(
      head.categories.map(each => [each.categoryName, each.score]));
  };
}

/**
 * Load a text embedder.
 *
 * @param {string} model Address of the .tflite file, exported with `pooling`.
 * @returns {Promise<function(string): number[]>} A function from a text to
 *     its vector.
 */
export async function loadEmbedder(model) {
  const embedder = await load(TextEmbedder, model);
  return text => Array.from(embedder.embed(text).embeddings[0].floatEmbedding);
}
