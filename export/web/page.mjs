// What the page does with a task: load the model once, then run it.
import {Albert} from './albert.mjs';
import * as mediapipe from './mediapipe.mjs';

const loaded = new Map();

/**
 * Run a task.
 *
 * @param {string} task A method of `Albert`, or a function of `mediapipe.mjs`.
 * @param {string} model Address of the .tflite file.
 * @param {string} tokenizer Address of its `tokenizer.json`; MediaPipe needs
 *     none.
 * @param {string[]} texts What the task takes.
 * @returns {Promise<unknown>} The answer.
 */
export async function run(task, model, tokenizer, texts) {
  const key = JSON.stringify([task, model, tokenizer]);
  if (!loaded.has(key)) {
    loaded.set(key, task in mediapipe
      ? await mediapipe[task](model)
      : await Albert.load(model, tokenizer));
  }
  const found = loaded.get(key);
  return typeof found === 'function' ? found(...texts) : found[task](...texts);
}

const field = name => document.getElementById(name);
field('form').addEventListener('submit', async event => {
  event.preventDefault();
  const texts = [field('text').value, field('second').value].filter(Boolean);
  try {
    const found = await run(
      field('task').value, field('model').value, field('tokenizer').value,
      texts);
    field('out').textContent = JSON.stringify(found, null, 2);
  } catch (error) {
    field('out').textContent = error.message;
  }
});
window.albert = {run};
