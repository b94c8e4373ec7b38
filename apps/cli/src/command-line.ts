import { isVitrailError, type VitrailErrorCode } from '@vitrail/core';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { backendNames } from './backend.ts';
import { doctor } from './commands/doctor.ts';
import { embed } from './commands/embed.ts';
import { evaluate } from './commands/evaluate.ts';
import { exportModel } from './commands/export.ts';
import { pretrain } from './commands/pretrain.ts';
import { listRecipes } from './commands/recipes.ts';
import { report } from './commands/report.ts';
import { segment } from './commands/segment.ts';
import { taskNames } from './evaluation/tasks.ts';
import { exitStatus } from './exit-status.ts';

/** Errors of these kinds are the caller's to mend in the command line or the configuration. */
const usageCodes: readonly VitrailErrorCode[] = ['invalid-argument', 'unknown-name'];

/** Runs `vitrail` with these arguments (without the program's name) and returns the exit status; nothing is thrown. */
export async function runCommandLine(argv: readonly string[]): Promise<number> {
  let status: number = exitStatus.done;
  const program = commandLine((result) => {
    status = result;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitStatus.done : exitStatus.usage;
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`vitrail: ${message.split('\n')[0]}\n`);
    const rest = message.split('\n').slice(1);
    if (rest.length > 0) process.stderr.write(`${rest.join('\n')}\n`);
    if (argv.includes('--verbose') && error instanceof Error) process.stderr.write(`${error.stack}\n`);
    return isVitrailError(error) && usageCodes.includes(error.code) ? exitStatus.usage : exitStatus.failed;
  }
}

function commandLine(finish: (status: number) => void): Command {
  const program = new Command('vitrail')
    .description('Vision-language pretraining whose patch features line up with text.')
    .option('--verbose', 'print the stack of an error')
    .exitOverride()
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: true });

  const command = (name: string, description: string) =>
    program.command(name).description(description).exitOverride().option('--verbose', 'print the stack of an error');
  const backend = () => new Option('--backend <name>', 'where to compute').choices([...backendNames]).default('auto');
  const model = 'run directory, checkpoint folder or model.safetensors';

  command('pretrain', 'train a model from image-caption pairs')
    .requiredOption('--recipe <name>', 'recipe, with a preset after a colon: tipsv2:tiny (see `vitrail recipes`)')
    .option('--data <spec>', "scenes, a WebDataset glob ('shards/*.tar'), or mosaic:GLOB?grid=2")
    .option('--out <dir>', 'run directory; runs/RECIPE-PRESET-TIME by default')
    .option('--config <file>', 'JSON file of settings')
    .option('--set <path=value...>', 'single settings: --set train.steps=60 loss.patch=ibot')
    .option('--steps <n>', 'short for --set train.steps=N', wholeNumber)
    .option('--batch-size <n>', 'short for --set train.batchSize=N', wholeNumber)
    .option('--seed <n>', 'short for --set train.seed=N', wholeNumber)
    .addOption(backend())
    .option('--resume', 'go on with the run in --out')
    .option('--json', 'print one JSON object instead of a table')
    .action(async (options) => finish(await pretrain(options)));

  command('evaluate', 'measure a model')
    .requiredOption('--model <model>', model)
    .requiredOption('--data <spec>', 'what to measure it on')
    .option('--tasks <list>', `comma-separated, of ${taskNames.join(', ')}; all that the data allows by default`)
    .option('--out <file>', 'write the result there as JSON')
    .addOption(backend())
    .option('--json', 'print one JSON object instead of a table')
    .action(evaluate);

  command('embed', 'features of pictures and texts')
    .requiredOption('--model <model>', model)
    .option('--images <path...>', 'picture files or folders')
    .option('--texts <text...>', 'texts')
    .requiredOption('--out <file>', 'safetensors file to write')
    .addOption(backend())
    .action(embed);

  command('segment', 'colour a picture by words')
    .requiredOption('--model <model>', model)
    .requiredOption('--image <file>', 'picture')
    .requiredOption('--labels <list>', 'comma-separated words: "cat,dog,grass"')
    .requiredOption('--out <file>', 'PNG to write')
    .addOption(backend())
    .action(segment);

  command('export', 'write the weights in another layout')
    .requiredOption('--model <model>', model)
    .addOption(new Option('--format <format>', 'layout').choices(['vitrail']).default('vitrail'))
    .requiredOption('--out <dir>', 'folder to write')
    .action(exportModel);

  command('report', 'write report.html of a run again').requiredOption('--run <dir>', 'run directory').action(report);
  command('doctor', 'what this machine offers').option('--json', 'print one JSON object').action(doctor);
  command('recipes', 'every recipe with its presets and defaults').option('--json', 'print one JSON object').action(listRecipes);
  return program;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0 || text.trim() === '')
    throw new InvalidArgumentError('a whole number of at least 0 is needed.');
  return value;
}
