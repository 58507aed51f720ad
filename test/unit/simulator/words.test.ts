// Each word of PTX that the decoder knows is one that a test writes. Arithmetic has more: its forms are
// listed, and each is compared with a reference (test/native/exec/arithmetic/alu_forms.cc).
import { readFileSync } from 'node:fs';
import { filesIn } from '../../support/imports.js';

const read = (file: string) => readFileSync(file, 'utf8');

/** What may be a part of a mnemonic, among the strings of a source. */
function wordsOf(text: string): string[] {
  const code = text.replace(/^\s*(#include|\/\/).*$/gm, '').replace(/Fail\([^;]*;/g, '');
  return [...code.matchAll(/"%?([a-z][\w:.]*)"/g)].flatMap(([, word]) => word!.split('.'));
}

const tests = ['test/native/exec', 'test/unit/simulator', 'test/corpus', 'test/native/runtime']
  .flatMap((folder) => filesIn(folder, ['.cc', '.h', '.ts', '.cu']))
  .filter((file) => !file.endsWith('words.test.ts'))
  .map(read)
  .join('\n');
const written = new Set(tests.match(/\w+(::\w+)*/g));

const sources = ['code', 'decode', 'warp', 'matrix', 'arithmetic']
  .flatMap((room) => filesIn(`native/simulator/exec/${room}`, ['.cc']))
  .filter((file) => !/(alu|alu_table|format)\.cc$/.test(file));

test.each(sources)('%s', (file) => {
  expect([...new Set(wordsOf(read(file)))].filter((word) => !written.has(word))).toEqual([]);
});
