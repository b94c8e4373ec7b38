import type { RgbImage } from '../../sample.ts';

/**
 * Moves the hue of every pixel by `turn` of a full turn (-0.5 to 0.5), bit for bit as torchvision's `adjust_hue` of Pillow's images.
 *
 * Hue, saturation and value are levels of 8 bits, and hues come in steps of 1/255 of a turn: `turn` is cut off to such steps, colours do not come back
 * exactly even from a turn of 0, and since the levels of a hue overflow at 256, those that pass the end are one step off (all of it as in Pillow).
 *
 * @see Pillow, src/libImaging/Convert.c, rgb2hsv_row and hsv2rgb
 */
export function rotateHue({ width, height, data }: RgbImage, turn: number): RgbImage {
  const steps = Math.trunc(turn * 255);
  const rotated = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i += 3) {
    const red = data[i];
    const green = data[i + 1];
    const blue = data[i + 2];
    const value = Math.max(red, green, blue);
    const chroma = value - Math.min(red, green, blue);
    const saturation = Math.trunc(Math.fround(chroma / value) * 255);
    if (chroma === 0 || saturation === 0) {
      rotated.fill(value, i, i + 3);
      continue;
    }
    const hue = (hueLevel(red, green, blue, value, chroma) + steps) & 255;
    const sector = SECTOR[hue];
    const share = SHARE[hue];
    const strength = UNIT[saturation];
    const low = Math.trunc(value * (1 - strength) + 0.5);
    // From one corner of the colour wheel to the next a single channel changes, up in even sectors, down in odd ones.
    const distance = (sector & 1) === 0 ? strength * (1 - share) : Math.fround(strength * share);
    const between = Math.trunc(value * (1 - distance) + 0.5);
    rotated[i + HIGHEST[sector]] = value;
    rotated[i + BETWEEN[sector]] = between;
    rotated[i + LOWEST[sector]] = low;
  }
  return { width, height, data: rotated };
}

/** Hue as a level, 255 for a full turn, of a pixel that is not gray. */
function hueLevel(red: number, green: number, blue: number, value: number, chroma: number): number {
  const r = Math.fround((value - red) / chroma);
  const g = Math.fround((value - green) / chroma);
  const b = Math.fround((value - blue) / chroma);
  const corner = red === value ? Math.fround(b - g) : green === value ? Math.fround(2 + r - b) : Math.fround(4 + g - r);
  const turns = corner / 6 + 1;
  return Math.trunc(Math.fround(turns - Math.floor(turns)) * 255);
}

/** In which sixth of the wheel a hue lies, 0 to 5 from red by way of green and blue, and how far it is into it. The last hue is red again. */
const SECTOR = Uint8Array.from({ length: 256 }, (_, hue) => Math.floor((hue * 6) / 255) % 6);
const SHARE = Float32Array.from({ length: 256 }, (_, hue) => (hue * 6) / 255 - Math.floor((hue * 6) / 255));
/** Levels as shares of 255. */
const UNIT = Float32Array.from({ length: 256 }, (_, level) => level / 255);
/** By sector the channel that is highest, between, lowest. */
const HIGHEST = [0, 1, 1, 2, 2, 0];
const BETWEEN = [1, 0, 2, 1, 0, 2];
const LOWEST = [2, 2, 0, 0, 1, 1];
