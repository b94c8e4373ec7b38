// `npm start`: installs, builds and runs the main job: a small TIPSv2 pretraining on procedural scenes, evaluated and reported.
// Further arguments go to `vitrail pretrain`: `npm start -- --steps 100`.
import { install, pnpm, pnpmOrExit } from './pnpm.mjs';

install();
pnpmOrExit('build');
const out = `runs/start-${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}`;
process.exit(
  pnpm('--silent', 'vitrail', 'pretrain', '--recipe', 'tipsv2:tiny', '--data', 'scenes', '--out', out, ...process.argv.slice(2)),
);
