import { recipes } from '@vitrail/recipes';

/** `vitrail recipes`: every recipe with its paper and presets; with `--json`, their complete settings. */
export function listRecipes({ json }: { json?: boolean }): void {
  if (json) {
    const list = recipes.map(({ name, title, paper, presets }) => ({ name, title, paper, presets }));
    process.stdout.write(`${JSON.stringify({ recipes: list })}\n`);
    return;
  }
  for (const { name, title, paper, presets } of recipes) {
    process.stdout.write(`${title}\n  ${paper}\n`);
    for (const [preset, { note }] of Object.entries(presets))
      process.stdout.write(`  --recipe ${`${name}:${preset}`.padEnd(18)} ${note}\n`);
    process.stdout.write('\n');
  }
  process.stdout.write('Every setting and its default: vitrail recipes --json. Override one with --set path=value.\n');
}
