import { createRng, isVitrailError, VitrailError } from '@vitrail/core';
import type { BadSample, Sample, SampleSource } from '@vitrail/data';
import { openAnnouncedSource } from '../data-source.ts';

/** Pictures to learn from and others to be measured on; both are parts of one source. */
export type Shots = { readonly train: SampleSource; readonly rest: SampleSource };

/** Shots with their classes, out of sources that are open. */
export type OpenShots = Shots & {
  readonly classNames: readonly string[];
  readonly templates?: readonly string[];
  close(): Promise<void>;
};

/** Pictures that are read at the same time. */
const readAtOnce = 32;

/**
 * Opens the data of an adaptation and draws its shots. Without `evaluate`, what is measured on is drawn from the same data.
 *
 * @throws `missing-data` for data without classes, other classes in `evaluate`, or fewer pictures of a class than shots.
 */
export async function openShots({
  data,
  evaluate,
  shots: perClass,
  samples,
  seed,
}: {
  data: string;
  evaluate?: string;
  shots: number;
  samples: number;
  seed: number;
}): Promise<OpenShots> {
  const sources = [await openAnnouncedSource(data)];
  const close = async () => {
    for (const source of sources) await source.close();
  };
  try {
    const own = labelledSingles(sources[0], '--data');
    const { classNames, templates } = own;
    if (evaluate !== undefined) sources.push(await openAnnouncedSource(evaluate));
    const others = evaluate === undefined ? undefined : labelledSingles(sources[1], '--evaluate');
    if (others !== undefined && others.classNames.join('\n') !== classNames.join('\n')) {
      throw new VitrailError(
        'missing-data',
        `--evaluate has the classes of --data, in their order, but there are ${others.classNames.join(', ')} instead of ${classNames.join(', ')}`,
      );
    }
    const onBadSample = ({ key, reason }: BadSample) => process.stderr.write(`skipped ${key}: ${reason}\n`);
    const { train, rest } = await drawShots(own, { perClass, others: others ? 0 : samples, seed, onBadSample });
    const measured = others
      ? subset(
          others,
          Array.from({ length: Math.min(samples, others.size) }, (_, i) => i),
        )
      : rest;
    return { train, rest: measured, classNames, templates, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * The pictures of a source that show one thing each.
 *
 * @throws `missing-data` when no classes are named.
 */
function labelledSingles(source: SampleSource, option: string): SampleSource & { readonly classNames: readonly string[] } {
  const singles = source.singles?.() ?? source;
  const { classNames } = singles;
  if (classNames !== undefined && classNames.length > 1) return { ...singles, classNames };
  throw new VitrailError(
    'missing-data',
    `${option}: pictures with classes are needed, two or more, but there are ${classNames === undefined ? 'none' : 'fewer'} in ${source.description}; labels in .cls or .json, and classes.json beside the shards, name them`,
  );
}

/** The class of a picture. @throws `corrupt-data` when it has none. */
export function classOf({ classIndex }: Sample): number {
  if (classIndex === undefined) throw new VitrailError('corrupt-data', 'it has no class, but adaptation needs one');
  return classIndex;
}

/**
 * Draws `perClass` pictures of every class, and up to `others` of what comes behind them. The draw is a function of the seed and the source;
 * pictures that cannot be used are told of and left out.
 *
 * @throws `missing-data` naming the class when it has too few pictures.
 */
export async function drawShots(
  source: SampleSource & { readonly classNames: readonly string[] },
  {
    perClass,
    others,
    seed,
    onBadSample,
  }: { perClass: number; others: number; seed: number; onBadSample: (bad: BadSample) => void },
): Promise<Shots> {
  const order = createRng(seed).fork('shots').permutation(source.size);
  const counts = source.classNames.map(() => 0);
  const [train, rest]: [number[], number[]] = [[], []];
  const isEnough = () => counts.every((count) => count >= perClass) && rest.length >= others;
  for (let start = 0; start < order.length && !isEnough(); start += readAtOnce) {
    const indices = [...order.subarray(start, start + readAtOnce)];
    const classes = await Promise.all(indices.map((index) => readClass(source, index, onBadSample)));
    classes.forEach((known, i) => {
      if (known === undefined) return;
      if (counts[known] < perClass) {
        counts[known]++;
        train.push(indices[i]);
      } else if (rest.length < others) rest.push(indices[i]);
    });
  }
  const short = counts.findIndex((count) => count < perClass);
  if (short >= 0) {
    throw new VitrailError(
      'missing-data',
      `--shots asks for ${perClass} pictures of every class, but there ${counts[short] === 1 ? 'is' : 'are'} ${counts[short]} of "${source.classNames[short]}" in ${source.description}`,
    );
  }
  if (others > 0 && rest.length === 0) {
    throw new VitrailError(
      'missing-data',
      `all usable pictures are shots, so none is left to be measured on: fewer --shots, or --evaluate with other pictures (${source.description})`,
    );
  }
  return { train: subset(source, train), rest: subset(source, rest) };
}

/** Some samples of a source. */
function subset(source: SampleSource, indices: readonly number[]): SampleSource {
  const { key } = source;
  return {
    ...source,
    description: `${indices.length} of ${source.description}`,
    size: indices.length,
    read: (index) => source.read(indices[index]),
    ...(key && { key: (index: number) => key(indices[index]) }),
    close: async () => {},
  };
}

async function readClass(
  source: SampleSource,
  index: number,
  onBadSample: (bad: BadSample) => void,
): Promise<number | undefined> {
  try {
    return classOf(await source.read(index));
  } catch (error) {
    if (!(isVitrailError(error) && error.code === 'corrupt-data')) throw error;
    onBadSample({ key: source.key?.(index) ?? `sample ${index}`, index, reason: error.message });
    return undefined;
  }
}
