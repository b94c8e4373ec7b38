// Loaded before the program (`node --import`): sends the process a signal right before the n-th file operation that matches.
//
// VITRAIL_TEST_SIGNALS is a JSON list of { signal, at, match }: the signal's name, n (from 1 on), and an expression for what an operation is called:
// `open PATH`, `rename FROM TO`, `mkdir PATH`, `rm PATH`, `write TEXT` (TEXT: a line that is appended to metrics.jsonl).
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const signals = JSON.parse(process.env.VITRAIL_TEST_SIGNALS).map((entry) => ({ ...entry, seen: 0 }));

function announce(operation) {
  for (const entry of signals) {
    if (new RegExp(entry.match).test(operation) && ++entry.seen === entry.at) process.kill(process.pid, entry.signal);
  }
}

for (const name of ['open', 'rename', 'mkdir', 'rm']) {
  const original = fs.promises[name];
  fs.promises[name] = (...args) => {
    announce(`${name} ${args.filter((arg) => typeof arg === 'string').join(' ')}`);
    return original(...args);
  };
}
const { writeFileSync } = fs;
fs.writeFileSync = (file, data, ...rest) => {
  announce(`write ${typeof data === 'string' ? data : ''}`);
  return writeFileSync(file, data, ...rest);
};
syncBuiltinESMExports();
