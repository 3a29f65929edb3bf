#include "pgduet/gate/touched.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>

#include "name_closure.h"
#include "pgduet/gate/wording.h"
#include "setup_effects.h"

namespace pgduet::gate {
namespace {

using Reach = NameClosure::Reach;

// More than so many comparisons of statements are not made: all between the first and the last
// that differ counts as different then.
constexpr std::size_t most_comparisons = 4'000'000;

// What draws from the server's random numbers, which are seeded once a step: in a step that
// differs it may draw others.
const std::set<std::string>& drawing_words() {
  static const std::set<std::string> words = {"gen_random_bytes", "gen_random_uuid",
                                              "gen_salt",         "random",
                                              "random_normal",    "setseed",
                                              "tablesample",      "uuid_generate_v1",
                                              "uuid_generate_v4", "uuid_generate_v1mc",
                                              "uuidv4",           "uuidv7"};
  return words;
}

// One thing that a setup does, in order.
struct Action {
  const SetupStepText* step = nullptr;
  std::string text;
  std::string session;  // the step where that matters; "" where it does not
  int line = 0;
  bool differs = false;

  bool same_as(const Action& other) const { return text == other.text && session == other.session; }

  std::string at() const {
    return line == 0 ? step->name : step->name + ":" + std::to_string(line);
  }
};

// Whether statements of a step may mean something else in another session: after SET, in a
// transaction, with temporary tables. They are the same in a step of the same name only.
bool depends_on_session(const SetupStepText& step) {
  static const std::set<std::string> telling = {"begin",     "currval", "discard", "lastval",
                                                "prepare",   "reset",   "start",   "set_config",
                                                "temporary", "temp"};
  return std::any_of(
      step.statements.begin(), step.statements.end(), [](const SqlStatement& statement) {
        const std::set<std::string> words = words_of(statement.text);
        return shares_word(telling, words) ||
               (words.contains("set") && command_of(statement.text).starts_with("SET"));
      });
}

std::vector<Action> actions_of(const SetupSide& side) {
  std::vector<Action> actions;
  for (const SetupStepText& step : side.steps) {
    const std::string session = depends_on_session(step) ? step.name : "";
    for (const SqlStatement& statement : step.statements) {
      actions.push_back({&step, statement.text, session, statement.line});
    }
    if (step.kind != SetupStepText::Kind::sql) {
      actions.push_back({&step, step.name + "\n" + step.content_hash, "", 0});
    }
  }
  return actions;
}

// Marks what is not in a longest common subsequence.
void mark_differences(std::vector<Action>& base, std::vector<Action>& head) {
  std::size_t begin = 0;
  std::size_t base_end = base.size();
  std::size_t head_end = head.size();
  while (begin < base_end && begin < head_end && base[begin].same_as(head[begin])) ++begin;
  while (base_end > begin && head_end > begin && base[base_end - 1].same_as(head[head_end - 1])) {
    --base_end;
    --head_end;
  }
  for (std::size_t i = begin; i < base_end; ++i) base[i].differs = true;
  for (std::size_t i = begin; i < head_end; ++i) head[i].differs = true;
  const std::size_t rows = base_end - begin;
  const std::size_t columns = head_end - begin;
  if (rows == 0 || columns == 0 || rows > most_comparisons / columns) return;
  // lengths[i][j]: of what base from i on and head from j on have in common.
  std::vector<std::vector<std::uint32_t>> lengths(rows + 1,
                                                  std::vector<std::uint32_t>(columns + 1));
  for (std::size_t i = rows; i-- > 0;) {
    for (std::size_t j = columns; j-- > 0;) {
      lengths[i][j] = base[begin + i].same_as(head[begin + j])
                          ? lengths[i + 1][j + 1] + 1
                          : std::max(lengths[i + 1][j], lengths[i][j + 1]);
    }
  }
  for (std::size_t i = 0, j = 0; i < rows && j < columns;) {
    if (base[begin + i].same_as(head[begin + j])) {
      base[begin + i++].differs = false;
      head[begin + j++].differs = false;
    } else if (lengths[i + 1][j] >= lengths[i][j + 1]) {
      ++i;
    } else {
      ++j;
    }
  }
}

bool same_step(const SetupStepText& a, const SetupStepText& b) {
  return a.name == b.name &&
         std::equal(a.statements.begin(), a.statements.end(), b.statements.begin(),
                    b.statements.end(),
                    [](const SqlStatement& x, const SqlStatement& y) { return x.text == y.text; });
}

// Statements that draw random numbers in a step that is not as it was.
void mark_other_draws(std::vector<Action>& actions, const SetupSide& others,
                      const std::set<std::string>& drawing) {
  std::map<const SetupStepText*, bool> same;
  for (Action& action : actions) {
    if (action.differs || action.line == 0) continue;
    const auto [known, first] = same.try_emplace(action.step, false);
    if (first) {
      known->second = std::any_of(
          others.steps.begin(), others.steps.end(),
          [&action](const SetupStepText& other) { return same_step(*action.step, other); });
    }
    if (!known->second && shares_word(drawing, words_of(action.text))) action.differs = true;
  }
}

// Follows a change through both setups.
class Follower {
 public:
  Follower(const SetupSide& base, const SetupSide& head)
      : base_(base), head_(head), names_(base.record->catalog, head.record->catalog) {}

  Touched touched() {
    Touched result;
    result.everything_because = why_everything();
    if (result.everything_because.empty()) {
      follow_setups();
      follow_catalogs();
      result.everything_because = unfollowed_;
    }
    if (!result.everything_because.empty()) return result;
    result.read = names_.depending_on(changed_, Reach::reading);
    result.written = names_.depending_on(changed_, Reach::writing);
    result.changed = std::move(changed_);
    return result;
  }

 private:
  std::string why_everything() const {
    const SideRecord& base = *base_.record;
    const SideRecord& head = *head_.record;
    if (base.postgres_version != head.postgres_version) return "the PostgreSQL versions differ";
    if (base.external_server || head.external_server) return "the server is not pgduet's own";
    if (base.settings != head.settings) return "the settings of workload.json differ";
    if (base_.extensions != head_.extensions) return "the extensions of workload.json differ";
    if (base_.scale != head_.scale) return "the scale of workload.json differs";
    for (const SetupSide* side : {&base_, &head_}) {
      for (const SetupStepText& step : side->steps) {
        if (step.kind == SetupStepText::Kind::run) {
          return "the setup differs, and what \"" + step.name + "\" does cannot be followed";
        }
      }
      if (!side->unnamed_dependencies.empty()) {
        return "the setup differs, and what depends on " + side->unnamed_dependencies.front() +
               " cannot be followed";
      }
    }
    return "";
  }

  void follow_setups() {
    std::vector<Action> base = actions_of(base_);
    std::vector<Action> head = actions_of(head_);
    mark_differences(base, head);
    const std::set<std::string> drawing = names_.depending_on(drawing_words(), Reach::filling);
    mark_other_draws(base, head_, drawing);
    mark_other_draws(head, base_, drawing);
    for (const std::vector<Action>* actions : {&head, &base}) {
      so_far_.clear();
      words_so_far_.clear();
      for (const Action& action : *actions) {
        if (unfollowed_.empty()) follow(action);
      }
    }
  }

  void follow(const Action& action) {
    if (!action.differs && so_far_.empty()) return;
    const std::set<std::string> words = words_of(action.text);
    if (!action.differs && !may_notice(words)) return;
    const StatementEffect effect = effect_of_action(action);
    if (action.differs || effect.reads_rows || effect.writes_rows || effect.names_in_words ||
        effect.unknown) {
      apply(action, effect, words);
    }
  }

  // Whether what differs so far may be another reason for a statement of these words to do
  // something else.
  bool may_notice(const std::set<std::string>& words) const {
    return shares_word(words_so_far_, words) || reads_catalog(words) || words.contains("execute");
  }

  static StatementEffect effect_of_action(const Action& action) {
    if (action.line > 0) return effect_of(action.text);
    StatementEffect effect;
    effect.writes_rows = true;
    // "public.orders (id, total)"
    const std::string& into = action.step->into;
    effect.unknown =
        action.step->kind != SetupStepText::Kind::copy || into.find('"') != std::string::npos;
    if (!effect.unknown) effect.names.insert(bare_name(into.substr(0, into.find_first_of(" ("))));
    return effect;
  }

  void give_up(const Action& action, const std::string& why) {
    if (!unfollowed_.empty()) return;
    const std::string command = action.line > 0 ? command_of(action.text) : "";
    unfollowed_ = action.at() + (command.empty() ? "" : " (" + command + ")") + " " + why;
  }

  void apply(const Action& action, const StatementEffect& effect,
             const std::set<std::string>& words) {
    if (effect.unknown) {
      give_up(action, action.differs ? "differs, and cannot be followed"
                                     : "names what differs, and cannot be followed");
      return;
    }
    std::set<std::string> names = effect.names;
    for (const std::string& index : effect.indexes) {
      const std::set<std::string> relations = names_.relations_of_index(index);
      if (relations.empty()) give_up(action, "is about an index of an unknown table");
      names.insert(relations.begin(), relations.end());
    }
    if (effect.writes_rows || effect.reads_rows) {
      for (const std::string& word : words) {
        if (names_.is_function(word)) give_up(action, "may call function " + word);
      }
    }
    if (effect.names_in_words) {
      for (const std::string& word : words) {
        if (names_.is_known(word)) names.insert(word);
      }
    }
    if (effect.writes_rows) add_written(action, words, names);
    touch(names);
  }

  // What happens when rows are written beside that they are.
  void add_written(const Action& action, const std::set<std::string>& words,
                   std::set<std::string>& names) {
    const bool may_cascade =
        words.contains("update") || words.contains("delete") || words.contains("merge");
    std::vector<std::string> open(names.begin(), names.end());
    while (!open.empty()) {
      const std::string relation = std::move(open.back());
      open.pop_back();
      if (names_.is_view(relation)) give_up(action, "writes through view " + relation);
      for (const std::string& partition : names_.partitions_of(relation)) {
        if (names.insert(partition).second) open.push_back(partition);
      }
      if (names_.has_trigger(relation)) give_up(action, "may fire a trigger of " + relation);
      for (const std::string& name : names_.named_by_defaults(relation)) {
        if (names_.is_function(name)) give_up(action, "may call function " + name);
        names.insert(name);
      }
      if (!may_cascade) continue;
      for (const std::string& other : names_.cascades_from(relation)) {
        if (names.insert(other).second) open.push_back(other);
      }
    }
  }

  void touch(const std::set<std::string>& names) {
    const std::size_t before = so_far_.size();
    so_far_.insert(names.begin(), names.end());
    changed_.insert(names.begin(), names.end());
    if (so_far_.size() > before) words_so_far_ = names_.depending_on(so_far_, Reach::filling);
  }

  // What the statements may not have told.
  void follow_catalogs() {
    for (const CatalogChange& change :
         compare_catalogs(base_.record->catalog, head_.record->catalog)) {
      const CatalogObject& object = change.object;
      if (object.kind == "setting" || object.kind == "extension") {
        if (unfollowed_.empty()) unfollowed_ = object.kind + " " + object.name + " differs";
        return;
      }
      changed_.insert(bare_name(object.relation.empty() ? object.name : object.relation));
    }
  }

  const SetupSide& base_;
  const SetupSide& head_;
  NameClosure names_;
  std::set<std::string> changed_;
  std::set<std::string> so_far_;  // of the setup that is followed
  std::set<std::string> words_so_far_;
  std::string unfollowed_;
};

}  // namespace

Touched touched_by(const SetupSide& base, const SetupSide& head) {
  return Follower(base, head).touched();
}

bool can_touch(const Touched& touched, const std::vector<std::string>& texts, bool writes) {
  if (!touched.everything_because.empty()) return true;
  const std::set<std::string>& given_away = writes ? touched.written : touched.read;
  return std::any_of(texts.begin(), texts.end(), [&](const std::string& text) {
    const std::set<std::string> words = words_of(text);
    return shares_word(given_away, words) || (!touched.changed.empty() && reads_catalog(words));
  });
}

}  // namespace pgduet::gate
