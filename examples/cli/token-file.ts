// Tokens in a file: in the user's folder for configuration, mode 600, and never half-written.

import { randomUUID } from 'node:crypto';
import { chmod, mkdir, open, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

import type { TokenSet } from '@fluxer/oauth2';

interface Stored {
  issuer: string;
  clientId: string;
  tokens: TokenSet;
}

const NAME = 'tokens.json';

function configurationFolder(): string {
  const { XDG_CONFIG_HOME, APPDATA } = process.env;
  if (process.platform === 'win32' && APPDATA) return APPDATA;
  if (process.platform === 'darwin') return join(homedir(), 'Library/Application Support');
  return XDG_CONFIG_HOME || join(homedir(), '.config');
}

/** The tokens of one application at one server: those of another are not shown to it. */
export class TokenFile {
  readonly #folder = join(configurationFolder(), 'fluxer-cli');
  readonly #path = join(this.#folder, NAME);
  readonly #issuer: string;
  readonly #clientId: string;

  constructor(issuer: string, clientId: string) {
    this.#issuer = issuer;
    this.#clientId = clientId;
  }

  /** Makes the folder its user's alone: what a login gives has a place before anybody is asked for it. */
  async prepare(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await this.#check(this.#folder);
    await chmod(this.#folder, 0o700);
  }

  /** The tokens; `undefined` where there are none, also where what is there is none. */
  async load(): Promise<TokenSet | undefined> {
    try {
      await this.#check(this.#folder);
      if (((await this.#check(this.#path)).mode & 0o077) !== 0) await chmod(this.#path, 0o600); // as a copy or a backup may be
      return this.#tokensOf(await readFile(this.#path, 'utf8'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  async save(tokens: TokenSet): Promise<void> {
    await this.prepare();
    // Renaming replaces the whole file at once, and with it the mode of an older one. A link is not
    // followed: `wx` makes the file, and what is renamed over a link takes its place.
    const beside = `${this.#path}.${randomUUID()}`;
    const stored: Stored = { issuer: this.#issuer, clientId: this.#clientId, tokens };
    try {
      const file = await open(beside, 'wx', 0o600);
      try {
        await file.writeFile(JSON.stringify(stored));
        await file.sync(); // or a power cut may leave the new name with nothing in it
      } finally {
        await file.close();
      }
      await rename(beside, this.#path);
    } catch (error) {
      await rm(beside, { force: true });
      throw error;
    }
  }

  /** Deletes the tokens, and what a process that was killed may have left of some beside them. */
  async delete(): Promise<void> {
    for (const name of await readdir(this.#folder)) if (name.startsWith(NAME)) await rm(join(this.#folder, name), { force: true });
  }

  /** Whoever owns the folder or the file could log this user in as somebody else. */
  async #check(path: string): Promise<{ mode: number }> {
    const { uid, mode } = await stat(path);
    if (process.getuid && uid !== process.getuid()) throw new Error(`${path} belongs to another user`);
    return { mode };
  }

  #tokensOf(text: string): TokenSet | undefined {
    try {
      const { issuer, clientId, tokens } = JSON.parse(text) as Stored;
      const areTokens = typeof tokens.accessToken === 'string' && [tokens.expiresIn, tokens.expiresAt].every(Number.isFinite);
      return areTokens && issuer === this.#issuer && clientId === this.#clientId ? tokens : undefined;
    } catch {
      return undefined; // what JSON.parse throws quotes the text
    }
  }
}
