import { signal } from '@preact/signals';
import './notice.css';

/** What went wrong last, in words for people. */
export const problem = signal<string | undefined>(undefined);

/** Shows what went wrong until it is closed, or something else does. */
export function reportProblem(error: unknown): void {
  const text = error instanceof Error ? error.message : String(error);
  // Messages begin in lower case, unless with the name of a file.
  problem.value = text.replace(/^[a-z]+(?= )/, (word) => word.charAt(0).toUpperCase() + word.slice(1));
}

/** The last problem, which screen readers read at once. */
export function Notice() {
  return (
    <div role="alert">
      {problem.value !== undefined && (
        <div class="notice pane">
          <p>{problem.value}</p>
          <button
            type="button"
            onClick={() => {
              problem.value = undefined;
            }}
          >
            Close
          </button>
        </div>
      )}
    </div>
  );
}
