// The answer of POST /v1/ttm/say: each frame is one JSON line, and raw PCM behind those of sound.

export async function* frames(body) {
  const reader = body.getReader();
  const text = new TextDecoder();
  let buffer = new Uint8Array(0);
  const more = async () => {
    const { done, value } = await reader.read();
    if (done) return false;
    const all = new Uint8Array(buffer.length + value.length);
    all.set(buffer);
    all.set(value, buffer.length);
    buffer = all;
    return true;
  };
  try {
    for (;;) {
      let end;
      while ((end = buffer.indexOf(10)) < 0) if (!(await more())) return;
      const frame = JSON.parse(text.decode(buffer.subarray(0, end)));
      const size = end + 1 + (frame.bytes || 0);
      while (buffer.length < size) if (!(await more())) return;
      if (frame.kind === "audio") frame.samples = samples(buffer.slice(end + 1, size), frame.format);
      buffer = buffer.slice(size);
      yield frame;
      if (frame.kind === "report" || frame.kind === "error") {
        while (await more()); // to the end, so that the connection is good for another request
        return;
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

// Little-endian bytes as numbers from -1 to 1.
function samples(bytes, format) {
  const view = new DataView(bytes.buffer);
  const out = new Float32Array(bytes.length / (format === "f32" ? 4 : 2));
  for (let i = 0; i < out.length; i++) {
    out[i] = format === "f32" ? view.getFloat32(4 * i, true) : view.getInt16(2 * i, true) / 32768;
  }
  return out;
}
