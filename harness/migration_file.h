// Migration files that hold both ways in one: up, and how to undo it.
#pragma once

#include <string>
#include <string_view>

namespace pgduet::harness {

// The script without its sections that undo: their lines are empty, so that all others keep their
// numbers. Sections begin at the comment lines of dbmate (-- migrate:up, -- migrate:down), goose
// (-- +goose Up), sql-migrate (-- +migrate Up) and node-pg-migrate (-- Up Migration). A script
// without a line that begins a section up is returned as it is.
std::string migration_up(std::string_view script);

// The tool whose line begins a section up: "goose"; "" for none.
std::string_view migration_tool(std::string_view script);

}  // namespace pgduet::harness
