import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

// Ctrl-C is for the program that runs below: it may have something to finish, and this process waits for it.
process.on('SIGINT', () => {});

/** Runs pnpm, of exactly the version that package.json names, in the repository's root; returns its exit status. */
export function pnpm(...args) {
  const { status, error } = spawnSync('npx', ['--yes', packageManager, ...args], { cwd: root, stdio: 'inherit' });
  if (error) throw error;
  return status ?? 1;
}

/** Runs pnpm and ends this process with its status if that is not 0. */
export function pnpmOrExit(...args) {
  const status = pnpm(...args);
  if (status !== 0) process.exit(status);
}

/** Installs what the lock file names. */
export function install() {
  pnpmOrExit('install', '--frozen-lockfile', '--reporter=append-only');
}
