// Runs tasks in headless Chromium:
//
//     node headless.mjs MODELS < jobs.json > answers.json
//
// A job is {"task", "model", "tokenizer", "rows"}: addresses under /models/ and
// a list of the texts that each call takes. The answers are {"answers", "ms"}
// for each job, and "outside", the requests to other hosts.
import {createRequire} from 'node:module';
import fs from 'node:fs';
import path from 'node:path';

import {packages, serve} from './server.mjs';

const require = createRequire(path.join(packages, 'none.js'));
const puppeteer = require('puppeteer-core');

const jobs = JSON.parse(fs.readFileSync(0, 'utf-8'));
const server = await serve(path.resolve(process.argv[2]));
const origin = `http://127.0.0.1:${server.address().port}`;
const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  headless: true,
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});
try {
  const page = await browser.newPage();
  page.on('pageerror', error => console.error(String(error)));
  const outside = new Set();
  page.on('response', response => {
    const url = response.url();
    if (/^https?:/.test(url) && !url.startsWith(`${origin}/`)) outside.add(url);
  });
  await page.goto(`${origin}/`);
  await page.waitForFunction('window.albert');
  const jobsDone = [];
  for (const job of jobs) {
    jobsDone.push(await page.evaluate(async job => {
      const answers = [];
      let begin;
      for (const texts of job.rows) {
        const call = [job.task, job.model, job.tokenizer, texts];
        try {
          answers.push(await window.albert.run(...call));
        } catch (error) {
          answers.push({error: error.message});
        }
        // The first call loads the model.
        begin ??= performance.now();
      }
      const count = Math.max(1, job.rows.length - 1);
      return {answers, ms: (performance.now() - begin) / count};
    }, job));
  }
  const version = await browser.version();
  const found = {jobs: jobsDone, outside: [...outside], version};
  await new Promise(written =>
    process.stdout.write(JSON.stringify(found), written));
} finally {
  await browser.close();
  server.close();
}
