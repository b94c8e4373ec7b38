import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { openPictureDesk } from '../pictures/open-picture-desk.ts';
import { page } from '../route.ts';
import { PictureCanvas } from '../ui/pixel-canvas.tsx';
import { Camera } from './camera.tsx';
import { type SamplePicture, sampleId } from './embedded-models.ts';
import { embeddedModels, places } from './look-models.ts';
import { picture, showFile, showSample } from './look-picture.ts';

/** Sample pictures of the first model, and ways to bring one's own. */
export function PicturePicker() {
  const { embedded } = places.a.value.source ?? {};
  const samples = (embedded ?? embeddedModels.value.at(0))?.pictures ?? [];
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const paste = ({ clipboardData }: ClipboardEvent) => {
      const file = clipboardData?.files[0];
      if (page.peek() === 'look' && file) void showFile(file, file.name);
    };
    addEventListener('paste', paste);
    return () => removeEventListener('paste', paste);
  }, []);
  return (
    <section class="picture-picker" aria-label="Pictures">
      <ul>
        {samples.map((sample) => (
          <li key={sampleId(sample)}>
            <Sample sample={sample} />
          </li>
        ))}
      </ul>
      <div class="own-picture">
        <button type="button" class="primary" onClick={() => input.current?.click()}>
          Open a picture
        </button>
        <Camera />
        <input
          ref={input}
          class="unseen"
          type="file"
          accept="image/*"
          tabIndex={-1}
          aria-label="Open a picture"
          onChange={({ currentTarget }) => {
            const file = currentTarget.files?.[0];
            if (file) void showFile(file, file.name);
            currentTarget.value = '';
          }}
        />
        {picture.value && picture.value.sample === undefined ? (
          <p class="note">{`${picture.value.title} stays in this tab: links to this page do not hold it.`}</p>
        ) : (
          <p class="note can-be-dropped">or drop or paste one</p>
        )}
      </div>
    </section>
  );
}

/** Side of small pictures, in pixels: twice what they are shown in. */
const SMALL = 112;

function Sample({ sample }: { readonly sample: SamplePicture }) {
  const bitmap = useSignal<ImageBitmap | undefined>(undefined);
  useEffect(() => {
    if ('scene' in sample) {
      void openPictureDesk()
        .scene(sample.scene, SMALL)
        .then((scene) => {
          bitmap.value = scene.bitmap;
        });
    }
  }, [sample]);
  const isShown = picture.value?.sample !== undefined && sampleId(picture.value.sample) === sampleId(sample);
  const name = 'scene' in sample ? `Scene ${sample.scene}` : sample.title;
  return (
    <button type="button" class="sample" aria-label={name} aria-pressed={isShown} onClick={() => void showSample(sample)}>
      {bitmap.value && <PictureCanvas bitmap={bitmap.value} />}
      {'file' in sample && <img src={`pictures/${sample.file}`} alt="" />}
    </button>
  );
}
