"""What each library makes of the vectors whose verdict is `differs`; of all others each makes what the vector says.

    python3 expected.py          prints the table of docs/receivers/libraries.md
"""
import dataclasses

import vectors


@dataclasses.dataclass(frozen=True)
class Library:
    language: str  # the folder of its oracle
    name: str      # as the oracle knows it
    title: str
    version: str
    pin: str       # what stands in the file that pins it
    gives: str     # what a verification returns


LIBRARIES = (
    Library("python", "standardwebhooks", "Python standardwebhooks", "1.1.0", "standardwebhooks==1.1.0", "the body's JSON"),
    Library("python", "svix", "Python svix", "2.9.1", "svix==2.9.1", "nothing"),
    Library("js", "standardwebhooks", "JS standardwebhooks", "1.1.1", '"standardwebhooks": "1.1.1"', "the body's JSON"),
    Library("js", "svix-1", "JS svix", "1.99.1", '"npm:svix@1.99.1"', "the body's JSON"),
    Library("js", "svix-2", "JS svix", "2.5.0", '"npm:svix@2.5.0"', "nothing"),
    Library("go", "standardwebhooks", "Go standard-webhooks", "0.0.1", "standard-webhooks/libraries v0.0.1", "nothing"),
    Library("go", "svix", "Go svix-webhooks", "1.44.0", "svix/svix-webhooks v1.44.0", "nothing"),
    Library("rust", "standardwebhooks", "Rust standardwebhooks", "1.0.1", 'standardwebhooks = "=1.0.1"', "nothing"),
    Library("rust", "svix", "Rust svix", "2.9.1", 'version = "=2.9.1"', "nothing"),
    Library("java", "standardwebhooks", "Java standardwebhooks", "1.2.0", "<version>1.2.0</version>", "nothing"),
    Library("java", "svix", "Java svix", "1.99.1", "<version>1.99.1</version>", "nothing"),
)
PINS = {"python": "requirements.txt", "js": "package.json", "go": "go.mod", "rust": "Cargo.toml", "java": "pom.xml"}

# A column for each of LIBRARIES: + accepted, - refused.
DIFFERENCES = {
    #                                    py  js   go  rs  java
    "public key":                       "-- --- -- -- --",
    "public key, after a shared one":   "-- --- -- -- --",
    "secret without whsec_":            "++ +++ ++ ++ ++",
    "secret's characters as key":       "-- --- -- -- --",
    "secret unpadded":                  "++ +++ -- -- ++",
    "secret in base64url":              "-- --- -- -- --",
    "secret with unused bits":          "++ +++ ++ -- ++",
    "secret with a line's end":         "++ --- ++ -- --",
    "secret empty":                     "-- -+- ++ +- --",
    "token without comma first":        "-- +++ ++ ++ ++",
    "token that is no base64 first":    "++ +++ ++ ++ ++",
    "token with two commas first":      "-- +++ ++ ++ ++",
    "empty v1 token first":             "++ +++ ++ ++ ++",
    "two blanks":                       "-- +++ ++ ++ ++",
    "two header lines, good first":     "-- +++ ++ ++ ++",
    "two header lines, good last":      "-- +++ -- -- --",
    "empty body":                       "-+ +-+ ++ ++ ++",
    "body is no JSON":                  "-+ --+ ++ ++ ++",
    "body is no UTF-8":                 "-- --- ++ -- --",
    "time with blanks":                 "++ +++ -- -- --",
    "time with a fraction":             "++ +++ -- -- --",
    "300 seconds and a fraction old":   "-- +++ -- ++ ++",
    "300 seconds less a fraction ahead": "++ +++ ++ ++ ++",
    "301 seconds less a fraction ahead": "-- --- -- -- --",
}


def accepts(library, vector):
    if vector["verdict"] != "differs":
        return vector["verdict"] == "accept"
    return DIFFERENCES[vector["name"]].replace(" ", "")[LIBRARIES.index(library)] == "+"


def table():
    """Lines of Markdown."""
    yield "| | " + " | ".join(f"{one.title} {one.version}" for one in LIBRARIES) + " |"
    yield "|---|" + "---|" * len(LIBRARIES)
    for vector in vectors.vectors(vectors.NOW):
        if vector["verdict"] == "differs":
            marks = ("yes" if accepts(one, vector) else "–" for one in LIBRARIES)
            yield f"| {vector['name']} | " + " | ".join(marks) + " |"
    yield "| *returns* | " + " | ".join("JSON" if one.gives == "the body's JSON" else one.gives for one in LIBRARIES) + " |"


if __name__ == "__main__":
    print("\n".join(table()))
