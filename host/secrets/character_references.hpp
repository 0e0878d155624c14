#pragma once
#include <array>
#include <optional>
#include <string_view>

namespace opi::secrets {

// HTML's names of the signs of ASCII and of Latin-1 (the latter in the order of their code points, from U+00A0).
struct NamedCharacter {
  std::string_view name;
  char32_t code;
};

inline constexpr std::array<NamedCharacter, 45> ascii_names{{
    {"Tab", '\t'},     {"NewLine", '\n'},     {"excl", '!'},   {"quot", '"'},   {"QUOT", '"'},
    {"num", '#'},      {"dollar", '$'},       {"percnt", '%'}, {"amp", '&'},    {"AMP", '&'},
    {"apos", '\''},    {"lpar", '('},         {"rpar", ')'},   {"ast", '*'},    {"midast", '*'},
    {"plus", '+'},     {"comma", ','},        {"period", '.'}, {"sol", '/'},    {"colon", ':'},
    {"semi", ';'},     {"lt", '<'},           {"LT", '<'},     {"equals", '='}, {"gt", '>'},
    {"GT", '>'},       {"quest", '?'},        {"commat", '@'}, {"lsqb", '['},   {"lbrack", '['},
    {"bsol", '\\'},    {"rsqb", ']'},         {"rbrack", ']'}, {"Hat", '^'},    {"lowbar", '_'},
    {"UnderBar", '_'}, {"grave", '`'},        {"lcub", '{'},   {"lbrace", '{'}, {"verbar", '|'},
    {"vert", '|'},     {"VerticalLine", '|'}, {"rcub", '}'},   {"rbrace", '}'}, {"DiacriticalGrave", '`'},
}};

inline constexpr std::array<std::string_view, 96> latin_names{
    "nbsp",   "iexcl",  "cent",   "pound",  "curren", "yen",    "brvbar", "sect",   "uml",    "copy",   "ordf",
    "laquo",  "not",    "shy",    "reg",    "macr",   "deg",    "plusmn", "sup2",   "sup3",   "acute",  "micro",
    "para",   "middot", "cedil",  "sup1",   "ordm",   "raquo",  "frac14", "frac12", "frac34", "iquest", "Agrave",
    "Aacute", "Acirc",  "Atilde", "Auml",   "Aring",  "AElig",  "Ccedil", "Egrave", "Eacute", "Ecirc",  "Euml",
    "Igrave", "Iacute", "Icirc",  "Iuml",   "ETH",    "Ntilde", "Ograve", "Oacute", "Ocirc",  "Otilde", "Ouml",
    "times",  "Oslash", "Ugrave", "Uacute", "Ucirc",  "Uuml",   "Yacute", "THORN",  "szlig",  "agrave", "aacute",
    "acirc",  "atilde", "auml",   "aring",  "aelig",  "ccedil", "egrave", "eacute", "ecirc",  "euml",   "igrave",
    "iacute", "icirc",  "iuml",   "eth",    "ntilde", "ograve", "oacute", "ocirc",  "otilde", "ouml",   "divide",
    "oslash", "ugrave", "uacute", "ucirc",  "uuml",   "yacute", "thorn",  "yuml"};

// What is read without a semicolon too: these, and the names of Latin-1.
inline constexpr std::array<NamedCharacter, 10> old_names{{{"amp", '&'},
                                                           {"AMP", '&'},
                                                           {"lt", '<'},
                                                           {"LT", '<'},
                                                           {"gt", '>'},
                                                           {"GT", '>'},
                                                           {"quot", '"'},
                                                           {"QUOT", '"'},
                                                           {"COPY", 0xa9},
                                                           {"REG", 0xae}}};

constexpr std::optional<char32_t> named_character(std::string_view name) {
  for (const auto& one : ascii_names)
    if (one.name == name) return one.code;
  for (std::size_t i = 0; i < latin_names.size(); ++i)
    if (latin_names[i] == name) return static_cast<char32_t>(0xa0 + i);
  return std::nullopt;
}

// The one that `text` begins with, whatever follows it. None begins with another.
constexpr std::optional<NamedCharacter> old_name_at(std::string_view text) {
  for (const auto& one : old_names)
    if (text.starts_with(one.name)) return one;
  for (std::size_t i = 0; i < latin_names.size(); ++i)
    if (text.starts_with(latin_names[i])) return NamedCharacter{latin_names[i], static_cast<char32_t>(0xa0 + i)};
  return std::nullopt;
}

}  // namespace opi::secrets
