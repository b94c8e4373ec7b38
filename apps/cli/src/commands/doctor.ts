import { describeMachine, setupTensorflow } from '@vitrail/backend/node';
import { VitrailError } from '@vitrail/core';
import { tensorflowFolder } from '../backend.ts';
import { printResult } from '../print-result.ts';

/** Options of `vitrail doctor`. */
export type DoctorOptions = { setupTensorflow?: boolean; python?: string; json?: boolean };

/**
 * `vitrail doctor`: what this machine offers: engine, cores, memory, backends with reasons, and how to get what is missing.
 *
 * With `--setup-tensorflow` it builds the backend `tensorflow` for the TensorFlow of a Python environment instead, and says what it did.
 */
export async function doctor({ setupTensorflow: isSetup = false, python, json = false }: DoctorOptions): Promise<void> {
  const folder = tensorflowFolder();
  if (!isSetup) {
    if (python !== undefined) throw new VitrailError('invalid-argument', '--python goes with --setup-tensorflow');
    printResult(await describeMachine({ tensorflow: { folder } }), { json });
    return;
  }
  const onProgress = (step: string) => process.stderr.write(`${step}\n`);
  const report = await setupTensorflow({ folder, python, onProgress });
  const built = report.wasThere ? 'was there already: nothing to do' : `was set up in ${report.seconds.toFixed(0)} s`;
  process.stderr.write(`TensorFlow ${report.tensorflow} ${built}. Use it: --backend tensorflow\n`);
  printResult(report, { json });
}
