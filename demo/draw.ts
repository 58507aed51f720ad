/** Digits as text: half-block characters, two pixels on top of each other per character cell. */
import { type Digits, SIZE } from './digits';
import { paint } from './terminal';

/** Pixels left out on each side, which are always paper but for a few digits. */
const MARGIN = 3;
const COLUMNS = SIZE - 2 * MARGIN;
const GAP = '   ';

function isInk(image: Float32Array, x: number, y: number): boolean {
  return image[y * SIZE + x]! > 0.4;
}

/** One image as lines of equal length. */
export function drawImage(image: Float32Array): string[] {
  const lines: string[] = [];
  for (let y = MARGIN - 1; y < SIZE - MARGIN + 1; y += 2) {
    let line = '';
    for (let x = MARGIN; x < SIZE - MARGIN; ++x) {
      const top = isInk(image, x, y);
      const bottom = isInk(image, x, y + 1);
      line += top ? (bottom ? '█' : '▀') : bottom ? '▄' : ' ';
    }
    lines.push(line);
  }
  return lines;
}

/** Test digits side by side over their captions. */
export function drawRow(
  digits: Digits,
  predicted: Uint8Array,
  indices: readonly number[],
): string[] {
  const pictures = indices.map((index) =>
    drawImage(digits.images.subarray(index * SIZE * SIZE, (index + 1) * SIZE * SIZE)),
  );
  const captions = indices.map((index) => {
    const label = digits.labels[index]!;
    const right = predicted[index] === label;
    const text = right ? `read as ${label}, right` : `read as ${predicted[index]}, but is ${label}`;
    return paint(right ? 'green' : 'red', text.padEnd(COLUMNS));
  });
  const lines = pictures[0]?.map((_, y) => pictures.map((picture) => picture[y]).join(GAP)) ?? [];
  return [...lines.map((line) => line.trimEnd()), captions.join(GAP)];
}
