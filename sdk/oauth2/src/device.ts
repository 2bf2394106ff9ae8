import { ExpiredTokenError, FluxerError, InvalidResponseError, OAuthError } from '@fluxer/errors';

import { parseUrl, type OAuth2Config, type RequestOptions } from './config.js';
import { afterRateLimit, afterRefusal, post } from './http.js';
import { checkIdToken } from './id-token.js';
import { systemClock } from './time.js';
import { requestTokens, type ScopeOptions, type TokenSet } from './token.js';

const GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
/** Seconds between two questions, where the server does not say (RFC 8628 §3.2). */
const INTERVAL = 5;
/** Seconds that `slow_down` adds, for good (RFC 8628 §3.5). */
const SLOWER_BY = 5;
/** Longest pause between two questions after failures of the network, in seconds. */
const LONGEST_PAUSE = 60;

/** A device that waits for its user (RFC 8628 §3.2). */
export interface DeviceAuthorization {
  /** What the user types. */
  userCode: string;
  /** Where they type it. */
  verificationUri: string;
  /** The same page with the code filled in, for a QR code or a link. */
  verificationUriComplete: string;
  /** Until when the user may answer, in milliseconds since 1970. */
  expiresAt: number;
  /** What to show the user, in English. */
  text: string;
  /**
   * `verificationUriComplete` as a QR code: an `<svg>` for the device's own screen. It is drawn by the
   * package `uqr`, which has to be installed for it.
   */
  qrCode(): Promise<string>;
  /**
   * Waits for the user's answer, asking no more often than the server wants.
   *
   * @throws AccessDeniedError where the user said no; ExpiredTokenError where they did not answer in time.
   */
  tokens(options?: RequestOptions): Promise<TokenSet>;
}

/**
 * Logs a user in on a device that has no browser, or none that can come back: a command-line tool, a
 * television (RFC 8628). The user types a short code on another device.
 *
 * @example
 * ```ts
 * const device = await deviceAuthorization(config, { scope: 'identify' });
 * console.log(device.text);
 * const tokens = await device.tokens();
 * ```
 */
export async function deviceAuthorization(config: OAuth2Config, { scope = config.scope, resource, signal }: ScopeOptions = {}): Promise<DeviceAuthorization> {
  const { clock = systemClock } = config;
  const sentAt = clock.now();
  const body = await post(config, { endpoint: 'deviceAuthorizationEndpoint', parameters: { scope, resource }, repeatable: afterRefusal, signal });
  const { deviceCode, interval, ...shown } = parse(body, sentAt);
  return {
    ...shown,
    text: `Open ${shown.verificationUri} in a browser, on this device or another one, and type the code ${shown.userCode}`,
    qrCode: () => qrCode(shown.verificationUriComplete),
    tokens: ({ signal } = {}) => poll(config, { deviceCode, interval, expiresAt: shown.expiresAt, scope, signal }),
  };
}

function parse(body: Record<string, unknown>, sentAt: number) {
  const { device_code: deviceCode, user_code: userCode, verification_uri: verificationUri, verification_uri_complete: complete, expires_in, interval } = body;
  if (typeof deviceCode !== 'string' || typeof userCode !== 'string' || typeof verificationUri !== 'string') throw new InvalidResponseError('The device authorization lacks a member');
  if (typeof expires_in !== 'number') throw new InvalidResponseError('The device authorization does not say when it expires');
  // A terminal would obey what it shows.
  if (!userCode || /[\p{Cc}\p{Cf}]/u.test(userCode)) throw new InvalidResponseError('The device authorization has an unusable user code');
  const page = pageOf(verificationUri);
  const pause = typeof interval === 'number' && interval >= 1 ? interval : INTERVAL;
  return {
    deviceCode, userCode, verificationUri: page, verificationUriComplete: typeof complete === 'string' ? pageOf(complete) : page,
    expiresAt: sentAt + expires_in * 1000, interval: pause,
  };
}

/** A page as `URL` spells it: what is shown as a link must be one, and be no more than that. */
function pageOf(uri: string): string {
  const url = parseUrl(uri);
  if (!url || !/^https?:$/.test(url.protocol)) throw new InvalidResponseError('The device authorization has an unusable page');
  return url.href;
}

interface Waiting extends RequestOptions {
  deviceCode: string;
  interval: number;
  expiresAt: number;
  scope: string | undefined;
}

async function poll(config: OAuth2Config, { deviceCode, interval, expiresAt, scope, signal }: Waiting): Promise<TokenSet> {
  const { clock = systemClock } = config;
  const parameters = { grant_type: GRANT, device_code: deviceCode };
  for (let failures = 0; ; ) {
    const pause = Math.min(interval * 2 ** failures, Math.max(interval, LONGEST_PAUSE));
    await clock.sleep(Math.min(pause * 1000, Math.max(0, expiresAt - clock.now())), signal);
    if (clock.now() >= expiresAt) throw new ExpiredTokenError('The user did not answer in time');
    try {
      const tokens = await requestTokens(config, { parameters, repeatable: afterRateLimit, signal }, scope);
      if (tokens.idToken !== undefined) await checkIdToken(config, tokens.idToken, { nonce: undefined, accessToken: tokens.accessToken });
      return tokens;
    } catch (error) {
      const code = error instanceof OAuthError ? error.code : undefined;
      if (code === 'slow_down') interval += SLOWER_BY;
      // RFC 8628 §3.5: after a timeout the client asks less often, "such as exponential backoff".
      const passes = error instanceof FluxerError && error.temporary;
      if (code !== 'authorization_pending' && code !== 'slow_down' && !passes) throw error;
      failures = passes ? failures + 1 : 0;
    }
  }
}

async function qrCode(text: string): Promise<string> {
  let library: typeof import('uqr');
  try {
    library = await import('uqr');
  } catch (cause) {
    throw new TypeError('qrCode() draws with the package uqr: install it', { cause });
  }
  // ISO/IEC 18004 wants four light modules around it: cameras do not find it on a dark screen otherwise.
  return library.renderSVG(text, { border: 4, ecc: 'M' });
}
