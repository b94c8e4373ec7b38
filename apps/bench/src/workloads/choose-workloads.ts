import { nearestName, VitrailError } from '@vitrail/core';
import { groupOf, type Workload } from './workload.ts';

/**
 * The workloads of these names, or of these groups (`gemm`), in their own order; all but the large ones when no name is given.
 *
 * @throws `unknown-name` for a name that is neither
 */
export function chooseWorkloads(all: readonly Workload[], names: readonly string[]): readonly Workload[] {
  if (names.length === 0) return all.filter(({ large }) => !large);
  const known = [...new Set(all.flatMap(({ name }) => [name, groupOf(name)]))];
  for (const name of names) {
    if (known.includes(name)) continue;
    const nearest = nearestName(name, known);
    const groups = [...new Set(all.map((workload) => groupOf(workload.name)))];
    throw new VitrailError(
      'unknown-name',
      `there is no workload "${name}"${nearest ? `; did you mean "${nearest}"?` : ''} (there are: ${groups.join(', ')})`,
    );
  }
  return all.filter(({ name }) => names.includes(name) || names.includes(groupOf(name)));
}
