import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nearestName, VitrailError } from '@vitrail/core';
import { type EngineName, engines, peerNames } from './engines/registry.ts';
import type { Contestant } from './run-bench.ts';

/** Scripts of the Python peers: beside both the sources and the build. */
const peersFolder = fileURLToPath(new URL('../peers/', import.meta.url));

/**
 * The engines to be measured: Vitrail with and without its kernels, the peak, and the peers that were asked for, each at every number of threads
 * that it can use.
 *
 * @throws `unknown-name` for a peer that is none
 */
export function chooseContestants({
  peers,
  threads,
  python,
}: {
  peers: readonly string[];
  threads: readonly number[];
  python: string;
}): Contestant[] {
  const wanted = peers.map(requirePeer);
  return engines
    .filter(({ name, peer }) => !peer || wanted.includes(name))
    .flatMap(({ name, kinds, threaded, runsIn }) =>
      (threaded ? threads : [1]).map((count): Contestant => {
        const command =
          'python' in runsIn
            ? { file: python, args: ['-B', join(peersFolder, runsIn.python), String(count)] } // -B: no compiled files beside the scripts
            : { file: process.execPath, args: [process.argv[1], 'serve', name, String(count)] };
        return { engine: name, threads: count, kinds, command };
      }),
    );
}

function requirePeer(name: string): EngineName {
  const peer = peerNames.find((known) => known === name);
  if (peer !== undefined) return peer;
  const nearest = nearestName(name, peerNames);
  throw new VitrailError(
    'unknown-name',
    `there is no peer "${name}"${nearest ? `; did you mean "${nearest}"?` : ''} (there are: ${peerNames.join(', ')})`,
  );
}
