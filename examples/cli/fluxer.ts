#!/usr/bin/env node
// A command-line tool whose user logs in with Fluxer: in the browser of this machine, which comes back to
// a port of it (RFC 8252), or on any other device, by a code (RFC 8628). It keeps its tokens in a file that
// is its user's alone, and refreshes them.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { AccessDeniedError, ExpiredTokenError, FluxerError, InvalidGrantError, OAuthError } from '@fluxer/errors';
import {
  InvalidCallbackError, StateMismatchError, authorizeUrl, createSession, deviceAuthorization, discover, exchangeCode, generatePkce,
  generateState, parseCallback, revoke, type OAuth2Config, type Session, type TokenSet,
} from '@fluxer/oauth2';

import { TokenFile } from './token-file.ts';

const USAGE = `usage: fluxer login [--device]   log in, in this machine's browser or on another device
       fluxer whoami             say who is logged in
       fluxer logout             give the tokens back and forget them`;

const { ISSUER = 'https://fluxer.app', CLIENT_ID = '' } = process.env;
const file = new TokenFile(ISSUER, CLIENT_ID);

async function configuration(): Promise<OAuth2Config> {
  if (!CLIENT_ID) throw new Error('CLIENT_ID must be set');
  return { clientId: CLIENT_ID, scope: 'identify', ...(await discover(ISSUER)) };
}

// Logging in.

async function logIn(onDevice: boolean): Promise<void> {
  const config = await configuration();
  await file.prepare();
  const former = await file.load();
  await file.save(onDevice ? await byDevice(config) : await byBrowser(config));
  // The login before this one would go on, and nobody here would know of it.
  if (former) await revoke(config, former.refreshToken ?? former.accessToken, { signal: interrupted }).catch(() => undefined);
  await whoAmI();
}

async function byDevice(config: OAuth2Config): Promise<TokenSet> {
  const device = await deviceAuthorization(config, { signal: interrupted });
  say(device.text);
  return device.tokens({ signal: interrupted });
}

async function byBrowser(config: OAuth2Config): Promise<TokenSet> {
  // 127.0.0.1 and not localhost, which may be another address (RFC 8252 §7.3); any port that is free.
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const redirectUri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`;
  const [state, pkce] = [generateState(), await generatePkce()];
  const url = authorizeUrl({ ...config, redirectUri }, state, { pkce });
  say('Open this page, if it does not open by itself:');
  say(url);
  openInBrowser(url);
  try {
    const code = await comeBack(server, (address) => parseCallback({ ...config, redirectUri }, address, state).code);
    return await exchangeCode({ ...config, redirectUri }, { code, codeVerifier: pkce.codeVerifier, signal: interrupted });
  } finally {
    server.close();
    // Browsers keep connections open, and anybody on this machine can: nobody is waited for.
    setTimeout(() => server.closeAllConnections(), 1_000).unref();
  }
}

/**
 * The code that the browser comes back with. Every program of this machine can send requests here, and every
 * page can make the browser send some: one without the state is not the answer, and the wait goes on.
 */
function comeBack(server: Server, read: (address: string) => string): Promise<string> {
  return new Promise((resolve, reject) => {
    interrupted.throwIfAborted();
    interrupted.addEventListener('abort', () => reject(interrupted.reason as Error), { once: true });
    server.on('request', ({ method, url = '' }, response) => {
      const answer = (status: number, text: string): void => {
        response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', connection: 'close' }).end(`${text}\n`);
      };
      // Browsers ask for an icon, and some programs look at a page before it is opened.
      if (method !== 'GET' || !url.startsWith('/callback?')) return answer(404, 'There is nothing here.');
      try {
        resolve(read(url));
      } catch (error) {
        if (error instanceof StateMismatchError || error instanceof InvalidCallbackError) return answer(400, 'This is not the answer to a login that was begun here.');
        reject(error as Error);
      }
      answer(200, 'You can close this page and go back to the terminal.');
    });
  });
}

function openInBrowser(url: string): void {
  const [program, ...args] = { darwin: ['open'], win32: ['rundll32', 'url.dll,FileProtocolHandler'] }[process.platform as string] ?? ['xdg-open'];
  // It may be the browser itself, which goes on after this program has ended.
  const browser = spawn(program!, [...args, url], { detached: true, stdio: 'ignore' });
  browser.on('error', () => undefined); // where it cannot, the user can
  browser.unref();
}

// Being logged in.

async function session(): Promise<Session> {
  const tokens = await file.load();
  if (!tokens) throw new Error('Nobody is logged in: fluxer login');
  return createSession(await configuration(), {
    tokens,
    loadTokens: () => file.load(), // another of these programs may have refreshed them
    onTokens: (tokens) => file.save(tokens),
    onEnd: () => file.delete(),
  });
}

async function whoAmI(): Promise<void> {
  const user = await (await session()).getJson<{ id: string; username: string }>('/api/users/@me', { signal: interrupted });
  say(`Logged in as ${user.username} (${user.id})`);
}

async function logOut(): Promise<void> {
  if (await file.load()) await (await session()).revoke();
  say('Logged out');
}

// The command.

const interruption = new AbortController();
const interrupted = interruption.signal;
process.once('SIGINT', () => interruption.abort(new Error('Interrupted')));

/** What a server says is text, and no command to the terminal. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, '\ufffd');
}

function say(text: string): void {
  console.log(printable(text));
}

function words(error: unknown): string {
  if (error instanceof AccessDeniedError) return 'You said no';
  if (error instanceof ExpiredTokenError) return 'The code has expired: try again';
  if (error instanceof InvalidGrantError) return 'The login has ended: fluxer login';
  if (error instanceof OAuthError) return error.description ?? error.code;
  return error instanceof FluxerError || error instanceof Error ? error.message : String(error);
}

const [command, ...options] = process.argv.slice(2);
const commands: Record<string, () => Promise<void>> = { login: () => logIn(options.includes('--device')), whoami: whoAmI, logout: logOut };
const run = commands[command ?? ''];
if (!run || options.some((option) => option !== '--device' || command !== 'login')) {
  console.error(USAGE);
  process.exitCode = 2;
} else {
  await run().catch((error: unknown) => {
    console.error(printable(words(error)));
    process.exitCode = 1;
  });
}
