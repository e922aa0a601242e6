//===- onnxruntime.js - Times ONNX Runtime --------------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// node onnxruntime.js MODEL THREADS INPUT.npy OUTPUT.f32 REPEAT
//
// Prints {"version", "median_ms"} and writes the first output's elements.
//
//===----------------------------------------------------------------------===//

const fs = require('fs');
const ort = require('onnxruntime-node');

/// The elements of a .npy file of f32 in C order.
function readElements(path) {
  const bytes = fs.readFileSync(path);
  const start = 10 + bytes.readUInt16LE(8);
  return new Float32Array(
      bytes.buffer.slice(bytes.byteOffset + start,
                         bytes.byteOffset + bytes.length));
}

async function main() {
  const [model, threads, inputFile, outputFile, repeat] = process.argv.slice(2);
  const session = await ort.InferenceSession.create(model, {
    intraOpNumThreads: Number(threads),
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
  });
  const input =
      new ort.Tensor('float32', readElements(inputFile), [1, 3, 224, 224]);
  const feeds = {[session.inputNames[0]]: input};
  const times = [];
  let results;
  for (let i = 0; i < Number(repeat); ++i) {
    const start = process.hrtime.bigint();
    results = await session.run(feeds);
    times.push(Number(process.hrtime.bigint() - start) / 1e6);
  }
  times.sort((a, b) => a - b);
  const output = results[session.outputNames[0]].data;
  fs.writeFileSync(outputFile, Buffer.from(output.buffer, output.byteOffset,
                                           output.byteLength));
  const version = require('onnxruntime-node/package.json').version;
  console.log(JSON.stringify(
      {version, median_ms: times[Math.floor(times.length / 2)]}));
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
