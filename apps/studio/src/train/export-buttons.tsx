import { exportAs, tell } from './train-state.ts';

/** Saves what was trained as a file. */
export function ExportButtons() {
  return (
    <>
      <button
        type="button"
        onClick={() => tell(exportAs('model'))}
        title="model.safetensors, with its tokenizer: vitrail embed --model model.safetensors"
      >
        Export model
      </button>
      <button
        type="button"
        onClick={() => tell(exportAs('run'))}
        title="A run directory in a tar archive: model, optimiser and state"
      >
        Export run
      </button>
    </>
  );
}
