// Which objects of a database mention which others, by the words of their definitions.
#pragma once

#include <map>
#include <set>
#include <string>

#include "pgduet/gate/catalog.h"

namespace pgduet::gate {

class NameClosure {
 public:
  // How far to follow: what concerns those who read; rows that come to be, too, which triggers have
  // a part in; or writing of all kinds, for which foreign keys are looked up on either side.
  enum class Reach { reading, filling, writing };

  // The objects of both sides: what depends on something on one of them does.
  NameClosure(const Catalog& base, const Catalog& head);

  // The words whose mention means that a text depends on one of `names`.
  std::set<std::string> depending_on(const std::set<std::string>& names, Reach reach) const;

  // The relations of an index or statistics object; none where neither side has it.
  std::set<std::string> relations_of_index(const std::string& name) const;

  bool is_known(const std::string& name) const;
  bool is_function(const std::string& name) const;
  bool is_view(const std::string& name) const;
  std::set<std::string> partitions_of(const std::string& relation) const;
  bool has_trigger(const std::string& relation) const;
  // Functions and sequences that the defaults of its columns name.
  std::set<std::string> named_by_defaults(const std::string& relation) const;
  // The relations whose foreign keys do something when a row of `relation` goes or changes.
  std::set<std::string> cascades_from(const std::string& relation) const;

 private:
  struct Object {
    std::set<std::string> name;   // its words
    std::set<std::string> reads;  // of the definitions that concern who reads
    std::set<std::string> triggers;
    std::set<std::string> foreign_keys;
    std::set<std::string> columns;
    std::set<std::string> cascades_from;
    std::set<std::string> parents;  // those of a partition among them
    bool function = false;
    bool view = false;
    bool sequence = false;
    bool runs_anything = false;  // its text does not tell what it does
  };
  using Mentions = std::map<std::string, std::set<std::string>>;  // word: objects

  const Object* find(const std::string& name) const;
  void add(const CatalogObject& object);
  void connect_both_ways();
  static std::set<std::string> others_that_mention(const std::string& relation,
                                                   const Mentions& mentions);

  std::map<std::string, Object> objects_;  // by lower-case name without schema
  std::map<std::string, std::set<std::string>> index_relations_;
  Mentions by_reading_;
  Mentions by_trigger_;
  Mentions by_foreign_key_;
  Mentions by_parent_;
  Mentions by_cascade_;
};

}  // namespace pgduet::gate
