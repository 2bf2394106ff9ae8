// A small MCP server whose users log in with Fluxer: each has notes of their own. It is an OAuth resource
// server (RFC 9728): clients find Fluxer through its metadata, and it verifies their tokens by itself.

import { createServer } from 'node:http';

import { FluxerError, InvalidTokenError } from '@fluxer/errors';
import { verifyAccessToken } from '@fluxer/oauth2';
import { toNodeHandler } from '@modelcontextprotocol/node';
import {
  McpServer, OAuthError, OAuthErrorCode, bearerAuthChallengeResponse, createMcpHandler, getOAuthProtectedResourceMetadataUrl,
  hostHeaderValidationResponse, oauthMetadataResponse, requireScopes, verifyBearerToken, type AuthInfo,
} from '@modelcontextprotocol/server';
import * as z from 'zod';

const { ISSUER, RESOURCE, PORT } = process.env;
if (!ISSUER || !RESOURCE || !PORT) throw new Error('ISSUER, RESOURCE and PORT must be set');
const resource = new URL(RESOURCE); // the URL of this server, as it is registered with Fluxer

// What it does.

const notes = new Map<string, string[]>();

function server(): McpServer {
  const mcp = new McpServer({ name: 'notes', version: '1.0.0' });
  const userOf = (authInfo: AuthInfo | undefined): string => String(authInfo?.extra?.['user']);
  mcp.registerTool('list_notes', { description: 'The notes of the user' }, ({ http }) => ({
    content: [{ type: 'text', text: (notes.get(userOf(http?.authInfo)) ?? []).join('\n') }],
  }));
  const adding = { description: 'Adds a note', inputSchema: z.object({ text: z.string() }), scopeChallenge: requireScopes('notes:read', 'notes:write') };
  mcp.registerTool('add_note', adding, ({ text }, { http }) => {
    const user = userOf(http?.authInfo);
    notes.set(user, [...(notes.get(user) ?? []), text]);
    return { content: [{ type: 'text', text: 'Added' }] };
  });
  return mcp;
}

// Who may ask. Adding needs a scope more, which a client asks for when it is told so (step-up).

const authorization = {
  requiredScopes: ['notes:read'],
  resourceMetadataUrl: getOAuthProtectedResourceMetadataUrl(resource),
  verifier: {
    async verifyAccessToken(token: string): Promise<AuthInfo> {
      const { subject, clientId, scopes, expiresAt } = await verifyAccessToken({ issuer: ISSUER! }, token, { audience: RESOURCE! });
      return { token, clientId, scopes, expiresAt: expiresAt / 1000, resource, extra: { user: subject } };
    },
  },
};

async function authorize(request: Request): Promise<AuthInfo | Response> {
  try {
    return await verifyBearerToken(request.headers.get('authorization'), authorization);
  } catch (error) {
    if (error instanceof InvalidTokenError) return bearerAuthChallengeResponse(new OAuthError(OAuthErrorCode.InvalidToken, error.message), authorization);
    // Fluxer cannot be asked: no verdict on the token, and no reason to log in again.
    if (error instanceof FluxerError) return new Response(null, { status: 503, headers: { 'retry-after': '5' } });
    return bearerAuthChallengeResponse(error, authorization);
  }
}

// How it is reached.

const found = await fetch(new URL('/.well-known/oauth-authorization-server', ISSUER));
const metadata = { oauthMetadata: await found.json(), resourceServerUrl: resource, scopesSupported: ['notes:read', 'notes:write'], resourceName: 'Notes' };
const mcp = createMcpHandler(server);

async function answer(request: Request): Promise<Response> {
  // A page that made its name lead here (DNS rebinding) gets nothing.
  const elsewhere = hostHeaderValidationResponse(request, [resource.hostname]);
  if (elsewhere) return elsewhere;
  const document = oauthMetadataResponse(request, metadata);
  if (document) return document;
  if (new URL(request.url).pathname !== resource.pathname) return new Response(null, { status: 404 });
  const authInfo = await authorize(request);
  return authInfo instanceof Response ? authInfo : mcp.fetch(request, { authInfo });
}

createServer(toNodeHandler({ fetch: answer })).listen(Number(PORT), '127.0.0.1', () => console.log(RESOURCE));
