// node scripts/gzip.mjs FILE OUT: the same bytes for the same file, on every machine.
import { readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const [file, out] = process.argv.slice(2);
writeFileSync(out, gzipSync(readFileSync(file), { level: 9 }));
