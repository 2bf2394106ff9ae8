// A resource server: it opens its orders to the access tokens that Fluxer issued for it. It verifies them
// by itself: Fluxer is asked for its keys every five minutes and for what was revoked every fifteen
// seconds, and not for each token.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

import { FluxerError, InvalidTokenError, MissingOAuthScopeError } from '@fluxer/errors';
import { InvalidDpopProofError, verifyAccessToken, verifyDpopProof, type VerifiedToken } from '@fluxer/oauth2';

const { ISSUER, AUDIENCE, PORT } = process.env;
if (!ISSUER || !AUDIENCE || !PORT) throw new Error('ISSUER, AUDIENCE and PORT must be set');

/** Each route, the scope that it needs, and what it answers. */
const routes: Record<string, [scope: string, answer: (caller: VerifiedToken) => [status: number, body?: unknown]]> = {
  'GET /orders': ['orders:read', (caller) => [200, { user: caller.subject, application: caller.clientId, orders: [] }]],
  'POST /orders': ['orders:write', () => [201]],
};

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const route = routes[`${request.method} ${request.url}`];
  const [, scheme = '', token] = /^(Bearer|DPoP) +(.+)$/i.exec(request.headers.authorization ?? '') ?? [];
  if (!route) return void response.writeHead(404).end();
  if (token === undefined) return void response.writeHead(401, { 'www-authenticate': 'Bearer' }).end();
  const [scope, act] = route;
  // A token that is bound to a key is good with a proof of that key, and in no other way.
  const thumbprint = scheme.toLowerCase() === 'dpop' ? await verifyDpopProof(proofOf(request), { method: request.method!, url: urlOf(request), accessToken: token }) : undefined;
  const caller = await verifyAccessToken({ issuer: ISSUER! }, token, { audience: AUDIENCE!, scope, thumbprint });
  const [status, body] = act(caller);
  response.writeHead(status, { 'content-type': 'application/json' }).end(body === undefined ? '' : JSON.stringify(body));
}

/** The proof of a request: Node joins two headers by a comma, and no proof has one. */
const proofOf = ({ headers }: IncomingMessage): string => String(headers['dpop']);

/** Where the client sent its request: here, unless a proxy stands before this server. */
const urlOf = ({ url }: IncomingMessage): string => `http://127.0.0.1:${PORT}${url}`;

/** What was wrong, as RFC 6750 §3.1 and RFC 9449 §7.1 say it. */
function refuse(error: unknown, response: ServerResponse): void {
  if (error instanceof InvalidDpopProofError) response.writeHead(401, { 'www-authenticate': 'DPoP error="invalid_dpop_proof", algs="ES256 EdDSA"' });
  else if (error instanceof InvalidTokenError) response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' });
  else if (error instanceof MissingOAuthScopeError) response.writeHead(403, { 'www-authenticate': `Bearer error="insufficient_scope", scope="${error.requiredScope}"` });
  else if (error instanceof FluxerError) response.writeHead(503, { 'retry-after': '5' }); // no verdict on the token
  else response.writeHead(500);
  response.end();
}

createServer((request, response) => {
  answer(request, response).catch((error: unknown) => refuse(error, response));
}).listen(Number(PORT), '127.0.0.1', () => console.log(`http://127.0.0.1:${PORT}`));
