//===- tools_test.cpp - Tests of the runtime's tools ----------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs windrow-node, windrow-run and windrow-inspect as processes, on loopback.
// Whatever goes wrong must end with one line that says what, and exit status 1.
//
//===----------------------------------------------------------------------===//

#include "runtime/artifact/bundle_layout.h"
#include "runtime/tools/npy_file.h"
#include "test/support/scratch_folder.h"
#include "test/support/strip_plan.h"
#include "test/support/tool_process.h"

#include <csignal>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stb/stb_image_write.h>

namespace windrow::test {
namespace {

using Json = nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

std::string readFile(const std::filesystem::path &path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// One plan for tensors and one for images, and an input for each.
class ToolsTest : public testing::Test {
protected:
  ToolsTest() {
    for (const std::string &plan : {maps, images})
      std::filesystem::create_directory(plan);
    EXPECT_TRUE(StripPlan(StripPlan::Kind::FeatureMap).write(maps).ok());
    EXPECT_TRUE(StripPlan(StripPlan::Kind::Classifier).write(images).ok());
    Tensor tensor{{1, StripPlan::channels, StripPlan::height, StripPlan::width},
                  StripPlan::makeInput()};
    EXPECT_TRUE(writeNpy(input, tensor).ok());
    writePng(picture, StripPlan::width, StripPlan::height, 3,
             StripPlan::makePixels());
  }

  static void writePng(const std::string &path, int width, int height,
                       int channels, const std::vector<uint8_t> &pixels) {
    EXPECT_NE(::stbi_write_png(path.c_str(), width, height, channels,
                               pixels.data(), width * channels),
              0);
  }

  std::string bundle(const std::string &plan, std::string_view name) {
    return bundlePath(plan, name).string();
  }

  /// The one line, without the tool's name, that a failing run must print.
  static std::string errorOf(const std::string &tool,
                             const std::vector<std::string> &arguments) {
    ToolResult result = runTool(tool, arguments);
    EXPECT_EQ(result.status, 1) << result.output << result.errors;
    EXPECT_EQ(result.output, "");
    std::string start = tool + ": error: ";
    EXPECT_THAT(result.errors, StartsWith(start));
    EXPECT_EQ(result.errors.find('\n'), result.errors.size() - 1)
        << result.errors;
    if (!result.errors.starts_with(start))
      return "";
    return result.errors.substr(start.size(),
                                result.errors.size() - start.size() - 1);
  }

  ScratchFolder folder;
  const std::string maps = folder / "maps", images = folder / "images";
  const std::string input = folder / "input.npy";
  const std::string picture = folder / "picture.png";
};

//===----------------------------------------------------------------------===//
// windrow-inspect
//===----------------------------------------------------------------------===//

TEST_F(ToolsTest, InspectShowsAPlan) {
  ToolResult result = runTool("windrow-inspect", {maps});
  EXPECT_EQ(result.status, 0) << result.errors;
  for (const char *part :
       {"press-1 of model strips by test\n",
        "press-2 of model strips by test\n", "client of model strips by test\n",
        "conv: 1x4x5x3 f32, w0 4x3x3x3, w1 4 -> 1x3x5x4 f32 "
        "padding=[1,1,0,1]",
        "to press-2: 1x1x5x3 f32, 60 B", "run 0 conv", "scores 1x4x6x5 NCHW"})
    EXPECT_THAT(result.output, HasSubstr(part));
}

TEST_F(ToolsTest, InspectPrintsJson) {
  ToolResult result = runTool("windrow-inspect", {images, "--json"});
  ASSERT_EQ(result.status, 0) << result.errors;
  Json plan = Json::parse(result.output);
  ASSERT_EQ(plan.size(), 3u);
  EXPECT_EQ(plan[0]["name"], "press-1");
  EXPECT_EQ(plan[0]["operators"][1]["name"], "conv");
  EXPECT_EQ(plan[0]["operators"][1]["operation"], "Conv2D");
  EXPECT_EQ(plan[0]["operators"][1]["attributes"]["padding"],
            Json::parse("[1, 1, 0, 1]"));
  EXPECT_EQ(plan[0]["tensors"][0]["dims"], Json::parse("[1, 4, 5, 3]"));
  EXPECT_EQ(plan[2]["client"]["labels"][3], "scratches");

  result = runTool("windrow-inspect", {bundle(maps, "press-2"), "--json"});
  ASSERT_EQ(result.status, 0) << result.errors;
  EXPECT_EQ(Json::parse(result.output)["name"], "press-2");
}

TEST_F(ToolsTest, InspectKeepsControlCharactersFromTheTerminal) {
  TestBundle named(1, 0);
  uint32_t tensor = named.tensor({1, 2});
  format::UnaryT relu;
  relu.input = relu.output = tensor;
  relu.clamp = std::make_unique<format::Clamp>(0.0f, 1.0f);
  named.run(relu, "\x1b[2Jgone");
  ASSERT_TRUE(named.write(folder / "named.bundle").ok());
  ToolResult result = runTool("windrow-inspect", {folder / "named.bundle"});
  EXPECT_EQ(result.status, 0) << result.errors;
  EXPECT_THAT(result.output, HasSubstr("?[2Jgone"));
  EXPECT_EQ(result.output.find('\x1b'), std::string::npos);
}

TEST_F(ToolsTest, InspectNamesWhatItCannotRead) {
  EXPECT_THAT(errorOf("windrow-inspect", {folder / "none.bundle"}),
              HasSubstr("none.bundle: cannot open: "));
  std::filesystem::remove(bundle(maps, "press-2"));
  EXPECT_THAT(errorOf("windrow-inspect", {maps}),
              HasSubstr("press-2.bundle: cannot open: "));
  EXPECT_EQ(errorOf("windrow-inspect", {input}), input + ": not a bundle");
}

//===----------------------------------------------------------------------===//
// windrow-run --local
//===----------------------------------------------------------------------===//

TEST_F(ToolsTest, RunSavesTheOutput) {
  std::string saved = folder / "saved.npy";
  ToolResult result = runTool(
      "windrow-run", {maps, "--local", input, "--save-output=" + saved});
  ASSERT_EQ(result.status, 0) << result.errors;
  EXPECT_THAT(result.output, AllOf(StartsWith(input + ": scores 1x4x6x5 in ["),
                                   HasSubstr(" ms)\n")));
  Expected<Tensor> output = readNpy(saved);
  ASSERT_TRUE(output) << output.error().message();
  EXPECT_EQ(output->shape, (std::vector<int64_t>{1, 4, 6, 5}));
  std::vector<float> expected = StripPlan::computeMap(StripPlan::makeInput());
  for (size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(output->values[i], expected[i], 1e-5);
}

TEST_F(ToolsTest, RunRanksLabels) {
  ToolResult result = runTool(
      "windrow-run", {images, "--local", picture, "--json", "--repeat=5"});
  ASSERT_EQ(result.status, 0) << result.errors;
  Json json = Json::parse(result.output);
  std::vector<float> scores = StripPlan::computeScores(StripPlan::makePixels());
  size_t best = std::max_element(scores.begin(), scores.end()) - scores.begin();
  const Json &answer = json["results"][0];
  EXPECT_EQ(answer["input"], picture);
  ASSERT_EQ(answer["top"].size(), 3u);
  EXPECT_EQ(answer["top"][0]["index"], best);
  EXPECT_EQ(answer["top"][0]["label"],
            (std::vector<std::string>{"crazing", "inclusion", "patches",
                                      "scratches"})[best]);
  EXPECT_NEAR(answer["top"][0]["score"].get<double>(), scores[best], 1e-5);
  EXPECT_EQ(answer["latency_ms"]["count"], 5);
  EXPECT_LE(answer["latency_ms"]["min"], answer["latency_ms"]["median"]);
  EXPECT_LE(answer["latency_ms"]["median"], answer["latency_ms"]["p95"]);
}

TEST_F(ToolsTest, RunRepeatsGreyOverTheChannels) {
  std::vector<uint8_t> grey, colour;
  for (int i = 0; i < StripPlan::height * StripPlan::width; ++i) {
    grey.push_back(static_cast<uint8_t>(i * 8));
    colour.insert(colour.end(), 3, grey.back());
  }
  std::string greyFile = folder / "grey.png",
              colourFile = folder / "colour.png";
  writePng(greyFile, StripPlan::width, StripPlan::height, 1, grey);
  writePng(colourFile, StripPlan::width, StripPlan::height, 3, colour);
  std::string saved = folder / "saved.npy";
  ToolResult result =
      runTool("windrow-run", {images, "--local", greyFile, colourFile,
                              "--save-output=" + saved});
  ASSERT_EQ(result.status, 0) << result.errors;
  Expected<Tensor> both = readNpy(saved);
  ASSERT_TRUE(both) << both.error().message();
  ASSERT_EQ(both->shape, (std::vector<int64_t>{2, 4}));
  for (size_t i = 0; i < 4; ++i)
    EXPECT_EQ(both->values[i], both->values[4 + i]);
}

TEST_F(ToolsTest, RunNamesWhatItCannotUse) {
  std::string large = folder / "large.png";
  writePng(large, 8, 9, 3, std::vector<uint8_t>(8 * 9 * 3));
  EXPECT_EQ(errorOf("windrow-run", {images, "--local", large}),
            large + ": image must be 5x6 pixels of 3 channels, got 8x9 pixels "
                    "of 3 channels");
  EXPECT_EQ(errorOf("windrow-run", {images, "--local", input}),
            input + ": input must be a JPEG or PNG file: the plan was compiled "
                    "for images");
  EXPECT_EQ(errorOf("windrow-run", {maps, "--local", picture}),
            picture + ": input must be a .npy file: the plan was compiled for "
                      "tensors, not images");
  EXPECT_EQ(errorOf("windrow-run", {maps, "--local", folder / "none.npy"}),
            (folder / "none.npy").string() + ": file cannot be read");
  ASSERT_TRUE(writeNpy(folder / "small.npy", {{1, 2}, {1, 2}}).ok());
  EXPECT_EQ(errorOf("windrow-run", {maps, "--local", folder / "small.npy"}),
            (folder / "small.npy").string() +
                ": input 'image' must have the shape 1x3x6x5, got 1x2");
  EXPECT_THAT(errorOf("windrow-run", {folder / "none", "--local", input}),
              HasSubstr("none/client.bundle: cannot open: "));
  EXPECT_EQ(errorOf("windrow-run", {maps, input, "--device=press-1"}),
            "--device must be DEVICE=HOST:PORT, got 'press-1'");
  EXPECT_EQ(errorOf("windrow-run", {maps, input, "--device=lathe=here:1"}),
            "address must be of a device of the plan, got 'lathe'");
  std::string missing = folder / "none" / "saved.npy";
  ToolResult result = runTool(
      "windrow-run", {maps, "--local", input, "--save-output=" + missing});
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.errors,
            "windrow-run: error: " + missing + ": file cannot be written\n");
}

//===----------------------------------------------------------------------===//
// windrow-node, and windrow-run with it
//===----------------------------------------------------------------------===//

/// windrow-node on a free port of loopback.
class NodeProcess : public ToolProcess {
public:
  explicit NodeProcess(const std::string &bundle,
                       std::vector<std::string> options = {})
      : ToolProcess("windrow-node", arguments(bundle, std::move(options))),
        greeting(readLine()) {}

  std::string address() const {
    return greeting.substr(greeting.rfind(' ') + 1);
  }

private:
  static std::vector<std::string> arguments(const std::string &bundle,
                                            std::vector<std::string> options) {
    options.insert(options.end(), {bundle, "--listen=127.0.0.1:0"});
    return options;
  }

public:
  const std::string greeting;
};

TEST_F(ToolsTest, NodesAnswerAsLocally) {
  NodeProcess lower(bundle(maps, "press-2"), {"--threads=2", "--pace=0.5"});
  EXPECT_THAT(lower.greeting,
              MatchesRegex("press-2 listening on 127\\.0\\.0\\.1:[0-9]+"));
  NodeProcess upper(bundle(maps, "press-1"),
                    {"--peer=press-2=" + lower.address()});
  std::string remote = folder / "remote.npy", local = folder / "local.npy";
  for (int client = 0; client < 2; ++client) {
    ToolResult result = runTool(
        "windrow-run",
        {maps, input, "--repeat=3", "--device=press-1=" + upper.address(),
         "--device=press-2=" + lower.address(), "--save-output=" + remote});
    ASSERT_EQ(result.status, 0) << result.errors;
    EXPECT_THAT(result.output, HasSubstr("median"));
  }
  ASSERT_EQ(
      runTool("windrow-run", {maps, "--local", input, "--save-output=" + local})
          .status,
      0);
  EXPECT_EQ(readFile(remote), readFile(local));
  upper.sendSignal(SIGTERM);
  lower.sendSignal(SIGINT);
  EXPECT_EQ(upper.wait(), 0) << upper.errors();
  EXPECT_EQ(lower.wait(), 0) << lower.errors();
}

/// The times in a file that windrow-node wrote, by kernel.
Json readTimes(const std::string &path) {
  return Json::parse(readFile(path)).at("least_ns");
}

TEST_F(ToolsTest, PacedNodesShareKernelTimes) {
  const std::string file = folder / "times.json";
  const std::vector<std::string> options = {"--pace=0.5", "--rehearsal=0",
                                            "--kernel-times=" + file};
  NodeProcess(bundle(maps, "press-1"), options);
  Json times = readTimes(file);
  ASSERT_EQ(times.size(), 1u) << times;
  const std::string conv = times.begin().key();
  EXPECT_EQ(conv, "Conv2D conv 1x4x5x3 4x3x3x3:F32 4:F32 to 1x3x5x4 Direct, 1 "
                  "thread, among 1024 B");
  EXPECT_GT(times[conv], 0);

  // The other device does the same with its rows.
  const Json known{{"least_ns", {{conv, 1}, {"of another plan", 2}}}};
  std::ofstream(file) << known;
  NodeProcess(bundle(maps, "press-2"), options);
  EXPECT_EQ(readTimes(file), known["least_ns"]);

  NodeProcess(bundle(images, "press-1"), options);
  EXPECT_GT(readTimes(file).size(), 2u);
}

TEST_F(ToolsTest, NodeRefusesDamagedKernelTimes) {
  const std::string file = folder / "times.json";
  const std::pair<const char *, const char *> damages[] = {
      {"{", "file must be JSON"},
      {"[]", "key 'least_ns' must be an object"},
      {R"({"least_ns": 3})", "key 'least_ns' must be an object"},
      {R"({"least_ns": {"conv": 0}})",
       "time of 'conv' must be nanoseconds above 0, got 0"},
      {R"({"least_ns": {"conv": 1.5}})",
       "time of 'conv' must be nanoseconds above 0, got 1.5"},
  };
  for (const auto &[text, message] : damages) {
    std::ofstream(file) << text;
    EXPECT_EQ(errorOf("windrow-node", {bundle(maps, "press-1"), "--pace=0.5",
                                       "--kernel-times=" + file}),
              file + ": " + message);
    EXPECT_EQ(readFile(file), text);
  }
  const std::string missing = folder / "none" / "times.json";
  EXPECT_EQ(
      errorOf("windrow-node", {bundle(maps, "press-1"), "--pace=0.5",
                               "--rehearsal=0", "--kernel-times=" + missing}),
      missing + ": file cannot be written");
}

TEST_F(ToolsTest, NodeStopsWhileItTimesKernels) {
  ToolProcess node("windrow-node",
                   {bundle(maps, "press-1"), "--pace=0.5", "--rehearsal=3600"});
  node.awaitError("windrow-node: times its operators for 3600 s\n");
  node.sendSignal(SIGINT);
  EXPECT_EQ(node.wait(), 0);
  EXPECT_EQ(node.output(), "");
}

TEST_F(ToolsTest, RunNamesAMissingNode) {
  NodeProcess lower(bundle(maps, "press-2"));
  std::string address;
  {
    NodeProcess gone(bundle(maps, "press-1"));
    address = gone.address();
  }
  EXPECT_THAT(errorOf("windrow-run", {maps, input, "--connect-timeout=0.5",
                                      "--device=press-1=" + address,
                                      "--device=press-2=" + lower.address()}),
              AllOf(StartsWith("press-1: "), HasSubstr(address)));
}

TEST_F(ToolsTest, RunNamesANodeOfAnotherPlan) {
  std::string other = folder / "other";
  std::filesystem::create_directory(other);
  ASSERT_TRUE(
      StripPlan(StripPlan::Kind::FeatureMap, /*digest=*/8).write(other).ok());
  NodeProcess lower(bundle(other, "press-2"));
  NodeProcess upper(bundle(maps, "press-1"),
                    {"--peer=press-2=" + lower.address()});
  EXPECT_THAT(errorOf("windrow-run", {maps, input, "--connect-timeout=2",
                                      "--device=press-1=" + upper.address(),
                                      "--device=press-2=" + lower.address()}),
              AllOf(HasSubstr("press-2: "), HasSubstr("plan digest must be ")));
}

TEST_F(ToolsTest, RunNamesANodeThatDies) {
  auto lower = std::make_unique<NodeProcess>(bundle(maps, "press-2"));
  NodeProcess upper(bundle(maps, "press-1"),
                    {"--peer=press-2=" + lower->address()});
  ToolProcess run("windrow-run", {maps, input, "--repeat=1000000",
                                  "--device=press-1=" + upper.address(),
                                  "--device=press-2=" + lower->address()});
  upper.awaitError("serving a client");
  lower->sendSignal(SIGKILL);
  lower.reset();
  EXPECT_EQ(run.wait(), 1);
  EXPECT_THAT(run.errors(), AllOf(StartsWith("windrow-run: error: "),
                                  HasSubstr("press-2: ")));
  EXPECT_EQ(run.output(), "");
}

TEST_F(ToolsTest, NodeNamesWhatItCannotUse) {
  EXPECT_THAT(errorOf("windrow-node", {folder / "none.bundle"}),
              HasSubstr("none.bundle: cannot open: "));
  EXPECT_EQ(errorOf("windrow-node", {bundle(maps, "client")}),
            bundle(maps, "client") +
                ": bundle must be a device's, got the client's");
  EXPECT_EQ(errorOf("windrow-node", {bundle(maps, "press-1"), "--listen=x"}),
            "press-1: cannot listen: address must be host:port, got \"x\"");
  EXPECT_EQ(
      errorOf("windrow-node", {bundle(maps, "press-1"), "--peer=press-2"}),
      "--peer must be DEVICE=HOST:PORT, got 'press-2'");
  NodeProcess first(bundle(maps, "press-1"));
  EXPECT_THAT(errorOf("windrow-node",
                      {bundle(maps, "press-1"), "--listen=" + first.address()}),
              AllOf(StartsWith("press-1: "), HasSubstr(first.address())));
}

//===----------------------------------------------------------------------===//
// Command lines
//===----------------------------------------------------------------------===//

TEST_F(ToolsTest, HelpHasExamples) {
  const std::pair<const char *, std::vector<const char *>> tools[] = {
      {"windrow-inspect", {"PATH", "--json", "windrow-inspect plan\n"}},
      {"windrow-node",
       {"BUNDLE", "--listen HOST:PORT", "--peer", "--threads", "--pace",
        "--rehearsal", "--kernel-times", "--request-timeout",
        "windrow-node plan/press-1.bundle\n"}},
      {"windrow-run",
       {"PLAN", "INPUT", "--local", "--device", "--repeat", "--top",
        "--save-output", "--json", "--timeout",
        "windrow-run plan photo.jpg\n"}},
  };
  for (const auto &[tool, parts] : tools) {
    ToolResult result = runTool(tool, {"--help"});
    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(result.errors, "");
    EXPECT_THAT(result.output, HasSubstr("EXAMPLES:\n"));
    for (const char *part : parts)
      EXPECT_THAT(result.output, HasSubstr(part)) << tool;
  }
}

TEST_F(ToolsTest, MistakesPointToTheHelp) {
  const std::pair<const char *, std::vector<std::string>> mistakes[] = {
      {"windrow-inspect", {}},
      {"windrow-inspect", {maps, "--frobnicate"}},
      {"windrow-node", {}},
      {"windrow-node", {bundle(maps, "press-1"), "--pace=2"}},
      {"windrow-node", {bundle(maps, "press-1"), "--threads=0"}},
      {"windrow-run", {maps}},
      {"windrow-run", {maps, input, "--timeout=soon"}},
      {"windrow-run", {maps, input, "--repeat=0"}},
  };
  for (const auto &[tool, arguments] : mistakes) {
    ToolResult result = runTool(tool, arguments);
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.output, "");
    EXPECT_THAT(result.errors,
                MatchesRegex(std::string(tool) + ": error: [^\n]+\n" + tool +
                             ": see " + tool + " --help\n"));
  }
}

} // namespace
} // namespace windrow::test
