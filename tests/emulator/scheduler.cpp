// Thread blocks on a CPU: one fiber per thread, which take turns. Compiled once, for all kernels.
#include "scheduler.h"

#include <setjmp.h>
#include <ucontext.h>

#include <memory>
#include <vector>

namespace emulator {
constexpr int SHARED_BYTES = 256 * 1024, STACK = 96 * 1024;
// Begins on its own stack by swapcontext; turns change by longjmp, which asks the system nothing.
struct Fiber { jmp_buf place; std::vector<char> stack; bool started, finished; };
struct Warp { void* lanes[32]; int arrived, generation; };
struct Copy { u32 to; unsigned char value[16]; };
struct RunningBlock : Block {
  Fiber fibers[MAX_THREADS];
  Warp warps[MAX_THREADS / 32];
  std::vector<Copy> copies[MAX_THREADS];
  std::vector<size_t> committed[MAX_THREADS];
  alignas(16) unsigned char shared[SHARED_BYTES];
};
Block* here;
unsigned char* shared;
int current, threads;
u32 shared_size;
Index grid_size;
static std::vector<std::unique_ptr<RunningBlock>> blocks;  // those that run at once
static jmp_buf scheduler;
static void (*kernel_of_now)(void**);
static void** arguments_of_now;

static RunningBlock& running() { return *static_cast<RunningBlock*>(here); }

void yield() {
  if (!_setjmp(running().fibers[current].place)) _longjmp(scheduler, 1);
}
static void enter() {
  for (;;) {  // a fiber is used again for the next block
    kernel_of_now(arguments_of_now);
    running().fibers[current].finished = true;
    yield();
  }
}
static void start(Fiber& fiber) {
  static ucontext_t context, unused;
  fiber.stack.resize(STACK);
  fiber.started = true;
  getcontext(&context);
  context.uc_stack.ss_sp = fiber.stack.data();
  context.uc_stack.ss_size = fiber.stack.size();
  makecontext(&context, enter, 0);
  swapcontext(&unused, &context);
}
// Lets the current fiber run until it yields.
static void take_turn() {
  if (_setjmp(scheduler)) return;
  Fiber& fiber = running().fibers[current];
  if (fiber.started) _longjmp(fiber.place, 1);
  start(fiber);
}
void with_warp(void* argument, void (*operation)(void**)) {
  Warp& warp = running().warps[current / 32];
  const int generation = warp.generation;
  warp.lanes[current % 32] = argument;
  if (++warp.arrived == 32) {
    operation(warp.lanes);
    warp.arrived = 0;
    warp.generation++;
  } else {
    while (warp.generation == generation) yield();
  }
}
void barrier() {
  Block& block = *here;
  const int generation = block.generation;
  if (++block.arrived == threads) {
    block.arrived = 0;
    block.generation++;
  } else {
    while (block.generation == generation) yield();
  }
}
// Warps are held up now and then, each at other times, so that none can count on the pace of others.
static bool is_held_up(int warp, u32 round) {
  u32 hash = (round >> 4) * 2654435761u + warp * 40503u;
  hash = (hash ^ hash >> 15) * 2246822519u;
  return hash >> 13 & 1;
}
static void begin(RunningBlock& block, Index index) {
  block.index = index;
  memset(block.shared, 0x7e, sizeof block.shared);  // NaN, as float16 and as part of a float32
  memset(block.warps, 0, sizeof block.warps);
  block.arrived = 0;
  for (int i = 0; i < threads; i++) {
    block.fibers[i].finished = false;
    block.copies[i].clear();
    block.committed[i].clear();
  }
}
// Runs these blocks to their end, thread by thread, in turn.
static void run(const std::vector<Index>& indices, u32& rounds) {
  while (blocks.size() < indices.size()) blocks.push_back(std::make_unique<RunningBlock>());
  for (size_t i = 0; i < indices.size(); i++) begin(*blocks[i], indices[i]);
  for (bool alive = true; alive; rounds++) {
    alive = false;
    for (size_t i = 0; i < indices.size(); i++) {
      here = blocks[i].get();
      shared = running().shared;
      for (current = 0; current < threads; current++) {
        const Fiber& fiber = running().fibers[current];
        if (fiber.finished) continue;
        alive = true;
        if (is_held_up(current / 32 + 7 * i, rounds)) continue;
        take_turn();
        alive |= !fiber.finished;
      }
    }
  }
}
void run_grid(void (*kernel)(void**), void** arguments, const int* grid, int block,
              u32 shared_bytes, bool at_once, u32& rounds) {
  kernel_of_now = kernel;
  arguments_of_now = arguments;
  threads = block;
  shared_size = shared_bytes;
  grid_size = {grid[0], grid[1], grid[2]};
  std::vector<Index> indices;
  for (int z = 0; z < grid[2]; z++)
    for (int y = 0; y < grid[1]; y++)
      for (int x = 0; x < grid[0]; x++) indices.push_back({x, y, z});
  if (at_once) return run(indices, rounds);
  for (const Index& index : indices) run({index}, rounds);
}

// What a copy overwrites is gone at once (a wrong, finite value); the data come at the wait.
void copy_later(u32 to, const void* from) {
  Copy copy{to, {}};
  memcpy(copy.value, from, 16);
  running().copies[current].push_back(copy);
  memset(shared + to, 0x5b, 16);
}
void commit_copies() {
  running().committed[current].push_back(running().copies[current].size());
}
void await_copies(size_t pending) {
  auto& groups = running().committed[current];
  auto& copies = running().copies[current];
  if (groups.size() <= pending) return;
  const size_t count = groups[groups.size() - 1 - pending];
  for (size_t i = 0; i < count; i++) memcpy(shared + copies[i].to, copies[i].value, 16);
  copies.erase(copies.begin(), copies.begin() + count);
  groups.erase(groups.begin(), groups.end() - pending);
  for (size_t& group : groups) group -= count;
}
}  // namespace emulator
