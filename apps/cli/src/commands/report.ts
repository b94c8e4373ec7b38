import { printResult } from '../print-result.ts';
import { writeReport } from '../report/index.ts';

/** `vitrail report`: writes `report.html` of a run again, from the files in its directory. */
export async function report({ run, json }: { run: string; json?: boolean }): Promise<void> {
  printResult({ report: await writeReport(run) }, { json: json ?? false });
}
