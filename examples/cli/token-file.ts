// Tokens in a file: in the user's folder for configuration, mode 600, and never half-written.

import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

import type { TokenSet } from '@fluxer/oauth2';

interface Stored {
  issuer: string;
  clientId: string;
  tokens: TokenSet;
}

function configurationFolder(): string {
  const { XDG_CONFIG_HOME, APPDATA } = process.env;
  if (process.platform === 'win32' && APPDATA) return APPDATA;
  if (process.platform === 'darwin') return join(homedir(), 'Library/Application Support');
  return XDG_CONFIG_HOME || join(homedir(), '.config');
}

/** The tokens of one application at one server: those of another are not shown to it. */
export class TokenFile {
  readonly #path = join(configurationFolder(), 'fluxer-cli', 'tokens.json');
  readonly #issuer: string;
  readonly #clientId: string;

  constructor(issuer: string, clientId: string) {
    this.#issuer = issuer;
    this.#clientId = clientId;
  }

  async load(): Promise<TokenSet | undefined> {
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    const { issuer, clientId, tokens } = JSON.parse(text) as Stored;
    return issuer === this.#issuer && clientId === this.#clientId ? tokens : undefined;
  }

  async save(tokens: TokenSet): Promise<void> {
    const folder = dirname(this.#path);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await chmod(folder, 0o700);
    // Renaming replaces the whole file at once, and with it the mode of an older one.
    const beside = `${this.#path}.${randomUUID()}`;
    const stored: Stored = { issuer: this.#issuer, clientId: this.#clientId, tokens };
    await writeFile(beside, JSON.stringify(stored), { mode: 0o600, flag: 'wx' });
    await rename(beside, this.#path);
  }

  async delete(): Promise<void> {
    await rm(this.#path, { force: true });
  }
}
