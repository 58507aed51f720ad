// Writes the numbers that TypeScript, C++ and kernels count with, from the descriptions in abi/.
//   node scripts/abi.mjs           writes the files
//   node scripts/abi.mjs --check   fails if one of them is not what it would write
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const FOLDERS = ['lib/abi', 'native/binding/abi']; // of nothing but outputs
const LINE = 100;

const capitalize = (word) => word[0].toUpperCase() + word.slice(1);
const cppName = (name) => `k${capitalize(name)}`;
const cppNameOfCapitals = (name) =>
  cppName(name.toLowerCase().replace(/_./g, (s) => s[1].toUpperCase()));

const apart = (parts) => parts.filter((part) => part !== '').join('\n\n');
const listed = (items, write) => Object.entries(items).map(([name, item]) => write(name, item));
const braces = (head, rows) => `${head} {\n${rows.map((row) => `  ${row},\n`).join('')}}`;

// A slot is a name, or a name and a count of numbers or, if there is one, of records, which are
// lists of slots. Gives each name its place, and the sum of all numbers.
function place(slots) {
  const places = {};
  let width = 0;
  for (const [name, count = 1, record] of slots.map((slot) => [slot].flat(1))) {
    if (name in places) throw new Error(`two slots \`${name}\``);
    places[name] = width;
    width += count * (record === undefined ? 1 : place(record).width);
  }
  return { places, width };
}

// What lib/ and the binding have alike: enumerations and constants.
function numbersOf({ slots = [], records = {}, flags = [], constants = {} }) {
  const enums = [];
  const { places, width } = place(slots);
  if (width > 0) enums.push(['Slot', places, '// Places in the argument block.']);
  const widths = listed(records, (name, record) => {
    const within = place(record);
    enums.push([`${name}Slot`, within.places, `// Places within one ${name.toLowerCase()}.`]);
    return [`${name.toUpperCase()}_WIDTH`, within.width];
  });
  const bits = Object.fromEntries(flags.map((name, bit) => [name, 1 << bit]));
  if (flags.length > 0) enums.push(['Flag', bits, '// Added up.']);
  return { enums, constants: { ...constants, ...Object.fromEntries(widths) }, width };
}

function tupleText(name, values) {
  const words = values.map((value) => (value === undefined ? 'undefined' : `'${value}'`));
  const line = `export const ${name} = [${words.join(', ')}] as const;`;
  if (line.length <= LINE) return line;
  return `export const ${name} = [\n${words.map((word) => `  ${word},\n`).join('')}] as const;`;
}

function typescriptText(numbers, kernels) {
  const constants = { ...numbers.constants, ...kernels.constants };
  const enumText = (name, numbers) =>
    braces(
      `export enum ${name}`,
      listed(numbers, (word, number) => `${word} = ${number}`),
    );
  const operationsText = ({ values, tuple, enum: name, last = {} }) => {
    const words = values.map(([word]) => word);
    if (name !== undefined) return enumText(name, Object.fromEntries(words.map((w, i) => [w, i])));
    const lasts = listed(last, (key, word) => `export const ${key} = '${word}';`);
    return [tupleText(tuple, words), ...lasts].join('\n');
  };
  return apart([
    listed(constants, (name, value) => `export const ${name} = ${value};`).join('\n'),
    ...numbers.enums.map(([name, places, about]) => `${about}\n${enumText(name, places)}`),
    ...(kernels.enums ?? []).map(operationsText),
  ]);
}

function guarded(guard, includes, namespace, parts) {
  return apart([
    `#ifndef ${guard}\n#define ${guard}`,
    includes.map((name) => `#include <${name}>`).join('\n'),
    `namespace ${namespace} {`,
    ...parts,
    `}  // namespace ${namespace}`,
    `#endif  // ${guard}`,
  ]);
}

function bindingText(family, { enums, constants }) {
  const enumText = ([name, places, about]) => {
    const rows = listed(places, (word, number) => `${cppName(word)} = ${number}`);
    if (name === 'Flag') rows.push(`kAllFlags = ${2 ** rows.length - 1}`);
    const type = name === 'Flag' ? 'int' : 'std::size_t';
    return `${about}\n${braces(`enum ${name} : ${type}`, rows)};`;
  };
  const constantText = (name, value) =>
    `inline constexpr int ${cppNameOfCapitals(name)} = ${value};`;
  return guarded(
    `NODECUDA_BINDING_ABI_${family.toUpperCase()}_H_`,
    enums.length > 0 ? ['cstddef'] : [],
    enums.length > 0 ? `nodecuda::abi::${family}` : 'nodecuda::abi',
    [listed(constants, constantText).join('\n'), ...enums.map(enumText)],
  );
}

// An enumeration that C++ has with names of its own, from 0 up.
function operationsText({ cpp, values, last = {}, internal = [] }) {
  const rows = [...values.map(([, ...row]) => row), ...internal];
  const lines = rows.map(([name, words]) => (words ? `// ${words}\n  ${name}` : name));
  const [, type] = /^enum (\w+)/.exec(cpp) ?? [];
  const lasts = listed(last, (key, word) => {
    const [, name] = values.find(([each]) => each === word);
    return `\nconstexpr ${type} ${cppNameOfCapitals(key)} = ${name};`;
  });
  return `${braces(cpp, lines)};${lasts.join('')}`;
}

function kernelsText({ namespace, enums = [], constants = {} }) {
  return apart([
    '#pragma once',
    '#include <cstdint>',
    namespace === undefined ? '' : `namespace ${namespace} {`,
    listed(constants, (name, value) => `constexpr int ${cppNameOfCapitals(name)} = ${value};`).join(
      '\n',
    ),
    ...enums.map(operationsText),
    namespace === undefined ? '' : `}  // namespace ${namespace}`,
  ]);
}

function dtypeFiles({ floats, integers }) {
  const bytes = Object.values({ ...floats, ...integers });
  const names = Object.keys({ ...floats, ...integers });
  const values = names.map((name) => [name, cppName(name)]);
  const lastFloat = cppName(Object.keys(floats).at(-1));
  if (Object.keys(floats).length % 2 !== 0) throw new Error('unsigned integers need odd numbers');
  return {
    'lib/abi/dtypes.ts': tupleText('DTYPES', names),
    'cuda/dtypes.h': `#pragma once

// Element types, as kernels are told them.
namespace dtypes {

${operationsText({ cpp: 'enum Dtype : int', values })}

}  // namespace dtypes`,
    'native/ops/kernels/dtype.h': guarded(
      'NODECUDA_OPS_KERNELS_DTYPE_H_',
      ['cstddef', 'cstdint'],
      'nodecuda',
      [
        `// Element types, named as in NumPy.
${operationsText({ cpp: 'enum class Dtype : std::uint8_t', values })}
inline constexpr int kDtypeCount = ${names.length};

constexpr std::size_t ByteSize(Dtype dtype) {
  constexpr std::size_t kBytes[kDtypeCount] = {${bytes.join(', ')}};
  return kBytes[static_cast<int>(dtype)];
}

constexpr bool IsFloat(Dtype dtype) {
  return dtype <= Dtype::${lastFloat};
}

constexpr bool IsUnsigned(Dtype dtype) {
  return !IsFloat(dtype) && static_cast<int>(dtype) % 2 != 0;
}`,
      ],
    ),
  };
}

const KEYS = ['slots', 'records', 'flags', 'constants', 'kernels'];

function familyFiles(family, description, blockLength) {
  const unknown = Object.keys(description).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) throw new Error(`${family}: \`${unknown}\` is none of ${KEYS}`);
  const numbers = numbersOf(description);
  if (numbers.width > blockLength)
    throw new Error(`${family}: the block is shorter than ${numbers.width} numbers`);
  const { kernels } = description;
  return {
    [`lib/abi/${family}.ts`]: typescriptText(numbers, kernels ?? {}),
    [`native/binding/abi/${family}.h`]: bindingText(family, numbers),
    ...(kernels && { [`cuda/${family}/operations.h`]: kernelsText(kernels) }),
  };
}

const describe = async (name) =>
  (await import(pathToFileURL(path.join(root, 'abi', `${name}.mjs`)))).default;

// What is to be in each file, by its path.
async function outputs() {
  const texts = {};
  const { constants } = await describe('block');
  for (const file of readdirSync(path.join(root, 'abi')).sort()) {
    const name = path.basename(file, '.mjs');
    const description = await describe(name);
    const files =
      name === 'dtypes'
        ? dtypeFiles(description)
        : familyFiles(name, description, constants.ARGUMENT_BLOCK_LENGTH);
    const head = `// Generated from abi/${file} by \`npm run abi\`: not to be edited.`;
    for (const [output, text] of Object.entries(files)) texts[output] = `${head}\n${text}\n`;
  }
  return texts;
}

const texts = await outputs();
const present = (name) =>
  existsSync(path.join(root, name)) && readFileSync(path.join(root, name), 'utf8');
const wrong = Object.keys(texts).filter((name) => present(name) !== texts[name]);
if (process.argv.includes('--check')) {
  const others = FOLDERS.flatMap((folder) =>
    readdirSync(path.join(root, folder)).map((file) => `${folder}/${file}`),
  );
  wrong.push(...others.filter((name) => !(name in texts)));
  for (const name of wrong) console.error(`${name} is not what \`npm run abi\` writes`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
} else {
  for (const name of wrong) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), texts[name]);
    console.log(name);
  }
}
