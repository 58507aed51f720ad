export default {
  slots: ['elementBytes', 'batches', 'rows', 'columns', 'x', 'out', 'stream'],
};
