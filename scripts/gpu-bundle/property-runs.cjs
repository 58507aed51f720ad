// Under compute-sanitizer each run of a property takes long: fewer of them then.
const runs = Number(process.env.NODECUDA_PROPERTY_RUNS ?? 0);
if (runs > 0) require('fast-check').configureGlobal({ numRuns: runs });
