// Random programs: functions of all sorts of types with branches, loops, arrays and calls, in which nothing
// is left undefined that C++ leaves undefined.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { generator } from './generator.mjs';

const PRELUDE = readFileSync(path.join(import.meta.dirname, 'prelude.h'), 'utf8');
const KERNELS = 12;
const THREADS = 256;
const GRID = 2;
const TYPES = ['i32', 'u32', 'i64', 'u64', 'f32', 'f64'];
const isFloat = (type) => type[0] === 'f';
const isUnsigned = (type) => type[0] === 'u';

class Writer {
  #random;
  #lines = [];
  #indent = 1;
  #function = '';
  #names = 0;
  #variables = []; // { name, type, isArray, isConst }
  #loops = 0;
  #budget = 40; // statements of a function
  functions = []; // { name, type, parameters }

  #approximates;

  constructor(seed, approximates) {
    this.#random = generator(seed);
    this.#approximates = approximates;
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
    this.#lines.push('  '.repeat(this.#indent) + text);
  }

  #literal(type) {
    if (type === 'f32')
      return this.#pick([
        '0.0f',
        '-0.0f',
        '1.0f',
        '-2.5f',
        '1e-40f',
        '3e38f',
        '0.1f',
        '65537.0f',
        '-1e9f',
      ]);
    if (type === 'f64')
      return this.#pick([
        '0.0',
        '-0.0',
        '1.0',
        '-2.5',
        '1e-310',
        '1e15',
        '0.1',
        '4294967297.0',
        '-1e18',
      ]);
    const value = this.#pick([
      '0',
      '1',
      '2',
      '3',
      '7',
      '31',
      '255',
      '65535',
      '0x7fffffff',
      '0x80000000u',
      '0x12345678',
      '0x9e3779b97f4a7c15ull',
    ]);
    return `(${type})${value}`;
  }

  #leaf(type) {
    const known = this.#variables.filter((each) => each.type === type);
    if (known.length === 0 || this.#chance(0.2)) return this.#literal(type);
    const { name, isArray } = this.#pick(known);
    return isArray ? `${name}[${this.#index(0)}]` : name;
  }

  #index(depth) {
    return `${this.expression('u32', depth)} & 7`;
  }

  condition(depth) {
    const type = this.#pick(TYPES);
    const compare = this.#pick(['<', '<=', '==', '!=', '>', '>=']);
    const one = `(${this.expression(type, depth)} ${compare} ${this.expression(type, depth)})`;
    if (depth < 1 || this.#chance(0.7)) return one;
    return `(${one} ${this.#pick(['&&', '||'])} ${this.condition(depth - 1)})`;
  }

  expression(type, depth) {
    if (depth <= 0 || this.#chance(0.1)) return this.#leaf(type);
    const of = (other) => this.expression(other, depth - 1);
    const same = () => of(type);
    if (this.#chance(0.15)) return this.#conversion(type, depth - 1);
    if (this.#chance(0.1)) return `(${this.condition(depth - 1)} ? ${same()} : ${same()})`;
    const callable = this.functions.filter((each) => each.type === type);
    if (callable.length > 0 && this.#chance(0.06)) {
      const { name, parameters } = this.#pick(callable);
      return `${name}(${parameters.map((each) => this.#leaf(each)).join(', ')})`;
    }
    return isFloat(type) ? this.#float(type, of) : this.#integer(type, of);
  }

  #float(type, of) {
    const a = of(type);
    const b = of(type);
    if (this.#approximates && type === 'f32' && this.#chance(0.4)) {
      const functions = [
        '__expf',
        '__logf',
        '__sinf',
        '__cosf',
        '__tanf',
        'rsqrtf',
        'tanhf',
        'exp2f',
      ];
      return this.#chance(0.3) ? `__fdividef(${a}, ${b})` : `${this.#pick(functions)}(${a})`;
    }
    const suffix = type === 'f32' ? 'f' : '';
    // nvcc folds ceil() and its like of constants beyond 64-bit integers to the lowest of these: hence
    // no larger literals.
    switch (this.#below(14)) {
      case 0:
        return `(${a} / ${b})`;
      case 1:
        return `sqrt${suffix}(fabs${suffix}(${a}))`;
      case 2:
        return `lesser(${a}, ${b})`;
      case 3:
        return `greater(${a}, ${b})`;
      case 4:
        return `${this.#pick(['floor', 'ceil', 'trunc', 'rint'])}${suffix}(${a})`;
      case 5:
        return `fma${suffix}(${a}, ${b}, ${of(type)})`;
      case 6:
        return `with_sign(${a}, ${b})`;
      case 7:
        return `(- ${a})`;
      default:
        return `(${a} ${this.#pick(['+', '-', '*'])} ${b})`;
    }
  }

  #integer(type, of) {
    const a = of(type);
    const b = of(type);
    const wide = type.endsWith('64');
    const unsigned = wide ? 'u64' : 'u32';
    const most = wide ? 63 : 31;
    // Unsigned numbers wrap around; signed ones must not overflow.
    const wrapped = (operator, x, y) =>
      `(${type})((${unsigned})${x} ${operator} (${unsigned})${y})`;
    switch (this.#below(24)) {
      case 0:
        // Never by 0, and never the lowest by -1.
        return isUnsigned(type) ? `(${a} / (${b} | 1))` : `(${a} / ((${b} & 0xffff) + 2))`;
      case 1:
        return isUnsigned(type) ? `(${a} % (${b} | 1))` : `(${a} % ((${b} & 0xff) + 3))`;
      case 2:
        return `(${type})((${unsigned})${a} << (${of('u32')} & ${most}))`;
      case 3:
        return `(${a} >> (${of('u32')} & ${most}))`;
      case 4:
        return `lesser(${a}, ${b})`;
      case 5:
        return `greater(${a}, ${b})`;
      case 6:
        return `(${type})${this.#pick(['ones', 'zeros', 'lowest', 'mirror'])}((${unsigned})${a})`;
      case 7:
        return `high(${a}, ${b})`;
      case 8:
        return `(~${a})`;
      case 9:
        return `(${type})(0 - (${unsigned})${a})`;
      case 10:
        return `(${type})(${this.#pick(['std::int8_t', 'std::uint8_t', 'std::int16_t', 'std::uint16_t'])})${a}`;
      case 11:
        return wide
          ? wrapped('*', a, b)
          : `(${type})${this.#pick(['permute', 'funnel', 'funnel_right', 'distance'])}(${a}, ${b}, ${of(type)})`;
      case 12:
        return wide
          ? `((${type})${of('i32')} * ${of('u32')})`
          : `(${type})${this.#pick(['average', 'average_up', 'absolute4', 'add2'])}(${a}, ${b})`;
      case 13:
        return wide ? `(${a} ^ ${b})` : `(${type})dot(${a}, ${b}, ${of(type)})`;
      case 14:
        return `(${type})${this.condition(1)}`;
      case 15:
        return wrapped('+', wrapped('*', a, b), of(type));
      case 16: {
        const shift = 1 + this.#below(most);
        return `(${type})((${unsigned})${a} << ${shift} | (${unsigned})${a} >> ${most + 1 - shift})`;
      }
      default:
        return wrapped(this.#pick(['+', '-', '*', '&', '|', '^']), a, b);
    }
  }

  #conversion(type, depth) {
    const from = this.#pick(TYPES.filter((each) => each !== type));
    const value = this.expression(from, depth);
    return isFloat(from) && !isFloat(type) ? `to_integer<${type}>(${value})` : `(${type})${value}`;
  }

  #declare() {
    const type = this.#pick(TYPES);
    const isArray = this.#chance(0.15);
    const name = `v${this.#names++}`;
    if (isArray) {
      const values = Array.from({ length: 8 }, () => this.#leaf(type));
      this.#line(`${type} ${name}[8] = {${values.join(', ')}};`);
    } else {
      this.#line(`${type} ${name} = ${this.expression(type, 3)};`);
      this.#line(`TRACED("${this.#function}.${name}", ${name});`);
    }
    this.#variables.push({ name, type, isArray });
  }

  #assign() {
    const known = this.#variables.filter(({ isConst }) => !isConst);
    if (known.length === 0) return this.#declare();
    const { name, type, isArray } = this.#pick(known);
    const target = isArray ? `${name}[${this.#index(1)}]` : name;
    this.#line(`${target} = ${this.expression(type, 4)};`);
    if (!isArray) this.#line(`TRACED("${this.#function}.${name}", ${name});`);
  }

  #block(depth) {
    const outer = this.#variables.length;
    this.#indent++;
    for (let i = 1 + this.#below(4); i > 0; i--) this.statement(depth - 1);
    this.#indent--;
    this.#variables.length = outer;
  }

  #loop(depth) {
    const name = `n${this.#names++}`;
    const end = this.#chance(0.5) ? `${1 + this.#below(6)}u` : `(${this.expression('u32', 2)} & 7)`;
    this.#line(`for (u32 ${name} = 0, end = ${end}; ${name} < end; ++${name}) {`);
    this.#variables.push({ name, type: 'u32', isConst: true });
    this.#loops++;
    this.#block(depth);
    this.#loops--;
    this.#variables.pop();
    this.#line('}');
  }

  statement(depth) {
    if (this.#budget-- <= 0) return;
    const kind = this.#random();
    if (depth > 0 && kind < 0.15) {
      this.#line(`if ${this.condition(2)} {`);
      this.#block(depth);
      if (this.#chance(0.6)) {
        this.#line('} else {');
        this.#block(depth);
      }
      this.#line('}');
    } else if (depth > 0 && kind < 0.25 && this.#loops < 2) {
      this.#loop(depth);
    } else if (depth > 0 && kind < 0.3) {
      this.#line(`switch (${this.expression('u32', 2)} & 3) {`);
      for (let i = 0; i < 4; i++) {
        if (i < 3) this.#line(`case ${i}: {`);
        else this.#line('default: {');
        this.#block(depth);
        this.#line(this.#chance(0.8) ? '} break;' : '}');
      }
      this.#line('}');
    } else if (this.#loops > 0 && kind < 0.34) {
      this.#line(`if ${this.condition(1)} ${this.#pick(['break', 'continue'])};`);
    } else if (kind < 0.6) {
      this.#declare();
    } else {
      this.#assign();
    }
  }

  /** A function: its text. */
  function(name, type, parameters, isInline) {
    this.#function = name;
    this.#lines = [];
    this.#names = 0;
    this.#budget = 40;
    this.#variables = parameters.map((each, i) => ({ name: `p${i}`, type: each, isArray: false }));
    for (let i = 0; i < 4; i++) this.#declare();
    for (let i = 5 + this.#below(6); i > 0; i--) this.statement(3);
    const all = this.#variables.map(({ name: each, isArray }) => (isArray ? `${each}[3]` : each));
    const list = parameters.map((each, i) => `${each} p${i}`).join(', ');
    return [
      `${isInline ? 'inline' : '__noinline__'} ${this.#approximates ? '__device__' : 'FN'} ${type} ${name}(${list}) {`,
      ...this.#lines,
      '  u64 hash = 1;',
      ...all.map((each) => `  hash = mix(hash, bits(${each}));`),
      `  return (${type})hash;`,
      '}',
    ].join('\n');
  }

  program() {
    const parts = [];
    for (let i = 0; i < KERNELS; i++) {
      const parameters = Array.from({ length: 1 + this.#below(3) }, () => this.#pick(TYPES));
      const type = this.#pick(TYPES);
      parts.push(this.function(`helper${i}`, type, parameters, this.#chance(0.5)));
      this.functions.push({ name: `helper${i}`, type, parameters });
      parts.push(this.function(`body${i}`, 'u64', TYPES, true));
    }
    return parts;
  }
}

const INPUTS = TYPES.map((type, i) => {
  const word = `input(thread, ${i})`;
  if (type === 'f32') return `float_of(${word})`;
  return type === 'f64' ? `double_of(${word})` : `(${type})${word}`;
}).join(', ');

/** `approximates`: with functions of which PTX leaves the last bits open, and which g++ does not have. */
export function randomProgram(seed, approximates = false) {
  const numbers = Array.from({ length: KERNELS }, (_, i) => i);
  const source = [
    PRELUDE,
    ...new Writer(seed, approximates).program(),
    '#ifdef __CUDACC__',
    ...numbers.map(
      (i) =>
        `extern "C" __global__ void kernel${i}(u64* out) {\n` +
        '  const u32 thread = blockIdx.x * blockDim.x + threadIdx.x;\n' +
        `  out[thread] = body${i}(${INPUTS});\n}`,
    ),
    '#else',
    'int main(int, char** arguments) {',
    `  const u32 threads = ${GRID * THREADS};`,
    '  FILE* file = fopen(arguments[1], "wb");',
    '  u64 result;',
    ...numbers.map(
      (i) =>
        `  for (u32 thread = 0; thread < threads; ++thread) {\n    SET_THREAD(thread);\n    result = body${i}(${INPUTS});\n` +
        '    fwrite(&result, sizeof result, 1, file);\n  }',
    ),
    '  fclose(file);',
    '}',
    '#endif',
    '',
  ].join('\n');
  return { source, kernels: KERNELS, grid: GRID, threads: THREADS, words: GRID * THREADS };
}
