import { append, authorizeUrl, type AuthorizeOptions } from './authorize.js';
import { endpoint, required, type AuthorizeConfig } from './config.js';

/** The permissions of a guild, each with its bit. */
export const Permissions = {
  CREATE_INSTANT_INVITE: 0x1n,
  KICK_MEMBERS: 0x2n,
  BAN_MEMBERS: 0x4n,
  ADMINISTRATOR: 0x8n,
  MANAGE_CHANNELS: 0x10n,
  MANAGE_GUILD: 0x20n,
  ADD_REACTIONS: 0x40n,
  VIEW_AUDIT_LOG: 0x80n,
  PRIORITY_SPEAKER: 0x100n,
  STREAM: 0x200n,
  VIEW_CHANNEL: 0x400n,
  SEND_MESSAGES: 0x800n,
  SEND_TTS_MESSAGES: 0x1000n,
  MANAGE_MESSAGES: 0x2000n,
  EMBED_LINKS: 0x4000n,
  ATTACH_FILES: 0x8000n,
  READ_MESSAGE_HISTORY: 0x10000n,
  MENTION_EVERYONE: 0x20000n,
  USE_EXTERNAL_EMOJIS: 0x40000n,
  CONNECT: 0x100000n,
  SPEAK: 0x200000n,
  MUTE_MEMBERS: 0x400000n,
  DEAFEN_MEMBERS: 0x800000n,
  MOVE_MEMBERS: 0x1000000n,
  USE_VAD: 0x2000000n,
  CHANGE_NICKNAME: 0x4000000n,
  MANAGE_NICKNAMES: 0x8000000n,
  MANAGE_ROLES: 0x10000000n,
  MANAGE_WEBHOOKS: 0x20000000n,
  MANAGE_EXPRESSIONS: 0x40000000n,
  USE_EXTERNAL_STICKERS: 0x2000000000n,
  MODERATE_MEMBERS: 0x10000000000n,
  CREATE_EXPRESSIONS: 0x80000000000n,
  PIN_MESSAGES: 0x8000000000000n,
  BYPASS_SLOWMODE: 0x10000000000000n,
  UPDATE_RTC_REGION: 0x20000000000000n,
  VIEW_CHANNEL_MEMBERS: 0x40000000000000n,
  CREATE_POLLS: 0x80000000000000n,
} as const;

/** The name of a permission. */
export type Permission = keyof typeof Permissions;

/** What a bot invitation may say. */
export interface BotInvite {
  /** What the bot wants: names, or the bits themselves. The user may grant less. */
  permissions?: readonly Permission[] | bigint;
  /** The guild to offer first. */
  guildId?: string;
  /** Whether the user must take `guildId`. */
  disableGuildSelect?: boolean;
}

/** What an invitation with a code for the application says besides. */
export interface BotInviteWithCode extends BotInvite, AuthorizeOptions {
  /** As for `authorizeUrl`. */
  state: string;
}

/**
 * The bits of permissions, together.
 *
 * @throws TypeError where there is no permission of that name.
 * @example
 * ```ts
 * permissionBits(['KICK_MEMBERS', 'BAN_MEMBERS']); // 6n
 * ```
 */
export function permissionBits(names: readonly Permission[]): bigint {
  return names.reduce((bits, name) => {
    if (!Object.hasOwn(Permissions, name)) throw new TypeError(`there is no permission ${JSON.stringify(name)}`);
    return bits | Permissions[name];
  }, 0n);
}

/**
 * The names of permission bits, such as `permissions` of a guild; bits without a name are left out.
 *
 * @example
 * ```ts
 * permissionNames('6'); // ['KICK_MEMBERS', 'BAN_MEMBERS']
 * ```
 */
export function permissionNames(bits: bigint | string): Permission[] {
  const set = BigInt(bits);
  return (Object.keys(Permissions) as Permission[]).filter((name) => (set & Permissions[name]) !== 0n);
}

/**
 * A link that adds the application's bot to a guild of the user's. With a `state`, it is an
 * authorize URL as well: the browser comes back with a code, whose tokens say which guild it was.
 *
 * @throws TypeError where a permission is unknown, `disableGuildSelect` has no guild, or the
 * configuration is unusable.
 * @example
 * ```ts
 * const url = botInviteUrl(config, { permissions: ['SEND_MESSAGES', 'EMBED_LINKS'] });
 * ```
 */
export function botInviteUrl(config: AuthorizeConfig, invite: BotInvite | BotInviteWithCode = {}): string {
  if (invite.disableGuildSelect) required(invite.guildId, 'guildId');
  const url = new URL('state' in invite ? urlWithCode(config, invite) : urlOfBot(config));
  append(url, {
    permissions: bitsOf(invite.permissions)?.toString(),
    guild_id: invite.guildId,
    disable_guild_select: invite.disableGuildSelect ? 'true' : undefined,
  });
  return url.href;
}

function urlOfBot(config: AuthorizeConfig): string {
  const url = endpoint(config, 'authorizeEndpoint');
  append(url, { client_id: required(config.clientId, 'clientId'), scope: 'bot' });
  return url.href;
}

function urlWithCode(config: AuthorizeConfig, { state, scope = config.scope ?? '', ...options }: BotInviteWithCode): string {
  const scopes = new Set(scope.split(' ').filter(Boolean)).add('bot');
  return authorizeUrl(config, state, { ...options, scope: [...scopes].join(' ') });
}

function bitsOf(permissions: BotInvite['permissions']): bigint | undefined {
  if (permissions === undefined) return undefined;
  const bits = typeof permissions === 'bigint' ? permissions : permissionBits(permissions);
  if (bits !== BigInt.asUintN(64, bits)) throw new TypeError('permissions must be 64 bits, and not negative');
  return bits;
}
