// Runs beside the page: takes the sound of the microphone, and passes it on in blocks of 16-bit samples.

const BLOCK = 2048; // samples: 43 ms at 48 kHz

class Blocks extends AudioWorkletProcessor {
  constructor() {
    super();
    this.block = new Int16Array(BLOCK);
    this.filled = 0;
  }

  process(inputs) {
    const channels = inputs[0];
    if (channels.length === 0) return true;
    for (let sample = 0; sample < channels[0].length; sample++) {
      let mean = 0;
      for (const channel of channels) mean += channel[sample] / channels.length;
      this.block[this.filled++] = Math.round(32767 * Math.max(-1, Math.min(1, mean)));
      if (this.filled === BLOCK) {
        this.port.postMessage(this.block.buffer, [this.block.buffer]);
        this.block = new Int16Array(BLOCK);
        this.filled = 0;
      }
    }
    return true;
  }
}

registerProcessor("blocks", Blocks);
