// Keeps the memory of every WebAssembly instance made after this module was read.

export const memories = [];

WebAssembly.Instance = class extends WebAssembly.Instance {
  constructor(...made) {
    super(...made);
    if (this.exports.memory) memories.push(this.exports.memory);
  }
};
