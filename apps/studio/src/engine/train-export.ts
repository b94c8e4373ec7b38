import { tarArchive } from './train-archive.ts';
import type { RunFile } from './train-kept-run.ts';

/** The files of a state, and `run.json`. */
export type RunFiles = Readonly<Record<string, Uint8Array | string>>;

/** `model.safetensors` alone, which has its tokenizer with it. */
export function modelBlob({ 'model.safetensors': model }: RunFiles): Blob {
  return new Blob([model as Uint8Array<ArrayBuffer>]);
}

/** A run directory of the command line as a tar archive: its configuration and one checkpoint, which `vitrail --model` takes. */
export function runBlob({ 'run.json': run, ...files }: RunFiles): Blob {
  const { configuration } = JSON.parse(textOf(run)) as RunFile;
  const { step } = JSON.parse(textOf(files['state.json'])) as { step: number };
  const folder = `vitrail-run/checkpoints/step-${String(step).padStart(6, '0')}`;
  const lengths = Object.entries(files).map(([name, content]) => [name, new Blob([content as Uint8Array<ArrayBuffer>]).size]);
  return tarArchive({
    'vitrail-run/config.json': JSON.stringify(configuration, null, 2),
    ...Object.fromEntries(Object.entries(files).map(([name, content]) => [`${folder}/${name}`, content])),
    [`${folder}/manifest.json`]: JSON.stringify({ files: Object.fromEntries(lengths) }),
  });
}

function textOf(content: Uint8Array | string): string {
  return typeof content === 'string' ? content : new TextDecoder().decode(content);
}
