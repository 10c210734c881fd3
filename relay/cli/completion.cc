// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.h"

#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <set>
#include <sstream>

namespace outbox {
namespace {

std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

// A choice names itself in the type: "TEXT:{table,json,jsonl}".
std::vector<std::string> ValuesOf(const std::string& type) {
  const std::size_t open = type.find('{');
  const std::size_t close = type.find('}');
  if (open == std::string::npos || close == std::string::npos) return {};
  return Split(type.substr(open + 1, close - open - 1), ',');
}

CompletedOption OptionOf(const CLI::Option& option) {
  CompletedOption completed;
  for (const std::string& name : option.get_snames()) completed.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) completed.names.push_back("--" + name);
  completed.help = option.get_description();
  completed.takes_value = option.get_items_expected_max() > 0;
  completed.takes_file = option.get_type_name() == "FILE";
  completed.values = ValuesOf(option.get_type_name());
  return completed;
}

CompletedCommand TreeOf(const CLI::App& app, std::vector<std::string> path) {
  CompletedCommand command{std::move(path), app.get_description(), {}, {}};
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;  // hidden from the help, too
    if (!option->get_positional() || !option->get_lnames().empty())
      command.options.push_back(OptionOf(*option));
  }
  for (const CLI::App* child : app.get_subcommands([](const CLI::App*) { return true; })) {
    std::vector<std::string> below = command.path;
    below.push_back(child->get_name());
    command.commands.push_back(TreeOf(*child, std::move(below)));
  }
  return command;
}

// " schema apply"; empty for the program.
std::string PathText(const CompletedCommand& command) {
  std::string text;
  for (const std::string& word : command.path) text += " " + word;
  return text;
}

template <typename Visit>
void ForEach(const CompletedCommand& command, const Visit& visit) {
  visit(command);
  for (const CompletedCommand& child : command.commands) ForEach(child, visit);
}

std::string Joined(const std::vector<std::string>& words, const char* between) {
  return fmt::format("{}", fmt::join(words, between));
}

// Names of all options that a value follows, of any command.
std::vector<std::string> ValueNames(const CompletedCommand& tree) {
  std::set<std::string> names;
  ForEach(tree, [&](const CompletedCommand& command) {
    for (const CompletedOption& option : command.options) {
      if (option.takes_value) names.insert(option.names.begin(), option.names.end());
    }
  });
  return {names.begin(), names.end()};
}

// The program's options may follow every command.
std::vector<CompletedOption> OptionsAt(const CompletedCommand& tree, const CompletedCommand& command) {
  std::vector<CompletedOption> options = command.options;
  for (const CompletedOption& option : tree.options) {
    if (&command != &tree && option.names != std::vector<std::string>{"-h", "--help"})
      options.push_back(option);
  }
  return options;
}

// Of bash and zsh, whose `case` is the same: what leads from the words typed so far to the command.
// `rest` steps over what the shell has made of the rest of a value.
void WriteWalk(std::ostream& out, const CompletedCommand& tree, const char* word, const char* rest) {
  out << "    case \"" << word << "\" in\n      " << Joined(ValueNames(tree), "|") << ") i=$((i + 1)); "
      << rest << "continue ;;\n    esac\n    case \"$at " << word << "\" in\n";
  std::vector<std::string> paths;
  ForEach(tree, [&](const CompletedCommand& command) {
    if (!command.path.empty()) paths.push_back("'" + PathText(command) + "'");
  });
  out << "      " << Joined(paths, "|") << ") at=\"$at " << word << "\" ;;\n    esac\n";
}

std::string Pattern(const CompletedCommand& tree, const CompletedCommand& command, const std::string& name) {
  return &command == &tree ? "*' " + name + "'" : "'" + PathText(command) + " " + name + "'";
}

// One arm for each option that a value follows: `choose` and `file` say how the shell offers those.
template <typename Choose>
void WriteValues(std::ostream& out, const CompletedCommand& tree, const Choose& choose, const char* file) {
  ForEach(tree, [&](const CompletedCommand& command) {
    for (const CompletedOption& option : command.options) {
      if (!option.takes_value) continue;
      std::vector<std::string> patterns;
      for (const std::string& name : option.names) patterns.push_back(Pattern(tree, command, name));
      out << "    " << Joined(patterns, "|") << ") ";
      if (!option.values.empty()) {
        out << choose(option) << "; ";
      } else if (option.takes_file) {
        out << file << "; ";
      }
      out << "return ;;\n";
    }
  });
}

std::string Escaped(const std::string& text, const std::string& special, const char* escape) {
  std::string escaped;
  for (const char c : text) {
    if (special.find(c) != std::string::npos) escaped += escape;
    escaped += c;
  }
  return escaped;
}

std::string Quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace

CompletedCommand CommandTree(const CLI::App& app) { return TreeOf(app, {}); }

std::string BashCompletion(const CompletedCommand& tree) {
  std::ostringstream out;
  out << "# SPDX-License-Identifier: Apache-2.0\n"
         "_outbox_relay() {\n"
         "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} at='' i words\n"
         "  COMPREPLY=()\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n";
  // Bash makes three words of a=b.
  WriteWalk(out, tree, "${COMP_WORDS[i]}",
            "while [[ ${COMP_WORDS[i]} == = || ${COMP_WORDS[i+1]} == = ]]; do i=$((i + 1)); done; ");
  out << "  done\n  case \"$at $prev\" in\n";
  WriteValues(
      out, tree,
      [](const CompletedOption& option) {
        return "COMPREPLY=($(compgen -W '" + Joined(option.values, " ") + "' -- \"$cur\"))";
      },
      "compopt -o filenames; COMPREPLY=($(compgen -f -- \"$cur\"))");
  out << "  esac\n  case \"$at\" in\n";
  ForEach(tree, [&](const CompletedCommand& command) {
    std::vector<std::string> options, commands;
    for (const CompletedOption& option : OptionsAt(tree, command))
      options.push_back(Joined(option.names, " "));
    for (const CompletedCommand& child : command.commands) commands.push_back(child.path.back());
    out << "    '" << PathText(command) << "') [[ $cur == -* ]] && words='" << Joined(options, " ")
        << "' || words='" << Joined(commands, " ") << "' ;;\n";
  });
  out << "  esac\n  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\n"
         "complete -F _outbox_relay outbox-relay\n";
  return out.str();
}

std::string ZshCompletion(const CompletedCommand& tree) {
  const auto described = [](const std::string& name, const std::string& help) {
    return Quoted(Escaped(name, ":", "\\") + ":" + help);
  };
  std::ostringstream out;
  out << "#compdef outbox-relay\n# SPDX-License-Identifier: Apache-2.0\n"
         "_outbox_relay() {\n"
         "  local at='' i prev=${words[CURRENT-1]}\n"
         "  local -a offered\n"
         "  for ((i = 2; i < CURRENT; i++)); do\n";
  WriteWalk(out, tree, "${words[i]}", "");
  out << "  done\n  case \"$at $prev\" in\n";
  WriteValues(
      out, tree, [](const CompletedOption& option) { return "compadd -- " + Joined(option.values, " "); },
      "_files");
  out << "  esac\n  case \"$at\" in\n";
  ForEach(tree, [&](const CompletedCommand& command) {
    out << "    '" << PathText(command) << "')\n      if [[ $PREFIX == -* ]]; then\n        offered=(";
    for (const CompletedOption& option : OptionsAt(tree, command)) {
      for (const std::string& name : option.names) out << " " << described(name, option.help);
    }
    out << " )\n      else\n        offered=(";
    for (const CompletedCommand& child : command.commands)
      out << " " << described(child.path.back(), child.help);
    out << " )\n      fi ;;\n";
  });
  out << "  esac\n  _describe 'outbox-relay' offered\n}\n"
         "if [[ ${funcstack[1]} == _outbox-relay ]]; then _outbox_relay \"$@\"; "
         "else compdef _outbox_relay outbox-relay; fi\n";
  return out.str();
}

std::string FishCompletion(const CompletedCommand& tree) {
  const auto quoted = [](const std::string& text) { return "'" + Escaped(text, "\\'", "\\") + "'"; };
  std::vector<std::string> paths;
  ForEach(tree, [&](const CompletedCommand& command) {
    if (!command.path.empty()) paths.push_back(quoted(PathText(command)));
  });
  std::ostringstream out;
  out << "# SPDX-License-Identifier: Apache-2.0\n"
         "# Whether the words typed so far lead to the command of this path.\n"
         "function __outbox_relay_at\n"
         "  set -l at ''\n  set -l skip 0\n"
         "  for word in (commandline -opc)[2..-1]\n"
         "    if test $skip = 1\n      set skip 0\n      continue\n    end\n"
         "    if contains -- $word "
      << Joined(ValueNames(tree), " ")
      << "\n      set skip 1\n"
         "    else if contains -- \"$at $word\" "
      << Joined(paths, " ")
      << "\n      set at \"$at $word\"\n"
         "    end\n  end\n  test \"$at\" = \"$argv[1]\"\nend\n"
         "complete -c outbox-relay -f\n";
  ForEach(tree, [&](const CompletedCommand& command) {
    const std::string start = "complete -c outbox-relay -n \"__outbox_relay_at '" + PathText(command) + "'\"";
    for (const CompletedCommand& child : command.commands) {
      out << start << " -a " << child.path.back() << " -d " << quoted(child.help) << "\n";
    }
    for (const CompletedOption& option : OptionsAt(tree, command)) {
      out << start;
      for (const std::string& name : option.names) {
        out << (name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1));
      }
      if (option.takes_value) out << (option.takes_file ? " -rF" : " -x");
      if (!option.values.empty()) out << " -a " << quoted(Joined(option.values, " "));
      out << " -d " << quoted(option.help) << "\n";
    }
  });
  return out.str();
}

}  // namespace outbox
