/**
 * The kernels that CUDA C++ declares, as far as a reader of text can tell: what PTX no longer says, which is
 * what a pointer points to, what is const, and the sign of integers.
 */
import { isTypeWord, parameterType } from '../kernels/parameters/c-types.js';

/** What may stand between `__global__` and the name. One pair of parentheses within is enough in practice. */
const ATTRIBUTES =
  /__(?:launch_bounds|cluster_dims|block_size|maxnreg)__\s*\((?:[^()]|\([^()]*\))*\)/g;

/** Without comments and the contents of strings, which may look like anything, and attributes. */
function codeOf(source: string): string {
  return source
    .replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"/g, (text) =>
      text.startsWith('"') ? '""' : ' ',
    )
    .replace(ATTRIBUTES, ' ');
}

/** Where the list that begins at `open` ends. */
function endOfList(code: string, open: number): number {
  let depth = 0;
  for (let i = open; i < code.length; i++) {
    if ('(<['.includes(code[i]!)) depth++;
    if (')>]'.includes(code[i]!) && --depth === 0) return i;
  }
  return -1;
}

function split(list: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let begin = 0;
  for (let i = 0; i < list.length; i++) {
    if ('(<['.includes(list[i]!)) depth++;
    if (')>]'.includes(list[i]!)) depth--;
    if (list[i] !== ',' || depth > 0) continue;
    parts.push(list.slice(begin, i));
    begin = i + 1;
  }
  parts.push(list.slice(begin));
  return parts.map((part) => part.trim()).filter((part) => part !== '' && part !== 'void');
}

/** Names that the source gives a meaning of its own: macros, and other names of types. */
function renamedIn(code: string): Set<string> {
  const names = [
    ...code.matchAll(/^[ \t]*#[ \t]*define[ \t]+(\w+)/gm),
    ...code.matchAll(/\btypedef\b[^;]*?\b(\w+)\s*;/g),
    ...code.matchAll(/\busing\s+(\w+)\s*=/g),
  ];
  return new Set(names.map((match) => match[1]!).filter(isTypeWord));
}

/**
 * The parameter types of each kernel of the source, by its name; undefined for types not known here. Nothing
 * is known of a kernel that is declared twice: the preprocessor or overloading decides which it is.
 */
export function declaredKernels(source: string): Map<string, (string | undefined)[]> {
  const code = codeOf(source);
  const renamed = renamedIn(code);
  const typeOf = (declaration: string) =>
    declaration.split(/\W+/).some((word) => renamed.has(word))
      ? undefined
      : parameterType(declaration);
  const kernels = new Map<string, (string | undefined)[]>();
  const declaration = /\b__global__\b[^;{}()]*?\b(\w+)\s*\(/g;
  for (const match of code.matchAll(declaration)) {
    const open = match.index + match[0].length - 1;
    const end = endOfList(code, open);
    if (end < 0) continue;
    const types = split(code.slice(open + 1, end)).map(typeOf);
    const before = kernels.get(match[1]!);
    const isSame = before === undefined || String(before) === String(types);
    kernels.set(match[1]!, isSame ? types : []);
  }
  return kernels;
}
