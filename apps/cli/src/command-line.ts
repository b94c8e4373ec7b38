import { exportFormats } from '@vitrail/pretrained';
import { requireChoice } from '@vitrail/train';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { activationNames, methodNames, placeNames, towerNames } from './adaptation/method.ts';
import { backendNames, precisions } from './backend.ts';
import { adapt } from './commands/adapt.ts';
import { doctor } from './commands/doctor.ts';
import { embed } from './commands/embed.ts';
import { evaluate } from './commands/evaluate.ts';
import { exportModel } from './commands/export.ts';
import { pretrain } from './commands/pretrain.ts';
import { listRecipes } from './commands/recipes.ts';
import { report } from './commands/report.ts';
import { segment } from './commands/segment.ts';
import { trainTokenizer } from './commands/train-tokenizer.ts';
import { taskNames } from './evaluation/tasks.ts';
import { exitStatus } from './exit-status.ts';
import { reportError } from './report-error.ts';
import { versions } from './version.ts';

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
    return reportError(error, { verbose: argv.includes('--verbose') });
  }
}

function commandLine(finish: (status: number) => void): Command {
  const program = new Command('vitrail')
    .description('Vision-language pretraining whose patch features line up with text.')
    .version(versions().vitrail)
    .option('--verbose', 'print the stack of an error')
    .exitOverride()
    .showSuggestionAfterError()
    // Commander's own messages in the same shape as all others: one line that begins with the program's name.
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'vitrail: ').replace(/\n\(/g, ' (')) });

  const command = (name: string, description: string) =>
    program
      .command(name)
      .description(description)
      .option('--json', 'print one JSON object instead of text')
      .option('--verbose', 'print the stack of an error');
  const choice = (option: string, about: string, names: readonly string[]) =>
    new Option(`${option} <name>`, `${about}: ${names.join(', ')}`)
      .argParser((name) => {
        requireChoice(option, name, names);
        return name;
      })
      .default(names[0]);
  const computing = (name: string, description: string) =>
    command(name, description)
      .addOption(choice('--backend', 'where to compute', backendNames))
      .addOption(choice('--precision', 'how activations are stored; f16 needs webgpu, and a GPU with shader-f16', precisions))
      .option('--threads <n>', 'of the wasm backend; as many as cores by default', wholeNumber)
      .option('--vectors <bits>', 'of the wasm backend: 128, or 256 where the engine can; what is faster by default', wholeNumber)
      .option('--unsafe-webgpu', 'let webgpu use what is not part of its standard yet (subgroup matrices)');
  const model = 'run directory, checkpoint folder or model.safetensors';

  computing('pretrain', 'train a model from image-caption pairs')
    .requiredOption('--recipe <name>', 'recipe, with a preset after a colon: tipsv2:tiny (see `vitrail recipes`)')
    .option('--data <spec>', "scenes, a WebDataset glob ('shards/*.tar'), or mosaic:GLOB?grid=2")
    .option('--out <dir>', 'run directory; runs/RECIPE-PRESET-TIME by default')
    .option('--config <file>', 'JSON file of settings')
    .option('--set <path=value...>', 'single settings: --set train.steps=60 loss.patch=ibot')
    .option('--steps <n>', 'short for --set train.steps=N', wholeNumber)
    .option('--batch-size <n>', 'short for --set train.batchSize=N', wholeNumber)
    .option('--seed <n>', 'short for --set train.seed=N', wholeNumber)
    .option('--from <model>', 'start from the weights of a run or a model, in all that it has of what is trained')
    .option(
      '--tokenizer <file>',
      'tokenizer.json to use, as train-tokenizer writes it; without it words of the captions are learned',
    )
    .option('--resume', 'go on with the run in --out, with the same settings')
    .option('--profile', 'time the kernels of a few steps on webgpu; the report shows the table')
    .action(async (options) => finish(await pretrain(options)));

  computing('adapt', 'train something small on a few pictures per class, beside a pretrained model')
    .requiredOption('--checkpoint <model>', model)
    .requiredOption('--data <spec>', 'labelled pictures to learn from: mosaic:GLOB?grid=1, or shards with classes.json')
    .option('--evaluate <spec>', 'labelled pictures to be measured on; those of --data that are no shots by default')
    .option('--method <name>', `what is trained: ${methodNames.join(', ')}`)
    .option('--adapter <file>', 'adapter.safetensors to start from, in place of --method; with --steps 0 it is only measured')
    .option('--towers <name>', `where: ${towerNames.join(', ')} (default: "${towerNames[0]}")`)
    .option('--place <name>', `of adalink, by positions: ${placeNames.join(', ')} (default: "${placeNames[0]}")`)
    .option('--activation <name>', `of adalink: ${activationNames.join(', ')} (default: "${activationNames[0]}")`)
    .option('--rank <r>', 'of adalink and lora, or the number of prompts (default: 8)', wholeNumber)
    .option('--parameters <n>', 'in place of --rank: train as nearly as can be so many numbers', wholeNumber)
    .option('--shots <k>', 'pictures per class', wholeNumber, 16)
    .option('--steps <n>', 'updates', wholeNumber, 200)
    .option('--batch-size <n>', 'pictures per update', wholeNumber, 32)
    .option('--learning-rate <x>', 'its peak; the default goes with the method', Number)
    .option('--seed <n>', 'of the shots, the start and the order', wholeNumber, 0)
    .option('--samples <n>', 'most pictures that are measured on', wholeNumber, 1000)
    .option('--out <dir>', 'run directory; runs/adapt-METHOD-TIME by default')
    .option('--merge', 'write DIR/merged/model.safetensors too, the model with what was trained in it')
    .option('--resume', 'go on with the run in --out, with the same settings')
    .action(async (options) => finish(await adapt(options)));

  computing('evaluate', 'measure a model')
    .requiredOption('--model <model>', model)
    .requiredOption('--data <spec>', 'what to measure it on')
    .option('--tasks <list>', `comma-separated, of ${taskNames.join(', ')}; all that the data allows by default`)
    .option('--samples <n>', 'most pictures that are looked at', wholeNumber, 1000)
    .option('--out <file>', 'write the result there as JSON')
    .action(evaluate);

  computing('embed', 'features of pictures and texts')
    .requiredOption('--model <model>', model)
    .option('--images <path...>', 'picture files or folders')
    .option('--texts <text...>', 'texts')
    .requiredOption('--out <file>', 'safetensors file to write')
    .action(embed);

  computing('segment', 'colour a picture by words')
    .requiredOption('--model <model>', model)
    .requiredOption('--image <file>', 'picture')
    .requiredOption('--labels <list>', 'comma-separated words: "cat,dog,grass"')
    .requiredOption('--out <file>', 'PNG to write')
    .action(segment);

  command('export', "write a model as transformers, TIPS' own code or Vitrail reads it")
    .requiredOption('--model <model>', model)
    .addOption(choice('--format', 'form', exportFormats))
    .requiredOption('--out <dir>', 'folder to write')
    .action(exportModel);

  command('train-tokenizer', 'learn a byte-pair vocabulary from captions')
    .requiredOption('--data <spec>', "scenes, a WebDataset glob ('shards/*.tar'), or mosaic:GLOB?grid=2")
    .requiredOption('--vocab <n>', 'largest vocabulary, of which 257 are the pad token and bytes', wholeNumber)
    .requiredOption('--out <file>', 'tokenizer.json to write')
    .option('--max-tokens <n>', 'write into the file that longer texts are cut, and tell how many captions are', wholeNumber)
    .action(trainTokenizer);

  command('report', 'write report.html of a run again').requiredOption('--run <dir>', 'run directory').action(report);
  command('doctor', 'what this machine offers, and how to get what is missing')
    .option('--setup-tensorflow', 'build the backend tensorflow for the TensorFlow of a Python environment')
    .option('--python <path>', 'that environment: its interpreter; python3 by default')
    .action(doctor);
  command('recipes', 'every recipe with its presets; with --json, their settings and defaults').action(listRecipes);
  return program;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0 || text.trim() === '')
    throw new InvalidArgumentError('a whole number of at least 0 is needed.');
  return value;
}
