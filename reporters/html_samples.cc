#include "html_samples.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "details.h"
#include "pgduet/gate/wording.h"

namespace pgduet::reporters::html {
namespace {

constexpr double axis_length = 1000;  // of the SVG's view box
constexpr double logarithmic_from =
    6;  // largest / smallest: beyond, a linear axis shows one side only
constexpr std::size_t most_dots = 200;  // a strip; more cannot be told apart

struct Strip {
  std::string side;  // "base", "head", "base again"
  int stage = 0;
  std::vector<double> samples;  // microseconds
};

bool has_cpu_times(const gate::BindingRun* binding) {
  return binding == nullptr || std::all_of(binding->executions.begin(), binding->executions.end(),
                                           [](const gate::Execution& sample) {
                                             return sample.cpu_us && *sample.cpu_us > 0;
                                           });
}

// In order of stage, base before head.
class Strips {
 public:
  explicit Strips(bool cpu) : cpu_(cpu) {}

  void add(const gate::BindingRun* binding, int order, const std::string& side) {
    if (binding == nullptr) return;
    for (const gate::Execution& sample : binding->executions) {
      const double time = cpu_ ? *sample.cpu_us : sample.wall_us;
      if (!(time > 0)) continue;
      Strip& strip = strips_[{sample.stage, order + (sample.control ? 1 : 0)}];
      strip.side = sample.control ? side + " again" : side;
      strip.stage = sample.stage;
      strip.samples.push_back(time);
    }
  }

  std::vector<Strip> take() const {
    std::vector<Strip> strips;
    for (const auto& [key, strip] : strips_) strips.push_back(strip);
    return strips;
  }

 private:
  bool cpu_;
  std::map<std::pair<int, int>, Strip> strips_;
};

class Axis {
 public:
  explicit Axis(const std::vector<Strip>& strips) {
    least_ = most_ = strips.front().samples.front();
    for (const Strip& strip : strips) {
      const auto [least, most] = std::minmax_element(strip.samples.begin(), strip.samples.end());
      least_ = std::min(least_, *least);
      most_ = std::max(most_, *most);
    }
    logarithmic_ = most_ / least_ >= logarithmic_from;
  }

  bool logarithmic() const { return logarithmic_; }

  // Whole units: a pixel is wider than one. A margin keeps dots from being cut.
  int place(double time) const {
    constexpr double margin = 8;
    if (most_ <= least_) return static_cast<int>(axis_length / 2);
    const double part = logarithmic_ ? std::log(time / least_) / std::log(most_ / least_)
                                     : (time - least_) / (most_ - least_);
    return static_cast<int>(std::lround(margin + part * (axis_length - 2 * margin)));
  }

  std::vector<std::string> ticks() const {
    if (most_ <= least_) return {gate::duration_text(least_)};
    const double middle = logarithmic_ ? std::sqrt(least_ * most_) : (least_ + most_) / 2;
    return {gate::duration_text(least_), gate::duration_text(middle), gate::duration_text(most_)};
  }

 private:
  double least_ = 0;
  double most_ = 0;
  bool logarithmic_ = false;
};

std::string stage_text(int stage) {
  return stage == 0 ? "screening" : "stage " + std::to_string(stage);
}

// Dots are lines of no length with round ends, which stay round when the plot is stretched.
std::string dots_path(const std::vector<double>& sorted_samples, const Axis& axis) {
  std::vector<int> places;
  for (const double sample : sorted_samples) places.push_back(axis.place(sample));
  places.erase(std::unique(places.begin(), places.end()), places.end());
  std::string path;
  for (const int place : places) path += "M" + std::to_string(place) + " 8h0";
  return path;
}

// Every n-th of the sorted samples, and the largest.
void thin_out(std::vector<double>& samples) {
  std::sort(samples.begin(), samples.end());
  const std::size_t step = (samples.size() + most_dots - 1) / most_dots;
  if (step <= 1) return;
  std::vector<double> kept;
  for (std::size_t i = 0; i < samples.size(); i += step) kept.push_back(samples[i]);
  kept.push_back(samples.back());
  samples = std::move(kept);
}

Data strip_data(Strip strip, const Axis& axis) {
  const std::size_t count = strip.samples.size();
  thin_out(strip.samples);
  const double least = strip.samples.front();
  const double most = strip.samples.back();
  Data data;
  data["strip"] = Data(stage_text(strip.stage) + ", " + strip.side);
  data["strip_class"] = Data(strip.side == "head" ? "head" : "base");
  data["description"] = Data(gate::counted(count, "sample") + " from " +
                             gate::duration_text(least) + " to " + gate::duration_text(most));
  data["dots"] = Data(dots_path(strip.samples, axis));
  data["least"] = Data(std::to_string(axis.place(least)));
  data["least_text"] = Data(gate::duration_text(least));
  return data;
}

}  // namespace

void set_samples(Data& data, const gate::QueryRecord& query, int binding,
                 const std::string& clock) {
  const gate::BindingRun* base = find_binding(query.base, binding);
  const gate::BindingRun* head = find_binding(query.head, binding);
  const bool cpu = has_cpu_times(base) && has_cpu_times(head);
  Strips collected(cpu);
  collected.add(base, 0, "base");
  collected.add(head, 2, "head");
  const std::vector<Strip> strips = collected.take();
  if (strips.empty()) return;
  const Axis axis(strips);
  Data samples;
  samples["clock"] = Data((cpu ? clock + " time" : "elapsed time") + " of one execution");
  samples["scale"] = Data(axis.logarithmic() ? "logarithmic axis" : "linear axis");
  List strip_list;
  bool thinned = false;
  for (const Strip& strip : strips) {
    thinned = thinned || strip.samples.size() > most_dots;
    strip_list.push_back(strip_data(strip, axis));
  }
  samples["strips"] = Data(strip_list);
  List ticks;
  for (const std::string& tick : axis.ticks()) ticks.push_back(Data(tick));
  samples["ticks"] = Data(ticks);
  if (thinned) {
    samples["thinned"] = Data("Of strips with more than " + std::to_string(most_dots) +
                              " samples only a part is drawn, evenly over all of them.");
  }
  data["samples"] = std::move(samples);
}

}  // namespace pgduet::reporters::html
