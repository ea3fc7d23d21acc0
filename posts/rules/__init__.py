"""The rules by which cleaning leaves text out, by what they match. Knows blocks and wordings; parses no markup, reads no file."""
