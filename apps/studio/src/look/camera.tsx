import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { reportProblem } from '../ui/notice.tsx';
import { showFile } from './look-picture.ts';

/** A button that shows what the camera sees, to take a picture of it. */
export function Camera() {
  const stream = useSignal<MediaStream | undefined>(undefined);
  const dialog = useRef<HTMLDialogElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (stream.value === undefined || !video.current) return;
    video.current.srcObject = stream.value;
    dialog.current?.showModal();
  }, [stream.value]);
  const open = async () => {
    try {
      stream.value = await openCamera();
    } catch (error) {
      reportProblem(error);
    }
  };
  const close = () => {
    for (const track of stream.value?.getTracks() ?? []) track.stop();
    stream.value = undefined;
  };
  const take = async () => {
    const { current } = video;
    if (!current || current.videoWidth === 0) return;
    const canvas = new OffscreenCanvas(current.videoWidth, current.videoHeight);
    canvas.getContext('2d')?.drawImage(current, 0, 0);
    dialog.current?.close();
    await showFile(await canvas.convertToBlob(), 'Camera');
  };
  return (
    <>
      <button type="button" onClick={open}>
        Camera
      </button>
      {stream.value && (
        <dialog ref={dialog} class="pane camera" aria-label="Camera" onClose={close}>
          <video ref={video} autoplay playsInline muted />
          <p>
            <button type="button" class="primary" onClick={take}>
              Take the picture
            </button>
            <button type="button" onClick={() => dialog.current?.close()}>
              Close
            </button>
          </p>
        </dialog>
      )}
    </>
  );
}

async function openCamera(): Promise<MediaStream> {
  if (navigator.mediaDevices === undefined) {
    throw new Error('This browser lets only pages that come by https or from this machine use the camera.');
  }
  try {
    return await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
  } catch (cause) {
    const { name, message } = cause as DOMException;
    const known: Readonly<Record<string, string>> = {
      NotAllowedError: 'The camera was refused to this page: allow it in the settings of the site, then try again.',
      NotFoundError: 'No camera was found on this device.',
      NotReadableError: 'The camera is in use by another program: close that first.',
    };
    throw new Error(known[name] ?? `The camera could not be opened: ${message}`, { cause });
  }
}
