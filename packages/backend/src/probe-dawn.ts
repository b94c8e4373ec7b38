import { dawnFlags, doesNotLoad, findDawn } from './dawn.ts';
import { type AdapterFacts, adapterLimits } from './describe-adapter.ts';
import type { GpuOptions, GpuSearch } from './find-gpu.ts';
import { runProgram } from './run-program.ts';
import { whyNoAdapter } from './why-no-adapter.ts';

/** Prints the adapter's facts, `null` where there is none, or what kept the package from loading. */
const program = `
const [, url, flags, limits] = process.argv;
const dawn = await import(url).catch((error) => {
  console.log(JSON.stringify({ failed: error.message }));
  process.exit();
});
const adapter = await dawn.create(JSON.parse(flags)).requestAdapter({ powerPreference: 'high-performance' });
const pick = (object, names) => Object.fromEntries(names.map((name) => [name, object[name]]));
console.log(JSON.stringify({ adapter: adapter && {
  info: pick(adapter.info, ['vendor', 'architecture', 'device', 'description', 'isFallbackAdapter']),
  features: [...adapter.features],
  limits: pick(adapter.limits, JSON.parse(limits)),
} }));
`;

type Answer = { readonly failed: string } | { readonly adapter: AdapterFacts | null };

/**
 * Looks for a GPU adapter by Dawn in a process of its own: what Dawn prints to stderr from native code cannot be turned off and tells why
 * there is none; a driver that crashes ends that process only; and threads that Dawn starts do not outlive it.
 */
export async function probeDawn(options: GpuOptions): Promise<GpuSearch<AdapterFacts>> {
  const dawn = await findDawn();
  if ('missing' in dawn) return dawn;
  const { url, version } = dawn.found;
  const args = [url, JSON.stringify(dawnFlags(options)), JSON.stringify(adapterLimits)];
  const { status, stdout, stderr } = await runProgram(process.execPath, ['--input-type=module', '-e', program, ...args]);
  const line = stdout.split('\n').find((text) => text.startsWith('{'));
  // A process that has answered may still fail when it ends, in drivers that clean up badly.
  if (line === undefined) return whyNoAdapter({ status, log: stderr });
  const answer = JSON.parse(line) as Answer;
  if ('failed' in answer) return doesNotLoad(version, answer.failed);
  return answer.adapter === null ? whyNoAdapter({ status: 0, log: stderr }) : { found: answer.adapter };
}
