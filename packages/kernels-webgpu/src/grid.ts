/** How many workgroups: one number, or along x, y and z. Along each at most 65,535; one number is folded into two where it is larger. */
export type Grid = number | readonly [x: number, y: number, z: number];

/** What every device takes along one dimension. */
const MAXIMUM = 65535;

/** Along x, y and z; of one number as many or a few more, whose shaders skip what lies past the end. */
export function workgroupCounts(grid: Grid): readonly [x: number, y: number, z: number] {
  if (typeof grid !== 'number') return grid;
  if (grid <= MAXIMUM) return [grid, 1, 1];
  const rows = Math.ceil(grid / MAXIMUM);
  return [Math.ceil(grid / rows), rows, 1];
}
