/**
 * OAuth2 for applications on Fluxer.
 *
 * @packageDocumentation
 */

export type { ClientKey } from './assertion.js';
export { verifyAccessToken, type AccessTokenOptions } from './access-token.js';
export { authorizeUrl, generatePkce, generateState, type AuthorizeOptions, type Pkce, type Prompt } from './authorize.js';
export { Permissions, botInviteUrl, permissionBits, permissionNames, type BotInvite, type BotInviteWithCode, type Permission } from './bot.js';
export { InvalidCallbackError, IssuerMismatchError, StateMismatchError, parseCallback, type Callback } from './callback.js';
export type { AuthorizeConfig, Clock, Fetch, OAuth2Config, OAuth2Scope, RequestOptions, Server, VerifierConfig } from './config.js';
export { deviceAuthorization, type DeviceAuthorization } from './device.js';
export { discover, type DiscoverOptions, type DiscoveredServer } from './discover.js';
export { InvalidIdTokenError, endSessionUrl, verifyIdToken, type EndSessionOptions, type IdToken, type IdTokenConfig, type IdTokenOptions } from './id-token.js';
export { InvalidDpopProofError, dpopThumbprint, generateDpopKey, verifyDpopProof, type DpopKey, type ProvedRequest } from './dpop.js';
export { par } from './par.js';
export { createSession, type Session, type SessionOptions } from './session.js';
export {
  clientCredentials, exchangeCode, introspect, refresh, revoke,
  type ActiveToken, type CodeExchange, type Introspection, type ScopeOptions, type TokenGuild, type TokenOptions, type TokenSet,
} from './token.js';
export { hasScope, verifyToken, verifyTokenWithKey, type KeyOptions, type VerifiedToken, type VerifyOptions } from './verify.js';
