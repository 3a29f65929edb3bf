// Runs of the test's own code in another process, which can be killed.
#pragma once

#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <exception>
#include <string>

namespace pgduet::harness {

// Runs `body` in a child process that ends with what it returns, 99 after an exception. Call it
// while this process holds no locks: the child would hold them, too.
template <typename Body>
pid_t fork_and(const Body& body) {
  const pid_t child = fork();
  if (child == 0) {
    int status = 99;
    try {
      status = body();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
    }
    _exit(status);
  }
  return child;
}

// The exit status of a child, or 128 and the number of the signal that killed it.
inline int wait_for(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// Lines from one process to another.
class LinePipe {
 public:
  LinePipe() {
    if (pipe(ends_.data()) != 0) throw std::exception();
  }
  LinePipe(const LinePipe&) = delete;
  LinePipe& operator=(const LinePipe&) = delete;
  ~LinePipe() {
    close(ends_[0]);
    close(ends_[1]);
  }

  void write_line(const std::string& text) const {
    const std::string line = text + "\n";
    if (::write(ends_[1], line.data(), line.size()) < 0) throw std::exception();
  }
  // Blocks until there is one.
  std::string read_line() const {
    std::string line;
    char c = 0;
    while (::read(ends_[0], &c, 1) == 1 && c != '\n') line += c;
    return line;
  }

 private:
  std::array<int, 2> ends_ = {-1, -1};
};

}  // namespace pgduet::harness
