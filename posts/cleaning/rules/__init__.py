"""The cleaning rules: what they match, and why. No markup is parsed here and no file is read."""
