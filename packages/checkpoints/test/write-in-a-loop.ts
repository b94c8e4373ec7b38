// A process to be killed: writes checkpoints into the directory it is given until then, each twice, and tells of each that is done.
import { createHash } from 'node:crypto';
import { latestCheckpoint, pruneCheckpoints, writeCheckpoint } from '../src/node.ts';

const [directory, sizeText] = process.argv.slice(2);
const size = Number(sizeText);
const start = ((await latestCheckpoint(directory))?.step ?? 0) + 1;
for (let step = start; ; step++) {
  for (let time = 0; time < 2; time++) {
    const model = new Uint8Array(size).fill(step + 100 * time);
    const sha256 = createHash('sha256').update(model).digest('hex');
    await writeCheckpoint(directory, step, { 'model.safetensors': model, 'state.json': JSON.stringify({ step, sha256 }) });
    process.stdout.write(`${step}\n`);
  }
  await pruneCheckpoints(directory, 2);
}
