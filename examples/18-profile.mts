// Three ways to transpose a matrix, and what each costs: sectors, bank conflicts, occupancy.
//   18-profile.mts [--html profile.html]
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { cuda } from 'nodecuda';

const { values: given } = parseArgs({ options: { html: { type: 'string' } } });

// The meter is one of simulated devices, whether or not there is a GPU.
using device = cuda.simulatedDevice({ model: 'H100', memoryBytes: 2 ** 26 });
console.log(`using ${device.name}`);
using module = device.loadModule(new URL('./kernels/transpose.ptx', import.meta.url));

const size = 128;
const values = Float32Array.from({ length: size * size }, (_, i) => i);
using input = device.from(values);
using output = device.alloc('float32', size * size);

const report = await device.profile(() => {
  for (const name of ['naive', 'tiled', 'padded']) {
    using kernel = module.kernel(name, ['const float32*', 'float32*', 'uint32']);
    kernel.launch({ grid: [size / 32, size / 32], block: [32, 32] }, input, output, size);
  }
});

for (const { kernel, counts, occupancy } of report.launches) {
  const { sectors, efficiency } = counts.global;
  console.log(
    `${kernel}: ${sectors} sectors, ${Math.round(100 * efficiency!)} % of them needed, ` +
      `${counts.shared.bankConflicts} bank conflicts, ${occupancy.warps} of ${occupancy.mostWarps} warps`,
  );
}
console.log(`\n${report}`);
if (given.html !== undefined) {
  await writeFile(given.html, report.toHTML());
  console.log(`${given.html}: the same with every line`);
}
