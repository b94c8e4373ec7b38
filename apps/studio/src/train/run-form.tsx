import { DataPicker } from './data-picker.tsx';
import { card, type RunForm as Form, fill, form, kept, presets, room, runner, startRun, tell } from './train-state.ts';

const units = (bytes: number) => (bytes < 1e9 ? `${(bytes / 1e6).toFixed(0)} MB` : `${(bytes / 1e9).toFixed(1)} GB`);

/** What to train, on what and how long. */
export function RunForm() {
  const isReady = runner.phase.value === 'ready' && presets.value.length > 0;
  const chosen = card.value;
  const submit = (event: Event) => {
    event.preventDefault();
    void tell(startRun());
  };
  return (
    <form class="pane run-form" onSubmit={submit} novalidate>
      <fieldset disabled={!isReady}>
        <legend class="unseen">A new run</legend>
        <label class="field">
          <span>Recipe</span>
          <select value={form.value.preset} onChange={({ currentTarget }) => fill({ preset: currentTarget.value })}>
            {byRecipe().map(([recipe, cards]) => (
              <optgroup key={recipe} label={recipe}>
                {cards.map(({ name, preset }) => (
                  <option key={name} value={name}>
                    {recipe}: {preset}
                  </option>
                ))}
              </optgroup>
            ))}
          </select>
        </label>
        <p class="note">
          {chosen === undefined ? 'Asking the worker what there is ...' : `${chosen.title} (${chosen.paper}). ${chosen.note}.`}
        </p>
        <DataPicker readsCaptions={chosen?.readsCaptions ?? true} />
        <div class="fields">
          <NumberField name="steps" label="Steps" min={1} step={1} />
          <NumberField name="batchSize" label="Batch size" min={1} step={1} />
          <NumberField name="learningRate" label="Learning rate" min={0} step="any" />
          <NumberField name="seed" label="Seed" min={0} step={1} />
        </div>
        <details>
          <summary>Further settings</summary>
          <label class="field">
            <span class="note">
              One <code>path=value</code> a line, as <code>--set</code> of the command line takes them:{' '}
              <code>loss.patch=ibot</code>
            </span>
            <textarea
              rows={4}
              spellcheck={false}
              aria-label="Further settings"
              value={form.value.settings}
              onInput={({ currentTarget }) => fill({ settings: currentTarget.value })}
            />
          </label>
        </details>
        <button class="primary" type="submit">
          Start training
        </button>
        <Room />
        {kept.value !== undefined && <p class="note">A new run takes the place of the one that is kept.</p>}
        {runner.notKept.value !== undefined && (
          <p class="note problem">Nothing can be kept: {runner.notKept.value}. A reload will lose the run.</p>
        )}
      </fieldset>
    </form>
  );
}

function Room() {
  const { value } = room;
  if (value === undefined) return null;
  if (typeof value === 'string') return <p class="problem room">{value}</p>;
  return <p class="note room">A step will need about {units(value.peak)}.</p>;
}

function NumberField({ name, label, ...range }: { name: keyof Form; label: string; min: number; step: number | 'any' }) {
  return (
    <label class="field">
      <span>{label}</span>
      <input
        type="number"
        inputMode="decimal"
        {...range}
        value={form.value[name]}
        onInput={({ currentTarget }) => fill({ [name]: currentTarget.value })}
      />
    </label>
  );
}

function byRecipe(): [string, (typeof presets.value)[number][]][] {
  const groups = new Map<string, (typeof presets.value)[number][]>();
  for (const each of presets.value) groups.set(each.recipe, [...(groups.get(each.recipe) ?? []), each]);
  return [...groups];
}
