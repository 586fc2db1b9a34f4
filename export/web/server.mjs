// Serves this folder, the npm packages and a folder of models on this machine:
//
//     node server.mjs MODELS [PORT]
//
// The policy in the headers lets pages connect to this server alone, so the
// usage metrics that MediaPipe sends to its maker never leave the browser.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
export const packages =
  process.env.WEB_NODE_MODULES ?? path.join(here, 'node_modules');
const types = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};
const headers = {
  'Content-Security-Policy': "connect-src 'self' blob: data:",
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Opener-Policy': 'same-origin',
};

/**
 * Start the server.
 *
 * @param {string} models Folder that pages see as `/models/`.
 * @param {number} port Port on 127.0.0.1; 0 for any free one.
 * @returns {Promise<http.Server>} The listening server.
 */
export function serve(models, port = 0) {
  const roots = {models, node_modules: packages};
  const server = http.createServer((request, response) => {
    const {pathname} = new URL(request.url, 'http://127.0.0.1');
    let names;
    try {
      names = decodeURIComponent(pathname).split('/').slice(1);
    } catch {
      names = ['..'];
    }
    if (names.at(-1) === '') names[names.length - 1] = 'index.html';
    const root = Object.hasOwn(roots, names[0]) ? roots[names.shift()] : here;
    const file = path.join(root, ...names);
    if (
      names.includes('..') ||
      !fs.statSync(file, {throwIfNoEntry: false})?.isFile()
    ) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, {
      'Content-Type': types[path.extname(file)] ?? 'application/octet-stream',
      ...headers,
    });
    fs.createReadStream(file).pipe(response);
  });
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [models = path.join(here, 'models'), port = '8000'] =
    process.argv.slice(2);
  await serve(path.resolve(models), Number(port));
  console.log(`http://127.0.0.1:${port}/ serves the models in ${models}.`);
}
