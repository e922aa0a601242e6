//===- PlanWriter.cpp - Writes a plan's bundles ---------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/serializer/PlanWriter.h"

#include "compiler/serializer/ProgramBuilder.h"
#include "mlir/Dialect/DLTI/DLTI.h"
#include "runtime/artifact/bundle_layout.h"
#include "runtime/artifact/bundle_writer.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <filesystem>

using namespace mlir;
using namespace windrow;

namespace {
/// The participants of a plan in its order, the client last.
struct Participants {
  std::vector<ModuleOp> modules;
  std::vector<std::string> addresses;
  std::vector<uint32_t> threads;
  llvm::StringMap<uint32_t> numbers;
};
} // namespace

static LogicalResult addParticipant(ModuleOp plan, StringRef name,
                                    StringRef address, uint32_t threads,
                                    Participants &participants) {
  auto nested = plan.lookupSymbol<ModuleOp>(name);
  if (!nested)
    return plan.emitError("plan must hold a module of participant '")
           << name << "'";
  participants.numbers[name] = participants.modules.size();
  participants.modules.push_back(nested);
  participants.addresses.push_back(address.str());
  participants.threads.push_back(threads);
  return success();
}

static FailureOr<Participants> collectParticipants(ModuleOp plan) {
  auto system = plan->getAttrOfType<TargetSystemSpecAttr>(
      DLTIDialect::kTargetSystemDescAttrName);
  if (!system)
    return plan.emitError("plan must name its devices in '")
           << DLTIDialect::kTargetSystemDescAttrName << "'";
  Participants participants;
  for (DataLayoutEntryInterface entry : system.getEntries()) {
    auto name = cast<StringAttr>(entry.getKey());
    auto facts = cast<TargetDeviceSpecInterface>(entry.getValue());
    auto lookUp = [&](StringRef key) {
      DataLayoutEntryInterface fact =
          facts.getSpecForIdentifier(StringAttr::get(plan.getContext(), key));
      return fact ? fact.getValue() : Attribute();
    };
    auto address = dyn_cast_or_null<StringAttr>(lookUp("cluster.address"));
    auto threads = dyn_cast_or_null<IntegerAttr>(lookUp("cluster.threads"));
    if (!address || !threads)
      return plan.emitError("device '")
             << name.getValue()
             << "' must have 'cluster.address' and 'cluster.threads'";
    if (failed(addParticipant(plan, name, address, threads.getInt(),
                              participants)))
      return failure();
  }
  if (failed(addParticipant(plan, clientName, "", 1, participants)))
    return failure();
  return participants;
}

/// Fills what the bundles of a plan have in common.
static void describeBundle(format::BundleT &bundle, uint32_t self,
                           const Participants &participants,
                           const PlanFacts &description) {
  bundle.format_version = bundleFormatVersion;
  bundle.producer = description.producer;
  bundle.model = description.model;
  bundle.self = self;
  bundle.threads = participants.threads[self];
  for (auto [nested, address] :
       llvm::zip_equal(participants.modules, participants.addresses)) {
    auto participant = std::make_unique<format::ParticipantT>();
    participant->name = ModuleOp(nested).getSymName()->str();
    participant->address = address;
    bundle.participants.push_back(std::move(participant));
  }
  if (self + 1 != participants.modules.size())
    return;
  bundle.labels = description.labels;
  if (description.image) {
    bundle.image = std::make_unique<format::ImageT>();
    bundle.image->mean = description.image->mean;
    bundle.image->deviation = description.image->deviation;
  }
}

/// SHA-256 over all headers, their digests still zero, and a 128-bit
/// fingerprint of each weight.
static std::vector<uint8_t>
digestPrograms(std::vector<ParticipantProgram> &programs) {
  llvm::SHA256 digest;
  for (ParticipantProgram &program : programs) {
    program.bundle.plan_digest.assign(planDigestBytes, 0);
    flatbuffers::FlatBufferBuilder builder;
    format::FinishBundleBuffer(builder,
                               format::Bundle::Pack(builder, &program.bundle));
    digest.update(
        ArrayRef<uint8_t>(builder.GetBufferPointer(), builder.GetSize()));
    for (unsigned index : llvm::seq(program.weights.size()))
      program.weights.updateDigest(index, digest);
  }
  std::array<uint8_t, 32> result = digest.final();
  return {result.begin(), result.end()};
}

static Status writeProgram(const std::filesystem::path &path,
                           ParticipantProgram &program) {
  return writeBundle(
      path, program.bundle, [&](uint32_t index, const WeightSink &sink) {
        Status status;
        program.weights.write(index, [&](ArrayRef<char> part) {
          status = sink(std::as_bytes(std::span(part.data(), part.size())));
          return status.ok();
        });
        return status;
      });
}

/// Whether `directory` may become a plan: it is absent, empty, or holds one.
static bool mayReplace(const std::filesystem::path &directory) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (!fs::exists(directory, error))
    return !error;
  return fs::is_directory(directory, error) &&
         (fs::is_empty(directory, error) ||
          fs::exists(bundlePath(directory, clientName), error));
}

namespace {
/// A folder beside the one to be written, removed unless it took its place.
class StagingDirectory {
public:
  explicit StagingDirectory(std::filesystem::path target)
      : target(std::move(target)) {}
  ~StagingDirectory() {
    std::error_code ignored;
    if (!path.empty())
      std::filesystem::remove_all(path, ignored);
  }

  std::error_code create() {
    std::error_code error;
    if (target.has_parent_path())
      std::filesystem::create_directories(target.parent_path(), error);
    if (error)
      return error;
    SmallString<128> unique;
    llvm::sys::fs::createUniquePath(target.string() + ".partial-%%%%%%", unique,
                                    /*MakeAbsolute=*/false);
    path = unique.str().str();
    std::filesystem::create_directory(path, error);
    return error;
  }

  std::error_code takePlace() {
    std::error_code error;
    std::filesystem::remove_all(target, error);
    if (!error)
      std::filesystem::rename(path, target, error);
    if (!error)
      path.clear();
    return error;
  }

  const std::filesystem::path &getPath() const { return path; }

private:
  std::filesystem::path target;
  std::filesystem::path path;
};
} // namespace

/// `directory` without a trailing separator.
static std::filesystem::path normalizeDirectory(StringRef directory) {
  return std::filesystem::path(directory.rtrim('/').str()).lexically_normal();
}

LogicalResult windrow::writePlan(ModuleOp plan, const PlanFacts &description,
                                 StringRef directory) {
  std::filesystem::path target = normalizeDirectory(directory);
  if (!mayReplace(target))
    return plan.emitError("output folder must be absent, empty or hold a "
                          "plan, got '")
           << directory << "'";
  FailureOr<Participants> participants = collectParticipants(plan);
  if (failed(participants))
    return llvm::failure();

  std::vector<ParticipantProgram> programs;
  for (auto [self, nested] : llvm::enumerate(participants->modules)) {
    FailureOr<ParticipantProgram> program =
        buildProgram(nested, participants->numbers);
    if (failed(program))
      return llvm::failure();
    describeBundle(program->bundle, self, *participants, description);
    programs.push_back(std::move(*program));
  }
  std::vector<uint8_t> digest = digestPrograms(programs);

  StagingDirectory staging(target);
  if (std::error_code error = staging.create())
    return plan.emitError("'") << directory << "': " << error.message();
  for (auto [program, nested] :
       llvm::zip_equal(programs, participants->modules)) {
    program.bundle.plan_digest = digest;
    std::string name = nested.getSymName()->str();
    Status status = writeProgram(bundlePath(staging.getPath(), name), program);
    if (!status.ok())
      return plan.emitError(status.message());
  }
  if (std::error_code error = staging.takePlace())
    return plan.emitError("'") << directory << "': " << error.message();
  return success();
}
