/**
 * What a compilation is asked for with, checked. Everything is read and checked before anything else is
 * done; it also makes the key by which the result is remembered, which has to be cheap.
 */
import { isAbsolute } from 'node:path';
import {
  argumentRangeError,
  argumentTypeError,
  checkBoolean,
  isRecord,
  rangeError,
  readOptions,
} from '../../base/checks.js';
import { describe, describeKey, isArray } from '../../base/describe.js';
import type { Asked } from './asked.js';

/** The value of a macro: `true` defines it as 1, `false` leaves it undefined. */
export type MacroValue = string | number | bigint | boolean;

/**
 * How to compile CUDA C++.
 *
 * @group Own kernels
 */
export interface CompileOptions {
  /** What messages and debug information call the source. Default: `kernel.cu`. */
  name?: string | undefined;
  /** Macros, such as `{ TILE: 32 }`. Numbers are written as JavaScript writes them. */
  defines?: Readonly<Record<string, MacroValue>> | undefined;
  /** Headers by the name under which the source includes them. */
  includes?: Readonly<Record<string, string>> | undefined;
  /**
   * Folders where headers are looked for, as absolute paths. Nobody tells when a file in them has
   * changed, so the result is remembered only if there is a `cacheKey`.
   */
  includePaths?: readonly string[] | undefined;
  /** Further options of NVRTC, such as `['--use_fast_math']`. */
  options?: readonly string[] | undefined;
  /**
   * `sm_90` for machine code, `compute_90` for PTX. Default: machine code for the device's compute
   * capability if NVRTC knows it, else PTX for the nearest below it; PTX for a simulated device.
   */
  architecture?: string | undefined;
  /**
   * Names of C++ whose mangled names are wanted, such as `scale<float>`: kernels that are templates or
   * are not `extern "C"`.
   */
  nameExpressions?: readonly string[] | undefined;
  /** NVRTC itself, or the root of the toolkit that has it, as an absolute path. */
  nvrtc?: string | undefined;
  /** Further roots to look in, last: a Python environment, `site-packages`, a conda environment. */
  nvrtcRoots?: readonly string[] | undefined;
  /** False neither looks for the result in a cache nor remembers it. Default: true. */
  cache?: boolean | undefined;
  /** What tells one state of the files in `includePaths` from another, such as a digest of them. */
  cacheKey?: string | undefined;
}

/** A request that was checked. */
export interface CompileRequest {
  readonly source: string;
  readonly name: string;
  readonly headerNames: readonly string[];
  readonly headerSources: readonly string[];
  readonly includePaths: readonly string[];
  /** Macros and options as NVRTC takes them. */
  readonly options: readonly string[];
  readonly architecture: string | undefined;
  readonly nameExpressions: readonly string[];
  readonly nvrtc: string | undefined;
  readonly nvrtcRoots: readonly string[];
  readonly cache: boolean;
  readonly cacheKey: string | undefined;
  /** Whether the result may be remembered, by the options. */
  readonly cacheable: boolean;
  /** Everything but the source, as one text: equal if and only if all of it is. */
  readonly key: string;
  /** The options as they were given; undefined if there are others besides. */
  readonly asked: Asked | undefined;
}

// Texts end with a NUL in C: one within would cut it off, and none within makes it a separator.
const NUL = '\0';
const IDENTIFIER = /^[A-Za-z_]\w*$/;
const ARCHITECTURE = /^(sm|compute)_\d{2,3}[af]?$/;
const NONE: readonly never[] = Object.freeze([]);

function checkText(value: unknown, name: string): string {
  if (typeof value !== 'string') throw argumentTypeError('a string', name, value);
  if (value.includes(NUL)) throw rangeError(`Expected a string without a NUL for \`${name}\``);
  return value;
}

export function checkFilled(value: unknown, name: string): string {
  const text = checkText(value, name);
  if (text === '') throw argumentRangeError('a string that is not empty', name, value);
  return text;
}

export function checkPath(value: unknown, name: string): string {
  const path = checkFilled(value, name);
  if (!isAbsolute(path)) throw argumentRangeError('an absolute path', name, value);
  return path;
}

export function optional<T>(
  value: unknown,
  name: string,
  check: (value: unknown, name: string) => T,
): T | undefined {
  return value === undefined ? undefined : check(value, name);
}

export function checkList(
  value: unknown,
  name: string,
  check: (value: unknown, name: string) => string,
): readonly string[] {
  if (value === undefined) return NONE;
  if (!isArray(value)) throw argumentTypeError('an array', name, value);
  const list: string[] = [];
  for (let i = 0; i < value.length; i++) list.push(check(value[i], `${name}[${i}]`));
  return list;
}

/** The names of a record's own properties. */
function namesOf(value: unknown, name: string): readonly string[] {
  if (value === undefined) return NONE;
  if (!isRecord(value)) throw argumentTypeError('an object', name, value);
  return Object.keys(value);
}

const defineOf = (name: string) => `defines.${describeKey(name)}`;

function macro(name: string, value: unknown): string | undefined {
  switch (typeof value) {
    case 'boolean':
      return value ? `--define-macro=${name}=1` : undefined;
    case 'number':
      if (!Number.isFinite(value)) {
        throw argumentRangeError('a finite number', defineOf(name), value);
      }
      return `--define-macro=${name}=${value}`;
    case 'bigint':
      return `--define-macro=${name}=${value}`;
    case 'string':
      if (/[\r\n]/.test(value)) {
        throw argumentRangeError('a value of one line', defineOf(name), value);
      }
      return `--define-macro=${name}=${checkText(value, defineOf(name))}`;
    default:
      throw argumentTypeError('a string, a number or a boolean', defineOf(name), value);
  }
}

function checkDefines(value: unknown): readonly string[] {
  if (value === undefined) return NONE;
  const macros: string[] = [];
  for (const name of namesOf(value, 'defines')) {
    if (!IDENTIFIER.test(name)) {
      throw rangeError(`\`${describeKey(name)}\` in \`defines\` is no name of a macro`);
    }
    const option = macro(name, (value as Record<string, unknown>)[name]);
    if (option !== undefined) macros.push(option);
  }
  return macros.length > 1 ? macros.sort() : macros;
}

/** Options that have a place of their own, or make something that nobody could take. */
const REFUSED: readonly [RegExp, string][] = [
  [/^--?gpu-architecture\b|^-arch\b/, 'use the option `architecture`'],
  [/^(-dlto|--dlink-time-opt)\b/, 'what it makes cannot be loaded'],
  [/^--?optix-ir\b/, 'what it makes cannot be loaded'],
];
/** Options whose effect depends on files, or is more than the result. */
const UNCACHEABLE =
  /^(-I|--include-path|-include|--pre-include|--?pch|-pch|--create-pch|--use-pch|--?time\b|--?fdevice-time-trace|-fdevice-time-trace|--device-time-trace|-optf|--options-file|@)/;

function checkOption(value: unknown, name: string): string {
  const option = checkFilled(value, name);
  for (const [pattern, words] of REFUSED) {
    if (pattern.test(option)) {
      throw rangeError(`\`${name}\` may not be ${describe(option)}: ${words}`);
    }
  }
  return option;
}

function checkArchitecture(value: unknown, name: string): string {
  const text = checkText(value, name);
  if (!ARCHITECTURE.test(text)) {
    throw argumentRangeError('one such as sm_90 or compute_90', name, value);
  }
  return text;
}

function isCacheable(
  includePaths: readonly string[],
  options: readonly string[],
  cacheKey: string | undefined,
): boolean {
  if (cacheKey !== undefined) return true;
  return includePaths.length === 0 && !options.some((option) => UNCACHEABLE.test(option));
}

interface Slots extends Record<string, unknown> {
  name: unknown;
  defines: unknown;
  includes: unknown;
  includePaths: unknown;
  options: unknown;
  architecture: unknown;
  nameExpressions: unknown;
  nvrtc: unknown;
  nvrtcRoots: unknown;
  cache: unknown;
  cacheKey: unknown;
}

function emptySlots(): Slots {
  return {
    name: undefined,
    defines: undefined,
    includes: undefined,
    includePaths: undefined,
    options: undefined,
    architecture: undefined,
    nameExpressions: undefined,
    nvrtc: undefined,
    nvrtcRoots: undefined,
    cache: undefined,
    cacheKey: undefined,
  };
}

/** `readOptions` by name, which is quicker: a result from memory costs little else. */
function takeOption(slots: Slots, key: string, value: unknown): boolean {
  switch (key) {
    case 'name':
      slots.name = value;
      return true;
    case 'defines':
      slots.defines = value;
      return true;
    case 'includes':
      slots.includes = value;
      return true;
    case 'includePaths':
      slots.includePaths = value;
      return true;
    case 'options':
      slots.options = value;
      return true;
    case 'architecture':
      slots.architecture = value;
      return true;
    case 'nameExpressions':
      slots.nameExpressions = value;
      return true;
    case 'nvrtc':
      slots.nvrtc = value;
      return true;
    case 'nvrtcRoots':
      slots.nvrtcRoots = value;
      return true;
    case 'cache':
      slots.cache = value;
      return true;
    case 'cacheKey':
      slots.cacheKey = value;
      return true;
    default:
      return false;
  }
}

/** A part of the key: nothing where there is nothing, which is usual, else what begins with its letter. */
function listPart(letter: string, list: readonly string[]): string {
  return list.length === 0 ? '' : `${letter}${list.length}${NUL}${list.join(NUL)}${NUL}`;
}

function textPart(letter: string, text: string | undefined): string {
  return text === undefined ? '' : `${letter}${text}${NUL}`;
}

/** Includes by a path of its own, or by a macro which may be one: the key does not have that file. */
const BY_PATH = /#[ \t]*include(?:_next)?\b(?![ \t]*[<"](?!\/|[^">\n]*\.\.\/))/;

/** Whether files that nobody names decide about the result. Reads all of the source. */
export function includesByPath({ source, headerSources }: CompileRequest): boolean {
  return BY_PATH.test(source) || headerSources.some((text) => BY_PATH.test(text));
}

/** What is left to check of the source of a request that is to be compiled. */
export function checkSource({ source }: CompileRequest): void {
  checkFilled(source, 'source');
}

/** CUDA C++ with its options, as `device.warm` and `device.link` take it. */
export function readProgram(program: object): { source: string; options: CompileOptions } {
  // What they are is checked with the request.
  return readOptions(program, { source: undefined, options: undefined }) as never;
}

const DEFAULT_NAME = 'kernel.cu';

/**
 * The request that `source` and `given` make, with `more` options of NVRTC. Throws TypeError and
 * RangeError.
 */
export function readRequest(
  source: unknown,
  given: unknown,
  more: readonly string[] = NONE,
): CompileRequest {
  // Whether there is a NUL in it is asked only if it is to be compiled: it may be long.
  if (typeof source !== 'string') throw argumentTypeError('a string', 'source', source);
  const slots = readOptions<Slots>(given, emptySlots(), takeOption);
  // Copies are checked, and remembered.
  for (const name of ['defines', 'includes'] as const) {
    if (isRecord(slots[name])) slots[name] = { ...slots[name] };
  }
  const listOf = (option: string, check: (value: unknown, name: string) => string) => {
    const list = checkList(slots[option], option, check);
    if (slots[option] !== undefined) slots[option] = list;
    return list;
  };
  const name = optional(slots.name, 'name', checkFilled) ?? DEFAULT_NAME;
  const macros = checkDefines(slots.defines);
  const headerNames = namesOf(slots.includes, 'includes');
  const headerSources = headerNames.map((header) => {
    checkFilled(header, 'a name in includes');
    const content = (slots.includes as Record<string, unknown>)[header];
    return checkText(content, `includes[${describeKey(header)}]`);
  });
  const includePaths = listOf('includePaths', checkPath);
  const asked = listOf('options', checkOption);
  const options = more.length === 0 ? asked : [...asked, ...more];
  const architecture = optional(slots.architecture, 'architecture', checkArchitecture);
  const nameExpressions = listOf('nameExpressions', checkFilled);
  if (nameExpressions.length > 1 && new Set(nameExpressions).size < nameExpressions.length) {
    throw rangeError('`nameExpressions` has an expression twice');
  }
  const nvrtc = optional(slots.nvrtc, 'nvrtc', checkPath);
  const nvrtcRoots = listOf('nvrtcRoots', checkPath);
  const cache = checkBoolean(slots.cache, 'cache', true);
  const cacheKey = optional(slots.cacheKey, 'cacheKey', checkText);
  return {
    source,
    name,
    headerNames,
    headerSources,
    includePaths,
    options: options.length === 0 ? macros : [...macros, ...options],
    architecture,
    nameExpressions,
    nvrtc,
    nvrtcRoots,
    cache,
    cacheKey,
    asked: more.length === 0 ? slots : undefined,
    cacheable: isCacheable(includePaths, options, cacheKey),
    key:
      textPart('n', slots.name === undefined ? undefined : name) +
      textPart('a', architecture) +
      textPart('l', nvrtc) +
      textPart('k', cacheKey) +
      listPart('d', macros) +
      listPart('o', options) +
      listPart('i', includePaths) +
      listPart('e', nameExpressions) +
      listPart('r', nvrtcRoots) +
      listPart('h', headerNames) +
      listPart('s', headerSources),
  };
}
