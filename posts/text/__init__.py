"""Text as characters: encodings, mojibake, invisible characters, white space, language. No markup, no files."""
