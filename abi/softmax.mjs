import { axisSlots } from './reduce.mjs';

export default {
  slots: ['log', ...axisSlots], // log: 1 if the logarithm is wanted
};
