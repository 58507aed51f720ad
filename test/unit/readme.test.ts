// What README.md says of errors, held against the sources: the words of the messages, and the codes.
import { filesIn, read } from '../support/imports';

const rows = [...read('README.md').matchAll(/^\| (.+?) \| (`ERR_CUDA_.+?) \|/gm)].map(
  ([, words, codes]) => ({ words: words!.split(/[;,] /), codes: codes!.match(/ERR_\w+/g)! }),
);
const sources = [...filesIn('lib', ['.ts']), ...filesIn('native', ['.cc'])].map(read).join('\n');

test('messages and codes are those of the library', () => {
  expect(rows.length).toBeGreaterThan(10);
  const said = rows.flatMap(({ words }) => words).filter((words) => !/^or |^cudaError/.test(words));
  expect(said.filter((words) => !sources.includes(words))).toEqual([]);
  const codes = rows.flatMap(({ codes }) => codes);
  expect(codes.filter((code) => !sources.includes(`'${code}'`))).toEqual([]);
});
