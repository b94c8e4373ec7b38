import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nearestName, VitrailError } from '@vitrail/core';
import { type EngineName, engines, peerNames, type Suite } from './engines/registry.ts';
import type { Contestant } from './run-bench.ts';

/** Scripts of the Python peers: beside both the sources and the build. */
const peersFolder = fileURLToPath(new URL('../peers/', import.meta.url));

/**
 * The engines of a suite to be measured: those that always are, and the peers that were asked for, each at every number of threads that it
 * can use.
 *
 * @throws `unknown-name` for a peer that is none
 */
export function chooseContestants({
  suite,
  peers,
  threads,
  python,
}: {
  suite: Suite;
  peers: readonly string[];
  threads: readonly number[];
  python: string;
}): Contestant[] {
  const wanted = peers.map((name) => requirePeer(suite, name));
  return engines[suite]
    .filter(({ name, peer }) => !peer || wanted.includes(name))
    .flatMap(({ name, kinds, threaded, allowed, runsIn }) =>
      (threaded ? threads : [1]).map((count): Contestant => {
        const command =
          'python' in runsIn
            ? { file: python, args: ['-B', join(peersFolder, runsIn.python), String(count), ...(runsIn.args ?? [])] } // -B: no compiled files beside the scripts
            : { file: process.execPath, args: [process.argv[1], 'serve', suite, name, String(count)] };
        return { engine: name, threads: count, kinds, command, ...(allowed !== undefined && { allowed }) };
      }),
    );
}

function requirePeer(suite: Suite, name: string): EngineName {
  const known = peerNames(suite);
  const peer = known.find((candidate) => candidate === name);
  if (peer !== undefined) return peer;
  const nearest = nearestName(name, known);
  throw new VitrailError(
    'unknown-name',
    `there is no peer "${name}"${nearest ? `; did you mean "${nearest}"?` : ''} (there are: ${known.join(', ')})`,
  );
}
