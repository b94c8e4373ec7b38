import { type ByteSource, blobSource } from '@vitrail/checkpoints';
import { countParameters, VitrailError } from '@vitrail/core';
import { openModel } from '@vitrail/pretrained';
import { LookModel } from './look-model.ts';
import type { Look, LookRequest, ModelCard, ModelFiles } from './look-request.ts';
import { type DeviceReport, type DeviceRequest, startDevice } from './start-device.ts';

/** Models that are looked with, by the place that they have on the page. Everything is computed in the worker that this is made in. */
export class LookEngine {
  readonly #models = new Map<string, LookModel>();
  #lastTurn: Promise<unknown> = Promise.resolve();

  /** @see startDevice */
  startDevice(request: DeviceRequest, onLost?: (reason: string) => void): Promise<DeviceReport> {
    return startDevice(request, onLost);
  }

  /**
   * Opens a model in a place; the one that was there is closed if this one opens.
   *
   * @throws as `openModel`; `missing-data` for a file of the page that is not there
   */
  async openModel(place: string, from: ModelFiles, onProgress?: (done: number, of: number) => void): Promise<ModelCard> {
    const sources = 'files' in from ? from.files.map((file) => blobSource(file)) : await Promise.all(from.urls.map(fetchWhole));
    const model = await openModel(sources, { onProgress });
    await this.closeModel(place);
    this.#models.set(place, new LookModel(model));
    const { family, encoders, readouts, imageSize, encodesTexts } = model;
    return {
      family: family.name,
      imageSize,
      patchSize: encoders.image.patchSize,
      parameters: countParameters(model.params),
      encodesTexts,
      readouts,
    };
  }

  closeModel(place: string): Promise<void> {
    return this.#inTurn(async () => {
      this.#models.get(place)?.dispose();
      this.#models.delete(place);
    });
  }

  /** @throws `missing-data` where no model was opened in that place; `invalid-argument` for a size that does not fit the patches */
  look(place: string, request: LookRequest): Promise<Look> {
    return this.#inTurn(async () => {
      const model = this.#models.get(place);
      if (model === undefined) throw new VitrailError('missing-data', 'open a model first');
      return await model.look(request);
    });
  }

  /** One thing after the other, so that no model is closed while it looks. */
  #inTurn<T>(turn: () => Promise<T>): Promise<T> {
    const done = this.#lastTurn.then(turn);
    this.#lastTurn = done.catch(() => {});
    return done;
  }
}

/** The files of the page are small: one request each takes less time than one for every tensor, and any server can answer it. */
async function fetchWhole(url: string): Promise<ByteSource> {
  const response = await fetch(url);
  if (!response.ok) throw new VitrailError('missing-data', `${url} is not there: the server answers ${response.status}`);
  return blobSource(await response.blob(), url);
}
