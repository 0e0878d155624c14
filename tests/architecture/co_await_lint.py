"""Finds co_await and co_spawn statements that g++ 12.2 compiles into double frees, without a warning.

Such a statement may hold names, calls and std::move only: no braced initialiser, no lambda, no `?:`; and a
coroutine may have no braced default argument. What is flagged is named by line; the cure is a local variable.
"""
import re
import sys

from source_tree import CPP, ROOT, files, without_comments_and_strings

TOKEN = re.compile(r"[A-Za-z_]\w*|\d[\w.']*|->|::|\[\[|\]\]|&&|\|\||[^\s\w]")
OPENING, CLOSING = {"(": ")", "[": "]", "{": "}", "[[": "]]"}, {")": "(", "]": "[", "}": "{", "]]": "[["}
CONTROL = {"if", "while", "for", "switch", "catch", "constexpr"}
BLOCK_BEFORE = {"else", "do", "try", "const", "noexcept", "mutable", "override", "final", ")", ";", "{", "}", ":"}
CONTINUES = {".", ",", ")", "]", "->", "(", "[", "?", ":", "+", "-", "*", "/", "=", "<", ">", "&", "|", ";", "&&", "||"}


class Source:
    def __init__(self, text):
        clean = without_comments_and_strings(text)
        clean = re.sub(r"^[ \t]*#(?:[^\n\\]|\\.)*(?:\\\n[^\n]*)*", "", clean, flags=re.M)
        self.tokens, self.lines, line, at = [], [], 1, 0
        for match in TOKEN.finditer(clean):
            line += clean.count("\n", at, match.start())
            at = match.start()
            self.tokens.append(match.group(0))
            self.lines.append(line)
        self.partner, stack = {}, []
        for i, token in enumerate(self.tokens):
            if token in OPENING:
                stack.append(i)
            elif token in CLOSING and stack and self.tokens[stack[-1]] == CLOSING[token]:
                self.partner[i] = stack[-1]
                self.partner[stack.pop()] = i

    def opens_block(self, at):
        """Whether the '{' at `at` begins a block of statements rather than an initialiser."""
        if at == 0:
            return True
        before = self.tokens[at - 1]
        if before in BLOCK_BEFORE:
            return True
        # A trailing return type or a name of a type or namespace: look back for what introduces it.
        i = at - 1
        while i >= 0 and self.tokens[i] not in ";{}()=,":
            if self.tokens[i] in {"->", "namespace", "struct", "class", "union", "enum", "extern"}:
                return True
            i -= 1
        return False

    def is_lambda(self, at):
        """Whether the '[' at `at` introduces a lambda rather than an index."""
        before = self.tokens[at - 1] if at else ";"
        return not (re.fullmatch(r"[A-Za-z_]\w*", before) and before not in {"return", "co_return", "co_await"}
                    or before in {")", "]", '"'})

    def statement(self, at):
        """The [first, end) tokens of the statement or condition that `at` stands in."""
        first = at
        while first > 0:
            token = self.tokens[first - 1]
            if token == ";":
                break
            if token == "}":
                opening = self.partner.get(first - 1, 0)
                follower = self.tokens[first]
                if self.opens_block(opening) and follower not in {",", ")", ".", "("}:
                    break
                first = opening
            elif token in CLOSING:
                first = self.partner.get(first - 1, first - 1)
            elif token == "{" and self.opens_block(first - 1):
                break
            elif token == "(" and first > 1 and self.tokens[first - 2] in CONTROL:
                return first, self.partner.get(first - 1, len(self.tokens))
            elif token in {"else", "do"}:
                break
            else:
                first -= 1
        end = at
        while end < len(self.tokens) and self.tokens[end] != ";":
            if self.tokens[end] in OPENING:
                end = self.partner.get(end, len(self.tokens) - 1)
            elif self.tokens[end] == "}":
                break
            end += 1
        return first, end


def faults_of(text):
    """Faults as (line, what), each once."""
    source, faults = Source(text), set()
    tokens = source.tokens
    for at, token in enumerate(tokens):
        if token not in {"co_await", "co_spawn"}:
            continue
        if token == "co_spawn" and (at + 1 >= len(tokens) or tokens[at + 1] != "("):
            continue  # a using-declaration
        first, end = source.statement(at)
        i = first
        while i < end:
            found = tokens[i]
            if found == "[" and source.is_lambda(i):
                faults.add((source.lines[at], f"a lambda in a {token} statement"))
                body = next((j for j in range(i, end) if tokens[j] == "{"), i)
                i = max(i, source.partner.get(body, i))
            elif found == "{":
                faults.add((source.lines[at], f"a braced initialiser in a {token} statement"))
            elif found == "?":
                faults.add((source.lines[at], f"a conditional operator in a {token} statement"))
            i += 1
    for at, token in enumerate(tokens):
        if token == "awaitable" and at + 1 < len(tokens) and tokens[at + 1] == "<":
            faults |= braced_defaults(source, at)
    return sorted(faults)


def braced_defaults(source, at):
    """Braced default arguments of the coroutine whose return type begins at `at`."""
    tokens, i, depth = source.tokens, at + 1, 0
    while i < len(tokens):
        depth += {"<": 1, ">": -1}.get(tokens[i], 0)
        i += 1
        if depth == 0:
            break
    while i < len(tokens) and (re.fullmatch(r"[A-Za-z_]\w*", tokens[i]) or tokens[i] == "::"):
        i += 1
    if i >= len(tokens) or tokens[i] != "(" or tokens[i - 1] == ">":
        return set()
    found = set()
    for j in range(i, source.partner.get(i, i)):
        if tokens[j] == "{" and re.search(r"=[\w:<> ]*$", " ".join(tokens[i:j])):
            found.add((source.lines[j], "a braced default argument of a coroutine"))
    return found


def check(root, folders=("host", "sdk", "plugins", "secret-providers", "tests")):
    faults = []
    for path in files(root, folders, CPP):
        text = path.read_text(errors="replace")
        if "co_await" in text or "co_spawn" in text or "awaitable" in text:
            faults += [f"{path.relative_to(root)}:{line}: {what}" for line, what in faults_of(text)]
    return faults


if __name__ == "__main__":
    found = check(ROOT)
    print("\n".join(found))
    sys.exit(1 if found else 0)
