// Debian's Chromium, an application's callback, and the Worker between them.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';

import { chromium } from 'playwright-core';

/** The one without a window takes half as much of the processor. */
const EXECUTABLE = process.env.CHROMIUM || ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'].find(existsSync);
/** Only what hangs takes as long: a busy machine does not. */
export const WITHIN = 60_000;

export function launch() {
  return chromium.launch({
    executablePath: EXECUTABLE,
    // A process for a site and not for a page: it has compiled already what all pages, and axe, run.
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--process-per-site'],
  });
}

/** An application's server on loopback: keeps what arrives at it, and sends `/callback` on where told to. */
export async function listen(host = '127.0.0.1', { next } = {}) {
  const arrived = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url, `http://${request.headers.host}`);
    if (url.pathname === '/favicon.ico') return response.writeHead(204).end();
    arrived.push({ path: url.pathname, query: url.searchParams, method: request.method, headers: request.headers });
    const to = url.pathname === '/callback' && next;
    if (to) return response.writeHead(302, { location: to }).end();
    return response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(`<!doctype html><title>Landed</title><h1>Landed on ${url.pathname}</h1>`);
  });
  await new Promise((resolve) => server.listen(0, host, resolve));
  const origin = `http://${host}:${server.address().port}`;
  return { origin, callback: `${origin}/callback`, arrived, close: () => server.closeAllConnections() ?? server.close() };
}

/** Everything a page complained of: errors, CSP violations, requests that failed. */
export function complaints(page) {
  const heard = [];
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && heard.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => heard.push(String(error)));
  page.on('requestfailed', (request) => heard.push(`${request.url()}: ${request.failure().errorText}`));
  return heard;
}

/** A page in a browser that knows nothing yet. */
export async function visit(browser, options = {}) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(WITHIN);
  const page = await context.newPage();
  return { page, heard: complaints(page), close: () => context.close() };
}

export async function logIn(page, login, password) {
  await page.getByLabel('User name or e-mail').fill(login);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
}

/** Nothing sticks out sideways, at the widths of a small phone and of a desktop; scripts/screenshots takes the pictures. */
export async function fits(page, name) {
  for (const width of [320, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth).catch(() => 0);
    assert.ok(sideways <= 0, `${name} is ${sideways}px too wide for ${width}px`);
  }
}
