/**
 * What PTX has besides code, for debuggers: sections of bytes (`.section .debug_info { .b8 1 ... }`), and
 * the lines at which its labels stand.
 */

/** Bytes of a section that are the address of a label or variable. */
export interface Reference {
  readonly name: string;
  readonly addend: number;
}

export interface Section {
  readonly bytes: DataView;
  /** By offset. */
  readonly references: ReadonlyMap<number, Reference>;
}

export interface DebugSections {
  readonly sections: ReadonlyMap<string, Section>;
  /** Of the code: what a label stands before has a higher line, or the same. */
  readonly labels: ReadonlyMap<string, number>;
}

const SIZES: Readonly<Record<string, number>> = { b8: 1, b16: 2, b32: 4, b64: 8 };
const BEGIN = /^\s*\.section\s+(\.?[\w$]+)/;
const LABEL = /^\s*([A-Za-z_$%][\w$]*)\s*:/;
const DATA = /^\s*\.(b8|b16|b32|b64)\s+(.*)$/;
const NUMBER = /^-?(0[xX][\da-fA-F]+|\d+)$/;
const SYMBOL = /^(\.?[A-Za-z_$%][\w$]*)\s*(?:([+-])\s*(\d+))?$/;

class Builder {
  readonly #bytes: number[] = [];
  readonly #references = new Map<number, Reference>();
  readonly labels = new Map<string, number>();

  label(name: string): void {
    this.labels.set(name, this.#bytes.length);
  }

  /** Comma-separated numbers and symbols of so many bytes. What is neither is left out as zeros. */
  add(size: number, values: string): void {
    for (const each of values.split(',')) {
      const text = each.trim();
      const number = NUMBER.test(text) ? numberOf(text) : 0n;
      const [, name, sign, digits] = SYMBOL.exec(text) ?? [];
      if (name !== undefined) {
        const addend = Number(digits ?? 0) * (sign === '-' ? -1 : 1);
        this.#references.set(this.#bytes.length, { name, addend });
      }
      for (let i = 0; i < size; i++) {
        this.#bytes.push(Number(BigInt.asUintN(8, number >> BigInt(8 * i))));
      }
    }
  }

  /** `offsetOf` knows the labels of all sections, and where each begins: there are numbers for these. */
  finish(offsetOf: ReadonlyMap<string, number>): Section {
    const bytes = new DataView(Uint8Array.from(this.#bytes).buffer);
    for (const [at, { name, addend }] of this.#references) {
      const offset = offsetOf.get(name);
      if (offset === undefined || at + 4 > bytes.byteLength) continue;
      bytes.setUint32(at, offset + addend, true);
      this.#references.delete(at);
    }
    return { bytes, references: this.#references };
  }
}

function numberOf(text: string): bigint {
  return text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text);
}

/** Of the lines of a module. */
export function readSections(lines: readonly string[]): DebugSections {
  const builders = new Map<string, Builder>();
  const labels = new Map<string, number>();
  let section: Builder | undefined;
  for (const [i, line] of lines.entries()) {
    const name = BEGIN.exec(line)?.[1];
    if (name !== undefined) {
      section = builders.get(name) ?? new Builder();
      builders.set(name, section);
    } else if (section === undefined) {
      const label = line.includes(':') ? LABEL.exec(line)?.[1] : undefined;
      if (label !== undefined && !labels.has(label)) labels.set(label, i + 1);
    } else if (line.trim() === '}') {
      section = undefined;
    } else {
      const data = DATA.exec(line);
      if (data !== null) section.add(SIZES[data[1]!]!, data[2]!.replace(/\/\/.*$/, ''));
      else if (LABEL.test(line)) section.label(LABEL.exec(line)![1]!);
    }
  }
  const offsets = new Map<string, number>();
  for (const [name, builder] of builders) {
    offsets.set(name, 0);
    for (const [label, offset] of builder.labels) offsets.set(label, offset);
  }
  const sections = [...builders].map(([name, each]) => [name, each.finish(offsets)] as const);
  return { sections: new Map(sections), labels };
}
