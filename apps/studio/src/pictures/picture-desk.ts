import { type RgbImage, sceneSource } from '@vitrail/data';
import { transfer } from 'comlink';
import { decodePicture } from './decode-picture.ts';
import { toImageData } from './to-image-data.ts';

/** A picture, once for models and once for canvases. */
export type Picture = {
  readonly image: RgbImage;
  readonly bitmap: ImageBitmap;
  /** The same, no larger than `SMALL_SIDE`: where it is drawn many times. */
  readonly small: ImageBitmap;
};

/** A picture of which it is known what it shows, the largest first. */
export type ScenePicture = Picture & { readonly words: readonly string[] };

/** Larger pictures are scaled down to this, in pixels: models see fewer, and screens show hardly more. */
const LARGEST_SIDE = 1024;

/** Largest side of small pictures, in pixels. */
const SMALL_SIDE = 320;

/** Opens and draws pictures, in the worker that this is made in. */
export class PictureDesk {
  /** @throws as `decodePicture` */
  async decode(blob: Blob, name: string): Promise<Picture> {
    return handedOver(await withBitmap(await decodePicture(blob, name, LARGEST_SIDE)));
  }

  /** Scene `index` of those that no model was trained on. */
  async scene(index: number, size: number): Promise<ScenePicture> {
    const source = sceneSource({ split: 'test', size });
    const { image, labels } = await source.read(index);
    const areas = new Map<number, number>();
    for (const label of labels!.data) areas.set(label, (areas.get(label) ?? 0) + 1);
    const words = [...areas].sort(([, a], [, b]) => b - a).map(([label]) => source.classNames![label]);
    return handedOver({ ...(await withBitmap(image)), words });
  }
}

async function withBitmap(image: RgbImage): Promise<Picture> {
  const pixels = toImageData(image);
  const scale = Math.min(1, SMALL_SIDE / Math.max(image.width, image.height));
  const small = await createImageBitmap(pixels, {
    resizeWidth: Math.max(1, Math.round(image.width * scale)),
    resizeHeight: Math.max(1, Math.round(image.height * scale)),
    resizeQuality: 'high',
  });
  return { image, bitmap: await createImageBitmap(pixels), small };
}

function handedOver<P extends Picture>(picture: P): P {
  return transfer(picture, [picture.image.data.buffer as ArrayBuffer, picture.bitmap, picture.small]);
}
