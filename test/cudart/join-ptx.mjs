// node join-ptx.mjs OUT IN.ptx.gz...: their texts, one after the other.
import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const [out, ...files] = process.argv.slice(2);
writeFileSync(out, Buffer.concat(files.map((file) => gunzipSync(readFileSync(file)))));
