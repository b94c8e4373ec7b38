import { signal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { view } from './look-settings.ts';

/** What is pointed at, and said. */
const steps = [
  { target: '.word-list', text: 'These words are looked for in the picture. Take some away, add your own.' },
  {
    target: '.stage',
    text: 'Every patch of the picture has the colour of the word that is nearest. The legend says how much of the picture each has.',
  },
  {
    target: '.patch-pointer',
    text: 'Click any patch: light is what the model finds alike, and beside it are its nearest words.',
    view: 'patch',
  },
  {
    target: '.picture-picker',
    text: 'Try other pictures, or your own: it stays in this tab, nothing is uploaded.',
    view: 'segmentation',
  },
  { target: '.models-group', text: 'Open a model from disk, or put two beside each other.' },
] as const;

const KEPT_AS = 'vitrail-look-tour';
const step = signal<number | undefined>(undefined);

/** Starts the tour unless it was seen before on this device. */
export function offerTour(): void {
  try {
    if (localStorage.getItem(KEPT_AS) === null) startTour();
  } catch {
    // Without storage it would start on every visit.
  }
}

export function startTour(): void {
  goTo(0);
}

function goTo(next: number | undefined): void {
  step.value = next;
  if (next === undefined) {
    try {
      localStorage.setItem(KEPT_AS, 'seen');
    } catch {
      // Nothing is kept in a private window.
    }
    return;
  }
  const shown = steps[next];
  if ('view' in shown) view.value = shown.view;
}

/** A few sentences that point at what the page can do. */
export function Tour() {
  const box = useRef<HTMLDivElement>(null);
  const current = step.value;
  useLayoutEffect(() => {
    if (current === undefined) return;
    const place = () => pointAt(box.current, document.querySelector(steps[current].target));
    document.querySelector(steps[current].target)?.scrollIntoView({ block: 'nearest' });
    place();
    box.current?.querySelector<HTMLButtonElement>('.primary')?.focus({ preventScroll: true });
    addEventListener('resize', place);
    addEventListener('scroll', place, { passive: true });
    const grown = new ResizeObserver(place);
    grown.observe(document.body);
    return () => {
      removeEventListener('resize', place);
      removeEventListener('scroll', place);
      grown.disconnect();
    };
  }, [current]);
  if (current === undefined) return null;
  const isLast = current === steps.length - 1;
  return (
    <>
      <div class="tour-ring" aria-hidden="true" />
      <div
        ref={box}
        class="tour pane"
        role="dialog"
        aria-label="Tour"
        onKeyDown={({ key }) => {
          if (key === 'Escape') goTo(undefined);
        }}
      >
        <p>{steps[current].text}</p>
        <div class="button-row">
          <span class="note">{`${current + 1} of ${steps.length}`}</span>
          {!isLast && (
            <button type="button" class="quiet" onClick={() => goTo(undefined)}>
              Skip
            </button>
          )}
          <button type="button" class="primary" onClick={() => goTo(isLast ? undefined : current + 1)}>
            {isLast ? 'Done' : 'Next'}
          </button>
        </div>
      </div>
    </>
  );
}

/** Puts the box below its target, above it where there is no room below, and inside the window in any case; and a ring around the target. */
function pointAt(box: HTMLElement | null, target: Element | null): void {
  const ring = box?.previousElementSibling as HTMLElement | null;
  if (!box || !ring || !target) return;
  const { left, top, bottom, width, height } = target.getBoundingClientRect();
  Object.assign(ring.style, { left: `${left - 6}px`, top: `${top - 6}px`, width: `${width + 12}px`, height: `${height + 12}px` });
  const gap = 14;
  const wanted = bottom + gap + box.offsetHeight < innerHeight ? bottom + gap : top - gap - box.offsetHeight;
  const within = (value: number, size: number, room: number) => `${Math.max(gap, Math.min(value, room - size - gap))}px`;
  box.style.left = within(left, box.offsetWidth, document.documentElement.clientWidth);
  box.style.top = within(wanted, box.offsetHeight, innerHeight);
}
