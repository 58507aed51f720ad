// With NODECUDA_PROPERTY_RUNS=n no property is tried more than n times, whatever it asks for: for
// sanitizers, which make each run slow, and where the runs are not what is tested.
const runs = Number(process.env.NODECUDA_PROPERTY_RUNS ?? 0);
if (runs > 0) {
  const fastCheck = require('fast-check');
  const { default: fc } = fastCheck;
  fastCheck.default = Object.create(fc, {
    assert: {
      value: (property, parameters) =>
        fc.assert(property, {
          ...parameters,
          numRuns: Math.min(runs, parameters?.numRuns ?? 100),
        }),
    },
  });
}
