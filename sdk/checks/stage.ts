// The names that the examples of the READMEs take for granted. `readme.test.mjs` fills them in.

import type { DiscoveredServer, OAuth2Config, TokenSet } from '@fluxer/oauth2';

export interface Stage {
  clientId: string;
  clientSecret: string;
  config: OAuth2Config & DiscoveredServer;
  /** A code that nobody has redeemed, and its verifier. */
  code: string;
  codeVerifier: string;
  tokens: TokenSet;
  accessToken: string;
  refreshToken: string;
  userId: string;
  /** A guild of the user's, without the bot. */
  guildId: string;
  /** An access token of the user's for `https://orders.example/`, with `orders:read`. */
  resourceToken: string;
  /** The server's root secret. */
  signingKey: Uint8Array<ArrayBuffer>;
  /** An application that may use the device grant. */
  deviceConfig: OAuth2Config & DiscoveredServer;
  /** Shows something to the user, who follows what it says. */
  show(text: string): void;
  /** The browser that is back from the server. */
  request: Request;
  /** The user's browser: it goes there, the user says yes, and it comes back. */
  visit(url: string): Promise<Request>;
  browserSession: {
    load(): Promise<{ state: string; codeVerifier: string }>;
    save(values: { state: string; codeVerifier: string }): Promise<void>;
  };
  database: {
    load(userId: string): Promise<TokenSet | undefined>;
    save(userId: string, tokens: TokenSet): Promise<void>;
    delete(userId: string): Promise<void>;
  };
  /** Fails unless the first is the second: `// → value` in an example. A link must also work. */
  equal(actual: unknown, expected: unknown): Promise<void>;
}
