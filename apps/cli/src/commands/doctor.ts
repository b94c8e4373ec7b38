import { describeMachine } from '@vitrail/backend/node';
import { printResult } from '../print-result.ts';

/** `vitrail doctor`: what this machine offers: engine, cores, memory, backends with reasons, and how to get what is missing. */
export async function doctor({ json }: { json?: boolean }): Promise<void> {
  printResult(await describeMachine(), { json: json ?? false });
}
