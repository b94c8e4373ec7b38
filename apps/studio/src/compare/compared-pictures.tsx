import { classColors, paintLabels } from '@vitrail/paint';
import { useMemo } from 'preact/hooks';
import { Legend, Painted } from '../train/held-out-picture.tsx';
import type { Runner } from '../train/runner.ts';
import { runners, sides } from './compare-state.ts';

/** The held-out picture with the truth between what the two models see in it. */
export function ComparedPictures() {
  const [left, right] = runners;
  const heldOut = left.opened.value?.heldOut ?? right.opened.value?.heldOut;
  const colors = useMemo(() => classColors(heldOut?.words ?? []), [heldOut]);
  if (heldOut?.truth === undefined) return null;
  const { picture, truth, words } = heldOut;
  const { width, height } = picture;
  const seen = (runner: Runner, name: string) => (
    <div class="compared">
      <h2>{name}</h2>
      <Painted
        caption={describe(runner)}
        pixels={
          runner.view.value?.labels === undefined
            ? new Uint8Array(3 * width * height).fill(128)
            : paintLabels(runner.view.value.labels, colors)
        }
        width={width}
        height={height}
      />
    </div>
  );
  return (
    <section class="pane held-out">
      <div class="compared-pictures">
        {seen(left, sides[0].name)}
        <div class="compared between">
          <h2>Picture</h2>
          <Painted caption="Neither trains on it" pixels={picture.data} width={width} height={height} />
        </div>
        <div class="compared between">
          <h2>Truth</h2>
          <Painted caption="The class of every pixel" pixels={paintLabels(truth, colors)} width={width} height={height} />
        </div>
        {seen(right, sides[1].name)}
      </div>
      <Legend words={words} colors={colors} maps={[truth, left.view.value?.labels, right.view.value?.labels]} />
    </section>
  );
}

function describe({ view, phase, opened }: Runner): string {
  if (view.value === undefined) return phase.value === 'finished' ? '' : 'Not looked yet';
  const { step, mIoU } = view.value;
  return `After step ${step} of ${opened.value?.steps ?? '?'}${mIoU === undefined ? '' : `: mIoU ${mIoU.toFixed(3)} on 16 scenes`}`;
}
