import { runCommandLine } from '../src/command-line.ts';

/** What a command left behind. */
export type Ending = { status: number | null; stdout: string; stderr: string };

/** Runs `vitrail` in this process, on its sources, and keeps what it prints. One at a time. */
export async function vitrail(...argv: readonly string[]): Promise<Ending> {
  const printed = { stdout: '', stderr: '' };
  const restore = (['stdout', 'stderr'] as const).map((name) => {
    const stream = process[name];
    const { write } = stream;
    stream.write = (text: string | Uint8Array) => {
      printed[name] += text;
      return true;
    };
    return () => {
      stream.write = write;
    };
  });
  try {
    const status = await runCommandLine(argv);
    return { status, ...printed };
  } finally {
    for (const each of restore) each();
  }
}
