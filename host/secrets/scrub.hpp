#pragma once
#include <span>
#include <string>

#include "secrets/secret_set.hpp"

namespace opi::secrets {

// Replaces every occurrence of a secret's value, of what was sent with it (SecretSet::sent), and of the values in
// `more` in `text` by "[redacted]": a webhook secret also without its "whsec_" prefix and as the key that follows that.
// Values shorter than 6 bytes are left, for they would blank out ordinary words, unless they were sent: then they are
// blanked where they stand as words, and not looked for in what is encoded. Linear in the text for each value.
//
// The spellings in which a value is found:
//  - as it is, and with a plus sign for each blank, as forms write it;
//  - behind up to four layers, mixed as you like, of
//      JSON's escapes (also \' and \x2b, a byte),
//      HTML's character references: the names of ASCII and Latin-1, those of old also without their semicolon, and
//        numbers of either base, with any number of zeros, also without their semicolon,
//      percent-encoding;
//  - in base64 and base64url wherever it stands in what was encoded, also without two bytes at either end, as a cut at
//    groups of four leaves them, over broken lines that may be indented with blanks or tabs;
//  - in hex of either case, with colons, hyphens, blanks and line breaks between the digits;
//  - in one of these two within the other or within itself, each again behind up to four layers.
// All others are not: encodings three deep, other names of references, quoted-printable, base32 and the like,
// compressed or otherwise computed from the value (in another case, backwards), a form's plus signs for the blanks of
// an encoding, and a value cut in pieces.
void scrub(std::string& text, const SecretSet& secrets, std::span<const std::string> more = {});

// The same for what somebody has made of a text that holds a secret, and may have cut in pieces: also replaces pieces
// of a value, of eight bytes or more, in the same spellings. Of texts for people: in others a piece may be chance.
void scrub_pieces(std::string& text, const SecretSet& secrets, std::span<const std::string> more = {});

}  // namespace opi::secrets
