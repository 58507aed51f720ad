// Random kernels whose threads work together: shuffles, votes, matches and reductions of warps and of parts of them,
// shared memory between barriers, and atomics whose order does not show in the result.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { generator } from './generator.mjs';

const read = (name) => readFileSync(path.join(import.meta.dirname, name), 'utf8');
const PRELUDE = `${read('prelude.h')}\n${read('block.h')}`;
const KERNELS = 12;
const THREADS = 96;
const CELLS = 16;
const TYPES = ['i32', 'u32', 'u64', 'f32'];
const INTEGERS = ['i32', 'u32', 'u64'];

class Writer {
  #random;
  #lines = [];
  #depth = 0;
  #atomics = true; // whether one may stand here: one a phase, as two might not commute

  constructor(seed) {
    this.#random = generator(seed);
  }
  #below(n) {
    return Math.floor(this.#random() * n);
  }
  #pick(list) {
    return list[this.#below(list.length)];
  }
  #chance(p) {
    return this.#random() < p;
  }
  #line(text) {
    this.#lines.push(`${'  '.repeat(this.#depth + 1)}${text}`);
  }

  #variable(type) {
    return `OF(${type}_${this.#below(3)})`;
  }
  #expression(type, depth = 2) {
    const of = (other) => this.#expression(other, depth - 1);
    if (depth <= 0 || this.#chance(0.2)) {
      if (type === 'f32')
        return this.#pick([
          this.#variable('f32'),
          '1.5f',
          '-0.25f',
          `(f32)(${this.#variable('i32')} & 255)`,
        ]);
      return this.#pick([
        this.#variable(type),
        this.#variable(type),
        `(${type})t`,
        `(${type})${this.#below(40)}`,
      ]);
    }
    if (type === 'f32') return `(${of(type)} ${this.#pick(['+', '-', '*'])} ${of(type)})`;
    const unsigned = type === 'u64' ? 'u64' : 'u32';
    switch (this.#below(6)) {
      case 0:
        return `(${type})${of(this.#pick(INTEGERS))}`;
      case 1:
        return `(${type})((${unsigned})${of(type)} ${this.#pick(['<<', '>>'])} (${of('u32')} & 31))`;
      case 2:
        return `(${this.#condition(depth - 1)} ? ${of(type)} : ${of(type)})`;
      default:
        return `(${type})((${unsigned})${of(type)} ${this.#pick(['+', '-', '*', '&', '|', '^'])} (${unsigned})${of(type)})`;
    }
  }
  #condition(depth = 1) {
    const type = this.#pick(INTEGERS);
    if (this.#chance(0.4))
      return `((${this.#expression(type, depth)} & ${1 + this.#below(3)}) != 0)`;
    return `(${this.#expression(type, depth)} ${this.#pick(['<', '<=', '==', '!=', '>'])} ${this.#expression(type, depth)})`;
  }

  #assign() {
    const type = this.#pick(TYPES);
    this.#line(`EACH { ${this.#variable(type)} = ${this.#expression(type, 3)}; }`);
  }
  #shuffle() {
    const type = this.#pick(TYPES);
    const kind = this.#pick(['SHUFFLE', 'SHUFFLE_UP', 'SHUFFLE_DOWN', 'SHUFFLE_XOR']);
    const by = this.#chance(0.6) ? `${this.#below(32)}` : `(${this.#expression('u32', 1)} & 31)`;
    const width = this.#pick([32, 32, 16, 8, 4, 2]);
    this.#line(`${kind}(${this.#variable(type)}, ${this.#expression(type, 1)}, ${by}, ${width})`);
  }
  /** By the threads of a group, which are those of a warp outside of all. */
  #together() {
    const to = this.#variable('u32');
    const type = this.#pick(INTEGERS);
    const some = () => `(${type})(${this.#expression(type, 1)} & ${this.#pick([1, 3, 7])})`;
    switch (this.#below(6)) {
      case 0:
        return this.#line(
          `${this.#pick(['BALLOT', 'VOTE_ALL', 'VOTE_ANY'])}(${to}, ${this.#condition()})`,
        );
      case 1:
        return this.#line(`MATCH_ANY(${to}, ${some()})`);
      case 2:
        return this.#line(`MATCH_ALL(${to}, ${this.#variable('i32')}, ${some()})`);
      case 3: {
        const each = this.#pick(TYPES);
        return this.#line(`LEADER(${this.#variable(each)}, ${this.#expression(each, 1)})`);
      }
      case 4:
        return this.#line(
          `REDUCE(${to}, ${this.#expression('u32')}, ${this.#pick(['add', 'min', 'max', 'and', 'or', 'xor'])})`,
        );
      default:
        return this.#line(
          `REDUCE(${this.#variable('i32')}, ${this.#expression('i32')}, ${this.#pick(['min', 'max'])})`,
        );
    }
  }
  #atomic() {
    if (!this.#atomics) return this.#assign();
    this.#atomics = false;
    const isGlobal = this.#chance(0.3);
    const type = isGlobal ? 'u64' : this.#pick(INTEGERS);
    const operations = ['add', 'min', 'max', 'and', 'or', 'xor', 'product'];
    if (type === 'u32') operations.push('inc');
    // The totals are of all blocks, which are in no order: each of them has an operation of its own.
    const [operation, place] = isGlobal
      ? this.#pick([
          ['add', `${this.#expression('u32', 1)} % 8`],
          ['xor', `8 + ${this.#expression('u32', 1)} % 4`],
          ['max', `12 + ${this.#expression('u32', 1)} % 4`],
        ])
      : [this.#pick(operations), `${this.#expression('u32', 1)} % ${CELLS}`];
    const cells = isGlobal ? 'totals' : `cells_${type}`;
    this.#line(`ATOMIC(${operation}, ${cells}, ${place}, ${this.#expression(type)})`);
  }
  #group(budget) {
    this.#line(`IF_GROUP(${this.#condition()})`);
    this.#depth++;
    for (let i = 1 + this.#below(4); i > 0; i--) {
      const kind = this.#random();
      if (kind < 0.15 && budget > 0) this.#group(budget - 1);
      else if (kind < 0.3) this.#atomic();
      else if (kind < 0.7) this.#together();
      else this.#assign();
    }
    this.#depth--;
    this.#line('END_GROUP');
  }
  #barrier() {
    this.#line('BARRIER');
    this.#atomics = true;
  }
  /** Writes places, each of them once, and reads others after a barrier. */
  #exchange() {
    const type = this.#pick(TYPES);
    const shared = `shared_${type}`;
    this.#barrier();
    this.#line(
      `EACH { ${shared}[(t * ${this.#pick([1, 5, 7, 11, 35])} + ${this.#below(THREADS)}) % THREADS] = ${this.#expression(type)}; }`,
    );
    if (this.#chance(0.3)) {
      const name = this.#pick(['BARRIER_COUNT', 'BARRIER_AND', 'BARRIER_OR']);
      this.#line(`${name}(${this.#variable('u32')}, ${this.#condition()})`);
    } else {
      this.#line('BARRIER');
    }
    this.#line(
      `EACH { ${this.#variable(type)} = ${shared}[${this.#expression('u32', 1)} % THREADS]; }`,
    );
    this.#barrier();
  }
  #statement(budget) {
    const kind = this.#random();
    if (kind < 0.2) return this.#shuffle();
    if (kind < 0.4) return this.#together();
    if (kind < 0.55) return this.#exchange();
    if (kind < 0.65) {
      this.#barrier();
      this.#atomic();
      this.#barrier();
      const type = this.#pick(INTEGERS);
      return this.#line(
        `EACH { ${this.#variable(type)} = cells_${type}[${this.#expression('u32', 1)} % ${CELLS}]; } BARRIER`,
      );
    }
    if (kind < 0.8) {
      this.#barrier();
      this.#group(2);
      return this.#barrier();
    }
    if (kind < 0.87 && budget > 0) {
      this.#line(`for (u32 n${budget} = 0; n${budget} < ${1 + this.#below(4)}; ++n${budget}) {`);
      this.#depth++;
      for (let i = 1 + this.#below(4); i > 0; i--) this.#statement(budget - 1);
      this.#depth--;
      return this.#line('}');
    }
    this.#assign();
  }

  kernel(name) {
    this.#lines = [];
    const variables = TYPES.flatMap((type) => [0, 1, 2].map((i) => [type, `${type}_${i}`]));
    this.#line(`BEGIN(${name})`);
    for (const type of TYPES) this.#line(`SHARED(${type}, shared_${type});`);
    for (const type of INTEGERS) this.#line(`SHARED(${type}, cells_${type});`);
    for (const [i, [type, variable]] of variables.entries()) {
      const word = `input(block * THREADS + t, ${i})`;
      const value = type === 'f32' ? `(f32)(i32)(${word} & 1023)` : `(${type})${word}`;
      this.#line(`VARIABLE(${type}, ${variable}); EACH { OF(${variable}) = ${value}; }`);
    }
    this.#line('EACH {');
    for (const type of TYPES) this.#line(`  shared_${type}[t] = 0;`);
    for (const type of INTEGERS) this.#line(`  cells_${type}[t] = (${type})(t * 77);`);
    this.#line('} BARRIER');
    for (let i = 12 + this.#below(12); i > 0; i--) this.#statement(2);
    const hash = variables.reduce(
      (text, [, variable]) => `mix(${text}, bits(OF(${variable})))`,
      '1',
    );
    this.#line(`EACH { out[block * THREADS + t] = ${hash}; }`);
    this.#line('}');
    return this.#lines.join('\n');
  }
}

export function randomBlocks(seed) {
  const writer = new Writer(seed);
  const numbers = Array.from({ length: KERNELS }, (_, i) => i);
  const grid = 3;
  const words = grid * THREADS + CELLS;
  const source = [
    PRELUDE,
    ...numbers.map((i) => writer.kernel(`kernel${i}`)),
    '#ifndef __CUDACC__',
    'int main(int, char** arguments) {',
    '  FILE* file = fopen(arguments[1], "wb");',
    ...numbers.map(
      (i) =>
        `  {\n    u64 out[${words}] = {};\n    for (u32 block = 0; block < ${grid}; ++block) kernel${i}(out, block, ${grid});\n` +
        '    fwrite(out, sizeof out, 1, file);\n  }',
    ),
    '  fclose(file);',
    '}',
    '#endif',
    '',
  ].join('\n');
  return { source, kernels: KERNELS, grid, threads: THREADS, words };
}
