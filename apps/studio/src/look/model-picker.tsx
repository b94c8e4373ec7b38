import { useRef } from 'preact/hooks';
import {
  closeSecond,
  embeddedModels,
  embeddedSource,
  isComparing,
  openInPlace,
  type Place,
  type PlaceName,
  places,
  sourceOf,
} from './look-models.ts';

/** The models that are looked with: one, and another beside it if that is wanted. */
export function ModelPickers() {
  return (
    <section class="group models-group" aria-label="Models">
      <h2>{isComparing.value ? 'Models' : 'Model'}</h2>
      <ModelPicker name="a" label="Model" />
      {isComparing.value ? (
        <>
          <hr />
          <ModelPicker name="b" label="Second model" />
          <button type="button" onClick={() => void closeSecond()}>
            Remove the second model
          </button>
        </>
      ) : (
        <button
          type="button"
          onClick={() => {
            isComparing.value = true;
            const another = embeddedModels.value.find(({ id }) => id !== places.a.value.source?.embedded?.id);
            if (another) void openInPlace('b', embeddedSource(another));
          }}
        >
          Add a second model
        </button>
      )}
    </section>
  );
}

function ModelPicker({ name, label }: { readonly name: PlaceName; readonly label: string }) {
  const { source, opening } = places[name].value;
  const own = source && source.embedded === undefined ? source.name : undefined;
  const openFiles = (files: FileList | null) => {
    if (files && files.length > 0) void openInPlace(name, sourceOf([...files]));
  };
  return (
    <div class="model-picker">
      <select
        aria-label={label}
        value={own ? 'own' : (source?.embedded?.id ?? '')}
        onChange={({ currentTarget }) => {
          const chosen = embeddedModels.value.find(({ id }) => id === currentTarget.value);
          if (chosen) void openInPlace(name, embeddedSource(chosen));
        }}
      >
        {source === undefined && <option value="">Choose a model</option>}
        {embeddedModels.value.map((model) => (
          <option key={model.id} value={model.id}>{`${model.name} (shipped)`}</option>
        ))}
        {own && <option value="own">{own}</option>}
      </select>
      <div class="button-row">
        <FileButton text="Open files" label={`${label}: open files`} onFiles={openFiles} />
        <FileButton text="Open a folder" label={`${label}: open a folder`} isFolder onFiles={openFiles} />
      </div>
      {opening ? (
        <div class="note">
          <progress aria-label={`Opening ${opening.name}`} value={opening.share} />
          {` Opening ${opening.name}: ${Math.round(100 * opening.share)} %`}
        </div>
      ) : (
        <ModelNote place={places[name].value} />
      )}
    </div>
  );
}

function ModelNote({ place: { card, source } }: { readonly place: Place }) {
  if (card === undefined) {
    return (
      <p class="note">
        A model.safetensors of yours, a folder of Hugging Face, or official .npz and .safetensors with their tokenizer.
      </p>
    );
  }
  const about = `${card.family}, ${millions(card.parameters)} parameters, ${card.imageSize} px in patches of ${card.patchSize}.`;
  const { embedded } = source ?? {};
  if (embedded === undefined) return <p class="note">{`${about} It stays in this tab: links to this page do not hold it.`}</p>;
  return (
    <>
      <p class="note">{`${about} ${embedded.about}`}</p>
      <details class="note">
        <summary>How it was trained</summary>
        <code>{embedded.command}</code>
      </details>
    </>
  );
}

function millions(count: number): string {
  return count < 1e6 ? `${Math.round(count / 1e3)} thousand` : `${(count / 1e6).toFixed(count < 1e7 ? 1 : 0)} million`;
}

function FileButton(props: {
  readonly text: string;
  readonly label: string;
  readonly isFolder?: boolean;
  readonly onFiles: (files: FileList | null) => void;
}) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" aria-label={props.label} onClick={() => input.current?.click()}>
        {props.text}
      </button>
      <input
        ref={input}
        class="unseen"
        type="file"
        multiple
        {...(props.isFolder && { webkitdirectory: true })}
        tabIndex={-1}
        aria-label={`${props.label}, picker`}
        onChange={({ currentTarget }) => {
          props.onFiles(currentTarget.files);
          currentTarget.value = '';
        }}
      />
    </>
  );
}
