import type { PickedFiles } from '../engine/train-data.ts';
import { Choice } from '../ui/choice.tsx';
import { fill, form, picked } from './train-state.ts';

/** Where pictures come from: drawn scenes, a folder, or tar shards. */
export function DataPicker({ readsCaptions }: { readonly readsCaptions: boolean }) {
  const { data } = form.value;
  return (
    <div class="field">
      <span aria-hidden="true">Pictures</span>
      <Choice
        label="Pictures"
        options={[
          { value: 'scenes', text: 'Scenes' },
          { value: 'folder', text: 'A folder' },
          { value: 'shards', text: 'Tar shards' },
        ]}
        value={data}
        onChoose={(value) => {
          picked.value = undefined;
          fill({ data: value });
        }}
      />
      {data === 'scenes' ? (
        <p class="note">Shapes in colours, drawn as they are needed, with captions and the class of every pixel.</p>
      ) : (
        <FilesField isFolder={data === 'folder'} readsCaptions={readsCaptions} />
      )}
    </div>
  );
}

/** Picks files; only their names are looked at here, and nothing is uploaded. */
export function FilesField({ isFolder, readsCaptions }: { readonly isFolder: boolean; readonly readsCaptions: boolean }) {
  const choose = (list: FileList | null) => {
    const files = [...(list ?? [])].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
    if (files.length > 0) picked.value = pickedOf(isFolder, files);
  };
  return (
    <>
      <label class="button">
        <input
          key={String(isFolder)}
          class="unseen"
          type="file"
          multiple
          {...(isFolder ? { webkitdirectory: true } : { accept: '.tar' })}
          onChange={({ currentTarget }) => choose(currentTarget.files)}
        />
        {isFolder ? 'Choose a folder' : 'Choose tar files'}
      </label>
      <p class="note" role="status">
        {picked.value !== undefined
          ? `${picked.value.name}: ${picked.value.files.length} ${picked.value.files.length === 1 ? 'file' : 'files'}. They are read where they lie.`
          : isFolder
            ? `.jpg, .png or .webp${readsCaptions ? ', with a .txt or .json of the same name beside each' : ''}. They are read where they lie.`
            : 'WebDataset shards: KEY.jpg with KEY.txt or KEY.json. They are read where they lie.'}
      </p>
    </>
  );
}

function pickedOf(isFolder: boolean, files: PickedFiles['files']): PickedFiles {
  const [{ path }] = files;
  return { kind: isFolder ? 'folder' : 'shards', name: isFolder ? path.split('/')[0] : path, files };
}
