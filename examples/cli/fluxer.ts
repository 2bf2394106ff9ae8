#!/usr/bin/env node
// A command-line tool whose user logs in with Fluxer: in the browser of this machine, which comes back to
// a port of it (RFC 8252), or on any other device, by a code (RFC 8628). It keeps its tokens in a file that
// is its user's alone, and refreshes them.

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { AccessDeniedError, ExpiredTokenError, FluxerError, InvalidGrantError, OAuthError } from '@fluxer/errors';
import {
  authorizeUrl, createSession, deviceAuthorization, discover, exchangeCode, generatePkce, generateState, parseCallback,
  type OAuth2Config, type Session, type TokenSet,
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
  await file.save(onDevice ? await byDevice(config) : await byBrowser(config));
  await whoAmI();
}

async function byDevice(config: OAuth2Config): Promise<TokenSet> {
  const device = await deviceAuthorization(config, { signal: interrupted });
  console.log(device.text);
  return device.tokens({ signal: interrupted });
}

async function byBrowser(config: OAuth2Config): Promise<TokenSet> {
  // 127.0.0.1 and not localhost, which may be another address (RFC 8252 §7.3); any port that is free.
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const redirectUri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`;
  const [state, pkce] = [generateState(), await generatePkce()];
  const url = authorizeUrl({ ...config, redirectUri }, state, { pkce });
  console.log(`Open this page, if it does not open by itself:\n${url}`);
  openInBrowser(url);
  try {
    for (;;) {
      const [request, response] = await once(server, 'request', { signal: interrupted });
      if (!request.url.startsWith('/callback?')) {
        response.writeHead(404).end(); // browsers ask for an icon
        continue;
      }
      response.setHeader('connection', 'close');
      response.end('You can close this page and go back to the terminal.\n');
      const { code } = parseCallback({ ...config, redirectUri }, new URL(request.url, redirectUri), state);
      return await exchangeCode({ ...config, redirectUri }, { code, codeVerifier: pkce.codeVerifier, signal: interrupted });
    }
  } finally {
    server.close();
  }
}

function openInBrowser(url: string): void {
  const [program, ...args] = { darwin: ['open'], win32: ['rundll32', 'url.dll,FileProtocolHandler'] }[process.platform as string] ?? ['xdg-open'];
  execFile(program!, [...args, url], () => undefined); // where it cannot, the user can
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
  console.log(`Logged in as ${user.username} (${user.id})`);
}

async function logOut(): Promise<void> {
  if (await file.load()) await (await session()).revoke();
  console.log('Logged out');
}

// The command.

const interruption = new AbortController();
const interrupted = interruption.signal;
process.once('SIGINT', () => interruption.abort(new Error('Interrupted')));

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
    console.error(words(error));
    process.exitCode = 1;
  });
}
