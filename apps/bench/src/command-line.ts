import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { isVitrailError, VitrailError } from '@vitrail/core';
import { Argument, Command, CommanderError, InvalidArgumentError } from 'commander';
import { chooseContestants } from './contestants.ts';
import { engines, peerNames, type Suite, suites } from './engines/registry.ts';
import { serveEngine } from './engines/serve-engine.ts';
import { isSame, type Row } from './row.ts';
import { runBench } from './run-bench.ts';
import { formatTables } from './table.ts';
import { chooseWorkloads } from './workloads/choose-workloads.ts';
import { cpuWorkloads } from './workloads/cpu-workloads.ts';
import { gpuWorkloads } from './workloads/gpu-workloads.ts';
import type { Workload } from './workloads/workload.ts';

type Options = { with: string[]; python: string; threads: number[]; rounds: number; workload: string[]; json?: string };

const status = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** Runs `bench` with these arguments (without the program's name) and returns the exit status; nothing is thrown. */
export async function runCommandLine(argv: readonly string[]): Promise<number> {
  let result: number = status.done;
  const program = new Command('bench')
    .description('Vitrail beside its peers: all measured side by side, round by round, in one run.')
    .addArgument(new Argument('[suite]', 'what to measure').choices(suites).default('cpu'))
    .option(
      '--with <peers>',
      `comma-separated, of ${suites.map((suite) => `${peerNames(suite).join(', ')} (${suite})`).join('; ')}`,
      list,
      [],
    )
    .option('--python <path>', 'Python with torch or jax', 'python3')
    .option('--threads <counts>', 'comma-separated numbers of threads', counts, [...new Set([1, availableParallelism()])])
    .option('--rounds <n>', 'rounds of which the median is taken', count, 5)
    .option('--workload <names>', 'comma-separated workloads or groups of them; all by default', list, [])
    .option('--json <file>', 'write the rows there; - for stdout, instead of the tables')
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'bench: ')) })
    .action(async (suite: Suite, options: Options) => {
      result = await bench(suite, options);
    });
  program
    .command('serve <suite> <engine> <threads>', { hidden: true })
    .description('an engine in a process of its own, for bench itself')
    .action(serve);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return result;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? status.done : status.usage;
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`bench: ${message.replaceAll(/\s*\n\s*/g, ' ')}\n`);
    const isUsage = isVitrailError(error) && (error.code === 'unknown-name' || error.code === 'invalid-argument');
    return isUsage ? status.usage : status.failed;
  }
}

async function bench(suite: Suite, options: Options): Promise<number> {
  const workloads = chooseWorkloads(suite === 'cpu' ? cpuWorkloads : await gpuWorkloads(), options.workload);
  const { threads, python } = options;
  const contestants = chooseContestants({ suite, peers: options.with, threads, python });
  const interruption = new AbortController();
  const interrupt = () => interruption.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    const rows = await runBench(workloads, contestants, {
      rounds: options.rounds,
      note: (line) => process.stderr.write(`${line}\n`),
      signal: interruption.signal,
    });
    await print(suite, rows, workloads, options.json);
    return verdict(rows);
  } catch (error) {
    if (interruption.signal.aborted) return status.interrupted;
    throw error;
  } finally {
    process.removeListener('SIGINT', interrupt).removeListener('SIGTERM', interrupt);
  }
}

async function print(
  suite: Suite,
  rows: readonly Row[],
  workloads: readonly Workload[],
  json: string | undefined,
): Promise<void> {
  const text = `${JSON.stringify(rows, null, 1)}\n`;
  if (json === '-') {
    process.stdout.write(text);
    return;
  }
  process.stdout.write(`${machine()}\n\n${engineLines(suite, rows)}\n\n${formatTables(rows, workloads)}`);
  if (json === undefined) return;
  try {
    await writeFile(json, text);
  } catch (cause) {
    throw new VitrailError('io', `--json: ${json} cannot be written (${(cause as Error).message})`, { cause });
  }
}

/** Failed when nothing was measured or engines do not agree on what they computed. A peer that is not there is told in its row. */
function verdict(rows: readonly Row[]): number {
  const differing = rows.filter((row) => !isSame(row));
  for (const { workload, engine, threads, difference } of differing) {
    process.stderr.write(`bench: ${engine} (${threads}) computes something else in ${workload}: it differs by ${difference}\n`);
  }
  return differing.length > 0 || rows.every(({ medianMs }) => medianMs === null) ? status.failed : status.done;
}

function machine(): string {
  return `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${availableParallelism()} processors; Node ${process.versions.node}`;
}

/** What each engine is and said of itself. */
function engineLines(suite: Suite, rows: readonly Row[]): string {
  return engines[suite]
    .flatMap(({ name, title }) => {
      const versions = new Set(
        rows.filter(({ engine, version }) => engine === name && version !== '').map(({ version }) => version),
      );
      return versions.size > 0 ? [`- ${name}: ${title} (${[...versions].join('; ')})`] : [];
    })
    .join('\n');
}

async function serve(suite: Suite, name: string, threads: string): Promise<void> {
  // Whatever a library prints is not an answer.
  console.log = console.error;
  console.info = console.error;
  const engine = engines[suite]?.find((known) => known.name === name);
  if (engine === undefined || !('node' in engine.runsIn)) throw new VitrailError('unknown-name', `there is no engine "${name}"`);
  await serveEngine(await engine.runsIn.node(count(threads)), process.stdin, process.stdout);
  process.exit(status.done);
}

function list(text: string): string[] {
  return text.split(',').map((name) => name.trim());
}

function counts(text: string): number[] {
  return [...new Set(list(text).map(count))];
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('a whole number of at least 1 is needed.');
  return value;
}
