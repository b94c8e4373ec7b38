// Logs rows of `length` characters to the file given, and is killed after the last: `node log-and-die.ts PATH ROWS LENGTH`.
import { jsonlTracker } from '../src/node.ts';

const [path, rows, length] = process.argv.slice(2);
const tracker = jsonlTracker(path, { resumeStep: 0 });
for (let step = 1; step <= Number(rows); step++) tracker.log({ step, split: 'train', text: 'x'.repeat(Number(length)) });
process.kill(process.pid, 'SIGKILL');
