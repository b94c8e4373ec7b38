import type { Shape } from './vocabulary.ts';

/** No shape of radius 1 reaches farther than this from its centre. */
export const SHAPE_EXTENT = 1.22;

const CIRCLE_RADIUS = 0.94;
const SQUARE_HALF = 0.83;
const TRIANGLE_INRADIUS = SHAPE_EXTENT / 2;
const STAR_INNER = 0.54;

const SIN_60 = Math.sin(Math.PI / 3);
const SECTOR = (2 * Math.PI) / 5;
// The edge of a star from its tip, at distance SHAPE_EXTENT on the axis of a sector, to the notch half a sector on: its unit normal, outwards.
const NOTCH_ALONG = STAR_INNER * Math.cos(SECTOR / 2);
const NOTCH_ACROSS = STAR_INNER * Math.sin(SECTOR / 2);
const EDGE_LENGTH = Math.hypot(NOTCH_ALONG - SHAPE_EXTENT, NOTCH_ACROSS);
const NORMAL_ALONG = NOTCH_ACROSS / EDGE_LENGTH;
const NORMAL_ACROSS = (SHAPE_EXTENT - NOTCH_ALONG) / EDGE_LENGTH;

/**
 * How far `(x, y)` lies outside a shape of radius 1 around the origin, `y` pointing down; negative inside.
 *
 * The distance to the nearest edge's line: exact along edges, too small beyond corners, so corners stay sharp when it is turned into coverage. Circle
 * and square have the same area; triangle (tip up) and five-pointed star reach farther out with about two thirds of it.
 */
export function shapeDistance(shape: Shape, x: number, y: number): number {
  switch (shape) {
    case 'circle':
      return Math.sqrt(x * x + y * y) - CIRCLE_RADIUS;
    case 'square':
      return Math.max(Math.abs(x), Math.abs(y)) - SQUARE_HALF;
    case 'triangle':
      return Math.max(y, SIN_60 * Math.abs(x) - 0.5 * y) - TRIANGLE_INRADIUS;
    case 'star': {
      // Every sector looks like the one whose tip points up.
      const angle = Math.atan2(x, -y);
      const folded = Math.abs(angle - SECTOR * Math.round(angle / SECTOR));
      const radius = Math.sqrt(x * x + y * y);
      return (radius * Math.cos(folded) - SHAPE_EXTENT) * NORMAL_ALONG + radius * Math.sin(folded) * NORMAL_ACROSS;
    }
  }
}
