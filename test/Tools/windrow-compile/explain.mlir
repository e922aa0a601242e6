// RUN: windrow-compile %s --cluster=%S/Inputs/three.yaml --strategy=dp --compile-to=plan -o %t.mlir 2>&1 | FileCheck %s --check-prefix=SUMMARY
// RUN: windrow-compile %s --cluster=%S/Inputs/three.yaml --strategy=dp --explain --compile-to=plan -o %t.mlir 2>/dev/null | FileCheck %s --check-prefix=TABLE
// RUN: windrow-compile %s --cluster=%S/Inputs/three.yaml --strategy=even --explain=json --compile-to=plan -o %t.mlir 2>/dev/null | %python -c "import json, sys; report = json.load(sys.stdin); print(report['segments'][0]['mode'], report['segments'][0]['shares'], [d['name'] for d in report['devices']])" | FileCheck %s --check-prefix=JSON
// RUN: windrow-compile %s --cluster=%S/Inputs/three.yaml --strategy=single --explain --compile-to=plan -o %t.mlir 2>&1 | FileCheck %s --check-prefix=SINGLE
// RUN: windrow-compile %s --cluster=%S/Inputs/three.yaml --strategy=dp --costs=%S/Inputs/three-costs.json --compile-to=plan -o %t.mlir 2>&1 | FileCheck %s --check-prefix=MEASURED

// The plan is explained again when it is read back.
// RUN: windrow-compile %t.mlir --explain --compile-to=plan -o %t.again.mlir 2>/dev/null | FileCheck %s --check-prefix=TABLE

// With the IR on stdout, the table goes to stderr.
// RUN: windrow-compile %s --cluster=%S/Inputs/three.yaml --strategy=greedy --explain --compile-to=plan 2>/dev/null | FileCheck %s --check-prefix=IR

// SUMMARY: explain.mlir: warning: costs were not measured on press-1, press-2, press-3: estimated from the cluster file's gflops, gbps and speed
// SUMMARY: predicted {{.*}} ms, lower bound {{.*}} ms, gap {{.*}} %

// TABLE: layers {{.*}}compute {{.*}}transfer {{.*}}wait
// TABLE: device {{.*}}computes {{.*}}transfers {{.*}}waits {{.*}}memory
// TABLE: press-1
// TABLE: press-3
// TABLE: predicted

// JSON: rows, {{[2-8]}} pieces [28, 28, 28] ['press-1', 'press-2', 'press-3']

// SINGLE: remark: one device alone, press-1, computes everything
// SINGLE: one device{{.*}} press-1

// MEASURED: three-costs.json: warning: the cluster does not have: device 'press-9'
// MEASURED-NEXT: warning: costs were not measured on press-2, press-3:

// IR-NOT: predicted
// IR: cluster.layout = #cluster.layout<rows
func.func @main(%x: tensor<1x84x84x16xf32>) -> tensor<1x84x84x16xf32> {
  %f = nn.constant dense<0.25> : tensor<16x3x3x16xf32> : tensor<16x3x3x16xf32>
  %0 = nn.conv_2d %x, %f {pads = array<i64: 1, 1, 1, 1>}
     : (tensor<1x84x84x16xf32>, tensor<16x3x3x16xf32>) -> tensor<1x84x84x16xf32>
  %1 = nn.conv_2d %0, %f {pads = array<i64: 1, 1, 1, 1>}
     : (tensor<1x84x84x16xf32>, tensor<16x3x3x16xf32>) -> tensor<1x84x84x16xf32>
  return %1 : tensor<1x84x84x16xf32>
}
