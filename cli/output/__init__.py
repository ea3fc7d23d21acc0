"""Output of the command line: lines, tables, progress, differences. It does not depend on any command."""
