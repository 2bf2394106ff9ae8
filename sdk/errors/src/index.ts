/**
 * The errors of Fluxer's OAuth2 server and of its API, as classes.
 *
 * @packageDocumentation
 */

export * from './api-error.js';
export * from './fluxer-error.js';
export * from './from-response.js';
export * from './oauth-error.js';
