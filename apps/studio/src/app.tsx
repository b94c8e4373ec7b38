import { effect, signal } from '@preact/signals';
import { ComparePage } from './compare/compare-page.tsx';
import { LookPage } from './look/look-page.tsx';
import { type Page, page, pages } from './route.ts';
import { TrainPage } from './train/train-page.tsx';
import { Mark } from './ui/mark.tsx';

const titles: Readonly<Record<Page, string>> = { look: 'Look', train: 'Train', compare: 'Compare' };
const contents: Readonly<Record<Page, () => preact.JSX.Element>> = { look: LookPage, train: TrainPage, compare: ComparePage };

/** The pages that were shown so far. */
const visited = signal<ReadonlySet<Page>>(new Set());
effect(() => {
  visited.value = new Set([...visited.peek(), page.value]);
});

/**
 * The frame of all pages. A page is made when it is shown for the first time; then it keeps its state, and a training goes on, while another one is
 * looked at.
 */
export function App() {
  return (
    <>
      <header class="top">
        <a class="brand" href="#look">
          <Mark />
          <span>Vitrail Studio</span>
        </a>
        <nav aria-label="Pages">
          {pages.map((name) => (
            <a key={name} href={`#${name}`} aria-current={page.value === name ? 'page' : undefined}>
              {titles[name]}
            </a>
          ))}
        </nav>
      </header>
      <main>
        {[...visited.value].map((name) => {
          const Content = contents[name];
          return (
            <div key={name} hidden={page.value !== name}>
              <Content />
            </div>
          );
        })}
      </main>
      <footer>Everything is computed in this tab. Nothing is uploaded anywhere.</footer>
    </>
  );
}
