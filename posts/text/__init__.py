"""Text as characters: encodings, mojibake, invisible characters, white space, language.

It knows neither markup nor files.
"""
