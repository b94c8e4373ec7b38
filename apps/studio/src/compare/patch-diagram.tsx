/** Patches of a drawing that are hidden from the student. */
const hidden = new Set([0, 2, 3, 5, 6, 8, 9, 11, 12, 13, 14]);
const side = 4;

/** Which patches are hidden from the student, and for which it is asked what the teacher says of them. */
export function PatchDiagram({ asksForAll }: { readonly asksForAll: boolean }) {
  return (
    <svg
      class="patch-diagram"
      viewBox="0 0 104 104"
      role="img"
      aria-label={asksForAll ? 'asked for every patch' : 'asked for hidden patches alone'}
    >
      {Array.from({ length: side * side }, (_, i) => {
        const [x, y] = [(i % side) * 26 + 2, Math.floor(i / side) * 26 + 2];
        const isAsked = asksForAll || hidden.has(i);
        return (
          <g key={i}>
            <rect x={x} y={y} width="22" height="22" rx="2" class={hidden.has(i) ? 'hidden-patch' : 'seen-patch'} />
            {isAsked && <circle cx={x + 11} cy={y + 11} r="4" class="asked" />}
          </g>
        );
      })}
    </svg>
  );
}
