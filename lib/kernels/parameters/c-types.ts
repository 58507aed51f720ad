/**
 * The types of C and CUDA C++ in the names of signatures.
 */

const NAMED: Readonly<Record<string, string>> = {
  ...{ float: 'float32', double: 'float64', bool: 'bool' },
  ...{ half: 'float16', __half: 'float16', __nv_bfloat16: 'bfloat16', nv_bfloat16: 'bfloat16' },
  ...{ uchar: 'uint8', ushort: 'uint16', uint: 'uint32', ulong: 'uint64' },
  ...{ int8_t: 'int8', uint8_t: 'uint8', int16_t: 'int16', uint16_t: 'uint16' },
  ...{ int32_t: 'int32', uint32_t: 'uint32', int64_t: 'int64', uint64_t: 'uint64' },
  ...{ size_t: 'uint64', ptrdiff_t: 'int64', intptr_t: 'int64', uintptr_t: 'uint64' },
  CUtensorMap: 'tensorMap',
  ...{ cudaTextureObject_t: 'texture', cudaSurfaceObject_t: 'surface' },
};
/** What signatures have no pointer to. */
const NO_POINTEES = ['bool', 'tensorMap', 'texture', 'surface'];
const INTEGER_WORD = /^(?:signed|unsigned|char|short|int|long)$/;

/** The words of an integer type, which C takes in any order: `long unsigned int`. */
function integerOf(words: readonly string[]): string | undefined {
  if (!words.every((word) => INTEGER_WORD.test(word))) return undefined;
  const bits = words.includes('char')
    ? 8
    : words.includes('short')
      ? 16
      : words.includes('long')
        ? 64
        : 32;
  return `${words.includes('unsigned') ? 'uint' : 'int'}${bits}`;
}

function scalarOf(type: string): string | undefined {
  if (type === '') return undefined;
  return Object.hasOwn(NAMED, type) ? NAMED[type] : integerOf(type.split(' '));
}

/** Whether it is the name of a type, or a part of one. */
export function isTypeWord(word: string): boolean {
  return Object.hasOwn(NAMED, word) || INTEGER_WORD.test(word) || vectorOf(word) !== undefined;
}

/** float4 is `float32x4`. */
function vectorOf(type: string): string | undefined {
  const [, element, count] =
    /^(u?(?:char|short|int|long|longlong)|float|double)([1-4])$/.exec(type) ?? [];
  if (element === undefined) return undefined;
  const scalar = scalarOf(
    element.replace(/^u?longlong$/, (long) => (long[0] === 'u' ? 'ulong' : 'long')),
  );
  if (scalar === undefined) return undefined;
  return count === '1' ? scalar : `${scalar}x${count}`;
}

const QUALIFIERS = /\b(?:const|volatile|struct|__restrict__|__restrict|__grid_constant__)\b|std::/g;

/** A parameter's type as signatures write it; undefined for one that is not known here. */
export function parameterType(declaration: string): string | undefined {
  const text = declaration.replace(/=.*$/s, '').trim();
  // The name goes, and an array is a pointer.
  const array = /\[[^\]]*\]\s*$/.test(text);
  const unnamed = text.replace(/(?:\[[^\]]*\]\s*)+$/, '').trim();
  const pointer = /^(.*?)\*([^*]*)$/s.exec(unnamed);
  if (pointer !== null || array) {
    const pointee = pointer?.[1] ?? unnamed.replace(/\s+\w+$/, '');
    // An array of pointers is a pointer to pointers. Of those, only a const behind the last * says that what
    // is there is read.
    const isArrayOfPointers = pointer !== null && array;
    const isConst = !isArrayOfPointers && /\bconst\b[^*]*$/.test(pointee) ? 'const ' : '';
    const type = pointee.replace(QUALIFIERS, ' ').replace(/\s+/g, ' ').trim();
    const scalar = isArrayOfPointers || pointee.includes('*') ? undefined : scalarOf(type);
    const known = scalar !== undefined && !NO_POINTEES.includes(scalar);
    return `${isConst}${known ? scalar : 'void'}*`;
  }
  const words = unnamed.replace(QUALIFIERS, ' ').replace(/\s+/g, ' ').trim();
  const named = words.replace(/\s+\w+$/, '');
  // A parameter may have no name.
  for (const type of [named, words]) {
    const known = scalarOf(type) ?? vectorOf(type);
    if (known !== undefined) return known;
  }
  return undefined;
}
