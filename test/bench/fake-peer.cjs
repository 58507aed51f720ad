// A peer that does nothing, or what its first argument says goes wrong: for tests of the client.
const { createInterface } = require('node:readline');

const mode = process.argv[2];
const reply = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

if (mode === 'skip') {
  reply({ skip: 'there is no GPU' });
  process.exit();
}
if (mode === 'crash') {
  process.stderr.write('Segmentation fault\n');
  process.exit(139);
}
if (mode !== 'silent') reply({ ready: { Fake: '1.2' } });

const seen = [];
createInterface({ input: process.stdin }).on('line', (line) => {
  seen.push(line);
  const [verb, ...words] = line.split(' ');
  if (verb === 'run') {
    if (mode === 'dies') process.exit(3);
    if (mode === 'hangs') return;
    if (mode === 'garbage') process.stdout.write('Warning: something\n');
    reply({ ns: 1000 * Number(words[0]) });
  } else if (verb === 'sample') {
    const indices = words[0].split(',').map(Number);
    reply({ values: indices.map((i) => (mode === 'wrong' ? null : i / 2)) });
  } else if (verb === 'prepare' && words[0] === 'matmul') {
    reply({ skip: 'has no matmul' });
  } else if (verb === 'prepare' && words[0] === 'broken') {
    reply({ error: 'out of memory' });
  } else if (verb === 'prepare' && words[0] === 'seen') {
    reply({ error: seen.join('|') });
  } else {
    reply({ ok: true });
  }
});
