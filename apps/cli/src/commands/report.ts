import { writeReport } from '../report/index.ts';

/** `vitrail report`: writes `report.html` of a run again, from the files in its directory. */
export async function report({ run }: { run: string }): Promise<void> {
  process.stdout.write(`${await writeReport(run)}\n`);
}
