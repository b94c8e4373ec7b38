import { VitrailError } from '@vitrail/core';

/** A picture that comes with a model: a scene that is drawn here, or a file beside the page with the words that are in it. */
export type SamplePicture =
  | { readonly scene: number }
  | { readonly file: string; readonly title: string; readonly words?: readonly string[] };

/** A model that is shipped with the page, as `models/models.json` lists it. */
export type EmbeddedModel = {
  /** In links. */
  readonly id: string;
  readonly name: string;
  /** In the folder of the list. */
  readonly file: string;
  /** What it knows, and what it does not. */
  readonly about: string;
  /** To start with, where a picture brings none. */
  readonly words: readonly string[];
  readonly pictures: readonly SamplePicture[];
  /** Patches along a side that it is shown with at first. */
  readonly grid: number;
  /** The command line that trained it. */
  readonly command: string;
};

/** The models that are shipped with the page, the one to start with first. */
export async function fetchEmbeddedModels(): Promise<readonly EmbeddedModel[]> {
  const response = await fetch(new URL('models/models.json', document.baseURI));
  if (!response.ok) {
    throw new VitrailError('missing-data', `models/models.json is not beside the page: the server answers ${response.status}`);
  }
  return await response.json();
}

export function embeddedModelUrl({ file }: EmbeddedModel): string {
  return new URL(`models/${file}`, document.baseURI).href;
}

/** What a picture is called in links: it never changes. */
export function sampleId(sample: SamplePicture): string {
  return 'scene' in sample ? `scene-${sample.scene}` : sample.file;
}
